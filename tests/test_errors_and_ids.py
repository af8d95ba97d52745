"""Errors carry every finding; ids map both ways and never repeat."""

import pytest

from recsys.errors import DataError, Finding
from recsys.ids import IdMap


def test_an_error_prints_code_place_rows_and_remedy_of_every_finding():
    error = DataError(
        [
            Finding(
                code="E_RANGE",
                message="runtime is -3.",
                remedy="Give minutes.",
                table="movies",
                column="runtime_min",
                rows=(4, 9),
            ),
            Finding(code="E_TITLE", message="a title is blank.", remedy="Give every movie a title.", table="movies"),
        ]
    )
    assert str(error).splitlines() == [
        "E_RANGE movies.runtime_min: runtime is -3. (row 4, 9) Give minutes.",
        "E_TITLE movies: a title is blank. Give every movie a title.",
    ]
    assert [entry["rows"] for entry in error.as_json()["errors"]] == [[4, 9], []]


def test_an_error_without_findings_cannot_be_made():
    with pytest.raises(ValueError, match="at least one"):
        DataError([])


def test_ids_are_text_and_keep_their_order():
    ids = IdMap(["00123", "NA", "b"])
    assert ids.rows(["b", "00123"]).tolist() == [2, 0]
    assert ids.rows_or_missing(["123", "NA"]).tolist() == [-1, 1]
    assert "NA" in ids
    assert 123 not in ids


def test_an_unknown_id_is_named():
    with pytest.raises(KeyError, match="zz"):
        IdMap(["a"]).rows(["a", "zz"])


def test_repeated_ids_are_refused():
    with pytest.raises(ValueError, match="'a'"):
        IdMap(["a", "b", "a"])
