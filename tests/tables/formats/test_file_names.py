"""A file called like a table is read, or refused: never passed over."""

import gzip
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from recsys.errors import DataError
from recsys.tables.economics_config import ASSUMED, as_toml
from recsys.tables.formats.registry import recognise
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from tests.tables.raw import NOW, Raw

NEAR = ["Offers.csv", "OFFERS.CSV", "offers (1).csv", "offers[2].csv", "offers - Copy.csv", "Copy of offers.csv", "offer.csv"]
OTHERS = [
    "offers.xlsx",
    "Offers (2).xls",
    "offers.json",
    "offers.csv.zip",
    "offers_2024.csv",
    "my offers.csv",
    "ofers.csv",
    "offers",
]


def _named(name: str) -> Raw:
    raw = Raw()
    raw.files[name] = raw.files.pop("offers.csv")
    return raw


def _layout(raw: Raw, folder: Path):
    raw.write(folder)
    return recognise({path.name: path for path in folder.iterdir()})


@pytest.mark.parametrize("name", NEAR)
def test_a_near_name_is_the_table_and_it_is_said(name: str, tmp_path: Path):
    layout = _layout(_named(name), tmp_path)
    assert "offers" in layout.tables
    assert f"{name} was read as offers.csv" in layout.assumed
    assert not layout.unused


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_that_is_in_doubt_or_no_text_is_refused(name: str, tmp_path: Path):
    with pytest.raises(DataError) as refusal:
        _layout(_named(name), tmp_path)
    [finding] = refusal.value.findings
    assert (finding.code, finding.table) == ("E_TABLE_NAME", "offers")
    assert name in finding.message
    assert "offers.csv" in finding.remedy


def test_two_files_for_one_table_are_refused(tmp_path: Path):
    raw = Raw()
    raw.put("offers (1).csv", raw.text("offers"))
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    assert refusal.value.code == "E_TABLE_NAME"
    raw = Raw()
    raw.put("offers.xlsx", b"PK\x03\x04")
    with pytest.raises(DataError) as refusal:
        _layout(raw, tmp_path / "other")
    assert refusal.value.code == "E_TABLE_NAME"


def test_a_folder_called_like_a_table_is_refused_and_another_is_noted(tmp_path: Path):
    raw = _named("notes.txt")
    (tmp_path / "raw" / "old").mkdir(parents=True)
    report, _ = raw.load(tmp_path)
    assert "old/ was not used" in report.notes
    (tmp_path / "raw" / "offers.parquet").mkdir()
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    assert refusal.value.code == "E_TABLE_NAME"


def test_what_only_mentions_a_table_is_noted(tmp_path: Path):
    """``offers_old.csv`` beside the offers themselves, and words that are no version."""
    raw = Raw()
    for name in ("offers_old.csv", "user_interviews.txt", "movies_metadata.csv", "readme.md"):
        raw.put(name, "x\n")
    assert set(_layout(raw, tmp_path).unused) == {"offers_old.csv", "user_interviews.txt", "movies_metadata.csv", "readme.md"}


def test_packed_tables_and_terms_under_a_near_name_are_read(tmp_path: Path):
    raw = Raw()
    offers = raw.files.pop("offers.csv")
    raw.files["Offers.csv.gz"] = gzip.compress(offers)
    raw.put("Economics.toml", as_toml(ASSUMED).replace("0.15", "0.25"))
    report, workspace = raw.load(tmp_path)
    dataset = load_dataset(workspace)
    assert (len(dataset.offers), dataset.economics.hurdle_rate.value) == (3, 0.25)
    assert "Economics.toml was read as economics.toml" in report.assumed
    (tmp_path / "offers.csv.gz").write_bytes(gzip.compress(offers)[:-9])
    with pytest.raises(DataError) as refusal:
        import_path(tmp_path / "offers.csv.gz", workspace, now=NOW)
    assert refusal.value.code == "E_ZIP"


def test_one_file_under_a_near_name_is_read_or_refused(tmp_path: Path):
    raw = Raw()
    _, workspace = raw.load(tmp_path)
    for name in ("Offers (3).csv", "offers.xlsx"):
        (tmp_path / name).write_bytes(raw.files["offers.csv"])
    assert import_path(tmp_path / "Offers (3).csv", workspace, now=NOW).rows["offers"] == 3
    with pytest.raises(DataError) as refusal:
        import_path(tmp_path / "offers.xlsx", workspace, now=NOW)
    assert refusal.value.code == "E_TABLE_NAME"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_row_numbers_are_no_attribute(suffix: str, tmp_path: Path):
    """After a filter the index of pandas has gaps. A column called ``row`` counts; one called ``rank`` may mean what it says."""
    raw = Raw()
    folder = raw.write(tmp_path / "raw")
    for table in ("users", "movies", "offers"):
        frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
        frame["row"] = range(1, len(frame) + 1)
        frame["rank"] = range(1, len(frame) + 1)
        frame.index = pd.Index([3 * k + 1 for k in range(len(frame))])
        if suffix == "csv":
            frame.to_csv(folder / f"{table}.csv")
        else:
            frame.to_parquet(folder / f"{table}.parquet")
            (folder / f"{table}.csv").unlink()
    report, workspace = Raw({}).load(tmp_path)
    for table in ("users", "movies", "offers"):
        columns = pq.read_schema(workspace.tables / f"{table}.parquet").names
        assert not {"row", "(column 1)", "__index_level_0__", "Unnamed: 0"} & set(columns)
        assert "rank" in columns
        assert sum(sentence.startswith(f"{table}: ") and "numbers the rows" in sentence for sentence in report.assumed) == 2
    assert [(warning.code, warning.column) for warning in report.warnings] == [("W_ROW_NUMBER", "rank")] * 2
