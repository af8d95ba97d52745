"""Errors of what services are projected to be watched, against what they truly are, and the report of a study of them.

A study is a folder with one folder a service, named ``<kind>-<seed>``. In it are ``truth.json``, and for each engine that was
measured ``projected/<engine>.json``.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.stats import spearmanr

from recsys.scenario.scenario import Arrivals

AHEAD: tuple[Arrivals, ...] = ("none", "as_usual")
"""Arrivals of the months ahead."""
CHANGES = ("active", "dropped", "larger", "together")
AMOUNTS = ("viewing", *CHANGES)
"""Hours: if nothing is done, and what each change adds to them."""
FIRST = tuple(f"{name}, month 1" for name in AMOUNTS)
SINGLE = ("WAPE", "spearman", "hold", "added, true", "added, found", "who adds")
"""Of single offers: error of added hours, their order, how many 80 % ranges hold, what part of what offers get is added, and how
well it is told of which offers it is most."""
_SERVICE = ["kind", "seed", "arrivals"]


def errors(study: Path, engine: str) -> pd.DataFrame:
    """One row a service and future; errors are shares of what is true, projected over true less 1.

    ``slate holds`` is 1 where the 80 % range of all offers together holds, ``luck`` of an amount the standard error of its truth.
    """
    folders = sorted(path.parent.parent for path in study.glob(f"*/projected/{engine}.json"))
    return pd.DataFrame([_row(folder, engine, arrivals) for arrivals in AHEAD for folder in folders])


def _row(folder: Path, engine: str, arrivals: Arrivals) -> dict[str, Any]:
    kind, _, seed = folder.name.rpartition("-")
    paths = folder / "truth.json", folder / "projected" / f"{engine}.json"
    true, said = (json.loads(path.read_text(encoding="utf-8"))[arrivals] for path in paths)
    return {
        "kind": kind,
        "seed": int(seed),
        "arrivals": arrivals,
        **{name: said[name]["total"] / true[name]["total"] - 1 for name in AMOUNTS},
        "slate holds": float(said["together"]["p10"] <= true["together"]["total"] <= said["together"]["p90"]),
        **{first: said[name]["first"] / true[name]["first"] - 1 for first, name in zip(FIRST, AMOUNTS, strict=True)},
        **_single_offers(pd.DataFrame(said["alone"]), pd.DataFrame(true["alone"])),
        **{f"luck, {name}": true[name]["luck"] / abs(true[name]["total"]) for name in AMOUNTS},
    }


def _single_offers(said: pd.DataFrame, true: pd.DataFrame) -> dict[str, float]:
    """The figures of :data:`SINGLE`; one row an offer."""
    added = true["total"]
    figures = (
        (said["total"] - added).abs().sum() / added.sum(),
        spearmanr(said["total"], added).statistic,
        ((said["p10"] <= added) & (added <= said["p90"])).mean(),
        added.sum() / true["gross"].sum(),
        said["total"].sum() / said["gross"].sum(),
        (said["total"] / said["gross"]).corr(added / true["gross"]),
    )
    return dict(zip(SINGLE, map(float, figures), strict=True))


def report(study: Path, engine: str, before: str | None = None) -> str:
    """Errors of every service, their means, and beside those of an engine ``before``, service by service."""
    found = errors(study, engine)
    parts = []
    for title, columns in (
        ("Error of all months", [*AMOUNTS, "slate holds"]),
        ("Error of month 1", list(FIRST)),
        ("Single offers", list(SINGLE)),
    ):
        parts += [title, _text(found[[*_SERVICE, *columns]].set_index(_SERVICE))]
        if len(found) > len(AHEAD) * len(set(found["kind"])):
            parts += ["mean by kind", _text(found.groupby(["arrivals", "kind"], sort=False)[columns].mean())]
        parts += ["mean over services", _text(found.groupby("arrivals", sort=False)[columns].mean())]
    figures = [*AMOUNTS, *FIRST]
    nine = found.groupby("arrivals", sort=False)[figures].agg(lambda each: each.abs().quantile(0.9))
    parts += ["size of error below which nine in ten services are", _text(nine.T)]
    luck = found[[f"luck, {name}" for name in AMOUNTS]].agg(["median", "max"])
    parts += ["luck left in the truth, standard error", _text(luck)]
    if before is not None:
        parts += [f"size of error, {engine} less {before}, by service", _text(_compared(found, errors(study, before)))]
    return "\n\n".join(parts)


def _compared(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Sizes of error of two engines on the services that both were measured on, paired."""
    figures = [*AMOUNTS, *FIRST, "WAPE"]
    one, other = (each.set_index(_SERVICE)[figures].abs() for each in (now, before))
    change = (one - other).dropna(how="all")
    by_arrivals = change.groupby("arrivals", sort=False)
    return pd.concat(
        {
            "now": one.loc[change.index].groupby("arrivals", sort=False).mean().T,
            "before": other.loc[change.index].groupby("arrivals", sort=False).mean().T,
            "difference": by_arrivals.mean().T,
            "its standard error": by_arrivals.sem().T,
            "smaller in": by_arrivals.agg(lambda each: (each < 0).mean()).T,
        },
        axis=1,
    )


def _text(table: pd.DataFrame) -> str:
    return table.round(3).to_string(sparsify=False, na_rep="")
