"""How fast what people like is used up, told from how a catalogue renews itself."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.estimate.current_demand import CurrentDemand
from recsys.choice.estimate.depletion import ASSUMED, ASSUMED_RANGE, RANGE, Turnover, estimate_depletion, measure_turnover
from recsys.choice.panel.current_audience import read_audience
from recsys.choice.panel.history import History, read_history
from tests.choice.services import Service, member_of, service, structure_of


@pytest.fixture(scope="module")
def renewing() -> Service:
    return service(n_users=400, n_movies=120, months=12, occasions=8.0, late_share=0.6, seed=3)


def turnover(fresh: float, leaving: float = 0.0) -> Turnover:
    return Turnover(fresh=fresh, fresh_error=0.02, leaving=leaving, n_arrivals=50)


def depletion(made: Service, told: Turnover, z: float = 0.0) -> float:
    """φ."""
    history, n_users = read_history(made.dataset), len(made.users)
    audience = read_audience(history, np.full(n_users, 5.0), rng=np.random.default_rng(0))
    demand = CurrentDemand(audience, member_of(made), structure_of(made))
    nothing = np.zeros(n_users)
    appeal = np.asarray(made.appeal, dtype=np.float64)
    return estimate_depletion(demand, history, told, appeal=appeal, constant=nothing - 2.0, occasions=nothing + 8.0, z=z).factor


def test_the_more_of_viewing_went_to_what_had_just_come_the_faster_the_rest_was_used_up(renewing: Service):
    found = [depletion(renewing, turnover(share)) for share in (0.3, 0.45, 0.6)]
    assert found[0] < found[1] < found[2]
    assert depletion(renewing, turnover(0.45, leaving=0.1)) < found[1]
    assert depletion(renewing, turnover(0.45), z=1.0) > found[1]


def test_what_no_speed_explains_is_at_the_end_of_the_range(renewing: Service):
    assert depletion(renewing, turnover(0.94)) == RANGE[1]
    assert depletion(renewing, turnover(0.001)) == RANGE[0]


def test_where_hardly_anything_arrived_it_is_assumed_and_swept(renewing: Service):
    told = replace(turnover(0.3), n_arrivals=3)
    assert depletion(renewing, told) == pytest.approx(ASSUMED)
    assert [depletion(renewing, told, z) for z in (-9.0, 9.0)] == pytest.approx(ASSUMED_RANGE)


def history(renewing: Service) -> History:
    return read_history(renewing.dataset)


def test_turnover_counts_views_of_new_and_of_leaving_movies(renewing: Service):
    """Of views of the last half year; by hand."""
    told, made = measure_turnover(history(renewing)), history(renewing)
    month = 365.25 / 12
    late = made.day >= made.end - 6 * month
    age = made.day - made.arrival[made.movie]
    assert told.fresh == pytest.approx(float(np.mean(age[late] < 2 * month)))
    assert told.n_arrivals == int(((made.arrival >= made.end - 6 * month) & (made.arrival < made.end)).sum()) >= 20
    leaving = (made.departure[made.movie] - made.day) < 2 * month
    told_of = (made.day >= made.end - 8 * month) & (made.day < made.end - 2 * month)
    assert told.leaving == pytest.approx(float(leaving[told_of].mean()))
