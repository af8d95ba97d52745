"""Personas: groups that can be found again, named in plain words, with figures that add up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.ids import IdMap
from recsys.segments.build import PreviousPersonas, fit_personas
from recsys.segments.cluster import ClusterConfig, candidates, cluster
from recsys.segments.naming import Trait, favourites, persona_names
from recsys.segments.persona_files import load_personas, save_personas
from recsys.segments.persona_matching import match_personas
from recsys.segments.personas import Personas
from recsys.tables.dataset import Dataset
from tests.builders import LANGUAGES, tiny_dataset

DATA = tiny_dataset(180, 24, months=4)


def user_vectors(dataset: Dataset, seed: int = 0, dim: int = 6) -> EmbeddingTable:
    """Tastes as they are: one direction a language, activity as length, and noise."""
    rng = np.random.default_rng(seed)
    language = np.array([LANGUAGES.index(name) for name in dataset.users["language"]])
    vectors = np.eye(3, dim)[language] + 0.15 * rng.normal(size=(len(language), dim))
    vectors *= rng.lognormal(size=(len(language), 1))
    return EmbeddingTable(ids=IdMap(dataset.users["user_id"]), vectors=vectors.astype(np.float32))


def personas_of(dataset: Dataset = DATA, **options: object) -> Personas:
    return fit_personas(dataset, user_vectors(dataset), ClusterConfig(**options))


def test_groups_that_are_there_are_found_whatever_the_length_of_the_vectors():
    personas = personas_of()
    table = pd.crosstab(personas.assignment, DATA.users["language"])
    assert (table > 0).to_numpy().sum() == 3
    assert [persona.size for persona in personas.personas] == [60, 60, 60]


def test_names_say_who_they_are_and_differ():
    named = [persona.name for persona in personas_of().personas]
    assert len(set(named)) == 3
    assert sorted(name.split()[0].rstrip(",") for name in named) == ["Hindi", "Tamil", "Telugu"]


def test_sizes_active_users_and_views_add_up_to_the_service():
    personas = personas_of().personas
    assert sum(p.size for p in personas) == DATA.n_users
    assert sum(count for p in personas for _, count in p.monthly_views) == len(DATA.events)
    month = DATA.events["timestamp"].dt.strftime("%Y-%m")
    active = DATA.events.groupby(month)["user_index"].nunique()
    for k, (name, total) in enumerate(active.items()):
        assert {p.monthly_active[k][0] for p in personas} == {name}
        assert sum(p.monthly_active[k][1] for p in personas) == total


def test_favourites_are_in_the_groups_own_language():
    personas = personas_of().personas
    language = DATA.movies.set_index("movie_id")["languages"]
    for persona in personas:
        assert persona.favourites
        assert {language[movie] for movie in persona.favourites[:3]} == {persona.name.split()[0].rstrip(",")}


def test_no_persona_is_below_the_privacy_floor():
    """Six users apart from everyone else are not a persona."""
    vectors = user_vectors(DATA).vectors.copy()
    vectors[:6] = [0, 0, 0, 0, 0, 5]
    found = cluster(vectors, ClusterConfig(n_personas=4))
    assert np.bincount(found.assignment).min() >= 20
    assert len(found.centroids) == found.assignment.max() + 1 == 3


def test_the_same_vectors_give_the_same_groups():
    vectors = user_vectors(DATA).vectors
    first, second = cluster(vectors, ClusterConfig()), cluster(vectors, ClusterConfig())
    assert (first.assignment == second.assignment).all()
    assert first.centroids.tobytes() == second.centroids.tobytes()
    assert first.stability == pytest.approx(1.0)


def test_a_service_of_thirty_users_has_one_persona():
    small = tiny_dataset(30, 12)
    personas = fit_personas(small, user_vectors(small), ClusterConfig())
    assert candidates(30) == (1,)
    assert [p.size for p in personas.personas] == [30]
    assert personas.personas[0].name


def test_more_personas_than_users_and_vectors_of_other_users_are_refused():
    with pytest.raises(ArtefactError, match="E_TOO_SMALL"):
        cluster(np.eye(3), ClusterConfig(n_personas=4))
    with pytest.raises(ArtefactError, match="E_MIX"):
        fit_personas(DATA, user_vectors(tiny_dataset(30, 12)), ClusterConfig())


def test_a_retrained_space_turned_any_way_keeps_names_and_numbers():
    """The new run has another rotation, other noise, other order of groups and thirty users more."""
    personas = personas_of()
    shuffled = [2, 0, 1]
    last = Personas(
        personas=tuple(replace(personas.personas[k], name=f"old {k}") for k in shuffled),
        assignment=np.argsort(shuffled)[personas.assignment],
        centroids=personas.centroids[shuffled],
    )
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(6, 6)))[0]
    again = user_vectors(DATA, seed=9)
    again = EmbeddingTable(ids=again.ids, vectors=(again.vectors @ turn).astype(np.float32))
    kept = fit_personas(DATA, again, ClusterConfig(), last=PreviousPersonas(personas=last, users=user_vectors(DATA)))
    assert [p.name for p in kept.personas] == ["old 2", "old 0", "old 1"]
    assert (kept.assignment == last.assignment).mean() > 0.95


def test_groups_are_grown_from_the_last_ones_where_several_groupings_fit_alike():
    """Two groups in a ring of users: any cut through the middle is as good, so the last one is kept."""
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    for turn in (0.3, 1.1, 2.0):
        last = 0.6 * np.array([[np.cos(turn), np.sin(turn)], [-np.cos(turn), -np.sin(turn)]])
        found = cluster(ring, ClusterConfig(n_personas=2), start=last)
        side = ring @ last[0] > 0
        same = (found.assignment == 0) == side
        assert max(same.mean(), 1 - same.mean()) > 0.9


def test_a_clearly_better_grouping_is_not_missed_for_the_sake_of_the_last_one():
    vectors = user_vectors(DATA).vectors
    poor = np.array([[0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]], dtype=float)
    found = cluster(vectors, ClusterConfig(n_personas=3), start=poor)
    assert (pd.crosstab(found.assignment, DATA.users["language"]) > 0).to_numpy().sum() == 3


def test_a_persona_that_is_gone_is_not_matched():
    users = user_vectors(DATA)
    centroids = np.eye(2, 6)
    last = np.eye(3, 6)[[0, 2]]
    found = match_personas(centroids, users, last, users)
    assert [(m.new, m.old) for m in found] == [(0, 0)]
    strangers = EmbeddingTable(ids=IdMap([f"x{k}" for k in range(180)]), vectors=users.vectors.copy())
    assert match_personas(centroids, users, last, strangers) == ()


def trait(attribute: str, value: str, share: float = 0.6) -> Trait:
    return Trait(attribute, value, 2.0, share, attribute in ("genres", "languages"))


def test_names_are_plain_words_and_clashes_are_told_apart():
    tamil = [trait("languages", "Tamil"), trait("genres", "Family"), trait("genres", "Drama"), trait("city_tier", "2")]
    older = [*tamil, trait("age_band", "35-49")]
    younger = [*tamil, trait("age_band", "18-24")]
    assert persona_names([tamil], [None]) == ("Tamil family and drama, tier 2",)
    assert persona_names([older, younger], [None, None]) == (
        "Tamil family and drama, tier 2, aged 35-49",
        "Tamil family and drama, tier 2, aged 18-24",
    )
    assert persona_names([[], []], ["Ponni", None]) == ("Viewers of Ponni", "Mixed viewers")
    assert persona_names([tamil, tamil], [None, None]) == ("Tamil family and drama, tier 2", "Tamil family and drama, tier 2 (2)")
    assert persona_names([[trait("genres", "Horror")]], [None], taken=["Horror"]) == ("Horror (2)",)


def test_favourites_are_neither_the_hit_that_all_watch_nor_the_rarity():
    watched = np.array([[1000.0, 60.0, 1.0, 10.0], [1000.0, 10.0, 0.0, 60.0]])
    assert favourites(watched, n=2)[0][0] == 1
    assert favourites(watched, n=2)[1][0] == 3
    assert 2 not in favourites(watched, n=4)[0]


def test_personas_come_back_as_they_were(tmp_path: Path):
    personas = personas_of()
    save_personas(personas, tmp_path)
    loaded = load_personas(tmp_path)
    assert loaded.personas[0].__dict__ == personas.personas[0].__dict__
    assert (loaded.assignment == personas.assignment).all()
    assert loaded.centroids.tobytes() == personas.centroids.tobytes()


def test_an_assignment_to_a_persona_that_is_not_there_is_refused(tmp_path: Path):
    personas = personas_of()
    save_personas(replace(personas, assignment=personas.assignment + 1), tmp_path)
    with pytest.raises(ArtefactError, match="E_MANIFEST"):
        load_personas(tmp_path)
