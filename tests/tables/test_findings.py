"""Every kind of bad input gets its code: one row a kind."""
# ruff: noqa: E501 – a case a line reads as a table

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.errors import DataError
from recsys.tables.import_tables import import_path
from recsys.workspace import Workspace
from tests.effort import some
from tests.tables.raw import NOW, Raw


@dataclass(frozen=True)
class Case:
    """What is spoilt, and the finding that must come of it."""

    name: str
    spoil: Callable[[Raw], object]
    code: str
    table: str | None = None
    column: str | None = None
    rows: tuple[int, ...] | None = None
    also: tuple[str, ...] = ()
    """What comes of it elsewhere: an id that is spoilt breaks the rows that point to it."""


def _small_limit(raw: Raw) -> None:
    raw.limits = replace(raw.limits, file_bytes=20_000)


def _parquet_bomb(raw: Raw) -> None:
    """20 bytes a row on disk, a thousand when read: 540 rows of it are past 100,000."""
    raw.as_parquet("events", {"device": pa.array(["x" * 1000] * raw.rows("events")).dictionary_encode()})
    raw.limits = replace(raw.limits, decoded_bytes=100_000)


def _endless_parquet(raw: Raw) -> None:
    """A constant column of a million rows is a few bytes on disk."""
    raw.files.pop("events.csv")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"user_id": pa.array(["u00"] * 1_000_000).dictionary_encode()}), buffer)
    raw.files["events.parquet"] = buffer.getvalue()
    raw.limits = replace(raw.limits, decoded_bytes=900_000)


def _binary_ids(raw: Raw) -> None:
    raw.as_parquet("users", {"blob": pa.array([b"\xff"] * 30)})


def _every_second(raw: Raw, **values: str) -> None:
    for row in range(2, raw.rows("events") + 1, 2):
        raw.set("events", row, **values)


def _epoch(raw: Raw) -> None:
    raw.set("events", timestamp="1704240000")
    raw.set("events", 7, timestamp="1704240000000")


def _mobile_ids(raw: Raw) -> None:
    for name in ("users", "events", "subscriptions"):
        text = raw.text(name)
        for k in range(30):
            text = text.replace(f"u{k:02d}", f"98400123{k:02d}")
        raw.put(name, text)


def _without_users(raw: Raw, name: str | None = None) -> None:
    """Whoever has an event is a user then; ``name`` is that of the third event."""
    del raw.files["users.csv"], raw.files["subscriptions.csv"]
    if name is not None:
        raw.set("events", 3, user_id=name)


def _few(raw: Raw) -> None:
    header, *lines = raw.text("events").splitlines()
    raw.put("events", "\n".join([header, *lines[:50]]) + "\n")


