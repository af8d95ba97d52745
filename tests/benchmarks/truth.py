"""Projected against true: what each offer of a simulated service adds, by the projection and by its known process.

    python -m tests.benchmarks.truth WORKSPACE [--horizon 12] [--futures 1]

WORKSPACE holds a trained run on a world of ``recsys.simulation``. Prints Spearman, bias and coverage over its offers, by hours
and by money, and the same for gross hours taken as the answer.
"""

import argparse
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from recsys.projection.context import load_projection_context
from recsys.projection.project import project
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario
from recsys.simulation.config import ServiceConfig
from recsys.workspace import Workspace
from tests.simulation.counterfactual_truth import true_effects


def compare(workspace: Workspace, horizon_months: int, futures: int) -> pd.DataFrame:
    """One row an offer: projected P10, P50, P90 and true hours and value."""
    context = load_projection_context(workspace)
    written = json.loads((workspace.tables / "world.json").read_text(encoding="utf-8"))
    known = {field.name for field in fields(ServiceConfig)}
    config = ServiceConfig(**{name: value for name, value in written["config"].items() if name in known})
    truth = true_effects(config, horizon_months=horizon_months, futures=futures)
    people = config.people_per_user
    rows = []
    for offer in context.offer_ids.ids:
        asked = Scenario(name=offer, changes=(Acquire(offer=offer),), horizon_months=horizon_months)
        answer = project(context, asked, draws="all")
        point = project(context, asked)
        true = truth.of(offer)
        result = answer.offers[0]
        rows.append(
            {
                "offer": offer,
                "support": result.support,
                "gross": result.gross_hours.p50,
                "true_gross": people * true.total("gross_hours"),
                "point": point.offers[0].incremental_hours.p50,
                "p10": result.incremental_hours.p10,
                "p50": result.incremental_hours.p50,
                "p90": result.incremental_hours.p90,
                "true": people * true.total("hours"),
                "error": people * true.standard_error["hours"],
                "value": answer.acquisition_effect.value.p50,
                "true_value": true.value(context.economics),
            }
        )
    baseline = point.baseline
    print(f"baseline hours: projected {baseline.hours:,.0f}, true {people * truth.baseline['hours'].sum():,.0f}")
    return pd.DataFrame(rows)


def report(table: pd.DataFrame) -> None:
    """Print what the table says."""
    print(table.round(1).to_string(index=False))
    true = table["true"]
    for name in ("point", "p50", "gross"):
        bias = table[name].sum() / true.sum() - 1
        print(f"{name}: Spearman {spearmanr(table[name], true).statistic:.3f}, bias of the total {bias:+.1%}")
    bias = table["value"].sum() / table["true_value"].sum() - 1
    print(f"value: Spearman {spearmanr(table['value'], table['true_value']).statistic:.3f}, bias of the total {bias:+.1%}")
    print(f"gross: Spearman of gross with true gross {spearmanr(table['gross'], table['true_gross']).statistic:.3f}")
    covered = ((true >= table["p10"]) & (true <= table["p90"])).mean()
    print(f"80 % intervals cover {covered:.0%} of {len(table)}; median width {np.median(table['p90'] - table['p10']):.0f} hours")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--horizon", type=int, default=12)
    parser.add_argument("--futures", type=int, default=1)
    given = parser.parse_args()
    report(compare(Workspace(given.workspace), given.horizon, given.futures))
