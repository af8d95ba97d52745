"""What must hold for any tables."""

import string
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

from recsys.tables.economics_config import Economics, Plan, Term, as_toml, parse_economics
from recsys.tables.import_tables import import_path
from recsys.tables.limits import Limits
from recsys.tables.split import temporal
from recsys.tables.store.assembly import with_fingerprint
from recsys.tables.store.published_tables import load_dataset
from recsys.tables.user_deletion import without_users
from recsys.workspace import Workspace
from tests import builders
from tests.datasets import assemble, save_dataset
from tests.effort import examples

ANY_SIZE = Limits(users=1, movies=1, events=1)
QUICK = examples(12)
IDS = st.text(st.sampled_from(string.ascii_letters + string.digits + "_-;,\"' |#éஅ"), min_size=1, max_size=6).filter(
    lambda text: text.strip() == text and "@" not in text
)
TITLES = st.text(st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=12)
TITLES = TITLES.map(str.strip).filter(bool)
"""Blanks around a title are no part of it, and import takes them off."""


@st.composite
def raw_tables(draw) -> dict[str, pd.DataFrame]:
    """A few users, movies and events with awkward ids and texts."""
    users = draw(st.lists(IDS, min_size=2, max_size=6, unique=True))
    movies = draw(st.lists(IDS, min_size=2, max_size=6, unique=True))
    n_events = draw(st.integers(1, 25))
    pick = st.lists(st.integers(0, 1_000), min_size=n_events, max_size=n_events)
    who, what, when = draw(pick), draw(pick), draw(pick)
    minutes = draw(st.lists(st.none() | st.integers(0, 3000), min_size=n_events, max_size=n_events))
    events = pd.DataFrame(
        {
            "user_id": [users[k % len(users)] for k in who],
            "movie_id": [movies[k % len(movies)] for k in what],
            "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(when, unit="h"),
            "minutes": np.array([np.nan if m is None else m / 8 for m in minutes]),
        }
    ).drop_duplicates()
    catalogue = pd.DataFrame({"movie_id": movies, "title": draw(st.lists(TITLES, min_size=len(movies), max_size=len(movies)))})
    catalogue["available_from"] = pd.NaT
    return {"users": pd.DataFrame({"user_id": users}), "movies": catalogue, "events": events}


@QUICK
@given(raw_tables(), st.sampled_from(["csv", "parquet"]), st.randoms(use_true_random=False))
def test_import_keeps_every_id_and_value_whatever_the_order_of_rows_and_columns(tables, suffix, random):
    shuffled = {}
    for name, frame in tables.items():
        rows, columns = list(range(len(frame))), list(frame.columns)
        random.shuffle(rows)
        random.shuffle(columns)
        shuffled[name] = frame.iloc[rows][columns]
    with tempfile.TemporaryDirectory() as scratch:
        folder = builders.write_tables(Path(scratch) / "raw", suffix=suffix, **shuffled)
        workspace = Workspace(Path(scratch) / "workspace")
        report = import_path(folder, workspace, limits=ANY_SIZE)
        loaded = load_dataset(workspace)
    expected = assemble(**tables)
    assert report.fingerprint == loaded.fingerprint == expected.fingerprint
    pd.testing.assert_frame_equal(loaded.movies, expected.movies)
    pd.testing.assert_frame_equal(loaded.events, expected.events)


@QUICK
@given(raw_tables(), st.data())
def test_deleting_a_user_equals_never_having_had_them(tables, data):
    gone = data.draw(st.sampled_from(tables["users"]["user_id"].tolist()))
    rest = {name: frame[frame["user_id"] != gone] if "user_id" in frame else frame for name, frame in tables.items()}
    assert without_users(assemble(**tables), [gone]).fingerprint == assemble(**rest).fingerprint


@QUICK
@given(st.integers(0, 5), st.integers(5, 40), st.integers(4, 15), st.booleans(), st.booleans())
def test_save_then_load_is_the_identity(seed, n_users, n_movies, with_minutes, with_subscriptions):
    dataset = builders.tiny_dataset(
        n_users, n_movies, seed=seed, with_minutes=with_minutes, with_subscriptions=with_subscriptions
    )
    with tempfile.TemporaryDirectory() as scratch:
        save_dataset(Workspace(Path(scratch)), dataset)
        loaded = load_dataset(Workspace(Path(scratch)))
    pd.testing.assert_frame_equal(loaded.events, dataset.events)
    pd.testing.assert_frame_equal(loaded.users, dataset.users)
    assert (loaded.subscriptions is None) == (not with_subscriptions)
    assert loaded.fingerprint == dataset.fingerprint


@QUICK
@given(st.lists(st.integers(0, 50), min_size=2, max_size=60).filter(lambda times: len(set(times)) > 1), st.floats(0.05, 0.95))
def test_nothing_that_is_learnt_from_is_as_late_as_what_is_judged_on(times, share):
    events = pd.DataFrame({"timestamp": pd.to_datetime(sorted(times), unit="s")})
    wanted = min(round(len(times) * share), len(times) - 1)
    assume(sorted(times)[wanted] > min(times))
    parts = temporal(events, share)
    assert parts.train["timestamp"].max() < parts.test["timestamp"].min()
    assert len(parts.train) + len(parts.test) == len(times)
    assert len(parts.train) <= wanted


AMOUNTS = st.floats(0, 1e6, allow_nan=False)
SHARES = st.floats(0, 1, allow_nan=False)
SEEN = st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Characters that are seen; terms with others are refused (``E_CTRL``)."""
TEXTS = st.text(SEEN, min_size=1, max_size=20).filter(lambda text: text.strip() != "")


def _terms(values: st.SearchStrategy[float]) -> st.SearchStrategy[Term]:
    return st.builds(Term, value=values, source=TEXTS, kind=st.sampled_from(["estimated", "configured", "assumed"]))


@st.composite
def any_economics(draw) -> Economics:
    plans = [
        Plan(name="s", kind="svod", monthly_price=draw(_terms(AMOUNTS)), margin_share=draw(_terms(SHARES))),
        Plan(
            name="a b",
            kind="avod",
            ads_per_hour=draw(_terms(AMOUNTS)),
            fill_share=draw(_terms(SHARES)),
            cpm=draw(_terms(AMOUNTS)),
        ),
        Plan(name="t", kind="tvod", rental_price=draw(_terms(AMOUNTS)), platform_share=draw(_terms(SHARES))),
    ]
    names = draw(st.lists(st.sampled_from(range(3)), min_size=1, max_size=3, unique=True))
    chosen = tuple(plans[k] for k in names)
    return Economics(
        currency=draw(st.sampled_from(["INR", "USD", "LKR"])),
        discount_rate=draw(_terms(SHARES)),
        hurdle_rate=draw(_terms(SHARES)),
        plans=chosen,
        default_plan=chosen[0].name,
    )


@given(any_economics())
def test_terms_to_toml_and_back_are_the_identity(economics):
    assert parse_economics(as_toml(economics).encode()) == economics


@QUICK
@given(any_economics(), any_economics())
def test_other_terms_have_another_fingerprint(one, other):
    dataset = builders.tiny_dataset(4, 4, n_offers=0)
    first, second = (with_fingerprint(replace(dataset, economics=terms)).fingerprint for terms in (one, other))
    assert (first == second) == (one == other)
