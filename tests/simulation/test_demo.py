"""The demo's tables: the same for the same seed, whatever the number of users, and true to what the configuration says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.simulation import demo, invented_names, population, user_blocks
from recsys.simulation.config import ServiceConfig
from recsys.simulation.demo import write_service
from recsys.simulation.economics_terms import economics
from recsys.simulation.movies import catalogue
from recsys.simulation.users import users
from recsys.tables.economics_config import load_economics
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.simulation.services import SMALL

FILES = ("economics.toml", "events.parquet", "movies.csv", "offers.csv", "subscriptions.csv", "users.csv", "world.json")


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("service") / "small"
    write_service(SMALL, folder)
    return folder


@pytest.fixture(scope="module")
def tables(service) -> dict[str, pd.DataFrame]:
    read = {name: pd.read_csv(service / f"{name}.csv", dtype=str) for name in ("users", "movies", "offers", "subscriptions")}
    return read | {"events": pd.read_parquet(service / "events.parquet")}


def test_the_same_configuration_gives_the_same_bytes_and_another_seed_does_not(service, tmp_path):
    write_service(SMALL, tmp_path / "again")
    write_service(replace(SMALL, seed=4), tmp_path / "other")
    assert sorted(p.name for p in service.iterdir()) == list(FILES)
    for name in FILES:
        assert (service / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert all((service / name).read_bytes() != (tmp_path / "other" / name).read_bytes() for name in FILES[1:])


def test_a_user_is_the_same_person_whatever_the_number_of_users(tables, tmp_path, monkeypatch):
    """Also where blocks are cut in another way: 120 users in blocks of 50 against 300 in one."""
    monkeypatch.setattr(user_blocks, "BLOCK", 50)
    write_service(replace(SMALL, n_users=120), tmp_path / "fewer")
    users_ = pd.read_csv(tmp_path / "fewer" / "users.csv", dtype=str)
    pd.testing.assert_frame_equal(users_, tables["users"].head(120))
    events = pd.read_parquet(tmp_path / "fewer" / "events.parquet").sort_values(["timestamp", "user_id"], ignore_index=True)
    known = tables["events"][tables["events"]["user_id"].isin(users_["user_id"])]
    pd.testing.assert_frame_equal(events, known.sort_values(["timestamp", "user_id"], ignore_index=True))


def test_it_is_imported_without_a_finding_and_known_to_be_simulated(service, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    report = import_path(service, workspace).as_json()
    assert report["warnings"] == []
    dataset = load_dataset(workspace)
    assert dataset.simulated
    assert (dataset.n_users, dataset.n_movies, len(dataset.offers)) == (SMALL.n_users, SMALL.n_movies, SMALL.n_offers)
    assert dataset.economics == economics(SMALL.people_per_user)
    assert dataset.subscriptions is not None


def test_terms_and_description_say_that_they_are_simulated(service):
    assert load_economics(service / "economics.toml") == economics(SMALL.people_per_user)
    document = json.loads((service / "world.json").read_text())
    assert document["simulated"] is True
    assert "Simulated" in document["note"]
    assert ServiceConfig(**document["config"]) == SMALL
    assert document["counts"]["users"] == SMALL.n_users


def test_ids_are_text_and_titles_are_unique(tables):
    for name in ("users", "movies", "offers"):
        column = "user_id" if name == "users" else "movie_id"
        assert tables[name][column].is_unique
        assert not tables[name][column].str.isdecimal().any()
    titles = pd.concat([tables["movies"]["title"], tables["offers"]["title"]])
    assert titles.str.casefold().is_unique
    assert titles.str.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+").all()


def test_thousands_of_titles_are_unique_and_none_is_a_film_of_the_real_data_sets():
    languages = [population.LANGUAGES[k % 8] for k in range(6000)]
    titles = {title.casefold() for title in invented_names.titles(7, "movies", languages)}
    assert len(titles) == 6000
    movies = Path(__file__).parents[2] / ".." / "shared" / "datasets" / "movietweetings-100k" / "movies.dat"
    if not movies.exists():
        pytest.skip("the real titles are not here")
    real = {line.split("::")[1].rsplit(" (", 1)[0].casefold() for line in movies.read_text("utf-8").splitlines()}
    assert len(real) > 5000
    assert not titles & real


def test_people_of_one_language_have_different_names():
    assert len(set(invented_names.people(7, "star", "Tamil", 14))) == 14


def test_languages_have_the_configured_shares():
    language = np.concatenate([users(ServiceConfig(), first, 2000).language for first in (0, 50_000, 990_000)])
    shares = np.bincount(language, minlength=len(population.LANGUAGES)) / len(language)
    # 6,000 users: the standard error of a share of 0.2 is 0.005.
    np.testing.assert_allclose(shares, population.AUDIENCE_SHARES, atol=0.02)


def test_about_a_half_of_occasions_end_with_nothing_watched_and_users_differ():
    block = next(iter(user_blocks.histories(replace(ServiceConfig(), n_users=500), catalogue(ServiceConfig()))))
    occasions = sum(p.occasions for p in block.period_views)
    watched = sum(np.bincount(p.row, minlength=500) for p in block.period_views)
    assert 0.4 < 1 - watched.sum() / occasions.sum() < 0.6
    low, high = np.quantile(1 - watched[occasions > 30] / occasions[occasions > 30], [0.1, 0.9])
    assert high - low > 0.3


def test_nobody_watches_what_is_not_there_or_before_signing_up(tables):
    events = tables["events"].merge(tables["movies"], on="movie_id").merge(tables["users"], on="user_id")
    day = events["timestamp"].dt.tz_localize(None).dt.normalize()
    assert (day >= pd.to_datetime(events["available_from"])).all()
    assert (day < pd.to_datetime(events["available_until"]).fillna(pd.Timestamp("2100-01-01"))).all()
    assert (day >= pd.to_datetime(events["signup_date"])).all()
    assert (events["minutes"] <= events["runtime_min"].astype(float) + 0.1).all()
    assert len(events) == len(tables["events"])


def test_the_lapsed_watch_nothing_and_months_have_no_gaps(tables):
    paid = tables["subscriptions"]
    events = tables["events"].assign(month=tables["events"]["timestamp"].dt.strftime("%Y-%m"))
    both = events.merge(paid, on=["user_id", "month"])
    assert len(both) > 500
    assert (both["active"] == "1").all()
    assert 0.02 < (paid["active"] == "0").mean() < 0.6
    last = paid.groupby("user_id")["month"].agg(["min", "max", "count"])
    spans = [len(pd.period_range(low, high, freq="M")) for low, high in zip(last["min"], last["max"], strict=True)]
    assert last["count"].tolist() == spans
    assert (last["max"] == "2025-04").all()
    monthly = tables["users"].set_index("user_id")["plan"].eq("monthly")
    assert set(paid["user_id"]) == set(monthly[monthly].index)


def test_about_as_many_movies_arrive_as_expire():
    movies = catalogue(ServiceConfig(), future_months=12)
    there = [len(movies.on_service(t)) for t in range(48)]
    # Arrivals are even; expiries scatter like √(29 a month), so the catalogue moves by a few dozen of 470.
    assert max(there) - min(there) < 60
    listed = movies.arrives[: movies.n_listed]
    arriving = np.bincount(listed[listed > 0])[1:]
    assert arriving.max() - arriving.min() <= 1
    soon = movies.expires[: movies.n_listed]
    assert 50 < ((soon > 24) & (soon <= 30)).sum() < 120


def test_looking_further_ahead_changes_nothing_about_the_movies_before():
    near, far = catalogue(SMALL), catalogue(SMALL, future_months=6)
    assert far.n_movies > near.n_movies
    n = near.n_movies
    assert far.title[:n] == near.title
    for name in ("quality", "latent", "genres", "arrives", "expires", "language", "number"):
        np.testing.assert_array_equal(getattr(far, name)[:n], getattr(near, name))


def test_the_young_thriller_audience_of_tier_2_grows_where_it_should():
    config = ServiceConfig()
    people = users(config, 0, 20_000)
    young = (people.age_band <= 1) & (people.city_tier == 1) & (people.persona == population.YOUNG_THRILLS)
    growing = np.isin(people.language, [population.LANGUAGES.index(name) for name in population.GROWING_LANGUAGES])
    old, new = people.signup_day < 0, people.signup_day > 180
    assert young[growing & new].mean() > 2 * young[growing & old].mean()
    assert young[~growing & new].mean() < 1.5 * young[~growing & old].mean()
    thriller = population.GENRES.index("Thriller")
    drifting = growing & (people.age_band <= 1) & (people.city_tier == 1)
    assert people.genre_drift[drifting, thriller].mean() == pytest.approx(config.drift_per_year, abs=0.05)
    assert people.genre_drift[~drifting, thriller].mean() == pytest.approx(0, abs=0.02)


def test_there_are_six_tamil_family_films_on_offer_for_two_years(tables):
    slate = tables["offers"].head(6)
    assert slate["languages"].str.startswith("Tamil").all()
    assert slate["genres"].str.startswith("Family").all()
    assert (slate["window_months"] == "24").all()
    assert (tables["offers"]["fee"].astype(float) > 0).all()


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="E_EXISTS"):
        write_service(SMALL, tmp_path / "letters")
    assert [p.name for p in (tmp_path / "letters").iterdir()] == ["mine.txt"]


def test_a_service_that_is_cut_off_leaves_the_old_one(service, tmp_path, monkeypatch):
    write_service(SMALL, tmp_path / "service")

    def cut_off(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_service(replace(SMALL, seed=9), tmp_path / "service", progress=cut_off)
    assert [p.name for p in tmp_path.iterdir()] == ["service"]
    assert (tmp_path / "service" / "users.csv").read_bytes() == (service / "users.csv").read_bytes()


def test_a_service_may_be_tiny_and_without_offers(tmp_path):
    """No offers: no table of them, since a table without rows would be refused."""
    write_service(ServiceConfig(n_users=60, n_movies=30, n_offers=0, months=2), tmp_path / "service")
    assert not (tmp_path / "service" / "offers.csv").exists()
    report = import_path(tmp_path / "service", Workspace(tmp_path / "workspace")).as_json()
    assert report["warnings"] == []


def test_progress_counts_users(tmp_path, monkeypatch):
    monkeypatch.setattr(user_blocks, "BLOCK", 128)
    seen = []
    write_service(SMALL, tmp_path / "service", progress=lambda step: seen.append((step.done, step.total)))
    assert seen == [(128, 300), (256, 300), (300, 300)]


def test_impossible_configurations_are_refused_with_every_finding():
    with pytest.raises(DataError) as refused:
        ServiceConfig(n_users=0, dissimilarity=1.5)
    assert [f.column for f in refused.value.findings] == ["n_users", "dissimilarity"]


def test_views_follow_the_day_and_their_order(service):
    events = pd.read_parquet(service / "events.parquet")
    hour = events["timestamp"].dt.hour
    assert hour.between(14, 18).mean() > 3 * hour.between(23, 23).mean() > 0
    assert demo.EVENTS.names == list(events.columns)
