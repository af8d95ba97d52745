"""A refusal on a page is a box or a next step, never a traceback."""

from streamlit.testing.v1 import AppTest


def test_a_refusal_on_the_page_is_a_box_with_code_sentence_and_remedy():
    def script() -> None:
        from recsys.app.shell.errors import error_box
        from recsys.errors import DataError

        with error_box():
            raise DataError.of("E_TITLE", "a title is blank.", "Fill it in.", table="movies", column="title", rows=(3,))

    page = AppTest.from_function(script).run()
    assert not page.exception
    (box,) = page.error
    assert "E_TITLE" in box.value
    assert "Fill it in" in box.value
    assert "row 3" in box.value


def test_what_only_has_to_be_done_first_is_a_next_step_and_not_an_error():
    def script() -> None:
        from recsys.app.shell.errors import refused
        from recsys.errors import ArtefactError

        refused(ArtefactError.of("E_NO_RUN", "nothing has been trained.", "Train."))

    page = AppTest.from_function(script).run()
    assert not page.error
    assert page.subheader[0].value == "No model yet"
