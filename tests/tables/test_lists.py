"""Lists in a cell come out in one notation and one spelling, spelled-out nulls blank, and what was read so is said."""

from pathlib import Path

import pandas as pd
import pytest

from recsys.decision.slate_rules import AtLeast, Rules, constraints
from recsys.errors import DataError
from recsys.tables.import_tables import import_path
from recsys.tables.report import ImportReport
from recsys.tables.store.published_tables import load_dataset
from recsys.tables.validate.texts import normalise
from tests import builders
from tests.tables.raw import NOW, Raw

WRITTEN = {
    "bars with blanks": ("Drama | Crime", " Family"),
    "empty and repeated": ("Drama||Crime|drama|", "|Family"),
    "commas": ("Drama, Crime", "Family"),
    "semicolons": ("Drama;Crime", "Family"),
    "ideographic commas": ("Drama、Crime", "Family"),
    "wide commas": ("Drama，Crime", "Family"),
    "wide bars": ("Drama｜Crime", "Family"),
    "wide semicolons": ("Drama；Crime", "Family"),
    "Arabic commas": ("Drama، Crime", "Family"),
    "carets": ("Drama^Crime", "Family"),
    "strokes with blanks": ("Drama / Crime", "Family"),
    "JSON": ('["Drama", "Crime"]', '["Family"]'),
    "JSON objects": ('[{"id": 18, "name": "Drama"}, {"id": 80, "name": "Crime"}]', '[{"id": 1, "name": "Family"}]'),
    "Python": ("['Drama', 'Crime']", "['Family']"),
    "Python tuples": ("('Drama', 'Crime')", "('Family',)"),
    "NumPy": ("['Drama' 'Crime']", "['Family']"),
    "PostgreSQL": ('{Drama,"Crime"}', "{Family}"),
}


def _import(folder: Path, **columns: dict[str, list[str]]) -> tuple[ImportReport, dict[str, pd.DataFrame]]:
    """The small service with columns in other words: table → column → cells, repeated as often as needed."""
    raw = Raw()
    for table, cells in columns.items():
        for row in range(1, raw.rows(table) + 1):
            raw.set(table, row, **{name: each[(row - 1) % len(each)] for name, each in cells.items()})
    report, workspace = raw.load(folder)
    dataset = load_dataset(workspace)
    return report, {"movies": dataset.movies, "offers": dataset.offers, "users": dataset.users, "events": dataset.events}


@pytest.mark.parametrize("written", WRITTEN)
def test_a_list_is_read_in_whatever_notation_every_row_has(written: str):
    several, one = WRITTEN[written]
    found = normalise("movies", pd.DataFrame({"genres": [several, one, several]}), ["genres"], {})
    assert found.columns["genres"].tolist() == ["Drama|Crime", "Family", "Drama|Crime"]
    assert not found.findings
    assert [sentence for sentence in found.assumed if sentence.startswith("movies.genres") and "rows" in sentence]


def test_a_stroke_joins_what_is_found_apart_elsewhere():
    found = normalise("movies", pd.DataFrame({"genres": ["Drama/Crime", "Crime/Family", "Family"]}), ["genres"], {})
    assert found.columns["genres"].tolist() == ["Drama|Crime", "Crime|Family", "Family"]


@pytest.mark.parametrize("sign", ["·", "•", "&", "-", "–", "and"])
def test_a_sign_that_names_hold_too_joins_only_what_is_all_found_apart_elsewhere(sign: str):
    joined, name = f"Drama {sign} Crime", f"Action {sign} Drama"
    found = normalise("movies", pd.DataFrame({"genres": [joined, "Drama", "Crime", name]}), ["genres"], {})
    assert found.columns["genres"].tolist() == ["Drama|Crime", "Drama", "Crime", name]
    assert found.assumed == [
        f"movies.genres holds lists joined by {sign!r}; 1 rows have several values",
        f"movies.genres: {name!r} was taken for one name, not for several",
    ]


def test_a_name_of_the_catalogue_is_not_parted_in_an_offer():
    known = {"genres": {"action & adventure": "Action & Adventure", "action": "Action", "adventure": "Adventure"}}
    found = normalise("offers", pd.DataFrame({"genres": ["action & adventure", "Adventure & Action"]}), ["genres"], known)
    assert found.columns["genres"].tolist() == ["Action & Adventure", "Adventure|Action"]


