"""The files of MovieLens, in each of its editions, and of MovieTweetings, which follows them."""

from collections.abc import Mapping
from pathlib import Path

from recsys.tables.formats.layout import Files, ImportFormat, Layout, TableFile, first_line, header, literal, quoted

_YEAR = r"\(([0-9]{4})\)\s*$"
_RATING_EVENTS = {name: quoted(name) for name in ("user_id", "movie_id", "rating", "timestamp")}


def _split_title(title: str) -> dict[str, str]:
    return {
        "title": rf"coalesce(nullif(trim(regexp_replace({title}, '{_YEAR}', '')), ''), {title})",
        "year": rf"nullif(regexp_extract({title}, '{_YEAR}', 1), '')",
    }


def _genres(genres: str | None) -> dict[str, str]:
    return {} if genres is None else {"genres": f"nullif({genres}, '(no genres listed)')"}


def _blanked(title: str, genres: str | None) -> dict[str, tuple[str, str]]:
    none = {} if genres is None else {"genres": (genres, "movies.genres is blank for {n} movies without genres")}
    return {"year": (title, "movies.year is blank for {n} movies whose title has none in brackets"), **none}


_FROM_TITLE = "movies.year is taken from the title, where it stands in brackets"
_ML_100K_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
_ML_1M_AGES = {"1": "under 18", "18": "18-24", "25": "25-34", "35": "35-44", "45": "45-49", "50": "50-55", "56": "56+"}
_ML_1M_OCCUPATIONS = (
    "other", "academic or educator", "artist", "clerical or admin", "college or grad student", "customer service",
    "doctor or health care", "executive or managerial", "farmer", "homemaker", "K-12 student", "lawyer", "programmer", "retired",
    "sales or marketing", "scientist", "self-employed", "technician or engineer", "tradesman or craftsman", "unemployed",
    "writer",
)  # fmt: skip


RATINGS, MOVIES = ("userId", "movieId", "rating", "timestamp"), ("movieId", "title", "genres")
"""Columns of the CSV editions, in whatever order, case and quotes."""


def _is_movielens_csv(files: Files) -> bool:
    return (
        "ratings.csv" in files
        and "movies.csv" in files
        and _columns(files["ratings.csv"], RATINGS) is not None
        and _columns(files["movies.csv"], MOVIES[:2]) is not None
    )


def _columns(path: Path, wanted: tuple[str, ...]) -> dict[str, str] | None:
    """Wanted column → the column of the file, in SQL; None where one is missing."""
    found = {name.casefold(): f"trim({quoted(name)})" for name in header(path)[1]}
    return {name: found[name.casefold()] for name in wanted} if all(name.casefold() in found for name in wanted) else None


def _movielens_csv(files: Files) -> Layout:
    ratings, movies = _columns(files["ratings.csv"], RATINGS) or {}, _columns(files["movies.csv"], MOVIES[:2]) or {}
    title, genres = movies["title"], (_columns(files["movies.csv"], MOVIES[2:]) or {}).get("genres")
    return Layout(
        files=(
            TableFile(
                table="events",
                path=files["ratings.csv"],
                delimiter=header(files["ratings.csv"])[0],
                select=dict(zip(_RATING_EVENTS, ratings.values(), strict=True)),
            ),
            TableFile(
                table="movies",
                path=files["movies.csv"],
                delimiter=header(files["movies.csv"])[0],
                select={"movie_id": movies["movieId"], **_split_title(title), **_genres(genres)},
                blanked=_blanked(title, genres),
            ),
        ),
        assumed=(_FROM_TITLE,),
    )


def _is_double_colon(files: Files) -> bool:
    return all(name in files and "::" in first_line(files[name]) for name in ("ratings.dat", "movies.dat"))


def _is_movielens_1m(files: Files) -> bool:
    return _is_double_colon(files) and "users.dat" in files and first_line(files["users.dat"]).count("::") == 4


def _is_movietweetings(files: Files) -> bool:
    return _is_double_colon(files) and "users.dat" in files and first_line(files["users.dat"]).count("::") == 1


def _is_movielens_10m(files: Files) -> bool:
    return _is_double_colon(files) and "users.dat" not in files


