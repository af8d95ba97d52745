"""The time machine without TensorFlow: what it is given, what it leaves, and what a kill costs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.backtest.cutoff import appeal_residuals, past_context
from recsys.backtest.projected_views import project_views
from recsys.backtest.scoring import appeal_error, calibrated_draws
from recsys.backtest.serialization import CutoffResult
from recsys.backtest.store import load_report
from recsys.errors import DataError
from recsys.pipeline import backtest as machine
from recsys.pipeline.backtest import BacktestConfig, backtest
from recsys.tables.as_of import dataset_as_of
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import SeasonTerm
from recsys.workspace import Workspace, read_manifest
from tests.backtest.builders import MadeUpTower, arrived, arriving_service, made_up_training
from tests.backtest.test_conformal import fitted
from tests.builders import START, tiny_dataset, tiny_workspace
from tests.datasets import assemble

pytestmark = pytest.mark.slow

CONFIG = BacktestConfig(origins=4, days=(20, 40), first_share=0.1)


@pytest.fixture(scope="module")
def service() -> Dataset:
    return arriving_service()


@pytest.fixture(scope="module")
def run(service: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict, list[Dataset]]:
    workspace = tiny_workspace(tmp_path_factory.mktemp("proof") / "w", service)
    seen: list[Dataset] = []
    return workspace, backtest(workspace, CONFIG, train=made_up_training(seen)), seen


def test_every_arrival_that_can_be_followed_is_projected_once(run, service: Dataset):
    """Those from the first origin on whose 20 days end before the data do."""
    _, document, _ = run
    names = [each["movie_id"] for each in document["arrivals"]]
    assert len(names) == len(set(names))
    first = pd.Timestamp(document["origins"][0]["date"])
    came = service.movies.set_index("movie_id")["available_from"]
    stop = (service.events["timestamp"].max() - pd.Timedelta(days=20)).floor("D")
    viewed_before = service.events.groupby("movie_index")["timestamp"].min()
    early = {service.movies["movie_id"].iloc[k] for k, when in viewed_before.items() if when < came.iloc[k]}
    assert set(names) == set(came[(came >= first) & (came < stop)].index) - early


def test_models_are_made_from_tables_that_end_before_their_origin(run):
    _, document, seen = run
    assert len(seen) == len(document["origins"])
    for past, origin in zip(seen, document["origins"], strict=True):
        assert past.events["timestamp"].max() < pd.Timestamp(origin["date"])
        assert not (past.movies["available_from"] >= pd.Timestamp(origin["date"])).any()
        assert not set(past.offers["movie_id"]) & set(past.movies["movie_id"])


def test_a_planted_future_changes_no_projection(run, service: Dataset, tmp_path: Path):
    """Everything from the second origin's last outcome on is otherwise; what the first two origins said stays, bit for bit."""
    _, document, _ = run
    dates = [pd.Timestamp(origin["date"]) for origin in document["origins"]]
    cut = dates[2] + pd.Timedelta(days=41)
    events = service.events
    movies = service.movies["movie_id"].to_numpy()[events["movie_index"]]
    canary = np.where(events["timestamp"] >= cut, movies[0], movies)
    other = assemble(
        users=service.users,
        movies=service.movies,
        events=events.assign(user_id=service.users["user_id"].to_numpy()[events["user_index"]], movie_id=canary).drop(
            columns=["user_index", "movie_index"]
        ),
        simulated=True,
    )
    again = backtest(tiny_workspace(tmp_path / "w", other), CONFIG, train=made_up_training())
    early = {date.date().isoformat() for date in dates[:2]}
    before, after = ([each for each in found["arrivals"] if each["origin"] in early] for found in (document, again))
    assert before
    assert before == after


def test_later_origins_use_what_earlier_arrivals_taught(run):
    _, document, _ = run
    by_origin = {each["origin"]: each["days"]["20"]["views"]["calibrated"] for each in document["arrivals"]}
    kinds = [by_origin[origin["date"]] for origin in document["origins"]]
    assert kinds[0] is False
    assert kinds[-1] is True
    assert document["calibration"]["arrivals"] == len(document["arrivals"])


def test_the_document_has_scores_of_everybody_and_ranges_in_order(run):
    _, document, _ = run
    views = document["totals"]["20"]["views"]
    assert set(views["scores"]) == {
        "projection",
        "projection_uncalibrated",
        "genre_popularity",
        "five_comparables",
        "gradient_boosting",
    }
    assert set(views["against"]) == set(views["scores"]) - {"projection"}
    assert "hours" in document["totals"]["20"]
    for each in document["arrivals"]:
        said = each["days"]["20"]["views"]
        assert said["p05"] <= said["p10"] <= said["p50"] <= said["p90"] <= said["p95"]
    json.dumps(document, allow_nan=False)


def test_what_is_published_is_what_was_said_and_is_not_done_again(run):
    workspace, document, seen = run
    assert load_report(workspace) == document
    before = len(seen)
    assert backtest(workspace, CONFIG, train=made_up_training(seen)) == document
    assert len(seen) == before
    assert not list(workspace.root.glob(".backtest-*"))