def test_what_was_read_of_lists_is_said_in_the_report(tmp_path: Path):
    """Of 12 movies every second has two genres, and every third a language with a blank too many."""
    report, tables = _import(
        tmp_path,
        movies={"genres": ["Drama, Crime", "Family"], "languages": ["Tamil|Hindi", "Hindi", "Hindi |Tamil"]},
        offers={"genres": ["Drama, Family"]},
    )
    assert set(tables["movies"]["genres"]) == {"Drama|Crime", "Family"}
    assert set(tables["movies"]["languages"]) == {"Tamil|Hindi", "Hindi", "Hindi|Tamil"}
    assert set(tables["offers"]["genres"]) == {"Drama|Family"}
    assert "movies.genres holds lists joined by ','; 6 rows have several values" in report.assumed
    assert "offers.genres holds lists joined by ','; 3 rows have several values" in report.assumed
    assert any(sentence.startswith("movies.languages: blanks") and "(4 rows)" in sentence for sentence in report.assumed)


@pytest.mark.parametrize(
    "cells",
    [
        ["Drama|Crime", "Drama, Crime"],
        ["Drama; Crime", "Drama, Crime"],
        ["Drama|Crime", "['Drama', 'Crime']"],
        ["Drama", "['Drama']"],
        ["Drama|Crime", "Drama/Crime"],
        ['["Drama|Crime"]', '["Drama"]'],
        ['[["Drama"]]', '["Drama"]'],
        ['{"genre": "Drama"}', "{}"],
        ["[" * 9000 + "]", "[]"],
        ['"Drama", "Crime"'],
    ],
)
def test_a_list_that_can_be_read_in_two_ways_or_none_is_in_doubt(cells: list[str]):
    [finding] = normalise("movies", pd.DataFrame({"genres": cells}), ["genres"], {}).findings
    assert (finding.code, finding.table, finding.column) == ("E_LIST", "movies", "genres")
    assert "|" in finding.remedy


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("Drama &amp; Family", "Drama & Family"),
        ("Drama&amp;amp;Family", "Drama&Family"),
        ("Caf&eacute;;Drama", "Café|Drama"),
        ("Kids&#39; films|Drama", "Kids' films|Drama"),
        ("[&quot;Drama&quot;, &quot;Crime&quot;]", "Drama|Crime"),
    ],
)
def test_the_semicolon_of_an_html_entity_parts_nothing(cell: str, meant: str):
    found = normalise("movies", pd.DataFrame({"genres": [cell, cell, None]}), ["genres"], {})
    assert found.columns["genres"].dropna().tolist() == [meant, meant]
    assert "movies.genres: signs that were written for HTML, such as &amp;, were put back (2 rows)" in found.assumed
    assert not found.findings


def test_a_list_in_doubt_is_refused_by_row(tmp_path: Path):
    raw = Raw()
    raw.set("movies", genres="Drama|Crime")
    raw.set("movies", 3, genres="Drama, Crime")
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    assert [(finding.code, finding.rows) for finding in refusal.value.findings] == [("E_LIST", (3,))]


def test_a_stroke_or_a_comma_in_one_name_stays(tmp_path: Path):
    """``Sci-Fi`` and ``Fantasy`` are found nowhere apart; a JSON list says itself where a name ends."""
    report, tables = _import(
        tmp_path,
        movies={"genres": ["Sci-Fi/Fantasy|Drama", "Drama"], "languages": ['["Greek, Modern", "Tamil"]']},
        offers={"genres": ["Sci-Fi/Fantasy"], "languages": ["Greek, Modern"]},
    )
    assert tables["movies"]["genres"].tolist()[:2] == ["Sci-Fi/Fantasy|Drama", "Drama"]
    assert tables["movies"]["languages"].tolist()[0] == "Greek, Modern|Tamil"
    assert (tables["offers"]["genres"].iloc[0], tables["offers"]["languages"].iloc[0]) == ("Sci-Fi/Fantasy", "Greek, Modern")
    assert any("'Sci-Fi/Fantasy' was taken for one name" in sentence for sentence in report.assumed)


def test_one_spelling_is_kept_and_the_offers_follow_the_catalogue(tmp_path: Path):
    """Of 12 movies 8 are in Tamil and 4 in TAMIL."""
    _, tables = _import(
        tmp_path,
        movies={"languages": ["Tamil", "Tamil|english", "TAMIL|English"]},
        offers={"languages": ["tamil | ENGLISH"]},
    )
    assert set(tables["movies"]["languages"]) == {"Tamil", "Tamil|English"}
    assert set(tables["offers"]["languages"]) == {"Tamil|English"}


