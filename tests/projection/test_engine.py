"""The fast engine against the slow one, term by term."""

import numpy as np
import pytest

from recsys.projection import audience_changes as audiences
from recsys.projection import counterfactuals
from recsys.projection.project import project
from recsys.projection.question import Question
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.effort import some
from tests.projection import builders, reference

HORIZON = 4
ALL = c.Everyone()
CASES = {
    "one offer": (c.Acquire(offer="o00"),),
    "three offers, one late, one leaving early": (
        c.Acquire(offer="o00"),
        c.Acquire(offer="o01", launch_month=3),
        c.Acquire(offer="o03", window_months=2),
    ),
    "a movie dropped": (c.Drop(movie="m0004"),),
    "a movie promoted beside an offer": (c.Promote(movie="m0007", exposure=1.5), c.Acquire(offer="o02")),
    "an offer promoted": (c.Acquire(offer="o02"), c.Promote(movie="o02", exposure=2.0)),
    "everything at once": (
        c.ResizeSegment(segment=c.ByRule(where="language = 'Hindi'"), factor=1.7),
        c.ShiftTaste(
            segment=c.ByPersona(persona="persona 1"), towards=c.TowardsAttribute(attribute="genre", value="Drama"), strength=1.2
        ),
        c.ShiftTaste(segment=ALL, towards=c.TowardsMovies(movies=("m0001", "m0002")), strength=-0.4),
        c.ScaleActivity(segment=ALL, factor=0.8),
        c.ChangeChurn(segment=ALL, delta_share=0.01),
        c.ChangePrice(plan="monthly", amount=99.0),
        c.ContinueDrift(months=3),
        c.Acquire(offer="o00"),
        c.Acquire(offer="o04", launch_month=2),
        c.Drop(movie="m0004"),
        c.Promote(movie="m0009", exposure=1.0),
    ),
}


@pytest.mark.parametrize("name", some(list(CASES)))
@pytest.mark.parametrize("arrivals", ["as_usual", "none"])
@pytest.mark.parametrize(("draw", "dissimilarity"), some([(0, 0.6), (1, 0.6), (0, 0.2), (0, 1.0)]))
def test_every_counterfactual_is_that_of_the_slow_engine(name: str, draw: int, dissimilarity: float, arrivals: s.Arrivals):
    context = builders.renewing(builders.context(seed=draw, n_users=60, dissimilarity=dissimilarity))
    scenario = s.Scenario(name=name, changes=CASES[name], horizon_months=HORIZON, arrivals=arrivals)
    question = Question.of(context, scenario)
    audience, catalogue = question.audience, question.catalogue
    fast = counterfactuals.simulate(question, draw)
    n_offers = len(catalogue.offers)
    expected = {
        "baseline": (fast.baseline, audiences.current(context), catalogue.before),
        "audience only": (fast.audience_only, audience, catalogue.before),
        "projected": (fast.projected, audience, catalogue.after),
        **{f"without {k}": (fast.without_offer[k], audience, catalogue.after_without(k)) for k in range(n_offers)},
    }
    tolerance = 1e-9
    for outcome, whose, world in expected.values():
        slow = reference.simulate(context, draw, whose, catalogue, world=list(world), horizon=HORIZON, arrivals=arrivals)
        np.testing.assert_allclose(outcome.hours, slow.hours, rtol=tolerance)
        np.testing.assert_allclose(outcome.revenue, slow.revenue, rtol=tolerance)
        np.testing.assert_allclose(outcome.tracked_views, slow.tracked_views, rtol=10 * tolerance, atol=1e-9)


@pytest.mark.parametrize("name", ["three offers, one late, one leaving early", "everything at once"])
def test_cannibalised_movies_lose_what_they_lose_in_the_slow_engine(name: str):
    context = builders.renewing(builders.context(seed=3))
    scenario = s.Scenario(name=name, changes=CASES[name], horizon_months=HORIZON)
    question = Question.of(context, scenario)
    audience, catalogue = question.audience, question.catalogue
    fast = counterfactuals.simulate(question, 0)
    lost = fast.question.hours_lost(after=fast.projected, before=fast.without_offer)
    after = reference.simulate(context, 0, audience, catalogue, world=list(catalogue.after), horizon=HORIZON).movie_hours
    for k in range(len(catalogue.offers)):
        world = [e for e in catalogue.after if e != k]
        before = reference.simulate(context, 0, audience, catalogue, world=world, horizon=HORIZON).movie_hours
        np.testing.assert_allclose(lost[k], before - after, rtol=1e-4, atol=1e-5)


