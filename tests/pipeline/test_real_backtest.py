"""The time machine with the real models on a tiny world, through to a projection that uses what it found."""

import json
from pathlib import Path

import pytest

from recsys.pipeline.backtest import BacktestConfig, backtest
from recsys.pipeline.config import TrainConfig, with_settings
from recsys.projection.range_calibration import load_calibration
from recsys.simulation.demo import ServiceConfig, write_service
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace

pytestmark = [pytest.mark.train, pytest.mark.slow, pytest.mark.xdist_group("train")]

TINY = with_settings(
    TrainConfig(),
    members=1,
    member_iterations=1,
    draws=4,
    factorisation__dim=8,
    factorisation__iterations=3,
    two_tower__dim=8,
    two_tower__hidden=16,
    two_tower__epochs=2,
)


def test_a_simulated_service_is_projected_from_its_own_past(tmp_path: Path):
    """Two moments; every arrival between them and 28 days before the end has a range, an outcome in views and one in hours."""
    write_service(ServiceConfig(n_users=200, n_movies=80, n_offers=4, seed=3), tmp_path / "world")
    workspace = Workspace(tmp_path / "w")
    import_path(tmp_path / "world", workspace)
    lines = []
    document = backtest(workspace, BacktestConfig(origins=2, days=(28,), training=TINY), lines.append)
    assert len(document["origins"]) == 2
    assert document["simulated"]
    assert document["arrivals"]
    for arrival in document["arrivals"]:
        views, hours = (arrival["days"]["28"][unit] for unit in ("views", "hours"))
        assert 0 <= views["p10"] <= views["p50"] <= views["p90"]
        assert hours["actual"] > 0 or views["actual"] == 0
    json.dumps(document, allow_nan=False)
    fractions = [line.fraction for line in lines]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert lines[-1].eta_seconds == pytest.approx(0.0, abs=1.0)
    calibration = load_calibration(workspace.backtest, load_dataset(workspace).fingerprint)
    assert (calibration is None) == (document["calibration"] is None)
