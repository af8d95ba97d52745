"""How good recommenders are, read from what a run and ``recsys evaluate`` have left: one shape for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from recsys import foreign
from recsys.errors import ArtefactError
from recsys.evaluation.recommender_labels import REFERENCE
from recsys.presentation.tables.runs import metrics_of
from recsys.presentation.text import models as labels
from recsys.presentation.text.escape import plain
from recsys.presentation.text.numbers import count, day, percent, significant
from recsys.workspace import Workspace

_KINDS = {
    "temporal": "Evaluated on later views",
    "random": "Evaluated on views by lot",
    "leave-one-out": "Evaluated on last movies among 99",
}
_SHARES = ("hit_rate", "recall", "serendipity", "coverage")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A comparison of recommenders."""

    title: str
    """Where it is from, for a menu"""
    created: str
    """The day, or nothing where it was measured with the run"""
    stale: bool
    """The tables have changed since"""
    users: int
    figures: Mapping[str, Mapping[str, Any]]
    """Model → metric → mean, low and high (or a number alone)"""
    slices: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
    """Model → kind → rows"""
    behaviour: Mapping[str, Sequence[Mapping[str, Any]]]
    pairs: Mapping[str, Any]
    caution: str = ""
    not_asked: Sequence[str] = ()
    """Recommenders that were not to be evaluated."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those of accuracy, in the order of :data:`recsys.presentation.text.models.METRICS`."""
        there = next(iter(self.figures.values()), {})
        ranked = [
            stem for stem in labels.METRICS if labels.METRICS[stem].better and stem in ("hit_rate", "recall", "ndcg", "mrr")
        ]
        found = [name for name in there if name.partition("@")[0] in ranked and isinstance(there[name], Mapping)]
        return tuple(sorted(found, key=lambda name: (ranked.index(name.partition("@")[0]), _places(name))))

    def best(self, metric: str) -> str:
        """The model with the highest mean."""
        return max(self.figures, key=lambda name: float(self.figures[name][metric]["mean"] or 0.0))


def comparisons(workspace: Workspace, fingerprint: str) -> tuple[Measured, ...]:
    """What was measured with the run in use, then the saved evaluations; nothing where there are none.

    Parameters
    ----------
    fingerprint : of the tables as they are
    """
    try:
        run = metrics_of(workspace.current_run())
    except ArtefactError:
        run = {}
    found = [_of_run(run)] if run.get("models") else []
    for kind, title in _KINDS.items():
        document = _saved(workspace, kind)
        if document.get("models"):
            found.append(_of_evaluation(document, title, fingerprint))
    return tuple(found)


def cold(workspace: Workspace) -> Mapping[str, Any]:
    """The saved evaluation of hidden movies; empty where there is none."""
    return _saved(workspace, "cold")


def when(document: Mapping[str, Any]) -> str:
    """The day a document was made."""
    return day(datetime.fromisoformat(document["created"])) if document.get("created") else ""


def asked(measured: Measured) -> str:
    """Which recommenders were evaluated, where not all were; empty where all were."""
    if not measured.not_asked:
        return ""
    told = _listed([labels.model(name) for name in measured.figures])
    return f"Only some were evaluated: {told}. Not asked about: {_listed([labels.model(name) for name in measured.not_asked])}."


def accuracy(measured: Measured, metric: str) -> pd.DataFrame:
    """One row a model, the best first: ``model``, ``mean``, ``low``, ``high``, ``kind`` and what is shown on hovering."""
    return _rows({name: figures[metric] for name, figures in measured.figures.items() if metric in figures}, metric)


def verdict(measured: Measured, metric: str) -> str:
    """Which model is best, and whether that is more than chance."""
    best = measured.best(metric)
    rows = dict(measured.pairs.get("metrics", {})).get(metric)
    said = f"**{plain(_capital(labels.model(best)))}** comes first ({count(measured.users)} users)"
    if not rows:
        return f"{said}."
    own = [row for row in rows if row["better"] == best]
    level = [labels.model(row["worse"]) for row in own if not row["clear"]]
    if not level:
        return f"{said}, ahead of every other by more than chance."
    ahead = "; it is ahead of all others" if len(level) < len(own) else ""
    return f"{said}, but not clearly ahead of {plain(_listed(level))}{ahead}."


def lists(measured: Measured) -> pd.DataFrame:
    """What lists are like: one row a model, a column a figure."""
    there = [(stem, name) for stem in labels.METRICS for name in _named(measured, stem)][:8]
    rows = []
    for model, figures in measured.figures.items():
        rows.append([_capital(labels.model(model)), *(_cell(stem, figures.get(name)) for stem, name in there)])
    return pd.DataFrame(rows, columns=["shown by", *(labels.METRICS[stem].label for stem, _ in there)])


def checks(measured: Measured) -> pd.DataFrame:
    """Checks of behaviour: one row a model, a column a check."""
    names = [row["check"] for row in next(iter(measured.behaviour.values()), [])]
    signs = {True: "✓ passed", False: "✗ failed", None: "not looked at"}
    rows = [
        [_capital(labels.model(model)), *(signs[row["passed"]] for row in found)] for model, found in measured.behaviour.items()
    ]
    return pd.DataFrame(rows, columns=["recommender", *(labels.CHECKS.get(name, name) for name in names)])


def what_checks_ask(measured: Measured) -> list[str]:
    """What each check looks at, one sentence each."""
    rows = next(iter(measured.behaviour.values()), [])
    return [
        f"**{plain(labels.CHECKS.get(row['check'], row['check']))}.** {plain(row['says'])} Asked: {plain(row['asked'])}."
        for row in rows
    ]