def test_an_audience_whose_taste_has_moved_costs_only_those_who_moved():
    """Nest sums of the others are taken over bit for bit."""
    context = builders.renewing(builders.context(n_users=80))
    change = c.ShiftTaste(
        segment=c.ByRule(where="language = 'Hindi'"), towards=c.TowardsAttribute(attribute="genre", value="Drama"), strength=1.0
    )
    prepared = Question.of(context, s.Scenario(name="x", changes=(change,), horizon_months=3)).under(0)
    (kept,), today = prepared.availability.parts, context.nest_sums(0)
    stayed = (context.users["language"] != "Hindi").to_numpy()
    assert (kept.nest_sum[stayed] == today.nest_sum[stayed]).all()
    assert (kept.nest_sum[~stayed] != today.nest_sum[~stayed]).any()


def test_a_shift_of_taste_moves_the_segment_towards_what_is_named_in_every_members_space():
    context = builders.context(n_users=200)
    drama = context.movies["genres"].str.contains("Drama").to_numpy()
    change = c.ShiftTaste(segment=ALL, towards=c.TowardsAttribute(attribute="genre", value="Drama"), strength=1.0)
    audience = audiences.changed(context, (change,))
    for member in context.choice.members:
        moved = audiences.user_vectors(member, audience, context.weight)
        np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.linalg.norm(member.users, axis=1), rtol=1e-12)
        unit = member.movies / np.linalg.norm(member.movies, axis=1, keepdims=True)
        direction = unit[drama].mean(axis=0) - unit[~drama].mean(axis=0)
        before, after = member.users @ direction, moved @ direction
        assert after.mean() - before.mean() > 0.5 * before.std()  # less than 1 SD, because norms are kept


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("arrivals", "tolerance"), [("as_usual", 0.03), ("none", 0.25)])
def test_estimated_leave_one_out_is_near_the_simulated(seed: int, arrivals: s.Arrivals, tolerance: float):
    """Within a few per cent of the offer's hours; within a quarter where nothing else arrives on a service as small as this,
    which loses half of its viewing in the four months."""
    context = builders.renewing(builders.context(seed=seed))
    several = tuple(c.Acquire(offer=f"o{k:02d}", launch_month=1 + k % 3) for k in range(4))
    for changes in (several, several[:1]):
        question = Question.of(context, s.Scenario(name="x", changes=changes, horizon_months=HORIZON, arrivals=arrivals))
        found = counterfactuals.simulate(question, 0, leave_one_out="both")
        for k, offer in enumerate(question.catalogue.offers):
            gross = found.projected.tracked_views[k].sum() * offer.hours_per_view
            missed = found.without_offer[k].hours.sum() - found.projected.left_out_hours[k].sum()
            assert abs(missed) <= tolerance * gross
            earned = found.without_offer[k].revenue.sum() - found.projected.left_out_earned[:, k].sum()
            assert abs(earned) <= tolerance * found.projected.revenue.sum()


def test_ranges_of_an_offer_are_those_of_simulated_counterfactuals():
    context = builders.renewing(builders.context(n_draws=24))
    asked = s.Scenario(name="x", changes=tuple(c.Acquire(offer=f"o{k:02d}") for k in range(3)), horizon_months=HORIZON)
    found = [counterfactuals.simulate(Question.of(context, asked), draw) for draw in range(1, 24)]
    for k, offer in enumerate(project(context, asked, draws="all").offers):
        hours = [float((draw.projected.hours - draw.without_offer[k].hours).sum()) for draw in found]
        low, middle, high = np.quantile(hours, [0.1, 0.5, 0.9], method="hazen")
        tolerance = 0.02 * offer.gross_hours.p50
        assert offer.incremental_hours.p10 == pytest.approx(low, abs=tolerance)
        assert offer.incremental_hours.p50 == pytest.approx(middle, abs=tolerance)
        assert offer.incremental_hours.p90 == pytest.approx(high, abs=tolerance)
