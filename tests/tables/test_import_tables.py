"""What import takes in, and that it takes in all of it or nothing."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from recsys.errors import DataError
from recsys.tables.economics_config import ASSUMED, as_toml, load_economics
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset, load_info
from recsys.workspace import Workspace
from tests import builders
from tests.datasets import assemble
from tests.effort import some
from tests.tables.raw import NOW, Raw

DOLLARS = replace(ASSUMED, currency="USD")


def _codes(findings) -> list[str]:
    return [finding.code for finding in findings]


def test_imported_tables_are_the_frames_that_were_written(tmp_path: Path):
    """540 events of 30 users on 12 movies come back as they went, and the fingerprint is that of the content."""
    tables = builders.tiny_tables()
    report, workspace = Raw().load(tmp_path)
    expected = assemble(**tables)
    dataset = load_dataset(workspace)
    for name in ("users", "movies", "events", "offers", "subscriptions"):
        pd.testing.assert_frame_equal(getattr(dataset, name), getattr(expected, name))
    assert dataset.fingerprint == report.fingerprint == expected.fingerprint
    assert dict(report.rows) == {"users": 30, "movies": 12, "events": 540, "offers": 3, "subscriptions": 90}


@pytest.mark.parametrize("delimiter", some([";", "\t", "|"]))
def test_other_delimiters_are_read(delimiter: str, tmp_path: Path):
    raw = Raw()
    tables = builders.tiny_tables()
    for name in ("users", "events"):
        raw.put(name, tables[name].to_csv(index=False, sep=delimiter))
    report, _ = raw.load(tmp_path)
    assert report.fingerprint == assemble(**tables).fingerprint


def test_parquet_and_csv_hold_the_same(tmp_path: Path):
    tables = builders.tiny_tables()
    folder = builders.write_tables(tmp_path / "raw", suffix="parquet", **tables)
    report = import_path(folder, Workspace(tmp_path / "workspace"), now=NOW)
    assert report.fingerprint == assemble(**tables).fingerprint


def test_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path):
    raw = Raw()
    for name in ("users", "movies", "events"):
        raw.put(name, b"\xef\xbb\xbf" + raw.files[f"{name}.csv"].replace(b"\n", b"\r\n"))
    report, _ = raw.load(tmp_path)
    assert report.fingerprint == assemble(**builders.tiny_tables()).fingerprint


def test_text_stays_text(tmp_path: Path):
    """``00123`` keeps its zeros, ``NA`` and ``null`` are ids like any other, a column of postcodes with zeros is no number."""
    raw = Raw()
    for old, new in (("u00", "00123"), ("u01", "NA"), ("u02", "1e5"), ("u03", "null")):
        for name in ("users", "events", "subscriptions"):
            raw.put(name, raw.text(name).replace(old, new))
    raw.set("users", postcode="60001")
    raw.set("users", 5, postcode="06001")
    raw.set("users", since="2019")
    _, workspace = raw.load(tmp_path)
    users = load_dataset(workspace).users
    assert {"00123", "NA", "1e5", "null"} <= set(users["user_id"])
    assert set(users["postcode"]) == {"60001", "06001"}
    assert users["since"].tolist() == [2019] * 30


def test_numbers_stored_as_text_in_parquet_stay_text(tmp_path: Path):
    raw = Raw()
    raw.as_parquet("users", {"city_tier": pa.array([2] * 30), "code": pa.array(["7"] * 30)})
    _, workspace = raw.load(tmp_path)
    users = load_dataset(workspace).users
    assert users["city_tier"].tolist() == [2] * 30
    assert users["code"].tolist() == ["7"] * 30


def test_integer_ids_in_parquet_become_text(tmp_path: Path):
    tables = builders.tiny_tables()
    for frame in tables.values():
        if "user_id" in frame:
            frame["user_id"] = frame["user_id"].str[1:].astype("int64")
    folder = builders.write_tables(tmp_path / "raw", suffix="parquet", **tables)
    workspace = Workspace(tmp_path / "workspace")
    import_path(folder, workspace, now=NOW)
    assert load_dataset(workspace).users["user_id"].tolist()[:2] == ["0", "1"]


def test_markup_and_formulas_in_titles_are_kept_and_formulas_warned_of(tmp_path: Path):
    raw = Raw()
    raw.set("movies", 1, title="<b>Bold & true</b>")
    raw.set("movies", 2, title="=1+1")
    raw.set("movies", 3, title='The "Quoted", one')
    raw.set("movies", 4, title="\u0ba4\u0bae\u0bbf\u0bb4\u0bcd\u200d")
    report, workspace = raw.load(tmp_path)
    assert load_dataset(workspace).movies["title"].tolist()[:4] == [
        "<b>Bold & true</b>",
        "=1+1",
        'The "Quoted", one',
        "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd\u200d",
    ]
    [warning] = report.warnings
    assert (warning.code, warning.rows) == ("W_FORMULA", (2,))


def test_formulas_in_every_text_are_warned_of_however_they_begin(tmp_path: Path):
    """Full width, behind a tab, as an attribute; ``+57.4 lakh`` and ``-3`` are figures."""
    raw = Raw()
    for row, text in enumerate(("\uff1d1+1", "@SUM(A1)", "-2+3+cmd|' /C calc'!A0", "+57.4 lakh", "Kadal"), start=1):
        raw.set("movies", row, title=text)
    raw.set("offers", 2, note="\t=1+1")
    raw.set("offers", 3, note="  =1+1")
    report, _ = raw.load(tmp_path)
    found = {(warning.table, warning.column): (warning.code, warning.rows) for warning in report.warnings}
    assert found == {("movies", "title"): ("W_FORMULA", (1, 2, 3)), ("offers", "note"): ("W_FORMULA", (2, 3))}


def test_exact_repeats_are_taken_once_and_counted(tmp_path: Path):
    raw = Raw()
    lines = raw.text("events").splitlines()
    raw.put("events", "\n".join([*lines, lines[1], lines[1], lines[9]]) + "\n")
    report, _ = raw.load(tmp_path)
    [warning] = report.warnings
    assert (warning.code, warning.rows) == ("W_DUP", (541, 542, 543))
    assert warning.message.startswith("3 ")
    assert report.fingerprint == assemble(**builders.tiny_tables()).fingerprint


def test_one_user_with_a_fifth_of_all_events_is_warned_of(tmp_path: Path):
    raw = Raw()
    for row in range(1, 140):
        raw.set("events", row, user_id="u07")
    report, _ = raw.load(tmp_path)
    assert _codes(report.warnings) == ["W_SKEW"]


def test_watching_before_arrival_is_warned_of_and_kept(tmp_path: Path):
    raw = Raw()
    raw.set("movies", 1, available_from="2024-03-30")
    report, _ = raw.load(tmp_path)
    assert _codes(report.warnings) == ["W_AVAILABILITY"]
    assert report.rows["events"] == 540


def test_times_of_one_zone_are_turned_into_utc(tmp_path: Path):
    """23:30 in Chennai is 18:00 UTC."""
    raw = Raw()
    raw.set("events", timestamp="2024-01-05T23:30:00+05:30")
    report, _ = raw.load(tmp_path)
    assert report.ranges["events.timestamp"] == ("2024-01-05T18:00:00", "2024-01-05T18:00:00")
    assert not any("zone" in sentence for sentence in report.assumed)


def test_times_with_a_zone_each_are_exact_and_it_is_said(tmp_path: Path):
    """Summer and winter in Berlin, and a server that writes UTC: 12:00+02:00, 11:00+01:00 and 10:00 UTC are one moment."""
    raw = Raw()
    exact = ("2024-01-05 12:00:00+02:00", "2024-01-05T11:00:00+0100", "2024-01-05 10:00:00 UTC", "2024-01-05T10:00Z")
    for row in range(1, raw.rows("events") + 1):
        raw.set("events", row, timestamp=exact[row % 4])
    raw.set("users", signup_date="2023-12-01 00:00:00 UTC")
    raw.set("users", 1, signup_date="2023-12-01T02:00:00+02:00")
    report, workspace = raw.load(tmp_path)
    assert report.ranges["events.timestamp"] == ("2024-01-05T10:00:00", "2024-01-05T10:00:00")
    assert set(load_dataset(workspace).users["signup_date"]) == {pd.Timestamp("2023-12-01")}
    assert len([sentence for sentence in report.assumed if "several zones" in sentence]) == 2


def test_local_times_and_milliseconds_are_read_and_said(tmp_path: Path):
    report, _ = Raw().load(tmp_path)
    assert "events.timestamp has no time zone and is read as UTC" in report.assumed
    raw = Raw()
    seconds = pd.Timestamp("2024-01-05 18:00:00").timestamp()
    raw.set("events", timestamp=f"{seconds * 1000:.0f}")
    report, _ = raw.load(tmp_path / "other")
    assert report.ranges["events.timestamp"][0] == "2024-01-05T18:00:00"
    assert "events.timestamp counts milliseconds" in report.assumed


def test_without_users_table_users_come_from_events_and_it_is_said(tmp_path: Path):
    raw = Raw()
    del raw.files["users.csv"], raw.files["subscriptions.csv"]
    report, workspace = raw.load(tmp_path)
    assert load_dataset(workspace).users["user_id"].tolist() == [f"u{k:02d}" for k in range(30)]
    assert any(sentence.startswith("there is no users table") for sentence in report.assumed)


def test_arrivals_that_nobody_wrote_down_are_taken_from_first_events_and_said(tmp_path: Path):
    """Of 100 days: m00 to m09 are seen on the second, m10 of 1999 and m11 of 2024 on the 51st, m12 never."""
    start = pd.Timestamp("2024-01-01")
    movies = pd.DataFrame({"movie_id": [f"m{k:02d}" for k in range(13)], "title": "T", "year": 2024.0})
    movies.loc[10, "year"] = 1999.0
    rows = [(f"u{u}", f"m{m:02d}", 1) for u in range(25) for m in range(10)]
    rows += [("u1", "m00", 0), ("u1", "m10", 50), ("u1", "m11", 50), ("u1", "m00", 100)]
    events = pd.DataFrame(rows, columns=["user_id", "movie_id", "timestamp"])
    events["timestamp"] = start + pd.to_timedelta(events["timestamp"], unit="D")
    workspace = Workspace(tmp_path / "workspace")
    report = import_path(builders.write_tables(tmp_path / "raw", movies=movies, events=events), workspace, now=NOW)
    arrivals = load_dataset(workspace).movies.set_index("movie_id")["available_from"].dropna()
    assert arrivals.to_dict() == {"m11": start + pd.Timedelta(days=50)}
    assert any(
        sentence.startswith("movies.available_from is not given: ") and "(1 movies)" in sentence for sentence in report.assumed
    )


def test_ratings_without_minutes_count_as_views_and_it_is_said(tmp_path: Path):
    raw = Raw()
    for column in ("minutes", "completed", "device"):
        raw.drop("events", column)
    raw.set("events", rating="4")
    report, _ = raw.load(tmp_path)
    assert "events have no minutes: each rating counts as one view" in report.assumed


def test_a_zip_of_the_tables_is_the_folder(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "upload.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in Raw().files.items():
            archive.writestr(f"export/{name}", content)
        archive.writestr("__MACOSX/._users.csv", b"\0")
    workspace = Workspace(tmp_path / "workspace")
    report = import_path(tmp_path / "upload.zip", workspace, now=NOW)
    assert report.fingerprint == assemble(**builders.tiny_tables()).fingerprint
    assert sorted(path.name for path in workspace.root.iterdir()) == [".writer", "tables"]


def test_offers_alone_replace_the_offers_and_nothing_else(tmp_path: Path):
    first, workspace = Raw().load(tmp_path)
    builders.offers(2).assign(fee=7.0).to_csv(tmp_path / "offers.csv", index=False)
    report = import_path(tmp_path / "offers.csv", workspace, now=NOW)
    dataset = load_dataset(workspace)
    assert report.imported == ("offers",)
    assert dataset.offers["fee"].tolist() == [7.0, 7.0]
    assert len(dataset.events) == first.rows["events"]
    assert dataset.fingerprint == report.fingerprint != first.fingerprint
    assert report.ranges["events.timestamp"] == first.ranges["events.timestamp"]
    assert report.ranges["offers.fee"] == (7.0, 7.0)
    assert "events.timestamp has no time zone and is read as UTC" in dataset.assumed


def test_offers_alone_are_compared_with_the_catalogue_that_is_there(tmp_path: Path):
    _, workspace = Raw().load(tmp_path)
    builders.offers(2).assign(movie_id=["m00", "o9"]).to_csv(tmp_path / "offers.csv", index=False)
    with pytest.raises(DataError) as refusal:
        import_path(tmp_path / "offers.csv", workspace, now=NOW)
    assert _codes(refusal.value.findings) == ["E_COLLISION"]


def test_offers_without_a_catalogue_are_refused(tmp_path: Path):
    builders.offers(2).to_csv(tmp_path / "offers.csv", index=False)
    with pytest.raises(DataError) as refusal:
        import_path(tmp_path / "offers.csv", Workspace(tmp_path / "workspace"), now=NOW)
    assert refusal.value.code == "E_NO_TABLES"


def test_subscriptions_alone_replace_the_subscriptions(tmp_path: Path):
    _, workspace = Raw().load(tmp_path)
    pd.DataFrame({"user_id": ["u01"], "month": ["2024-02"], "active": [1]}).to_csv(tmp_path / "subscriptions.csv", index=False)
    import_path(tmp_path / "subscriptions.csv", workspace, now=NOW)
    subscriptions = load_dataset(workspace).subscriptions
    assert subscriptions is not None
    assert subscriptions.to_dict("records") == [{"user_id": "u01", "month": "2024-02", "active": True}]


def test_terms_alone_come_into_force_and_change_the_fingerprint(tmp_path: Path):
    raw = Raw()
    del raw.files["offers.csv"]
    first, workspace = raw.load(tmp_path)
    (tmp_path / "economics.toml").write_text(as_toml(DOLLARS), encoding="utf-8")
    report = import_path(tmp_path / "economics.toml", workspace, now=NOW)
    assert load_economics(workspace.economics).currency == "USD"
    assert not (workspace.tables / "economics.toml").exists()
    assert load_dataset(workspace).fingerprint == report.fingerprint != first.fingerprint


def test_terms_in_another_currency_than_the_offers_that_are_there_are_refused(tmp_path: Path):
    _, workspace = Raw().load(tmp_path)
    (tmp_path / "economics.toml").write_text(as_toml(DOLLARS), encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        import_path(tmp_path / "economics.toml", workspace, now=NOW)
    assert refusal.value.code == "E_CURRENCY"
    assert not workspace.economics.exists()


def test_offers_are_compared_with_terms_that_come_along(tmp_path: Path):
    raw = Raw()
    raw.put("economics.toml", as_toml(DOLLARS))
    raw.set("offers", currency="USD")
    report, workspace = raw.load(tmp_path)
    assert load_dataset(workspace).economics == DOLLARS
    assert "economics" in report.imported


def test_a_plan_without_terms_is_warned_of(tmp_path: Path):
    raw = Raw()
    raw.set("users", 3, plan="platinum")
    report, _ = raw.load(tmp_path)
    [warning] = report.warnings
    assert warning.code == "W_PLAN"
    assert "'monthly'" in warning.message


def test_a_new_catalogue_replaces_offers_of_the_old_one_and_says_so(tmp_path: Path):
    _, workspace = Raw().load(tmp_path)
    raw = Raw()
    del raw.files["offers.csv"], raw.files["subscriptions.csv"]
    report = import_path(raw.write(tmp_path / "new"), workspace, now=NOW)
    dataset = load_dataset(workspace)
    assert dataset.offers.empty
    assert dataset.subscriptions is None
    assert [note for note in report.notes if "gone" in note]


def test_a_simulated_world_stays_labelled(tmp_path: Path):
    raw = Raw()
    raw.put("world.json", json.dumps({"simulated": True, "seed": 3}))
    report, workspace = raw.load(tmp_path)
    assert report.simulated
    assert load_dataset(workspace).simulated
    builders.offers(1).to_csv(tmp_path / "offers.csv", index=False)
    assert import_path(tmp_path / "offers.csv", workspace, now=NOW).simulated
    assert json.loads((workspace.tables / "world.json").read_text())["seed"] == 3


def test_the_report_is_kept_with_the_tables(tmp_path: Path):
    report, workspace = Raw().load(tmp_path)
    assert load_info(workspace).report == report.as_json()
    assert type(report).from_json(json.loads(json.dumps(report.as_json()))) == report


def test_a_second_writer_is_told_who_holds_the_workspace(tmp_path: Path):
    workspace = Workspace(tmp_path / "workspace")
    with workspace.writing(), pytest.raises(DataError) as refusal:
        import_path(Raw().write(tmp_path / "raw"), workspace, now=NOW)
    assert refusal.value.code == "E_BUSY"


def test_unused_columns_and_files_are_noted(tmp_path: Path):
    raw = Raw()
    raw.set("events", session="s")
    raw.put("notes.txt", "hello")
    report, _ = raw.load(tmp_path)
    assert report.notes == ("notes.txt was not used", "events: nothing was taken from session")
