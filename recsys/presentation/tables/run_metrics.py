"""How good a run is, against showing everyone what is popular: figures of ``metrics.json`` in words."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from recsys.evaluation.recommender_labels import REFERENCE
from recsys.presentation.text.escape import plain
from recsys.presentation.text.models import BASELINES, model
from recsys.presentation.text.numbers import count, percent

_ROWS = (
    ("hit_rate", "of users find something they then watched"),
    ("recall", "of what they then watched is in the list"),
    ("ndcg", "ranking quality (nDCG)"),
    ("coverage", "of the catalogue is shown to somebody"),
)
METHOD = (
    "Trained on the earlier part of the views and tested on the later part: lists of the given length, of movies that were on "
    "the service and that the user had not watched before. In brackets: 95% interval over users."
)


def table(document: Mapping[str, Any]) -> pd.DataFrame:
    """One row a figure, one column a model, beside popularity; empty where nothing was measured.

    Examples
    --------
    >>> table({"models": {"popularity": {"recall@10": {"mean": 0.1, "low": 0.08, "high": 0.12}}, "mf": {"recall@10": {"mean": 0.2,
    ...     "low": 0.18, "high": 0.22}}}}).values.tolist()
    [['of what they then watched is in the list', 10, '10% (8% to 12%)', '20% (18% to 22%)']]
    """
    measured = {name: each for name, each in document.get("models", {}).items() if name == REFERENCE or name not in BASELINES}
    models = {name: measured[name] for name in sorted(measured, key=lambda name: (name != REFERENCE, name))}
    lengths = sorted({int(name.split("@")[1]) for figures in models.values() for name in figures if "@" in name})
    rows = []
    for metric, said in _ROWS:
        for length in lengths:
            cells = [figures.get(f"{metric}@{length}") for figures in models.values()]
            if any(cell is not None for cell in cells):
                rows.append([said, length, *(_cell(cell) for cell in cells)])
    return pd.DataFrame(rows, columns=["share", "list of", *map(model, models)])


def sentence(document: Mapping[str, Any]) -> str:
    """Whether each model beats popularity by more than chance."""
    said = []
    for name, differences in document.get("against_popularity", {}).items():
        if name in BASELINES:
            continue
        metric = next((metric for metric in ("ndcg@10", *differences) if metric in differences), None)
        if metric is None:
            continue
        low, high = differences[metric]["low"], differences[metric]["high"]
        verdict = "better than" if low > 0 else "worse than" if high < 0 else "not clearly different from"
        said.append(f"**{plain(model(name).capitalize())}** is {verdict} showing what is popular")
    users = document.get("users")
    of = f" ({count(users)} users)" if isinstance(users, int) else ""
    return "; ".join(said) + (of + "." if said else "")


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{percent(value['mean'])} ({percent(value['low'])} to {percent(value['high'])})"
    return "–" if value is None else percent(float(value))
