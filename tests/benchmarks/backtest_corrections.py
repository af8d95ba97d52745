"""Which correction of the cold appeal past arrivals support: regressions of what they were misjudged by, each origin left out.

    recsys --workspace WORKSPACE backtest --origins 6
    python -m tests.benchmarks.backtest_corrections WORKSPACE

Reads the origins of a backtest, those of an unfinished one too. Each row fits on all other origins and forecasts the one left
out: that tells which regressors carry something, and not what a buyer would have seen on the day, since later origins are among
those learnt from. ``told`` is the logarithm of the projected views, ``comparables`` that of the five-comparables rival
(ln(1 + views)).
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recsys.backtest import accuracy
from recsys.backtest.appeal_response import AppealResponse
from recsys.backtest.baselines import BASELINES
from recsys.backtest.scoring import appeal_error
from recsys.backtest.serialization import ArrivalRecord, CutoffResult
from recsys.backtest.store import ORIGINS
from recsys.choice.estimate.regression.ridge import fit_ridge
from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.ids import FloatArray
from recsys.projection.range_calibration import attribute_codes
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace


def origins_of(workspace: Workspace) -> list[CutoffResult]:
    """Of the finished backtest, else of the unfinished one."""
    finished = workspace.backtest / ORIGINS
    if finished.exists():
        return [CutoffResult.from_json(each) for each in json.loads(finished.read_text(encoding="utf-8"))]
    drafts = sorted(workspace.root.glob(".backtest-*/*.json"))
    return [CutoffResult.from_json(json.loads(path.read_text(encoding="utf-8"))) for path in drafts]


def compare(workspace: Workspace, days: str) -> None:
    """Print one row a set of regressors."""
    dataset, origins = load_dataset(workspace), origins_of(workspace)
    kept = [(number, each) for number, origin in enumerate(origins) for each in origin.arrivals]
    kept = [(number, each) for number, each in kept if len(each.rivals.get(days, {}).get("views", {})) == len(BASELINES)]
    origin, arrived = np.array([number for number, _ in kept]), [each for _, each in kept]
    actual = np.array([each.actual[days]["views"] for each in arrived])
    told = np.log([float(np.median(each.draws[days][1:])) for each in arrived])[:, None]
    rivals = {name: np.array([each.rivals[days]["views"][name] for each in arrived]) for name in BASELINES}
    comparables = np.log1p(rivals["five_comparables"])[:, None]
    movies = dataset.movies.set_index(dataset.movies["movie_id"].astype(str))
    attributes = movies.loc[[each.movie_id for each in arrived]].reset_index(drop=True)
    codes = attribute_codes(FeatureSpace.learn(attributes, MOVIE_COLUMNS_LEFT_OUT, min_count=3), attributes)
    nats = np.array([appeal_error(each, days)[0] for each in arrived])
    sets = {
        "attributes": codes,
        "told": told,
        "comparables": comparables,
        "told, comparables": np.hstack([told, comparables]),
        "told, comparables, attributes": np.hstack([told, comparables, codes]),
    }
    print(f"{len(arrived)} arrivals at {len(origins)} origins, {days} days; {(actual <= 2).mean():.0%} won 2 views or fewer")
    rng = np.random.default_rng(0)
    _row("projection, not corrected", np.exp(told[:, 0]), actual, rivals, rng)
    for name, regressors in sets.items():
        _row(name, np.array(list(_left_out(regressors, nats, origin, arrived, days))), actual, rivals, rng)
    for name, values in rivals.items():
        print(f"{name:<30} Spearman {accuracy.spearman(values, actual):.3f}  WAPE {accuracy.wape(values, actual):.3f}")


def _left_out(
    regressors: FloatArray, nats: FloatArray, origin: FloatArray, arrived: list[ArrivalRecord], days: str
) -> Iterator[float]:
    """Views of each arrival once its appeal is corrected by a regression on the other origins, centred on their median."""
    for number in np.unique(origin):
        out = origin == number
        fit = fit_ridge(regressors[~out].astype(np.float32), nats[~out], np.ones(int((~out).sum())))
        centre = float(np.median(nats[~out] - fit.leave_one_out))
        shifts = fit.coefficients[0] + regressors[out] @ fit.coefficients[1:] + centre
        for k, shift in zip(np.flatnonzero(out), shifts, strict=True):
            yield float(AppealResponse(arrived[k].response[days]).views_at(np.array([shift]))[0])


def _row(name: str, views: FloatArray, actual: FloatArray, rivals: dict[str, FloatArray], rng: np.random.Generator) -> None:
    said = f"{name:<30} Spearman {accuracy.spearman(views, actual):.3f}  WAPE {accuracy.wape(views, actual):.3f}"
    for rival, values in rivals.items():
        found = accuracy.paired_bootstrap(views, values, actual, rng)
        said += f"  | {rival}: " + ", ".join(
            f"{score} [{each['low']:+.3f}, {each['high']:+.3f}]" for score, each in found.items()
        )
    print(said)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--days", default="28")
    given = parser.parse_args()
    compare(Workspace(given.workspace), given.days)
