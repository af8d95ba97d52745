"""What can be downloaded from a table on the page runs in no spreadsheet."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    import pandas as pd

    from recsys.app.shell.tables import grid

    grid(pd.DataFrame({"title": ["=1+1", "\uff0b1;cmd", "Kadal"], "change": ["+57.4 lakh", "-3 %", "–"], "views": [1, 2, 3]}))


def test_text_that_would_run_is_quoted_and_figures_are_left_alone():
    [table] = AppTest.from_function(_page).run().dataframe
    assert table.value["title"].tolist() == ["'=1+1", "'\uff0b1;cmd", "Kadal"]
    assert table.value["change"].tolist() == ["+57.4 lakh", "-3 %", "–"]
    assert table.value["views"].tolist() == [1, 2, 3]
