"""Formats a comparison as text tables for a terminal; the JSON document holds all of it."""

from collections.abc import Mapping, Sequence
from typing import Any

METRICS = ("ndcg@10", "ndcg@100", "recall@20", "recall@50", "hit_rate@10", "mrr")
_LISTS = {
    "serendipity": "serendipity",
    "diversity": "diversity",
    "popularity_lift": "popular +",
    "genres_divergence": "genres off",
    "languages_divergence": "langs off",
}
_SIGNS = {True: "yes", False: "NO", None: "–"}


def comparison(document: Mapping[str, Any]) -> str:
    """The document of :func:`recsys.models.compare.compare` as text: accuracy, lists, checks, and who is ahead of whom."""
    models = document["models"]
    when = f", views from {document['cutoff'][:10]} on" if document.get("cutoff") else ""
    blocks = [
        f"{document['split']} split: {document['users']:,} users judged{when}; {document['train_views']:,} views to learn from",
        *([_accuracy(models), _lists(models), _checks(models)] if models else []),
        *([_ahead(document["pairs"], models)] if len(models) > 1 else []),
    ]
    blocks += [f"Not asked about: {', '.join(document['not_asked'])}."] if document.get("not_asked") else []
    blocks += [f"{each['model']}: left out. {each['reason']}" for each in document["left_out"]]
    blocks += [document["caution"]] if "caution" in document else []
    return "\n\n".join(block for block in blocks if block)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text in columns, the first to the left and the others to the right.

    Examples
    --------
    >>> print(table(["model", "ndcg"], [["mf", "0.3"], ["popularity", "0.25"]]))
    model       ndcg
    mf           0.3
    popularity  0.25
    """
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in [head, *rows]
    )


def figure(value: Mapping[str, float | None] | None) -> str:
    """A mean with half the width of its interval.

    Examples
    --------
    >>> figure({"mean": 0.3, "low": 0.28, "high": 0.33})
    '0.300 ±.025'
    """
    if value is None or value["mean"] is None or value["low"] is None or value["high"] is None:
        return "–"
    half = f"{(value['high'] - value['low']) / 2:.3f}"
    return f"{value['mean']:.3f} ±{half.removeprefix('0')}"


def _accuracy(models: Mapping[str, Any]) -> str:
    measured = next(iter(models.values()))["metrics"]
    shown = [name for name in METRICS if name in measured] or list(measured)[:4]
    rows = [
        [name, *(figure(each["metrics"][metric]) for metric in shown), f"{each['train_seconds']:.1f}"]
        for name, each in models.items()
    ]
    return "How well (± half of a 95% interval over users)\n" + table(["model", *shown, "seconds"], rows)


def _lists(models: Mapping[str, Any]) -> str:
    places = next(iter(models.values()))["list_places"]
    shown = [name for name in _LISTS if name in next(iter(models.values()))["lists"]]
    head = ["model", "coverage", "novelty", "concentr.", *(_LISTS[name] for name in shown)]
    rows = []
    for name, each in models.items():
        flat, lists = each["beyond_accuracy"][f"@{places}"], each["lists"]
        means = [flat["coverage"], flat["novelty_bits"], flat["concentration"], *(lists[figure]["mean"] for figure in shown)]
        rows.append([name, *("–" if mean is None else f"{mean:.3f}" for mean in means)])
    return f"What the first {places} places are like\n" + table(head, rows)


def _checks(models: Mapping[str, Any]) -> str:
    names = [check["check"] for check in next(iter(models.values()))["behaviour"]]
    rows = [[name, *(_SIGNS[check["passed"]] for check in each["behaviour"])] for name, each in models.items()]
    return "Checks of behaviour (popularity fails by its nature)\n" + table(
        ["model", *(n.replace("_", " ") for n in names)], rows
    )


def _ahead(pairs: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    metric, rows = next(iter(pairs["metrics"].items()))
    best = max(models, key=lambda name: models[name]["metrics"][metric]["mean"])
    beaten = [row["worse"] for row in rows if row["better"] == best and row["clear"]]
    level = [row["worse"] for row in rows if row["better"] == best and not row["clear"]]
    said = f"{best} is best on {metric}"
    said += f"; clearly better than {', '.join(beaten)}" if beaten else ""
    said += f"; not clearly better than {', '.join(level)}" if level else ""
    return f"{said} ({pairs['test']}, {pairs['correction']}, level {pairs['level']:g})."


def cold(document: Mapping[str, Any]) -> str:
    """The document of :func:`recsys.models.cold_start.compare_cold_start` as text: rankings and audience sizes by the first days
    known.
    """
    blocks = [
        f"{document['hidden_movies']:,} movies hidden with all their views; trained on the other {document['known_movies']:,}"
    ]
    for day, ranked in document["ranking"].items():
        metrics = list(next(iter(ranked["models"].values())))
        shown = [name for name in metrics if name.startswith(("ndcg", "recall"))]
        rows = [[name, *(figure(each[metric]) for metric in shown)] for name, each in ranked["models"].items()]
        title = f"Ranking hidden movies for {ranked['users']:,} users, knowing {_known(day)}"
        models = {name: {"metrics": each} for name, each in ranked["models"].items()}
        blocks += [f"{title}\n{table(['way', *shown], rows)}", _ahead(ranked["pairs"], models)]
    for day, told in document["appeal"].items():
        rows = [
            [
                name,
                figure(each["r2"]),
                f"{each['rmse_nats']:.2f}",
                *(f"{interval['coverage']:.1%} ({interval['width_nats']:.1f})" for interval in each["interval"].values()),
            ]
            for name, each in told["predictors"].items()
        ]
        levels = next(iter(told["predictors"].values()))["interval"]
        head = ["predictor", "R2", "error", *(f"in {level} interval (width)" for level in levels)]
        blocks.append(f"Telling ln views of {told['movies']:,} movies, knowing {_known(day)}\n{table(head, rows)}")
    held = ", ".join(
        f"{each['coverage']:.1%} ({each['low']:.1%} to {each['high']:.1%}) in the {level} interval (width {each['width']:.3f})"
        for level, each in document["score_intervals"].items()
    )
    return "\n\n".join([*blocks, f"Scores told from content, measured: {held}."])


def _known(day: str) -> str:
    return "nothing but content" if day == "0" else f"the first {day} day{'' if day == '1' else 's'} of views"