FILE = [
    Case("empty", lambda raw: raw.put("events", b""), "E_EMPTY", "events"),
    Case("blank", lambda raw: raw.put("events", " \n\n"), "E_EMPTY", "events"),
    Case("byte order mark alone", lambda raw: raw.put("events", b"\xef\xbb\xbf"), "E_EMPTY", "events"),
    Case("byte order mark and blanks", lambda raw: raw.put("events", b"\xef\xbb\xbf \r\n"), "E_EMPTY", "events"),
    Case("byte order mark of UTF-16 alone", lambda raw: raw.put("events", b"\xff\xfe"), "E_EMPTY", "events"),
    Case("bidi mark in a column's name", lambda raw: raw.set("users", **{"pl\u202ean": "x"}), "E_CTRL", "users", "pl\\u202ean"),
    Case("zero-width mark in a column's name", lambda raw: raw.line("movies", 0, lambda line: line.replace("title", "title\u200b")), "E_CTRL", "movies", also=("E_MISSING_COL",)),
    Case("header only", lambda raw: raw.put("events", "user_id,movie_id,timestamp\n"), "E_NO_ROWS", "events"),
    Case("larger than the limit", _small_limit, "E_TOO_BIG", "events"),
    Case("gzip named csv", lambda raw: raw.put("events", gzip.compress(raw.files["events.csv"])), "E_TYPE", "events"),
    Case("csv named parquet", lambda raw: raw.put("users.parquet", raw.files.pop("users.csv")), "E_TYPE", "users"),
    Case("latin-1", lambda raw: raw.put("movies", raw.text("movies").replace("Tamil story", "Fantôme").encode("latin-1")), "E_ENCODING", "movies", None, (1,)),
    Case("utf-16", lambda raw: raw.put("movies", raw.text("movies").encode("utf-16")), "E_ENCODING", "movies"),
    Case("NUL byte", lambda raw: raw.line("events", 3, lambda line: line + "\0"), "E_NUL", "events", None, (3,)),
    Case("row too long", lambda raw: raw.line("events", 2, lambda line: line + ",x"), "E_RAGGED", "events", None, (2,)),
    Case("row too short", lambda raw: raw.line("events", 5, lambda line: line.rsplit(",", 1)[0]), "E_RAGGED", "events", None, (5,)),
    Case("repeated header", lambda raw: raw.line("events", 0, lambda line: line.replace("device", "minutes")), "E_DUP_COL", "events", "minutes"),
    Case("missing column", lambda raw: raw.drop("events", "timestamp"), "E_MISSING_COL", "events", "timestamp"),
    Case("unnamed column", lambda raw: raw.line("users", 0, lambda line: line.replace("plan", "")), "E_MISSING_COL", "users"),
    Case("unclosed quote", lambda raw: raw.line("movies", 4, lambda line: line.replace("Tamil", '"Tamil', 1)), "E_QUOTE", "movies", None, (4,)),
    Case("unclosed quote in the header", lambda raw: raw.line("users", 0, lambda line: '"' + line), "E_QUOTE", "users"),
    Case("two delimiters", lambda raw: raw.put("events", "user_id;movie_id,timestamp\nu00;m00,1704240000\n"), "E_DELIM", "events"),
    Case("cut-off parquet", lambda raw: (raw.as_parquet("users"), raw.put("users.parquet", raw.files["users.parquet"][:-50])), "E_PARQUET", "users"),
    Case("parquet of four bytes", lambda raw: (raw.as_parquet("users"), raw.put("users.parquet", b"PAR1")), "E_PARQUET", "users"),
    Case("parquet that unfolds", _parquet_bomb, "E_DECODED_SIZE", "events"),
    Case("parquet of endless rows", _endless_parquet, "E_DECODED_SIZE", "events"),
    Case("nested column", lambda raw: raw.as_parquet("movies", {"genres": pa.array([["Drama"]] * 12)}), "E_SCHEMA", "movies", "genres"),
    Case("binary column", _binary_ids, "E_SCHEMA", "users", "blob"),
    Case("fractional ids", lambda raw: raw.as_parquet("users", {"user_id": pa.array([float(k) for k in range(30)])}), "E_SCHEMA", "users", "user_id"),
]  # fmt: skip
USERS = [
    Case("repeated id", lambda raw: raw.set("users", 2, user_id="u00"), "E_DUP_KEY", "users", "user_id", (2,), also=("E_FK_USER",)),
    Case("empty id", lambda raw: raw.set("users", 3, user_id=""), "E_NULL_KEY", "users", "user_id", (3,), also=("E_FK_USER",)),
    Case("blank id", lambda raw: raw.set("users", 3, user_id="  "), "E_NULL_KEY", "users", "user_id", (3,), also=("E_FK_USER",)),
    Case("e-mail as id", lambda raw: raw.set("users", 1, user_id="a.b@example.org"), "E_PII", "users", "user_id", (1,), also=("E_FK_USER",)),
    Case("phone as id", lambda raw: raw.set("users", 1, user_id="+91 98400 12345"), "E_PII", "users", "user_id", (1,), also=("E_FK_USER",)),
    Case("mobiles as ids", _mobile_ids, "E_PII", "users", "user_id", (1, 2, 3, 4, 5)),
    Case("e-mail as attribute", lambda raw: raw.set("users", 4, contact="a.b@example.org"), "E_PII", "users", "contact", (4,)),
    Case("signup in the future", lambda raw: raw.set("users", 6, signup_date="2024-06-03"), "E_FUTURE", "users", "signup_date", (6,)),
    Case("ambiguous signup", lambda raw: raw.set("users", 6, signup_date="01/02/2024"), "E_AMBIGUOUS_DATE", "users", "signup_date", (6,)),
    Case("no such day", lambda raw: raw.set("users", 6, signup_date="2024-02-30"), "E_DATE", "users", "signup_date", (6,)),
]  # fmt: skip
MOVIES = [
    Case("repeated id", lambda raw: raw.set("movies", 2, movie_id="m00"), "E_DUP_KEY", "movies", "movie_id", (2,), also=("E_FK_MOVIE",)),
    Case("empty id", lambda raw: raw.set("movies", 2, movie_id=""), "E_NULL_KEY", "movies", "movie_id", (2,), also=("E_FK_MOVIE",)),
    Case("no title", lambda raw: raw.set("movies", 5, title=""), "E_TITLE", "movies", "title", (5,)),
    Case("blank title", lambda raw: raw.set("movies", 5, title="   "), "E_TITLE", "movies", "title", (5,)),
    Case("control character", lambda raw: raw.set("movies", 5, title="A\x07B"), "E_CTRL", "movies", "title", (5,)),
    Case("line break in a title", lambda raw: raw.set("movies", 5, title="A\nB"), "E_CTRL", "movies", "title", (5,)),
    Case("bidi override", lambda raw: raw.set("movies", 5, title="A\u202eB"), "E_CTRL", "movies", "title", (5,)),
    Case("zero-width title", lambda raw: raw.set("movies", 5, title="\u200b\u200b"), "E_TITLE", "movies", "title", (5,), also=("E_CTRL",)),
    Case("joiners alone for a title", lambda raw: raw.set("movies", 5, title="\u200d\u200c "), "E_TITLE", "movies", "title", (5,)),
    Case("zero-width mark in a title", lambda raw: raw.set("movies", 5, title="A\u200bB"), "E_CTRL", "movies", "title", (5,)),
    Case("isolate in an attribute", lambda raw: raw.set("movies", 5, studio="A\u2067B"), "E_CTRL", "movies", "studio", (5,)),
    Case("zero-width mark in an id", lambda raw: raw.set("movies", 5, movie_id="m0\ufeff4"), "E_CTRL", "movies", "movie_id", (5,), also=("E_FK_MOVIE",)),
    Case("runtime 0", lambda raw: raw.set("movies", 5, runtime_min="0"), "E_RANGE", "movies", "runtime_min", (5,)),
    Case("runtime 1001", lambda raw: raw.set("movies", 1, runtime_min="1001"), "E_RANGE", "movies", "runtime_min", (1,)),
    Case("year 1869", lambda raw: raw.set("movies", 7, year="1869"), "E_RANGE", "movies", "year", (7,)),
    Case("year after next", lambda raw: raw.set("movies", 7, year="2026"), "E_RANGE", "movies", "year", (7,)),
    Case("half a year", lambda raw: raw.set("movies", 7, year="1999.5"), "E_NUMBER", "movies", "year", (7,)),
    Case("negative licence fee", lambda raw: raw.set("movies", 7, licence_fee="-1"), "E_COST", "movies", "licence_fee", (7,)),
    Case("leaves before it comes", lambda raw: raw.set("movies", 12, available_until="2023-01-01"), "E_DATES", "movies", "available_until", (12,)),
]  # fmt: skip
EVENTS = [
    Case("unknown user", lambda raw: raw.set("events", 9, user_id="u99"), "E_FK_USER", "events", "user_id", (9,)),
    Case("unknown movie", lambda raw: raw.set("events", 9, movie_id="m99"), "E_FK_MOVIE", "events", "movie_id", (9,)),
    Case("no user", lambda raw: raw.set("events", 9, user_id=""), "E_NULL_KEY", "events", "user_id", (9,)),
    Case("no movie", lambda raw: raw.set("events", 9, movie_id=""), "E_NULL_KEY", "events", "movie_id", (9,)),
    Case("no time", lambda raw: raw.set("events", 9, timestamp=""), "E_NULL", "events", "timestamp", (9,)),
    Case("NaN", lambda raw: raw.set("events", 4, minutes="NaN"), "E_NUMBER", "events", "minutes", (4,)),
    Case("inf", lambda raw: raw.set("events", 4, minutes="inf"), "E_NUMBER", "events", "minutes", (4,)),
    Case("1e309", lambda raw: raw.set("events", 4, minutes="1e309"), "E_NUMBER", "events", "minutes", (4,)),
    Case("a huge rating", lambda raw: raw.set("events", 4, rating="1e300"), "E_NUMBER", "events", "rating", (4,)),
    Case("NaN time", lambda raw: raw.set("events", 4, timestamp="nan"), "E_NUMBER", "events", "timestamp", (4,)),
    Case("thousands", lambda raw: raw.set("events", 4, minutes="1,234"), "E_NUMBER_FORMAT", "events", "minutes", (4,)),
    Case("decimal comma", lambda raw: raw.set("events", 4, minutes="34,5"), "E_NUMBER_FORMAT", "events", "minutes", (4,)),
    Case("neither 1 nor 0", lambda raw: raw.set("events", 4, completed="perhaps"), "E_VALUE", "events", "completed", (4,)),
    Case("day or month first", lambda raw: raw.set("events", 4, timestamp="02/01/2024"), "E_AMBIGUOUS_DATE", "events", "timestamp", (4,)),
    Case("no date", lambda raw: raw.set("events", 4, timestamp="yesterday"), "E_DATE", "events", "timestamp", (4,)),
    Case("mixed zones", lambda raw: raw.set("events", 4, timestamp="2024-01-05T10:00:00+05:30"), "E_TZ", "events", "timestamp", (4,)),
    Case("seconds and milliseconds", _epoch, "E_EPOCH", "events", "timestamp", (7,)),
    Case("a date as a number", lambda raw: raw.set("events", timestamp="20240105"), "E_EPOCH", "events", "timestamp", (1, 2, 3, 4, 5)),
    Case("numbers and dates", lambda raw: raw.set("events", 2, timestamp="1704240000"), "E_DATE", "events", "timestamp", (2,)),
    Case("future", lambda raw: raw.set("events", 4, timestamp="2024-06-03T00:00:00"), "E_FUTURE", "events", "timestamp", (4,)),
    Case("negative minutes", lambda raw: raw.set("events", 4, minutes="-1"), "E_RANGE", "events", "minutes", (4,)),
    Case("over three runtimes", lambda raw: raw.set("events", 4, movie_id="m00", minutes="270.5"), "E_RANGE", "events", "minutes", (4,)),
    Case("impossibly many minutes", lambda raw: raw.set("events", 4, minutes="3001"), "E_RANGE", "events", "minutes", (4,)),
    Case("too few events", _few, "E_TOO_SMALL", "events"),
    Case("e-mail as id and no users", lambda raw: _without_users(raw, "a.b@example.org"), "E_PII", "events", "user_id", (3,)),
    Case("phone as id and no users", lambda raw: _without_users(raw, "+91 98400 12345"), "E_PII", "events", "user_id", (3,)),
    Case("mobiles as ids and no users", lambda raw: (_mobile_ids(raw), _without_users(raw)), "E_PII", "events", "user_id"),
    Case("control character in an id and no users", lambda raw: _without_users(raw, "u\u200b1"), "E_CTRL", "events", "user_id", (3,)),
    Case("bidi mark in a device", lambda raw: raw.set("events", 3, device="tv\u202e"), "E_CTRL", "events", "device", (3,)),
]  # fmt: skip
OFFERS = [
    Case("negative fee", lambda raw: raw.set("offers", 2, fee="-1"), "E_COST", "offers", "fee", (2,)),
    Case("no fee", lambda raw: raw.set("offers", 2, fee=""), "E_COST", "offers", "fee", (2,)),
    Case("negative royalty", lambda raw: raw.set("offers", 2, royalty_per_view="-0.5"), "E_COST", "offers", "royalty_per_view", (2,)),
    Case("no cost at all", lambda raw: raw.set("offers", 2, fee="0", marketing_cost="0"), "E_ROI_UNDEFINED", "offers", "fee", (2,)),
    Case("mixed currency", lambda raw: raw.set("offers", 3, currency="USD"), "E_CURRENCY", "offers", "currency", (3,)),
    Case("no currency", lambda raw: raw.set("offers", 3, currency=""), "E_CURRENCY", "offers", "currency", (3,)),
    Case("window of nothing", lambda raw: raw.set("offers", 1, window_months="0"), "E_DATES", "offers", "window_months", (1,)),
    Case("no window", lambda raw: raw.set("offers", 1, window_months=""), "E_NULL", "offers", "window_months", (1,)),
    Case("window of days", lambda raw: raw.set("offers", 1, window_months="730"), "E_RANGE", "offers", "window_months", (1,)),
    Case("ends before it starts", lambda raw: raw.set("offers", 1, start="2024-07", available_until="2024-06-30"), "E_DATES", "offers", "available_until", (1,)),
    Case("no such month", lambda raw: raw.set("offers", 1, start="2024-13"), "E_DATE", "offers", "start", (1,)),
    Case("in the catalogue", lambda raw: raw.set("offers", 1, movie_id="m00"), "E_COLLISION", "offers", "movie_id", (1,)),
    Case("offered twice", lambda raw: raw.set("offers", 2, movie_id="o00"), "E_DUP_KEY", "offers", "movie_id", (2,)),
    Case("blank title", lambda raw: raw.set("offers", 2, title=""), "E_TITLE", "offers", "title", (2,)),
    Case("missing fee column", lambda raw: raw.drop("offers", "fee"), "E_MISSING_COL", "offers", "fee"),
]  # fmt: skip
OTHERS = [
    Case("subscription of a stranger", lambda raw: raw.set("subscriptions", 8, user_id="u99"), "E_FK_USER", "subscriptions", "user_id", (8,)),
    Case("month twice", lambda raw: raw.set("subscriptions", 2, month="2024-01"), "E_DUP_KEY", "subscriptions", "month", (2,)),
    Case("no month", lambda raw: raw.set("subscriptions", 2, month="January"), "E_DATE", "subscriptions", "month", (2,)),
    Case("active or not", lambda raw: raw.set("subscriptions", 2, active="2"), "E_VALUE", "subscriptions", "active", (2,)),
    Case("negative price", lambda raw: raw.set("subscriptions", 2, price="-1"), "E_COST", "subscriptions", "price", (2,)),
    Case("e-mail as id of a subscription", lambda raw: raw.set("subscriptions", 8, user_id="a.b@example.org"), "E_PII", "subscriptions", "user_id", (8,), also=("E_FK_USER",)),
    Case("empty terms", lambda raw: raw.put("economics.toml", b"\xef\xbb\xbf\n"), "E_EMPTY", "economics"),
    Case("bidi mark in the terms", lambda raw: raw.put("economics.toml", 'currency = "I\u202eNR"'), "E_CTRL", "economics"),
    Case("broken terms", lambda raw: raw.put("economics.toml", "currency = "), "E_TOML", "economics"),
    Case("no movies", lambda raw: raw.files.pop("movies.csv"), "E_NO_TABLE", "movies"),
    Case("no events", lambda raw: raw.files.pop("events.csv"), "E_NO_TABLE", "events"),
    Case("a world that does not say so", lambda raw: raw.put("world.json", "{}"), "E_WORLD"),
]  # fmt: skip
GROUPS = {"file": FILE, "users": USERS, "movies": MOVIES, "events": EVENTS, "offers": OFFERS, "others": OTHERS}
ALL = [pytest.param(case, id=f"{group}: {case.name}") for group, cases in GROUPS.items() for case in cases]


