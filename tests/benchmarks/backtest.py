"""What the time machine found, printed: scores against the rivals, how often ranges held, and what calibration bought.

    recsys --workspace WORKSPACE backtest --origins 6
    python -m tests.benchmarks.backtest WORKSPACE

Reads a finished backtest. ``projection`` is what a buyer would have seen on the day, ``projection_uncalibrated`` the same without
what earlier arrivals had taught.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from recsys.backtest import accuracy
from recsys.backtest.report import document
from recsys.backtest.scoring import score_cutoffs
from recsys.backtest.serialization import CutoffResult
from recsys.backtest.store import ORIGINS
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace


def show(workspace: Workspace) -> None:
    """Print the figures of a workspace's backtest, judged anew."""
    dataset = load_dataset(workspace)
    listed = json.loads((workspace.backtest / ORIGINS).read_text(encoding="utf-8"))
    origins = [CutoffResult.from_json(each) for each in listed]
    days = sorted({int(span) for origin in origins for each in origin.arrivals for span in each.actual})
    found = document(score_cutoffs(origins, dataset, days[0]), days=days, seed=0, facts={})
    print(f"{workspace.root}: {len(origins)} origins, {sum(len(each.arrivals) for each in origins)} arrivals, days {days}")
    for span, units in found["totals"].items():
        for unit, cell in units.items():
            _cell(f"{span} days, {unit}", cell)
    print("substitution:", json.dumps(found["substitution"], indent=1))
    _ceiling(origins, str(days[0]))


def _cell(name: str, cell: dict) -> None:
    calibrated = "calibrated" if cell["compared_calibrated"] else "not calibrated"
    print(f"\n{name}: {cell['arrivals']} arrivals, compared on {cell['compared_on']} ({calibrated})")
    for who, figures in cell["scores"].items():
        against = cell["against"].get(who)
        said = "" if against is None else "  worse by " + ", ".join(_interval(score, against[score]) for score in against)
        print(f"  {who:<26}" + "  ".join(f"{score} {value:7.3f}" for score, value in figures.items()) + said)
    for row in cell["coverage"]:
        print(
            f"  {row['ranges']:<10} {row['promised']:.0%} promised, {row['measured']:.1%} held "
            f"({row['low']:.0%} to {row['high']:.0%}) of {row['arrivals']}; "
            f"median width {row['median_width']:,.1f}, top/bottom {row['median_times']:.1f}"
        )


def _interval(name: str, found: dict[str, float]) -> str:
    return f"{name} {found['mean']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"


def _ceiling(origins: list[CutoffResult], span: str) -> None:
    """How much of the outcome sits in how few arrivals: what any forecast from attributes is up against."""
    actual = np.array([each.actual[span]["views"] for origin in origins for each in origin.arrivals if span in each.actual])
    top = np.sort(actual)[-max(1, round(0.03 * len(actual))) :].sum() / actual.sum()
    one = np.full(len(actual), float(np.median(actual)))
    print(
        f"\n{(actual <= 2).mean():.0%} of {len(actual)} arrivals won 2 views or fewer; the top 3 % won {top:.0%} of all; saying "
        f"the median of all for every one has WAPE {accuracy.wape(one, actual):.3f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    show(Workspace(parser.parse_args().workspace))
