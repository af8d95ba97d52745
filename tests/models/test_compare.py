"""Every recommender on one split, as ``recsys evaluate`` prints it."""

import json

import pytest

from recsys.errors import DataError
from recsys.models.compare import MODELS, CompareConfig, compare, summary
from recsys.models.factorisation import FactorisationConfig
from recsys.models.two_tower import TwoTowerConfig
from tests.builders import tiny_dataset

QUICK = {
    "at": (5, 10),
    "factorisation": FactorisationConfig(dim=4, iterations=3),
    "two_tower": TwoTowerConfig(dim=4, hidden=4, epochs=2, batch_targets=64, even_negatives=8),
}
BASELINES = ("popularity", "recent_popularity", "content_knn", "ease")


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
    assert len(summary(document, ["ndcg@5"]).splitlines()) == 1 + len(MODELS)


def test_the_same_seed_gives_the_same_document() -> None:
    def once() -> dict[str, object]:
        document = compare(tiny_dataset(), CompareConfig(split="random", seed=3, models=BASELINES, at=(5,)))
        for figures in document["models"].values():
            figures.pop("train_seconds")
        return document

    assert once() == once()


def test_progress_counts_models() -> None:
    told: list[tuple[str, int, int]] = []
    compare(tiny_dataset(), CompareConfig(models=BASELINES), progress=lambda *step: told.append(step))
    assert told == [("evaluate", done, 4) for done in range(5)]


@pytest.mark.parametrize("wrong", [{"models": ("mf",)}, {"models": ("popularity", "oracle")}, {"split": "sideways"}])
def test_an_unknown_model_or_split_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(DataError) as refused:
        CompareConfig(**wrong)
    assert refused.value.code == "E_PARAM"
