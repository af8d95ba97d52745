"""Each public format is recognised by what is in it and read as its authors meant it."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.errors import DataError
from recsys.tables import formats
from recsys.tables.dataset import Dataset
from recsys.tables.formats import registry
from recsys.tables.formats.layout import ImportFormat
from recsys.tables.formats.registry import recognise
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.effort import some
from tests.tables.raw import NOW, Raw

N_USERS, N_MOVIES = 24, 12


def _ratings(line: str) -> str:
    """Every user rates every movie, one an hour from 1997-09-20 on."""
    pairs = [(u, m) for u in range(1, N_USERS + 1) for m in range(1, N_MOVIES + 1)]
    return "".join(line.format(u=u, m=m, t=874_724_710 + 3600 * k) for k, (u, m) in enumerate(pairs))


def _titles(line: str) -> str:
    return "".join(
        line.format(m=m, title=f"Café {m}" if m == 2 else f"Film {m}", year=1990 + m % 5) for m in range(1, N_MOVIES + 1)
    )


def _ml_100k() -> dict[str, bytes]:
    flags = "0|1|0|0|1|" + "|".join("0" * 14)
    return {
        "u.data": _ratings("{u}\t{m}\t4\t{t}\n").encode(),
        "u.item": _titles(f"{{m}}|{{title}} ({{year}})|01-Jan-1995||http://x|{flags}\n").encode("latin-1"),
        "u.user": "".join(f"{u}|24|M|writer|0{u:04d}\n" for u in range(1, N_USERS + 1)).encode(),
        "README": b"hello",
    }


def _ml_1m() -> dict[str, bytes]:
    return {
        "ratings.dat": _ratings("{u}::{m}::4::{t}\n").encode(),
        "movies.dat": _titles("{m}::{title} ({year})::Action|Children's\n").encode("latin-1"),
        "users.dat": "".join(f"{u}::F::25::12::0{u:04d}\n" for u in range(1, N_USERS + 1)).encode(),
    }


def _ml_10m() -> dict[str, bytes]:
    files = _ml_1m()
    del files["users.dat"]
    return files | {"tags.dat": b"1::1::good::1\n"}


def _ml_csv() -> dict[str, bytes]:
    return {
        "ratings.csv": ("userId,movieId,rating,timestamp\n" + _ratings("{u},{m},4.5,{t}\n")).encode(),
        "movies.csv": ("movieId,title,genres\n" + _titles('{m},"{title} ({year})",Action|Children\n')).encode(),
        "links.csv": b"movieId,imdbId,tmdbId\n1,1,1\n",
    }


def _movietweetings() -> dict[str, bytes]:
    return {
        "ratings.dat": _ratings("{u}::{m:07d}::8::{t}\n").encode(),
        "movies.dat": _titles("{m:07d}::{title} ({year})::Action|Drama\n").encode(),
        "users.dat": "".join(f"{u}::99000{u}\n" for u in range(1, N_USERS + 1)).encode(),
    }


def _recbole() -> dict[str, bytes]:
    return {
        "d.inter": ("user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + _ratings("{u}\t{m}\t4\t{t}\n")).encode(),
        "d.item": (
            "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
            + _titles("{m}\t{title}\t{year}\tAction Comedy\n")
        ).encode(),
        "d.user": (
            "user_id:token\tage:float\tzip:token\n" + "".join(f"{u}\t24\t{u:05d}\n" for u in range(1, N_USERS + 1))
        ).encode(),
    }


FORMATS: dict[str, Callable[[], dict[str, bytes]]] = {
    "movielens-100k": _ml_100k,
    "movielens-1m": _ml_1m,
    "movielens-10m": _ml_10m,
    "movielens-csv": _ml_csv,
    "movietweetings": _movietweetings,
    "recbole": _recbole,
}


def _import(folder: Path, files: dict[str, bytes], **options) -> tuple[Dataset, str]:
    (folder / "raw").mkdir()
    for name, content in files.items():
        (folder / "raw" / name).write_bytes(content)
    workspace = Workspace(folder / "workspace")
    report = import_path(folder / "raw", workspace, now=NOW, **options)
    return load_dataset(workspace), report.format


def test_every_format_of_a_module_is_in_the_registry():
    """And nothing else is, but our own tables: a format that a module defines and the registry lacks is never recognised."""
    modules = [importlib.import_module(found.name) for found in pkgutil.iter_modules(formats.__path__, f"{formats.__name__}.")]
    values = [value for module in modules if module is not registry for value in vars(module).values()]
    listed = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    defined = {each.name for each in listed if isinstance(each, ImportFormat)}
    assert set(registry.FORMATS) == {"tables", *defined}


def test_every_format_has_an_example():
    """Ratings have theirs here; another format has it in the test of its module."""
    own = {name for name in registry.FORMATS if (Path(__file__).parent / f"test_{name.replace('-', '_')}.py").exists()}
    assert set(registry.FORMATS) == {"tables", *FORMATS, *own}


@pytest.mark.parametrize("name", FORMATS)
def test_format_is_recognised_and_read(name: str, tmp_path: Path):
    """24 users rate 12 movies each; the second film has an accent; 1992 is the year of the second and the seventh."""
    dataset, recognised = _import(tmp_path, FORMATS[name]())
    assert recognised == name
    assert (dataset.n_users, dataset.n_movies, len(dataset.events)) == (24, 12, 288)
    movies = dataset.movies.set_index("movie_id")
    second = movies.loc["0000002" if name == "movietweetings" else "2"]
    assert second["title"] == "Café 2"
    assert second["year"] == 1992.0
    assert second["genres"].split("|")[0] == "Action"
    assert dataset.events["timestamp"].iloc[0].isoformat() == "1997-09-20T03:05:10"
    assert dataset.events["rating"].iloc[0] in (4.0, 4.5, 8.0)
    assert any("each rating counts as one view" in sentence for sentence in dataset.assumed)


@pytest.mark.parametrize("name", some(list(FORMATS)))
def test_naming_the_right_format_reads_the_same(name: str, tmp_path: Path):
    (tmp_path / "named").mkdir()
    (tmp_path / "found").mkdir()
    named, _ = _import(tmp_path / "named", FORMATS[name](), format=name)
    found, _ = _import(tmp_path / "found", FORMATS[name]())
    assert named.fingerprint == found.fingerprint


def test_movielens_100k_names_genres_and_people(tmp_path: Path):
    dataset, _ = _import(tmp_path, _ml_100k())
    assert dataset.movies["genres"].iloc[0] == "Action|Children's"
    first = dataset.users.iloc[0]
    assert (first["age"], first["gender"], first["occupation"], first["zip_code"]) == (24, "M", "writer", "00001")


def test_movielens_1m_codes_are_spelt_out(tmp_path: Path):
    dataset, _ = _import(tmp_path, _ml_1m())
    first = dataset.users.iloc[0]
    assert (first["age_band"], first["occupation"], first["zip_code"]) == ("25-34", "programmer", "00001")


def test_account_ids_of_movietweetings_are_left_out(tmp_path: Path):
    """They lead to persons; nothing of them may reach the workspace."""
    dataset, _ = _import(tmp_path, _movietweetings())
    assert dataset.users.columns.tolist() == ["user_id"]
    written = b"".join(path.read_bytes() for path in (tmp_path / "workspace" / "tables").iterdir())
    assert b"990001" not in written
    assert any("left out" in sentence for sentence in dataset.assumed)


def test_movies_without_genre_have_none(tmp_path: Path):
    files = _ml_csv()
    files["movies.csv"] = files["movies.csv"].replace(b"Action|Children", b"(no genres listed)")
    dataset, _ = _import(tmp_path, files)
    assert dataset.movies["genres"].isna().all()


def test_recbole_kinds_decide_what_is_a_number(tmp_path: Path):
    dataset, _ = _import(tmp_path, _recbole())
    first = dataset.users.iloc[0]
    assert (first["age"], first["zip"]) == (24, "00001")


def test_a_year_that_is_no_year_is_left_blank_in_recbole(tmp_path: Path):
    files = _recbole()
    files["d.item"] = files["d.item"].replace(b"Film 1\t1991", b"Film 1\tV")
    dataset, _ = _import(tmp_path, files)
    assert dataset.movies.set_index("movie_id")["year"].isna().sum() == 1
    assert "movies.year is blank for 1 movies whose release year is no year" in dataset.assumed


def test_recbole_header_without_kinds_is_refused(tmp_path: Path):
    files = _recbole()
    files["d.user"] = b"user_id\tage\n1\t24\n"
    with pytest.raises(DataError) as refusal:
        _import(tmp_path, files)
    assert refusal.value.code == "E_MISSING_COL"


def test_recbole_without_titles_is_refused(tmp_path: Path):
    files = _recbole()
    files["d.item"] = files["d.item"].replace(b"movie_title", b"slogan")
    with pytest.raises(DataError) as refusal:
        _import(tmp_path, files)
    assert (refusal.value.code, refusal.value.findings[0].column) == ("E_MISSING_COL", "title")


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"holiday.jpg": b"x"}, None),
        ({"ratings.csv": b"a,b\n1,2\n"}, None),
        ({}, None),
        (_ml_100k() | _ml_csv(), None),
        (_ml_csv(), "recbole"),
        (_ml_csv(), "excel"),
    ],
)
def test_what_fits_no_format_or_several_is_refused_with_the_names(files: dict[str, bytes], wanted: str | None, tmp_path: Path):
    with pytest.raises(DataError) as refusal:
        _import(tmp_path, files, format=wanted)
    [finding] = refusal.value.findings
    assert finding.code == "E_UNKNOWN_FORMAT"
    assert "movielens-100k" in finding.remedy


def test_format_settles_a_doubt(tmp_path: Path):
    dataset, _ = _import(tmp_path, _ml_100k() | _ml_csv(), format="movielens-csv")
    assert dataset.events["rating"].iloc[0] == 4.5


def test_a_table_in_two_files_is_refused(tmp_path: Path):
    raw = Raw()
    raw.put("users.tsv", "user_id\nu1\n")
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    assert refusal.value.code == "E_UNKNOWN_FORMAT"
    assert "twice" in refusal.value.findings[0].message


def test_own_names_are_recognised_beside_other_files(tmp_path: Path):
    raw = Raw()
    raw.put("readme.md", "hello")
    folder = raw.write(tmp_path)
    layout = recognise({path.name: path for path in folder.iterdir()})
    assert layout.format == "tables"
    assert layout.unused == ("readme.md",)


def test_headers_and_remarks_in_files_without_a_header_are_passed_over_and_said(tmp_path: Path):
    files = _ml_1m()
    files["users.dat"] = b"# people\nUserID::Gender::Age::Occupation::Zip-code\n" + files["users.dat"]
    files["movies.dat"] = b"MovieID::Title::Genres\n" + files["movies.dat"]
    files["ratings.dat"] = b"# from a copy\n\n" + files["ratings.dat"]
    dataset, recognised = _import(tmp_path, files)
    assert recognised == "movielens-1m"
    assert (dataset.n_users, dataset.n_movies, len(dataset.events)) == (24, 12, 288)
    said = [sentence for sentence in dataset.assumed if "passed over" in sentence]
    assert [sentence.split()[0] for sentence in said] == ["users.dat", "movies.dat", "ratings.dat"]


def test_a_remark_further_down_is_refused_by_row(tmp_path: Path):
    """The header is no row, so the 25th line after it is row 25."""
    files = _ml_1m()
    files["users.dat"] = b"id::gender::age::occupation::zip\n" + files["users.dat"] + b"total::F::25::12::0\n"
    with pytest.raises(DataError) as refusal:
        _import(tmp_path, files)
    assert [(finding.code, finding.column, finding.rows) for finding in refusal.value.findings] == [("E_VALUE", "user_id", (25,))]


def test_codes_that_movielens_does_not_have_are_blank_and_counted(tmp_path: Path):
    files = _ml_1m()
    files["users.dat"] = files["users.dat"].replace(b"1::F::25::12", b"1::F::26::99", 1)
    dataset, _ = _import(tmp_path, files)
    assert dataset.users["age_band"].isna().sum() == dataset.users["occupation"].isna().sum() == 1
    assert len([sentence for sentence in dataset.assumed if "blank for 1 users" in sentence]) == 2


@pytest.mark.parametrize("name", ["ratings.csv", "Rating.csv"])
def test_movielens_saved_again_is_recognised_by_its_columns(name: str, tmp_path: Path):
    """Quoted with row numbers by R, in another order with semicolons and blanks by a spreadsheet."""
    rows = [line.split(",") for line in _ratings("{u},{m},4.5,{t}\n").splitlines()]
    files = {
        name: ("timestamp; MovieId;rating ;userId\n" + "".join(f"{t};{m}; {r};{u} \n" for u, m, r, t in rows)).encode(),
        "movies.csv": ('"","movieId","title","genres"\n' + _titles('"{m}","{m}","{title} ({year})","Action|Drama"\n')).encode(),
    }
    dataset, recognised = _import(tmp_path, files)
    assert recognised == "movielens-csv"
    assert (dataset.n_users, dataset.n_movies, len(dataset.events)) == (24, 12, 288)
    assert dataset.movies.columns.tolist() == ["movie_id", "title", "year", "genres", "available_from"]


def test_ratings_that_are_not_movielens_are_what_the_refusal_is_about(tmp_path: Path):
    files = _ml_csv()
    files["ratings.csv"] = files["ratings.csv"].replace(b"timestamp", b"when", 1)
    with pytest.raises(DataError) as refusal:
        _import(tmp_path, files)
    [finding] = refusal.value.findings
    assert finding.code == "E_UNKNOWN_FORMAT"
    assert "ratings.csv" in finding.message
    assert "when" in finding.message
    assert "timestamp" in finding.remedy


def test_offers_beside_another_format_are_read(tmp_path: Path):
    files = _ml_csv() | {"Offers.csv": b"movie_id,title,fee,currency,window_months\no1,New,1000,INR,12\n"}
    dataset, recognised = _import(tmp_path, files)
    assert recognised == "movielens-csv"
    assert dataset.offers["movie_id"].tolist() == ["o1"]


@pytest.mark.parametrize("year", ["1992.0", " 1992", "1.992e3"])
def test_a_year_of_recbole_is_a_number_however_it_is_written(year: str, tmp_path: Path):
    files = _recbole()
    files["d.item"] = (
        files["d.item"].replace(b"release_year:token", b"release_year:float").replace(b"\t1992\t", f"\t{year}\t".encode())
    )
    dataset, _ = _import(tmp_path, files)
    assert dataset.movies["year"].tolist().count(1992.0) == 3
    assert not any("release year" in sentence for sentence in dataset.assumed)
