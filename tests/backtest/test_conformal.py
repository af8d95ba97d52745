"""A calibration learns what it should, holds what it promises, and changes a projection by what it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.backtest.conformal import FEWEST_ARRIVALS, AppealErrors, conformal_factors, fit_calibration
from recsys.errors import ArtefactError
from recsys.projection.project import project
from recsys.projection.range_calibration import (
    RANGES,
    SCHEMA,
    Calibration,
    MeasuredCoverage,
    calibration_estimates,
    load_calibration,
)
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario
from tests.projection import builders


def past(n: int = 200, *, sd: float = 1.5, seed: int = 0) -> AppealErrors:
    """Content misses dramas by +2 nats and the others by −1; the draws' noise is of 0.5 nats, the truth's of ``sd``."""
    rng = np.random.default_rng(seed)
    drama = rng.random(n) < 0.5
    z = rng.normal(0, 0.5, (n, 23))
    return AppealErrors(
        attributes=pd.DataFrame({"genres": np.where(drama, "Drama", "Comedy"), "title": [f"t{k}" for k in range(n)]}),
        nats=np.where(drama, 2.0, -1.0) + rng.normal(0, sd, n),
        noise=np.quantile(z, [0.1, 0.9], axis=1).T,
        other=np.zeros((n, 2)),
    )


def fitted(**changes: object) -> Calibration:
    made = fit_calibration(past(), days=28, origins=4, data="tables")
    assert made is not None
    return replace(made, **changes)


def test_the_correction_is_what_content_missed_by_attribute():
    shifts = fitted().shifts(pd.DataFrame({"genres": ["Drama", "Comedy"]}))
    assert shifts == pytest.approx([2.0, -1.0], abs=0.4)


def test_the_factor_widens_the_spread_to_what_past_arrivals_showed():
    """Draws of sd 0.5 against truths of sd 1.5: three times as wide."""
    assert fitted().factor_above == pytest.approx(3.0, rel=0.25)
    assert fitted().factor_below == pytest.approx(3.0, rel=0.25)


def test_hits_that_lie_farther_out_than_failures_stretch_the_upper_side_alone():
    """Up by an exponential of 3 nats, down by one of 0.5: the factors differ about as much, and as many lie above as below."""
    rng = np.random.default_rng(5)
    away = np.where(rng.random(400) < 0.5, rng.exponential(3.0, 400), -rng.exponential(0.5, 400))
    noise = np.array([[-0.64, 0.64]] * 400)
    below, above = conformal_factors(away, noise, np.zeros((400, 2)))
    assert above / below == pytest.approx(6.0, rel=0.3)
    assert (away > above * 0.64).mean() == pytest.approx(0.1, abs=0.01)
    assert (away < -below * 0.64).mean() == pytest.approx(0.1, abs=0.01)


def test_calibrated_ranges_hold_for_arrivals_that_were_not_learnt_from():
    """Over 40 services of 200 past and 200 new arrivals, 80 % promised; the draws' own quantiles are noisy, and yet it holds."""
    covered = []
    for seed in range(40):
        made = fit_calibration(past(seed=seed), days=28, origins=1, data="")
        new = past(seed=1000 + seed)
        away = new.nats - made.shifts(new.attributes)
        low, high = made.factor_below * new.noise[:, 0], made.factor_above * new.noise[:, 1]
        covered.append(((low <= away) & (away <= high)).mean())
    assert np.mean(covered) == pytest.approx(0.8, abs=0.02)


def test_what_draws_differ_in_otherwise_counts_towards_the_range():
    """√(f² + 3²) = 5 at f = 4."""
    away = np.array([5.0, -5.0] * 9)
    assert conformal_factors(away, np.full((18, 2), 1.0), np.full((18, 2), 3.0)) == pytest.approx((4.0, 4.0))


def test_too_few_arrivals_teach_nothing():
    assert fit_calibration(past(FEWEST_ARRIVALS - 1), days=28, origins=1, data="") is None


def test_without_attributes_the_correction_is_one_figure_for_all():
    bare = past()
    made = fit_calibration(replace(bare, attributes=bare.attributes[["title"]]), days=28, origins=1, data="")
    assert made.features.n_codes == 0
    assert made.shifts(pd.DataFrame({"title": ["x"]})) == pytest.approx([np.median(bare.nats)], abs=0.01)


