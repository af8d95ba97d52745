"""Months that differ: seasons, licences that begin and end, and launches that are moved."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.choice.panel import seasonality
from recsys.choice.panel.seasonality import Season
from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection import availability, counterfactuals
from recsys.projection import catalogue_changes as catalogues
from recsys.projection.context import NO_END, ProjectionContext
from recsys.projection.project import project
from recsys.projection.question import Question
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.projection import builders, reference

TODAY = pd.Timestamp("2025-01-01")
HORIZON = 6
ENDS = {"m0003": "2025-03-01", "m0004": "2025-03-20", "m0008": "2025-05-02"}
"""2, 3 (2.6 months) and 4 months from today."""


def dated(seed: int = 0, **ends: str) -> ProjectionContext:
    """A service of which some licences end; no other has an end."""
    made = builders.renewing(builders.context(seed=seed))
    until = pd.to_datetime(made.movies["movie_id"].map({**ENDS, **ends}))
    return replace(made, movies=made.movies.assign(licence_until=until), data_end=TODAY)


def asking(*changes: c.Change, licences: s.Licences = "renewed", horizon: int = HORIZON) -> s.Scenario:
    return s.Scenario(name="x", changes=changes, horizon_months=horizon, licences=licences)


def plain(context: ProjectionContext) -> ProjectionContext:
    """Nobody leaves, so that months can be compared."""
    return replace(context, users=context.users.assign(plan="ad-funded"))


def test_a_licence_counts_for_the_months_of_which_it_has_half():
    context = dated()
    left = dict(zip(context.movies["movie_id"], context.months_left, strict=True))
    assert [left[name] for name in ("m0003", "m0004", "m0008", "m0009")] == [2, 3, 4, NO_END]


def test_licences_are_taken_to_be_renewed_unless_the_scenario_says_that_they_lapse():
    context = dated()
    assert project(context, asking()).baseline == project(builders.renewing(builders.context()), asking()).baseline
    assert project(context, asking(licences="lapse")).baseline.hours < project(context, asking()).baseline.hours


@pytest.mark.parametrize(
    ("arrivals", "pace", "kind", "said"),
    [
        ("as_usual", 2, "estimated", "2 movies arrived in the last year of the data; they go on"),
        ("as_usual", 0, "estimated", "no movie arrived in the last year of the data, so none is taken to"),
        ("none", 2, "configured", "2 movies arrived in the last year of the data; the scenario buys nothing else"),
    ],
)
def test_what_arrives_meanwhile_is_listed_with_its_origin(arrivals: s.Arrivals, pace: int, kind: str, said: str):
    context = replace(dated(), recent_arrivals=np.arange(pace))
    answer = project(context, replace(asking(), arrivals=arrivals, joining="none"))
    listed = {found.name: found for found in answer.assumptions}
    found = listed["movies that arrive"]
    assert (found.value, found.kind) == (pace if arrivals == "as_usual" else 0, kind)
    assert found.source.startswith(said)
    assert (listed["people who join"].value, listed["people who join"].kind) == (0.0, "configured")
    assert answer.meanwhile.arrivals_last_year == pace


def months_by_hand(context: ProjectionContext, dropped: list[list[str]]) -> FloatArray:
    """Hours of single months without some movies, the slow way."""
    hours = []
    for names in dropped:
        available = context.choice.available.copy()
        available[context.choice.movie_ids.rows(names)] = False
        there = plain(replace(context, choice=replace(context.choice, available=available)))
        nothing = catalogues.changed(there, (), 1)
        hours.append(reference.simulate(there, 0, audiences.current(there), nothing, world=[], horizon=1).hours[0])
    return np.array(hours)


def test_each_month_has_what_is_still_licensed_in_it():
    """Two months with everything, one without the first movie, one without the first two, then without all three.

    What has been watched is watched again, so that nothing is used up."""
    context = plain(builders.with_draw(dated(), rewatch=1.0))
    gone = [[], [], ["m0003"], ["m0003", "m0004"], ["m0003", "m0004", "m0008"], ["m0003", "m0004", "m0008"]]
    found = project(context, asking(licences="lapse")).monthly_baseline_hours
    np.testing.assert_allclose(found, months_by_hand(context, gone), rtol=1e-9)


def test_what_an_offer_takes_it_takes_from_movies_that_are_still_there():
    """Gross hours are what it adds and what others lose, and a movie loses nothing after its licence."""
    context = dated()
    scenario = asking(c.Acquire(offer="o00"), c.Acquire(offer="o01", launch_month=4), licences="lapse")
    question = Question.of(context, scenario)
    found = counterfactuals.simulate(question, 0)
    lost = found.question.hours_lost(after=found.projected, before=found.without_offer)
    hours_each = np.array(question.catalogue.hours_per_view(context))
    for k, without in enumerate(found.without_offer):
        gross = found.projected.tracked_views[k].sum() * hours_each[k]
        others = np.delete((without.tracked_views - found.projected.tracked_views).sum(axis=1) * hours_each, k).sum()
        added = (found.projected.hours - without.hours).sum()
        assert added + lost[k].sum() + others == pytest.approx(gross, rel=1e-9)
    ended = context.choice.movie_ids.rows(["m0003", "m0004"])
    assert (np.abs(lost[1][ended]) < np.abs(lost[0][ended])).all()


def test_an_offer_adds_more_where_licences_lapse():
    context = dated(**{f"m{k:04d}": "2025-02-01" for k in range(1, 25)})
    renewed, lapsed = (
        project(context, asking(c.Acquire(offer="o00"), licences=which)).offers[0].incremental_hours.p50
        for which in ("renewed", "lapse")
    )
    assert lapsed > renewed


def test_a_promoted_movie_is_gone_when_its_licence_has_ended():
    context = dated()
    scenario = asking(c.Promote(movie="m0003", exposure=1.0), licences="lapse")
    views = counterfactuals.simulate(Question.of(context, scenario), 0).projected.tracked_views[1]
    assert (views[:2] > 0).all()
    assert views[2:].tolist() == [0.0] * 4


def test_letting_a_licence_lapse_that_is_long_over_the_horizon_changes_nothing():
    context = dated()
    near = asking(c.Acquire(offer="o00"), licences="lapse", horizon=2)
    assert project(context, near).offers == project(context, replace(near, licences="renewed")).offers
    assert not availability.ending(context, 2).any()


def test_lapsing_licences_are_worked_out_once_for_all_scenarios_of_a_horizon():
    """Unless they move tastes, or drop or promote a movie of the catalogue."""
    context = dated()

    def intervals(*changes: c.Change, horizon: int = HORIZON) -> list[int]:
        asked = asking(*changes, licences="lapse", horizon=horizon)
        return [id(sums) for sums in Question.of(context, asked).under(1).availability.parts]

    nothing = intervals()
    assert intervals(c.Acquire(offer="o00")) == nothing
    assert intervals(c.ScaleActivity(segment=c.Everyone(), factor=2.0)) == nothing
    for other in (intervals(horizon=3), intervals(c.Drop(movie="m0009"))):
        assert not set(other) & set(nothing)
    assert intervals() == nothing


def test_what_is_taken_of_licences_and_season_is_said():
    context = dated()
    listed = {found.name: found for found in project(context, asking()).assumptions}
    assert listed["licences that end"].value == 3.0
    assert listed["licences that end"].kind == "assumed"
    assert "taken to be renewed" in listed["licences that end"].source
    assert listed["season"].kind == "assumed"
    stated = {found.name: found for found in project(context, asking(licences="lapse")).assumptions}
    assert "nothing takes their place" in stated["licences that end"].source
    assert stated["licences that end"].kind == "configured"


FESTIVE = Season(factors=np.array([2.0, 1.0, 0.5, *[17 / 18] * 9]), kind="configured", source="made up")


def test_a_season_scales_each_months_viewing():
    """Arrivals make up for what is used up: a month with twice the occasions has twice the hours. Nobody leaves."""
    context = plain(dated())
    usual = project(context, asking()).monthly_baseline_hours
    seasonal = project(replace(context, season=FESTIVE), asking()).monthly_baseline_hours
    np.testing.assert_allclose(np.array(seasonal) / usual, [2.0, 1.0, 0.5, 17 / 18, 17 / 18, 17 / 18], rtol=1e-10)


def test_a_launch_is_worth_more_in_a_month_in_which_people_watch():
    context = replace(plain(dated()), season=FESTIVE)
    offers = [
        project(context, asking(c.Acquire(offer="o00", window_months=1), c.ShiftLaunch(offer="o00", month=month))).offers[0]
        for month in (1, 2, 3)
    ]
    hours = [offer.incremental_hours.p50 for offer in offers]
    assert hours[0] > hours[1] > hours[2]
    assert [offer.cost for offer in offers] == sorted((offer.cost for offer in offers), reverse=True)


def test_a_season_is_estimated_where_the_data_hold_two_years_and_a_trend_is_not_taken_for_one():
    months = pd.period_range("2021-12", "2024-12", freq="M")
    factors = 1.0 + 0.3 * np.sin(2 * np.pi * np.arange(12) / 12)

    def history(last: int, swing: FloatArray) -> tuple[np.ndarray, pd.Series]:
        """Twenty users whose views grow by 2 % a month, with a season."""
        counts = [round(100 * 1.02**k * swing[month.month - 1]) for k, month in enumerate(months[:last])]
        begin = np.array([month.to_timestamp() for month in months[:last]], dtype="datetime64[h]")
        times = [begin[k] + np.tile(np.arange(n) % 600, 20) for k, n in enumerate(counts)]
        users = [np.repeat(np.arange(20), n) for n in counts]
        return np.concatenate(users), pd.Series(np.concatenate(times))

    found = seasonality.estimate(*history(len(months), factors))
    assert found is not None
    np.testing.assert_allclose(found.factors, factors / factors.mean(), atol=0.03)
    flat = seasonality.estimate(*history(len(months), np.ones(12)))
    assert flat is not None
    np.testing.assert_allclose(flat.factors, 1.0, atol=0.01)
    assert seasonality.estimate(*history(20, factors)) is None


def test_a_moved_launch_is_the_same_as_one_that_was_stated():
    context = dated()
    moved = asking(c.Acquire(offer="o00"), c.ShiftLaunch(offer="o00", month=3))
    assert project(context, moved).offers == project(context, asking(c.Acquire(offer="o00", launch_month=3))).offers


def test_a_licence_window_ends_the_views_and_the_royalties():
    context = dated()
    question = Question.of(context, asking(c.Acquire(offer="o00", launch_month=2, window_months=3)))
    views = counterfactuals.simulate(question, 0).projected.tracked_views[0]
    assert (views[1:4] > 0).all()
    assert views[[0, 4, 5]].tolist() == [0.0] * 3


def test_an_offer_wears_from_its_launch_on():
    """A launch in month 2 with a window of 3: γ, and ageing times ln(1 + months) at the middle of each."""
    context = builders.with_draw(builders.context(), ageing=-0.3, launch_curve=np.array([0.8, 0.0]))
    changes = (c.Acquire(offer="o01", launch_month=2, window_months=3),)
    catalogue = catalogues.changed(context, changes, HORIZON)
    found = catalogues.tracked_movies(context, 0, catalogue, context.choice.members[0].users, HORIZON)
    expected = [-np.inf, 0.8 - 0.3 * np.log(1.5), -0.3 * np.log(2.5), -0.3 * np.log(3.5), -np.inf, -np.inf]
    assert found.curve[0] == pytest.approx(np.array(expected))