@pytest.mark.parametrize("case", some(ALL))
def test_bad_input_gets_its_code_and_nothing_is_taken_in(case: Case, tmp_path: Path):
    raw = Raw()
    case.spoil(raw)
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    findings = refusal.value.findings
    assert not Workspace(tmp_path / "workspace").exists()
    codes = {finding.code for finding in findings}
    assert case.code in codes
    assert codes <= {case.code, *case.also}
    match = next(finding for finding in findings if finding.code == case.code)
    assert match.message.endswith(".")
    assert match.remedy
    if case.table:
        assert match.table == case.table
    if case.column:
        assert match.column == case.column
    if case.rows is not None:
        assert match.rows == case.rows


def test_all_findings_of_all_tables_come_together(tmp_path: Path):
    raw = Raw()
    raw.set("users", 2, signup_date="2030-01-01")
    raw.set("movies", 3, year="1500")
    raw.set("events", 4, minutes="-5")
    raw.set("events", 5, timestamp="yesterday")
    raw.set("offers", 1, currency="EUR")
    raw.line("subscriptions", 1, lambda line: line + ",x")
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    found = {(finding.table, finding.code) for finding in refusal.value.findings}
    assert found == {
        ("users", "E_FUTURE"),
        ("movies", "E_RANGE"),
        ("events", "E_RANGE"),
        ("events", "E_DATE"),
        ("offers", "E_CURRENCY"),
        ("subscriptions", "E_RAGGED"),
    }