def test_another_way_of_judging_needs_no_new_projection(run, monkeypatch: pytest.MonkeyPatch):
    workspace, document, seen = run
    before = len(seen)
    monkeypatch.setattr(machine, "SCORING_FORMAT", 99)
    assert backtest(workspace, CONFIG, train=made_up_training(seen)) == document
    assert len(seen) == before
    assert read_manifest(workspace.backtest)["identity"]["judged"] == 99


def test_a_kill_loses_one_origin_at_most_and_changes_nothing(run, service: Dataset, tmp_path: Path):
    _, document, _ = run
    workspace = tiny_workspace(tmp_path / "w", service)
    seen: list[Dataset] = []
    whole = made_up_training(seen)

    def dies(past: Dataset, *rest: object) -> object:
        if len(seen) == 2:
            raise KeyboardInterrupt
        return whole(past, *rest)

    with pytest.raises(KeyboardInterrupt):
        backtest(workspace, CONFIG, train=dies)
    assert load_report(workspace) is None
    again = backtest(workspace, CONFIG, train=whole)
    assert len(seen) == len(document["origins"])  # two before the kill, the others after it
    assert _timeless(again) == _timeless(document)


def test_an_origin_survives_its_file(run):
    workspace, _, _ = run
    for each in json.loads((workspace.backtest / "origins.json").read_text()):
        assert json.loads(json.dumps(CutoffResult.from_json(each).as_json())) == each


def test_a_service_where_nothing_arrives_is_refused(tmp_path: Path):
    still = tiny_dataset()
    still = replace(still, movies=still.movies.drop(columns=["available_from"]))
    with pytest.raises(DataError, match="E_NO_ARRIVALS"):
        backtest(tiny_workspace(tmp_path / "w", still), CONFIG, train=made_up_training())


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(DataError, match="E_CONFIG"):
        BacktestConfig(days=(90, 28))


def test_too_many_combinations_are_refused_with_their_count():
    """100 origins, each followed for 30 spans."""
    with pytest.raises(DataError, match=r"E_GRID.* 3,000 combinations"):
        BacktestConfig(origins=100, days=tuple(range(1, 31)))


def test_calibrated_ranges_are_those_that_the_projection_gives(service: Dataset):
    """Worked out through the response of views to appeal, within 15 % of projecting everything again, where the members of the
    ensemble see the same audience (made-up members have nothing in common)."""
    at = START + pd.Timedelta(days=60)
    rows = np.flatnonzero((service.movies["available_from"] >= at).to_numpy())[:6]
    past = dataset_as_of(service, at, offers=rows)
    choice, _ = made_up_training()(past, None, Path(), None)
    choice = replace(choice, draws=tuple(replace(draw, member=0) for draw in choice.draws))
    context = past_context(past, choice, MadeUpTower())
    calibration = fitted(shift_nats=0.4, factor_above=2.0, factor_below=1.5)
    raw = project_views(context, (28, 60))
    whole = project_views(replace(context, calibration=calibration), (28, 60))
    for k, shift in enumerate(replace(context, calibration=calibration).offer_appeal_shift):
        for place in range(2):
            kept = replace(
                arrived(10.0, 10.0).arrived,
                draws={"28": raw.draws[k, :, place]},
                response={"28": raw.response[k, :, place]},
                noise_nats=appeal_residuals(context, k),
            )
            quick = calibrated_draws(kept, "28", calibration, shift)
            assert quick == pytest.approx(whole.draws[k, :, place], rel=0.15)


def test_past_offers_are_projected_in_the_season_in_which_they_began(service: Dataset):
    """Three times the usual viewing in July, as configured: an offer that begins then gets more, whenever its tables ended."""
    factors = tuple(3.0 if month == 7 else 9 / 11 for month in range(1, 13))
    stated = replace(service, economics=replace(service.economics, season=SeasonTerm(factors=factors, source="made up")))
    past = dataset_as_of(stated, START + pd.Timedelta(days=60), offers=np.arange(80, 83))
    context = past_context(past, made_up_training()(past, None, Path(), None)[0], MadeUpTower())
    began = np.array(["2024-07-01", "2024-03-01", "2024-07-01"], dtype="datetime64[s]")
    seasonal = project_views(context, (28,), launched=began).draws
    plain = project_views(replace(context, season=None), (28,), launched=began).draws
    assert (seasonal[[0, 2]] > plain[[0, 2]]).all()
    assert (seasonal[1] < plain[1]).all()


def test_the_appeal_that_explains_actual_views_gives_them_back():
    """Views double every ln 2 nats in the made-up response; four times the projected views are 2 · ln 2."""
    nats, noise, other = appeal_error(arrived(40.0, 10.0).arrived, "28")
    assert nats == pytest.approx(2 * np.log(2), abs=1e-3)
    assert noise == pytest.approx([-0.7, 0.7])
    assert np.abs(other).max() < 0.02  # ± ln 2 of the draws, less ± 0.7 of noise


def _timeless(document: dict) -> dict:
    return {**document, "origins": [{**origin, "seconds": 0.0} for origin in document["origins"]]}