def test_a_calibration_survives_its_file_and_is_used_for_its_own_tables_only(tmp_path):
    import json

    made = fitted(held=(MeasuredCoverage(promised=0.8, measured=0.78, arrivals=120),))
    (tmp_path / "calibration.json").write_text(json.dumps(made.as_json()))
    loaded = load_calibration(tmp_path, "tables")
    offers = pd.DataFrame({"genres": ["Drama", "Comedy", "Unknown"]})
    assert np.array_equal(loaded.shifts(offers), made.shifts(offers))
    assert (loaded.factor_above, loaded.factor_below, loaded.held) == (made.factor_above, made.factor_below, made.held)
    assert load_calibration(tmp_path, "other tables") is None
    assert load_calibration(tmp_path / "nowhere", "tables") is None


def test_what_an_earlier_way_to_project_taught_is_not_used(tmp_path: Path):
    """Its corrections are of other mistakes; ranges are then said not to be calibrated. One of a later version is refused."""
    for earlier in range(1, SCHEMA):
        (tmp_path / "calibration.json").write_text(f'{{"schema": {earlier}, "data": "tables"}}')
        assert load_calibration(tmp_path, "tables") is None
    (tmp_path / "calibration.json").write_text('{"schema": 99, "data": "tables"}')
    with pytest.raises(ArtefactError, match="E_VERSION"):
        load_calibration(tmp_path, "tables")


def test_a_damaged_calibration_is_refused(tmp_path):
    (tmp_path / "calibration.json").write_text(f'{{"schema": {SCHEMA}}}')
    with pytest.raises(ArtefactError, match="E_FORMAT"):
        load_calibration(tmp_path, "tables")


def test_attributes_that_tell_nothing_move_nothing():
    """Misjudged by chance alone: every offer is corrected by the same figure."""
    plain = past()
    rng = np.random.default_rng(11)
    made = fit_calibration(replace(plain, nats=rng.normal(0.5, 1.0, 200)), days=28, origins=1, data="")
    shifts = made.shifts(pd.DataFrame({"genres": ["Drama", "Comedy"]}))
    assert shifts[0] == shifts[1] == pytest.approx(0.5, abs=0.25)


ASKED = Scenario(name="two", changes=(Acquire(offer="o00"), Acquire(offer="o01")), horizon_months=3)


def calibrated(context, **changes):
    return replace(context.with_choice(context.choice), calibration=fitted(**changes))


def test_a_correction_moves_the_middle_and_a_factor_the_range():
    context = builders.context(n_draws=24)
    plain = project(context, ASKED, draws="all").offers[0]
    up = project(
        calibrated(context, shift_nats=1.0, factor_above=1.0, factor_below=1.0, weights=np.zeros(2)),
        ASKED,
        draws="all",
    ).offers[0]
    wide = project(
        calibrated(context, shift_nats=0.0, factor_above=2.0, factor_below=2.0, weights=np.zeros(2)),
        ASKED,
        draws="all",
    ).offers[0]
    assert up.views.p50 > 1.3 * plain.views.p50
    assert wide.views.p90 / wide.views.p10 > 1.2 * plain.views.p90 / plain.views.p10


def test_a_calibration_that_changes_nothing_leaves_every_figure_as_it_was():
    context = builders.context()
    neutral = calibrated(context, shift_nats=0.0, factor_above=1.0, factor_below=1.0, weights=np.zeros(2))
    assert project(neutral, ASKED, draws="all").offers == project(context, ASKED, draws="all").offers


def test_a_projection_says_whether_its_ranges_are_calibrated():
    context = builders.context()
    before = {each.name: each for each in project(context, ASKED).assumptions}[RANGES]
    assert before.kind == "assumed"
    assert "not calibrated" in before.source
    held = (MeasuredCoverage(promised=0.8, measured=0.78, arrivals=120),)
    after = {each.name: each for each in project(calibrated(context, held=held), ASKED).assumptions}[RANGES]
    assert (after.kind, after.value) == ("estimated", 0.78)
    assert "120" in after.source


def test_without_offers_nothing_is_said_of_their_ranges():
    listed = project(builders.context(), Scenario(name="as it is", changes=(), horizon_months=3)).assumptions
    assert RANGES not in {each.name for each in listed}


def test_too_few_to_tell_how_often_ranges_hold_is_said():
    assert "too few" in calibration_estimates(fitted())[0].source