def test_at_most_five_rows_are_named_and_all_are_counted(tmp_path: Path):
    raw = Raw()
    _every_second(raw, minutes="-1")
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    [finding] = refusal.value.findings
    assert finding.rows == (2, 4, 6, 8, 10)
    assert "270 rows" in finding.message


def test_a_refused_import_leaves_every_byte_of_the_workspace(tmp_path: Path):
    _, workspace = Raw().load(tmp_path)
    before = {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}
    raw = Raw()
    raw.set("events", 4, minutes="-1")
    with pytest.raises(DataError):
        import_path(raw.write(tmp_path / "bad"), workspace, now=NOW)
    assert {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()} == before


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"events.csv": b"a" * 3_000_000}, "E_RATIO"),
        ({"../events.csv": b"x"}, "E_PATH"),
        ({"/etc/events.csv": b"x"}, "E_PATH"),
        ({"a\\..\\..\\events.csv": b"x"}, "E_PATH"),
        ({f"{k}.csv": b"x" for k in range(1001)}, "E_TOO_BIG"),
    ],
)
def test_a_hostile_zip_is_refused_before_anything_is_read(members: dict[str, bytes], code: str, tmp_path: Path):
    with pytest.raises(DataError) as refusal:
        import_path(_zip(tmp_path / "upload.zip", members), Workspace(tmp_path / "workspace"))
    assert refusal.value.code == code
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("workspace", "upload.zip")] == []