def _double_colon(files: Files, *, users: TableFile | None, assumed: tuple[str, ...] = ()) -> Layout:
    ratings = TableFile(
        table="events",
        path=files["ratings.dat"],
        delimiter="::",
        quote="",
        names=("user_id", "movie_id", "rating", "timestamp"),
        select=_RATING_EVENTS,
    )
    movies = TableFile(
        table="movies",
        path=files["movies.dat"],
        delimiter="::",
        quote="",
        names=("movie_id", "title", "genres"),
        select={"movie_id": "movie_id", **_split_title("title"), **_genres("genres")},
        blanked=_blanked("title", "genres"),
        latin_1=True,
    )
    return Layout(
        files=(ratings, movies, *([users] if users else [])),
        assumed=(_FROM_TITLE, *assumed),
    )


def _movielens_1m(files: Files) -> Layout:
    users = TableFile(
        table="users",
        path=files["users.dat"],
        delimiter="::",
        quote="",
        names=("user_id", "gender", "age", "occupation", "zip_code"),
        select={
            "user_id": "user_id",
            "gender": "gender",
            "age_band": _decoded("age", _ML_1M_AGES),
            "occupation": _decoded("occupation", {str(k): name for k, name in enumerate(_ML_1M_OCCUPATIONS)}),
            "zip_code": "zip_code",
        },
        blanked={
            "age_band": ("age", "users.age_band is blank for {n} users whose code is not one of MovieLens's"),
            "occupation": ("occupation", "users.occupation is blank for {n} users whose code is not one of MovieLens's"),
        },
        latin_1=True,
        types={"zip_code": "text"},
    )
    return _double_colon(files, users=users)


def _movietweetings(files: Files) -> Layout:
    users = TableFile(
        table="users",
        path=files["users.dat"],
        delimiter="::",
        quote="",
        names=("user_id", "account"),
        select={"user_id": "user_id"},
    )
    return _double_colon(
        files,
        users=users,
        assumed=("the account ids in users.dat point to persons and were left out",),
    )


def _movielens_10m(files: Files) -> Layout:
    return _double_colon(files, users=None)


def _is_movielens_100k(files: Files) -> bool:
    return "u.data" in files and "u.item" in files


def _movielens_100k(files: Files) -> Layout:
    flags = [f"flag_{k}" for k in range(len(_ML_100K_GENRES))]
    named = ", ".join(
        f"CASE WHEN {flag} = '1' THEN {literal(genre)} END"
        for flag, genre in zip(flags, _ML_100K_GENRES, strict=True)
        if genre != "unknown"
    )
    movies = TableFile(
        table="movies",
        path=files["u.item"],
        delimiter="|",
        quote="",
        names=("movie_id", "title", "release_date", "video_date", "url", *flags),
        select={"movie_id": "movie_id", **_split_title("title"), "genres": f"nullif(concat_ws('|', {named}), '')"},
        blanked=_blanked("title", "movie_id"),
        latin_1=True,
    )
    events = TableFile(
        table="events",
        path=files["u.data"],
        delimiter="\t",
        quote="",
        names=("user_id", "movie_id", "rating", "timestamp"),
        select=_RATING_EVENTS,
    )
    return Layout(
        files=(events, movies, *([_people_100k(files["u.user"])] if "u.user" in files else [])),
        assumed=(_FROM_TITLE,),
    )


def _people_100k(path: Path) -> TableFile:
    return TableFile(
        table="users",
        path=path,
        delimiter="|",
        quote="",
        names=("user_id", "age", "gender", "occupation", "zip_code"),
        types={"zip_code": "text", "age": "number", "gender": "text", "occupation": "text"},
        latin_1=True,
    )


def _decoded(column: str, names: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(name)}" for code, name in names.items())
    return f"CASE trim({column}) {cases} END"


FORMATS = (
    ImportFormat(name="movielens-100k", fits=_is_movielens_100k, layout=_movielens_100k),
    ImportFormat(name="movielens-1m", fits=_is_movielens_1m, layout=_movielens_1m),
    ImportFormat(name="movielens-10m", fits=_is_movielens_10m, layout=_movielens_10m),
    ImportFormat(name="movielens-csv", fits=_is_movielens_csv, layout=_movielens_csv),
    ImportFormat(name="movietweetings", fits=_is_movietweetings, layout=_movietweetings),
)
