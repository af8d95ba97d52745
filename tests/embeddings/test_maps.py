"""Maps: fixed orientation, the same again, room for new points, and bearings kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.embeddings.axes import name_axes
from recsys.embeddings.map_fitting import TsneConfig, fit_linear, fit_neighbourhood
from recsys.embeddings.maps import MapLayout, align, load_map, place_vectors, save_map
from recsys.embeddings.neighbours import nearest
from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.ids import IdMap

QUICK = TsneConfig(early_iterations=40, iterations=60)


def clusters(n: int = 120, dim: int = 6, seed: int = 0, prefix: str = "m") -> EmbeddingTable:
    rng = np.random.default_rng(seed)
    centres = 3 * rng.normal(size=(4, dim))
    vectors = centres[np.arange(n) % 4] + rng.normal(size=(n, dim))
    return EmbeddingTable(ids=IdMap([f"{prefix}{k}" for k in range(n)]), vectors=vectors.astype(np.float32))


def rotation(dim: int, seed: int = 1) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))[0]


def test_a_linear_map_is_fixed_however_its_space_is_rotated():
    table = clusters()
    turned = EmbeddingTable(ids=table.ids, vectors=(table.vectors @ rotation(6)).astype(np.float32))
    first, second = fit_linear(table), fit_linear(turned)
    assert np.abs(first.positions - second.positions).max() < 1e-5
    assert first.explained_share == pytest.approx(second.explained_share, abs=1e-6)


def test_each_linear_axis_points_to_where_the_points_reach_farther():
    for seed in range(5):
        skew = (fit_linear(clusters(seed=seed)).positions ** 3).mean(axis=0)
        assert (skew > 0).all()


def test_the_explained_share_is_the_variance_seen():
    table = clusters(400, 5)
    unit = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    flat = fit_linear(table)
    assert flat.explained_share == pytest.approx(flat.positions.var(axis=0) / unit.var(axis=0).sum(), rel=1e-4)
    assert flat.explained_share[0] >= flat.explained_share[1]


def test_a_neighbourhood_map_is_the_same_again_bit_for_bit():
    first, second = fit_neighbourhood(clusters(), QUICK), fit_neighbourhood(clusters(), QUICK)
    assert first.positions.tobytes() == second.positions.tobytes()


def test_a_neighbourhood_map_keeps_most_neighbours_and_beats_the_linear_one():
    table = clusters(240)
    wanted, _ = nearest(table.vectors, table.vectors, 10, exclude=np.arange(240))

    def kept(flat: MapLayout) -> float:
        distance = np.square(flat.positions[:, None] - flat.positions[None]).sum(axis=2)
        found = np.argsort(distance, axis=1)[:, 1:11]
        return np.mean([len(set(a) & set(b)) / 10 for a, b in zip(wanted.tolist(), found.tolist(), strict=True)])

    assert kept(fit_neighbourhood(table, TsneConfig())) > max(0.45, kept(fit_linear(table)) + 0.1)


def test_a_sample_is_fitted_where_there_are_too_many_and_the_rest_lands_among_its_neighbours():
    table = clusters(200)
    flat = fit_neighbourhood(table, replace(QUICK, fit_at_most=100))
    assert flat.fitted == 100
    distance = np.square(flat.positions[:, None] - flat.positions[None]).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    same_cluster = distance.argmin(axis=1) % 4 == np.arange(200) % 4
    assert same_cluster.mean() > 0.95


@pytest.mark.parametrize("kind", ["linear", "neighbourhood"])
def test_a_new_point_lands_in_the_same_place_alone_or_in_a_batch(kind: str):
    table = clusters()
    flat = fit_linear(table) if kind == "linear" else fit_neighbourhood(table, QUICK)
    new = clusters(30, seed=0, prefix="x").vectors + np.float32(0.01)
    together = place_vectors(flat, table, new)
    for row in range(30):
        assert place_vectors(flat, table, new[row : row + 1]).tobytes() == together[row].tobytes()


def test_a_known_vector_projects_onto_its_own_position():
    table = clusters()
    flat = fit_linear(table)
    assert place_vectors(flat, table, table.vectors) == pytest.approx(flat.positions, abs=1e-6)


def test_placing_on_a_map_of_other_ids_is_refused():
    with pytest.raises(ArtefactError, match="E_MIX"):
        place_vectors(fit_linear(clusters()), clusters(prefix="z"), np.zeros((1, 6)))


def test_a_turned_neighbourhood_map_is_turned_back_exactly():
    flat = fit_neighbourhood(clusters(), QUICK)
    mirror = rotation(2) @ np.diag([1.0, -1.0])
    retrained = replace(flat, positions=(flat.positions @ mirror + [5.0, -3.0]).astype(np.float32))
    back = align(retrained, flat, run="r1")
    assert back.positions == pytest.approx(flat.positions, abs=1e-4)
    assert back.aligned_to == "r1"


def test_alignment_uses_the_ids_that_both_maps_hold():
    flat = fit_neighbourhood(clusters(), QUICK)
    fewer = replace(
        flat, ids=IdMap([*flat.ids.ids[10:], "new"]), positions=np.vstack([-flat.positions[10:], [[0, 0]]]).astype("f4")
    )
    assert align(fewer, flat).positions[:-1] == pytest.approx(flat.positions[10:], abs=1e-3)


def test_an_aligned_linear_map_keeps_its_axes_and_their_names():
    """Axes are swapped and flipped, never mixed: a name still belongs to its axis."""
    table = clusters()
    attributes = pd.DataFrame({"languages": [["Tamil", "Hindi", "Bengali", "Marathi"][k % 4] for k in range(120)]})
    flat = fit_linear(table)
    flat = replace(flat, axis_names=name_axes(flat.positions, attributes))
    last = replace(flat, positions=np.stack([flat.positions[:, 1], -flat.positions[:, 0]], axis=1))
    turned = align(flat, last)
    assert turned.positions == pytest.approx(last.positions, abs=1e-6)
    assert turned.explained_share == flat.explained_share[::-1]
    assert place_vectors(turned, table, table.vectors) == pytest.approx(last.positions, abs=1e-5)
    labels = [name.label for name in turned.axis_names]
    assert labels == [name.label for name in name_axes(turned.positions, attributes)]


def test_maps_of_different_kinds_are_not_aligned():
    with pytest.raises(ArtefactError, match="E_MIX"):
        align(fit_linear(clusters()), fit_neighbourhood(clusters(), QUICK))


def test_too_few_points_are_refused():
    with pytest.raises(ArtefactError, match="E_TOO_SMALL"):
        fit_linear(clusters(2))
    with pytest.raises(ArtefactError, match="E_TOO_SMALL"):
        fit_neighbourhood(clusters(7), QUICK)


@pytest.mark.parametrize("kind", ["linear", "neighbourhood"])
def test_a_saved_map_comes_back_and_places_points_the_same(tmp_path: Path, kind: str):
    table = clusters()
    flat = fit_linear(table) if kind == "linear" else fit_neighbourhood(table, QUICK)
    if kind == "linear":
        flat = replace(flat, axis_names=name_axes(flat.positions, pd.DataFrame({"genres": ["A", "B", "C", "D"] * 30})))
    save_map(flat, tmp_path / "movies")
    loaded = load_map(tmp_path / "movies")
    assert loaded.positions.tobytes() == flat.positions.tobytes()
    assert (loaded.kind, loaded.ids, loaded.explained_share, loaded.axis_names) == (
        kind,
        flat.ids,
        flat.explained_share,
        flat.axis_names,
    )
    assert (
        place_vectors(loaded, table, table.vectors[:3] + 1).tobytes()
        == place_vectors(flat, table, table.vectors[:3] + 1).tobytes()
    )


@pytest.mark.parametrize(
    "vectors", [np.zeros((12, 4)), np.ones((12, 4)), np.tile([1.0, 0.0, 0.0, 0.0], (12, 1))], ids=["nothing", "ones", "one"]
)
def test_points_that_coincide_have_a_map_whose_axes_explain_nothing(vectors: np.ndarray, tmp_path: Path):
    """As where everybody has watched everything: all tastes are alike."""
    table = EmbeddingTable(ids=IdMap([f"m{k}" for k in range(12)]), vectors=vectors.astype(np.float32))
    linear = fit_linear(table)
    assert linear.explained_share == (0.0, 0.0)
    for flat in (linear, fit_neighbourhood(table, QUICK, start=linear)):
        save_map(flat, tmp_path / flat.kind)
        assert np.isfinite(load_map(tmp_path / flat.kind).positions).all()
