"""Every recommender on one split, as ``recsys evaluate`` prints it."""

import json
from typing import Any

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.evaluation import report_text
from recsys.models.blend import BlendConfig
from recsys.models.compare import MODELS, CompareConfig, compare, split_dataset
from recsys.models.factorisation import FactorisationConfig
from recsys.models.two_tower import TwoTowerConfig
from tests.builders import tiny_dataset

QUICK = {
    "at": (5, 10),
    "settings": {
        "mf": FactorisationConfig(dim=4, iterations=3),
        "two_tower": TwoTowerConfig(dim=4, hidden=4, epochs=2, batch_targets=64, even_negatives=8),
        "blend": BlendConfig(factorisation=FactorisationConfig(dim=4, iterations=3), ease_rank=8),
    },
}
BASELINES = ("popularity", "recent_popularity", "segment_popularity", "content_knn", "ease")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The baselines on the temporal split."""
    return compare(tiny_dataset(), CompareConfig(models=BASELINES, at=(5, 10)))


@pytest.mark.train
@pytest.mark.parametrize("split", ["temporal", "random"])
def test_all_models_are_judged_on_the_same_users(split: str) -> None:
    document = compare(tiny_dataset(), CompareConfig(split=split, **QUICK))
    assert set(document["models"]) == set(MODELS)
    assert set(document["against_popularity"]) == set(MODELS) - {"popularity"}
    for figures in document["models"].values():
        assert sum(row["users"] for row in figures["by_activity"]) == document["users"]
        for metric in figures["metrics"].values():
            assert 0 <= metric["low"] <= metric["mean"] <= metric["high"] <= 1
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_what_earlier_readers_of_the_document_use_is_still_there(document: dict[str, Any]) -> None:
    assert {"schema", "split", "train_share", "cutoff", "seed", "simulated", "users", "movies", "train_views", "left_out"} <= set(
        document
    )
    assert document["schema"] == 1
    figures = document["models"]["ease"]
    assert set(figures["metrics"]["ndcg@5"]) == {"mean", "low", "high"}
    assert set(figures["beyond_accuracy"]["@10"]) == {"coverage", "novelty_bits", "concentration"}
    assert set(figures["by_activity"][0]) == {"slice", "users", "ndcg@5"}
    assert set(document["against_popularity"]["ease"]["mrr"]) == {"mean", "low", "high"}


def test_every_pair_of_models_is_tested_and_corrected(document: dict[str, Any]) -> None:
    """Five models, ten pairs; a correction never makes a p-value smaller."""
    rows = document["pairs"]["metrics"]["ndcg@10"]
    assert len({frozenset((row["better"], row["worse"])) for row in rows}) == 10
    assert all(row["p_holm"] >= row["p"] for row in rows)
    assert document["pairs"]["correction"].startswith("holm")


def test_slices_are_of_persona_activity_language_and_movie_age() -> None:
    dataset = tiny_dataset(60, 24)
    odd = np.arange(60) % 2 == 1
    document = compare(
        dataset, CompareConfig(models=("popularity",), at=(5, 10)), groups={"persona": {"odd ones": odd, "even ones": ~odd}}
    )
    slices = document["models"]["popularity"]["slices"]
    assert set(slices) == {"activity_decile", "language", "persona", "movie_language", "movie_age"}
    assert sum(row["users"] for row in slices["persona"]) == document["users"]
    weighted = sum(row["users"] * row["ndcg@10"] for row in slices["persona"]) / document["users"]
    assert weighted == pytest.approx(document["models"]["popularity"]["metrics"]["ndcg@10"]["mean"])


def test_leaving_one_out_each_user_has_one_movie_to_find_among_a_hundred() -> None:
    """Recall of one movie is whether it is found: the hit rate."""
    dataset = tiny_dataset(40, 150)
    config = CompareConfig(split="leave-one-out", models=("popularity", "ease"), at=(10, 100))
    split = split_dataset(dataset, config)
    assert split.offered is not None
    judged = np.diff(split.later.indptr) > 0
    assert set(np.diff(split.later.indptr)[judged]) == {1}
    assert set(np.diff(split.offered.indptr)[judged]) == {100}
    document = compare(dataset, config)
    for figures in document["models"].values():
        assert figures["metrics"]["hit_rate@10"] == figures["metrics"]["recall@10"]
        assert figures["metrics"]["hit_rate@100"]["mean"] == 1.0
    assert "Krichene" in document["caution"]


def test_the_terminal_says_who_is_ahead_and_fits_a_screen(document: dict[str, Any]) -> None:
    shown = report_text.comparison(document)
    rows = [line for line in shown.splitlines() if "   " in line]
    assert max(map(len, rows)) <= 130
    assert len(shown.splitlines()) < 45
    assert "is best on ndcg@10" in shown
    assert "holm" in shown


def test_the_same_seed_gives_the_same_document() -> None:
    def once() -> dict[str, object]:
        document = compare(tiny_dataset(), CompareConfig(split="random", seed=3, models=BASELINES, at=(5,)))
        for figures in document["models"].values():
            figures.pop("train_seconds")
        return document

    assert once() == once()


@pytest.mark.slow
def test_progress_never_falls_and_names_the_model() -> None:
    told: list[tuple[str, int, int]] = []
    compare(
        tiny_dataset(), CompareConfig(models=BASELINES), progress=lambda step: told.append((step.stage, step.done, step.total))
    )
    assert [stage for stage, _, _ in told] == [*(f"evaluate {name}" for name in BASELINES), "evaluate"]
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1] == ("evaluate", 100, 100)


def test_only_what_is_named_is_told_of_though_popularity_is_what_it_is_held_against(document: dict[str, Any]) -> None:
    trained: list[str] = []
    named = CompareConfig(models=("ease", "content_knn"), at=(5, 10))
    told = compare(tiny_dataset(), named, progress=lambda step: trained.append(step.stage))
    assert set(trained) == {"evaluate popularity", "evaluate ease", "evaluate content_knn", "evaluate"}
    assert list(told["models"]) == ["ease", "content_knn"]
    assert told["models"]["ease"]["metrics"] == document["models"]["ease"]["metrics"]
    assert told["against_popularity"]["ease"] == document["against_popularity"]["ease"]
    assert {name for row in told["pairs"]["metrics"]["ndcg@10"] for name in (row["better"], row["worse"])} == set(named.models)
    assert told["not_asked"] == [name for name in MODELS if name not in named.models]
    assert f"Not asked about: {', '.join(told['not_asked'])}." in report_text.comparison(told)


def test_a_single_model_is_told_of_without_a_contest() -> None:
    text = report_text.comparison(compare(tiny_dataset(), CompareConfig(models=("ease",), at=(5, 10))))
    assert "How well" in text
    assert "is best" not in text


@pytest.mark.parametrize(
    "wrong", [{"models": ()}, {"models": ("popularity", "oracle")}, {"split": "sideways"}, {"settings": {"oracle": None}}]
)
def test_an_unknown_model_or_split_or_setting_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(DataError) as refused:
        CompareConfig(**wrong)
    assert refused.value.code == "E_PARAM"