def test_offers_that_come_alone_follow_the_catalogue_that_is_there(tmp_path: Path):
    _, workspace = Raw().load(tmp_path)
    spoken = load_dataset(workspace).movies["languages"].iloc[0]
    offers = builders.offers(1).assign(languages=f" {spoken.upper()} ")
    offers.to_csv(tmp_path / "offers.csv", index=False)
    import_path(tmp_path / "offers.csv", workspace, now=NOW)
    assert load_dataset(workspace).offers["languages"].tolist() == [spoken]


def test_rules_find_a_language_however_it_is_spelt(tmp_path: Path):
    _, tables = _import(tmp_path, offers={"languages": ["Tamil | English", "Hindi", " tamil"]})
    offers = tables["offers"]
    ids = offers["movie_id"].tolist()
    [_, minimum] = constraints(
        Rules(at_least=(AtLeast(language="TAMIL", offers=1),)), offers, ids, offers["fee"].to_numpy(), budget=1e9
    )
    assert minimum.row.tolist() == [1.0, 0.0, 1.0]


def test_spelled_out_nulls_are_blank_and_counted(tmp_path: Path):
    """Every second of 30 users and 540 events has one, in some notation; a list has one beside a value that is known."""
    words = ["\\N", "NULL", "NaN", "nan", "N/A", "None", "-", "<NA>", "#N/A", " null "]
    every_second = [cell for word in words for cell in ("30", word)]
    report, tables = _import(
        tmp_path,
        users={"plan": every_second, "city": ["Chennai", *every_second[1:]], "age": every_second},
        movies={"languages": every_second, "genres": ["Drama", *(f"Drama|{word}" for word in words)]},
        events={"device": every_second},
    )
    for table, column, rows in (
        ("users", "plan", 15),
        ("users", "age", 15),
        ("movies", "languages", 6),
        ("events", "device", 270),
    ):
        assert tables[table][column].isna().sum() == rows
        assert any(f"{table}.{column}" in sentence and f"blank ({rows} rows)" in sentence for sentence in report.assumed)
    assert set(tables["users"]["city"].dropna()) == {"Chennai", "30"}
    assert set(tables["users"]["age"].dropna()) == {30.0}
    assert set(tables["movies"]["genres"]) == {"Drama"}


def test_the_words_that_are_blank_are_named_as_they_are_written(tmp_path: Path):
    """Of 30 users 10 have N/A and 10 null for a city; nothing is said of words that nobody wrote."""
    report, _ = _import(tmp_path, users={"city": ["N/A", "null", "Chennai"], "plan": ["monthly", "-"]})
    assert "users.city: spelled-out nulls (N/A, null) are blank (20 rows)" in report.assumed
    assert "users.plan: spelled-out nulls (-) are blank (15 rows)" in report.assumed


def test_a_title_may_be_none(tmp_path: Path):
    _, tables = _import(tmp_path, movies={"title": ["None", "NaN", " Null "]})
    assert tables["movies"]["title"].tolist()[:3] == ["None", "NaN", "Null"]


def test_words_that_may_mean_not_known_are_kept_and_warned_of(tmp_path: Path):
    report, tables = _import(tmp_path, users={"region": ["NA", "EU"]}, movies={"genres": ["Drama", "Drama|unknown"]})
    assert set(tables["users"]["region"]) == {"NA", "EU"}
    assert [(warning.code, warning.column, warning.rows) for warning in report.warnings] == [
        ("W_NULL_WORD", "region", (1, 3, 5, 7, 9)),
        ("W_NULL_WORD", "genres", (2, 4, 6, 8, 10)),
    ]


def test_lists_in_further_attributes_are_put_in_order_and_free_text_is_left_alone(tmp_path: Path):
    _, tables = _import(
        tmp_path,
        movies={"cast": ["Raj | Devi|", "Raj"], "tags": ["['old', 'new']"], "town": ["Paris, Texas", "[unknown], Goa"]},
    )
    first = tables["movies"].iloc[0]
    assert (first["cast"], first["tags"], first["town"]) == ("Raj|Devi", "old|new", "Paris, Texas")