def test_a_zip_that_unfolds_past_the_limit_is_refused(tmp_path: Path):
    path = _zip(tmp_path / "upload.zip", Raw().files)
    with pytest.raises(DataError) as refusal:
        import_path(path, Workspace(tmp_path / "workspace"), limits=replace(Raw().limits, decoded_bytes=10_000))
    assert refusal.value.code == "E_TOO_BIG"


def test_a_damaged_zip_and_a_zip_that_is_none_are_refused(tmp_path: Path):
    good = _zip(tmp_path / "upload.zip", Raw().files).read_bytes()
    (tmp_path / "cut.zip").write_bytes(good[: len(good) // 2])
    (tmp_path / "none.zip").write_bytes(b"user_id\nu1\n")
    for name, code in (("cut.zip", "E_ZIP"), ("none.zip", "E_TYPE"), ("absent.zip", "E_NOT_FOUND")):
        with pytest.raises(DataError) as refusal:
            import_path(tmp_path / name, Workspace(tmp_path / "workspace"))
        assert refusal.value.code == code


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path):
    link = zipfile.ZipInfo("events.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "upload.zip", "w") as archive:
        archive.writestr(link, "/etc/hostname")
    with pytest.raises(DataError) as refusal:
        import_path(tmp_path / "upload.zip", Workspace(tmp_path / "workspace"))
    assert refusal.value.code == "E_PATH"


def test_ids_of_people_are_not_repeated_in_a_refusal(tmp_path: Path):
    raw = Raw()
    raw.set("events", 9, user_id="a.b@example.org")
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    assert {finding.code for finding in refusal.value.findings} == {"E_PII", "E_FK_USER"}
    assert "@" not in str(refusal.value)


CONTACTS = [
    "a.b＠example.org",
    "a.b%40example.org",
    "％2B91 98400 12345",
    "００９１９８４００１２３４５",
    "00919840012345",
    "0091 98400 12345",
    "0044 20 7946 0958",
    "001-415-555-0100",
    "98765.43001",
    "415.555.0100",
]


@pytest.mark.parametrize("contacts", [CONTACTS[:5], CONTACTS[5:]], ids=["five", "five more"])
@pytest.mark.parametrize("table", ["users", "events"])
def test_an_address_or_a_phone_number_in_another_spelling_is_no_id(tmp_path: Path, contacts: list[str], table: str):
    """Each in a row of its own; ids of events stand for a table of users that is not there."""
    raw = Raw()
    if table == "events":
        _without_users(raw)
    for row, contact in enumerate(contacts, start=1):
        raw.set(table, row, user_id=contact)
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    found = {finding.code: finding.rows for finding in refusal.value.findings}
    assert found["E_PII"] == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("with_users", [True, False])
@pytest.mark.parametrize(
    "written",
    some(
        [
            "001{:02d}",
            "12345678{:02d}",
            "0000012345{:02d}",
            "0012345678{:02d}",
            "001-202401{:02d}",
            "001-05-2024-{:02d}",
            "12345.678{:02d}",
        ]
    ),
)
def test_an_id_of_digits_that_is_no_phone_number_stays(tmp_path: Path, written: str, with_users: bool):
    raw = Raw()
    for name in ("users", "events", "subscriptions"):
        text = raw.text(name)
        for k in range(30):
            text = text.replace(f"u{k:02d}", written.format(k))
        raw.put(name, text)
    if not with_users:
        _without_users(raw)
    raw.load(tmp_path)