def slice_kinds(measured: Measured) -> dict[str, str]:
    """Kind of slice → its name, those that there are."""
    there = {kind for kinds in measured.slices.values() for kind in kinds}
    return {kind: name for kind, name in labels.SLICES.items() if kind in there}


def by_slice(measured: Measured, kind: str) -> tuple[str, pd.DataFrame]:
    """Metric, and one row a slice and model: the best model beside popularity."""
    metric = next((name for name in measured.metrics if name == "ndcg@10"), measured.metrics[0])
    frames, told = [], metric
    for model in dict.fromkeys((measured.best(metric), REFERENCE)):
        for row in measured.slices.get(model, {}).get(kind, []):
            told = next(name for name in row if name.partition("@")[0] in ("ndcg", "recall"))
            frames.append(
                {
                    "slice": f"{row['slice']} ({count(row['users'])})",
                    "model": labels.model(model),
                    "mean": row[told],
                    "low": row["low"],
                    "high": row["high"],
                    "shown": _with_ends(told, row[told], row["low"], row["high"]),
                }
            )
    return told, pd.DataFrame(frames)


def cold_ranking(document: Mapping[str, Any], day_known: str, metric: str) -> pd.DataFrame:
    """As :func:`accuracy`, of hidden movies."""
    models = document["ranking"][day_known]["models"]
    return _rows({name: figures[metric] for name, figures in models.items()}, metric)


def appeal(document: Mapping[str, Any], day_known: str) -> pd.DataFrame:
    """How well audiences are foretold, knowing that much of each movie: one row a way."""
    rows = []
    for name, each in document["appeal"][day_known]["predictors"].items():
        held = [f"{percent(one['coverage'])} ({percent(one['promised'])})" for one in each["interval"].values()]
        r2 = each["r2"]
        rows.append(
            [
                labels.PREDICTORS.get(name, name),
                f"{percent(r2['mean'])} ({percent(r2['low'])} to {percent(r2['high'])})",
                f"× {_times(each['rmse_nats'])}",
                ", ".join(held),
            ]
        )
    return pd.DataFrame(rows, columns=["foretold from", "explained (R²)", "typical miss", "in its range (promised)"])


def days(known: str) -> str:
    """How much of a movie's life is known."""
    return "nothing but content" if known == "0" else f"first {known} day{'' if known == '1' else 's'}"


def _times(nats: float) -> str:
    """An error in logarithms as a factor."""
    return significant(2.718281828459045**nats)


def _rows(figures: Mapping[str, Mapping[str, Any]], metric: str) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "model": [_capital(labels.model(name)) for name in figures],
            "kind": ["simple rule" if name in labels.BASELINES else "trained model" for name in figures],
            "mean": [each["mean"] for each in figures.values()],
            "low": [each["low"] for each in figures.values()],
            "high": [each["high"] for each in figures.values()],
            "shown": [_with_ends(metric, each["mean"], each["low"], each["high"]) for each in figures.values()],
        }
    )
    return frame.sort_values("mean", ascending=False, kind="stable", ignore_index=True)


def _of_run(document: Mapping[str, Any]) -> Measured:
    return Measured(
        title="Measured when the model was trained",
        created="",
        stale=False,
        users=int(document.get("users", 0)),
        figures=document["models"],
        slices=document.get("slices", {}),
        behaviour=document.get("behaviour", {}),
        pairs=document.get("pairs", {}),
    )


def _of_evaluation(document: Mapping[str, Any], title: str, fingerprint: str) -> Measured:
    models = document["models"]
    figures = {}
    for name, each in models.items():
        at = each["list_places"]
        flat = {f"{stem}@{at}": value for stem, value in {**each["beyond_accuracy"][f"@{at}"], **each["lists"]}.items()}
        figures[name] = {**each["metrics"], **flat}
    return Measured(
        title=title,
        created=when(document),
        stale=document.get("data") != fingerprint,
        users=int(document["users"]),
        figures=figures,
        slices={name: each["slices"] for name, each in models.items()},
        behaviour={name: each["behaviour"] for name, each in models.items()},
        pairs=document["pairs"],
        caution=str(document.get("caution", "")),
        not_asked=tuple(map(str, document.get("not_asked", ()))),
    )


def _saved(workspace: Workspace, kind: str) -> Mapping[str, Any]:
    try:
        document = foreign.json_file(workspace.evaluation(kind))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) and document.get("schema") == 1 else {}


def _named(measured: Measured, stem: str) -> list[str]:
    """The figure of lists with this stem at the fewest places, if there is one."""
    if stem in ("hit_rate", "recall", "ndcg", "mrr"):
        return []
    there = next(iter(measured.figures.values()), {})
    return sorted((name for name in there if name.partition("@")[0] == stem), key=_places)[:1]


def _cell(stem: str, value: Any) -> str:
    mean = value.get("mean") if isinstance(value, Mapping) else value
    if mean is None:
        return "–"
    if stem == "popularity_lift":
        return percent(float(mean), sign=True)
    return percent(float(mean)) if stem in _SHARES else f"{float(mean):.2f}".replace("-", "−")


def _with_ends(metric: str, mean: float, low: float, high: float) -> str:
    stem = metric.partition("@")[0]
    if stem in _SHARES:
        return f"{percent(mean)} ({percent(low)} to {percent(high)})"
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def _places(name: str) -> int:
    return int(name.partition("@")[2] or 0)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
