"""What must always hold of demand. Numbers are those of the list of invariants."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.choice.model.parameters import ChoiceModel, Member
from recsys.errors import ScenarioError
from recsys.ids import FloatArray
from recsys.projection import catalogue_changes as catalogues
from recsys.projection import counterfactuals
from recsys.projection.context import ProjectionContext
from recsys.projection.demand import simulate
from recsys.projection.nest_sums import NestSums
from recsys.projection.outcome import Outcome, People, TrackedMovies
from recsys.projection.project import project
from recsys.projection.question import Question
from recsys.projection.result import Projection
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.choice.nested_logit import choice_shares
from tests.projection import builders
from tests.properties import cases
from tests.properties.cases import EVERYONE, buying


def run(context: ProjectionContext, scenario: s.Scenario) -> counterfactuals.Counterfactuals:
    """The counterfactuals of a scenario at the point estimate."""
    return counterfactuals.simulate(Question.of(context, scenario), 0)


def inclusive_value(context: ProjectionContext, outcome: Outcome, months: int) -> FloatArray:
    """Inclusive value ln(1 + S) of each user, from the occasions that went to nothing (horizon of one month)."""
    return -np.log(outcome.outside_occasions / (context.weight * context.choice.draws[0].occasions * months))


def figures(projection: Projection) -> FloatArray:
    """Figures of a projection that users see, in one row."""
    ranges = [
        projection.acquisition_effect.hours,
        projection.acquisition_effect.value,
        projection.audience_effect.hours,
        projection.audience_effect.value,
        projection.npv,
        projection.gross_hours,
        *(r for offer in projection.offers for r in (offer.views, offer.incremental_hours, offer.npv, offer.max_bid)),
    ]
    totals = [projection.baseline, projection.projected]
    return np.array(
        [world.hours for world in totals]
        + [world.revenue for world in totals]
        + [world.active_users for world in totals]
        + [value for r in ranges for value in (r.p10, r.p50, r.p90)]
    )


def same_figures(one: Projection, other: Projection, tolerance: float = 1e-9) -> None:
    scale = max(1.0, one.baseline.hours)
    np.testing.assert_allclose(figures(one), figures(other), rtol=tolerance, atol=tolerance * scale)


@given(cases.bases, cases.horizons)
def test_01_an_empty_scenario_is_the_baseline_bit_for_bit(context: ProjectionContext, horizon: int):
    answer = project(context, buying((), horizon=horizon), draws="all")
    assert answer.projected == answer.baseline
    assert answer.monthly_projected_hours == answer.monthly_baseline_hours
    zero = [answer.audience_effect, answer.acquisition_effect, answer.total_effect]
    assert all((r.p10, r.p50, r.p90) == (0.0, 0.0, 0.0) for effect in zero for r in (effect.hours, effect.value))


@given(cases.bases, cases.slates, st.lists(cases.audience_changes, max_size=2).map(tuple))
@cases.of_allowed_questions
def test_02_adding_never_lowers_anyones_inclusive_value_and_removing_restores_the_baseline(
    context: ProjectionContext, offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...]
):
    before = project(context, buying((), *changes))
    found = run(cases.nobody_leaves(context), buying(offers, *changes))
    assert (found.projected.outside_occasions <= found.audience_only.outside_occasions * (1 + 1e-12)).all()
    assert project(context, buying((), *changes)) == before


@given(cases.seeds, cases.dissimilarities, cases.offer_ids, cases.slates)
def test_03_marginal_inclusive_value_diminishes(seed: int, dissimilarity: float, offer: str, others: tuple[str, ...]):
    """With ρ = 1 nothing is used up, so that only the catalogue differs."""
    context = cases.nobody_leaves(cases.context(seed, dissimilarity, 1.0))
    rest = tuple(other for other in others if other != offer)
    alone = run(context, buying((offer,), horizon=1))
    added = run(context, buying((offer, *rest), horizon=1))
    without = run(context, buying(rest, horizon=1))
    small = inclusive_value(context, alone.projected, 1) - inclusive_value(context, alone.audience_only, 1)
    large = inclusive_value(context, added.projected, 1) - inclusive_value(context, without.projected, 1)
    assert (large <= small + 1e-9).all()


@pytest.mark.parametrize("dissimilarity", [0.0, -0.5, 1.0001, float("nan")])
def test_03_a_dissimilarity_outside_its_range_is_refused(dissimilarity: float):
    context = builders.with_draw(cases.context(0), dissimilarity=dissimilarity)
    with pytest.raises((ScenarioError, ArithmeticError), match="E_NEST"):
        simulate(
            NestSums.zeros(1, 1),
            dissimilarity=context.choice.draws[0].dissimilarity,
            rewatch=0.0,
            people=person(),
            tracked_movies=nothing(1),
            counterfactuals=[()],
            horizon_months=1,
        )


@given(cases.bases, st.permutations([f"o{k:02d}" for k in range(4)]))
def test_04_the_order_in_which_movies_are_added_does_not_matter(context: ProjectionContext, order: list[str]):
    one, other = project(context, buying(tuple(order))), project(context, buying(tuple(sorted(order))))
    assert replace(one, scenario_hash="") == replace(other, scenario_hash="")


@given(cases.bases, cases.slates, st.lists(cases.audience_changes, max_size=2).map(tuple), st.randoms(use_true_random=False))
@cases.of_allowed_questions
def test_04_the_order_and_the_names_of_rows_and_columns_do_not_matter(
    context: ProjectionContext, offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...], random: object
):
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    users, movies = rng.permutation(context.choice.n_users), rng.permutation(context.choice.n_movies)
    moved = cases.movies_at(cases.users_at(context, users, context.weight[users]), movies)
    same_figures(project(context, buying(offers, *changes)), project(moved, buying(offers, *changes)))
    named = cases.users_at(context, np.arange(60), context.weight, [f"{k * 7919 % 60:05d}x" for k in range(60)])
    same_figures(project(context, buying(offers, *changes)), project(named, buying(offers, *changes)), 0.0)


def person(n: int = 1, occasions: float = 10.0) -> People:
    """Users alike, of a plan without money or end."""
    zero = np.zeros(n)
    return People(
        weight=np.ones(n),
        occasions=np.full(n, occasions),
        occasions_today=np.full(n, occasions),
        joining=zero,
        churn_intercept=zero,
        churn_delta=zero,
        churn_hours_slope=0.0,
        subscription=zero,
        per_hour=zero,
        per_view=zero,
        subscribes=np.zeros(n, dtype=np.bool_),
        subscribed=np.ones(n),
        return_share=0.0,
    )


def nothing(n: int, horizon: int = 1) -> TrackedMovies:
    return movies_of(np.zeros((0, n)), np.zeros(0, dtype=np.int64), horizon)


def movies_of(utility: FloatArray, nests: np.ndarray, horizon: int = 1) -> TrackedMovies:
    """TrackedMovies without a launch curve, of one hour each, that nobody has watched."""
    return TrackedMovies(
        utility=utility,
        unwatched=np.ones_like(utility),
        hours_per_view=np.ones(len(utility)),
        nests=nests,
        curve=np.zeros((len(utility), horizon)),
    )


def month(utility: FloatArray, nests: np.ndarray, dissimilarity: float, present: list[int], rewatch: float = 1.0) -> Outcome:
    """One month of a catalogue that consists of tracked movies alone."""
    n = utility.shape[1]
    width = int(nests.max()) + 1
    return simulate(
        NestSums.zeros(n, width),
        dissimilarity=dissimilarity,
        rewatch=rewatch,
        people=person(n),
        tracked_movies=movies_of(utility, nests),
        counterfactuals=[present],
        horizon_months=1,
    )[0]


def utilities(n_movies: int = 4) -> st.SearchStrategy[FloatArray]:
    """float64[n_movies, 3]"""
    row = st.lists(st.floats(-6, 4), min_size=3, max_size=3)
    return st.lists(row, min_size=n_movies, max_size=n_movies).map(np.array)


NESTS = np.array([0, 0, 1, 1])


@given(cases.bases)
def test_05_a_movie_that_nobody_can_see_changes_nothing(context: ProjectionContext):
    prepared = Question.of(context, buying(("o00", "o01"), horizon=4)).under(0)
    unseen = prepared.with_appeal(np.array([0.0, -np.inf]))
    with_it, without_it = unseen.simulate([(0, 1), (0,)])
    np.testing.assert_allclose(with_it.hours, without_it.hours, rtol=1e-6)
    assert with_it.tracked_views[1].tolist() == [0.0] * 4


@given(utilities(1), cases.dissimilarities)
def test_05_identical_movies_get_identical_shares(utility: FloatArray, dissimilarity: float):
    for nests in (np.array([0, 0]), np.array([0, 1])):
        found = month(np.vstack([utility, utility]), nests, dissimilarity, [0, 1], rewatch=0.1)
        assert found.user_tracked_views[0].tolist() == found.user_tracked_views[1].tolist()


@given(cases.bases, cases.slates)
def test_06_shares_lie_between_0_and_1_and_sum_with_the_outside_option(context: ProjectionContext, offers: tuple[str, ...]):
    found = run(cases.nobody_leaves(context), buying(offers, horizon=3))
    occasions = 3 * context.choice.draws[0].occasions
    assert (found.projected.user_tracked_views >= 0).all()
    assert (found.projected.user_tracked_views <= occasions).all()
    assert (found.projected.outside_occasions >= 0).all()
    inside = catalogue_views(found) + found.projected.user_tracked_views.sum(axis=0)
    np.testing.assert_allclose((inside + found.projected.outside_occasions) / occasions, 1.0, rtol=0, atol=1e-12)


def catalogue_views(found: counterfactuals.Counterfactuals) -> FloatArray:
    """Views of catalogue movies by user, from the factors that victims are computed with."""
    parts = found.question.availability.parts
    return sum((factor * part.nest_sum).sum(axis=1) for factor, part in zip(found.projected.part_factor, parts, strict=True))


@given(utilities(), cases.dissimilarities, st.floats(-3, 3))
def test_07_a_constant_added_to_everything_leaves_shares_unchanged(utility: FloatArray, dissimilarity: float, constant: float):
    plain = choice_shares(utility.T, NESTS, dissimilarity)
    moved = choice_shares(utility.T + constant, NESTS, dissimilarity, outside=constant)
    np.testing.assert_allclose(moved, plain, rtol=1e-12)
    own = month(utility, NESTS, dissimilarity, [0, 1, 2, 3]).user_tracked_views.T / 10.0
    np.testing.assert_allclose(own, plain, rtol=1e-11)


@given(utilities(), cases.dissimilarities, st.floats(0.01, 3))
def test_08_raising_a_movies_utility_raises_its_own_share_and_no_other(utility: FloatArray, dissimilarity: float, more: float):
    raised = utility.copy()
    raised[0] += more
    before = month(utility, NESTS, dissimilarity, [0, 1, 2, 3]).user_tracked_views
    after = month(raised, NESTS, dissimilarity, [0, 1, 2, 3]).user_tracked_views
    assert (after[0] > before[0]).all()
    assert (after[1:] <= before[1:] * (1 + 1e-12)).all()


@given(utilities())
def test_09_with_a_dissimilarity_of_1_the_odds_of_two_movies_do_not_depend_on_a_third(utility: FloatArray):
    three = month(utility, NESTS, 1.0, [0, 1, 2]).user_tracked_views
    two = month(utility, NESTS, 1.0, [0, 1]).user_tracked_views
    np.testing.assert_allclose(three[0] / three[1], two[0] / two[1], rtol=1e-10)


@given(st.floats(-4, 3), st.floats(-4, 3), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_10_a_clone_takes_more_from_its_twin_as_the_dissimilarity_falls(twin: float, other: float, one: float, two: float):
    """And what it adds never exceeds what it would add in a plain logit."""
    utility = np.array([[twin], [twin], [other]])
    nests = np.array([0, 0, 1])

    def outcome(dissimilarity: float) -> tuple[float, float]:
        before = month(utility, nests, dissimilarity, [0, 2])
        after = month(utility, nests, dissimilarity, [0, 1, 2])
        lost = before.user_tracked_views[0, 0] - after.user_tracked_views[0, 0]
        return lost, float(after.views[0] - before.views[0])

    (lost_low, added_low), (lost_high, added_high) = outcome(min(one, two)), outcome(max(one, two))
    assert lost_low >= lost_high - 1e-12
    assert added_low <= added_high + 1e-12
    assert added_high <= outcome(1.0)[1] + 1e-12


@given(cases.bases, cases.slates)
def test_11_gross_is_incremental_plus_what_others_lose(context: ProjectionContext, offers: tuple[str, ...]):
    found = run(context, buying(offers))
    catalogue = catalogues.changed(context, buying(offers).catalogue, 4)
    hours_each = np.array(catalogue.hours_per_view(context))
    lost = lost_hours(context, found)
    for k, without in enumerate(found.without_offer):
        gross = found.projected.tracked_views[k].sum() * hours_each[k]
        incremental = (found.projected.hours - without.hours).sum()
        others = (without.tracked_views - found.projected.tracked_views).sum(axis=1) * hours_each
        cannibalised = lost[k].sum() + np.delete(others, k).sum()
        assert incremental + cannibalised == pytest.approx(gross, rel=1e-9)


@given(cases.bases, cases.slates)
def test_11_what_the_offer_gains_the_catalogue_and_the_outside_option_lose(context: ProjectionContext, offers: tuple[str, ...]):
    """In views: every movie lasts an hour."""
    hourly = cases.with_choice(context, lambda choice: replace(choice, hours_per_view=np.ones(choice.n_movies)))
    found = run(hourly, buying(offers))
    lost = lost_hours(hourly, found)
    for k, without in enumerate(found.without_offer):
        gained = found.projected.tracked_views[k].sum()
        others = np.delete((without.tracked_views - found.projected.tracked_views).sum(axis=1), k).sum()
        outside = (without.outside - found.projected.outside).sum()
        assert lost[k].sum() + others + outside == pytest.approx(gained, rel=1e-9)


def lost_hours(context: ProjectionContext, found: counterfactuals.Counterfactuals) -> FloatArray:
    return found.question.hours_lost(after=found.projected, before=found.without_offer)


@given(cases.bases, cases.slates, st.lists(cases.audience_changes, max_size=2).map(tuple))
@cases.of_allowed_questions
def test_12_every_user_twice_at_half_weight_changes_nothing(
    context: ProjectionContext, offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...]
):
    rows = np.repeat(np.arange(60), 2)
    ids = [f"{context.choice.user_ids.ids[row]}-{k % 2}" for k, row in enumerate(rows)]
    doubled = cases.users_at(context, rows, np.full(120, 0.5), ids)
    same_figures(project(context, buying(offers, *changes)), project(doubled, buying(offers, *changes)))


@given(cases.bases, cases.slates)
def test_12_a_partition_into_segments_sums_to_the_whole_and_an_empty_one_adds_nothing(
    context: ProjectionContext, offers: tuple[str, ...]
):
    empty = replace(context.personas.personas[0], name="nobody", size=0)
    wider = replace(context, personas=replace(context.personas, personas=(*context.personas.personas, empty)))
    for offer in project(wider, buying(offers)).offers:
        assert sum(part.hours for part in offer.segments) == pytest.approx(offer.incremental_hours.p50, rel=1e-9, abs=1e-9)
        assert {part.name: part.hours for part in offer.segments}["nobody"] == 0.0


@given(cases.bases, cases.slates, st.floats(0.1, 10))
def test_13_weights_scale_hours_and_value(context: ProjectionContext, offers: tuple[str, ...], factor: float):
    plain = project(context, buying(offers))
    scaled = project(replace(context, weight=context.weight * factor), buying(offers))
    assert scaled.baseline.hours == pytest.approx(factor * plain.baseline.hours, rel=1e-12)
    assert scaled.acquisition_effect.hours.p50 == pytest.approx(factor * plain.acquisition_effect.hours.p50, rel=1e-9, abs=1e-9)
    assert scaled.acquisition_effect.value.p50 == pytest.approx(factor * plain.acquisition_effect.value.p50, rel=1e-9, abs=1e-9)


@given(cases.bases, cases.slates, st.lists(cases.audience_changes, max_size=2).map(tuple), cases.seeds, st.floats(0.2, 5))
@cases.of_allowed_questions
def test_14_neither_a_rotation_nor_a_scale_of_the_spaces_changes_anything(
    context: ProjectionContext, offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...], seed: int, scale: float
):
    dim = context.choice.members[0].users.shape[1]
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))[0]

    def turned(member: Member) -> Member:
        return Member(
            users=member.users @ turn * scale, movies=member.movies @ turn / scale, cold_map=member.cold_map @ turn / scale
        )

    plain, other = context.choice.members[0], turned(context.choice.members[0])
    np.testing.assert_allclose(other.users @ other.movies.T, plain.users @ plain.movies.T, rtol=0, atol=1e-9)
    moved = cases.with_members(context, turned)
    same_figures(project(context, buying(offers, *changes)), project(moved, buying(offers, *changes)))


@given(cases.seeds, cases.dissimilarities, cases.slates, st.sampled_from([0.0, 0.1, 0.7]), st.floats(1, 30))
def test_15_nobody_watches_a_movie_for_the_first_time_twice_nor_more_than_their_occasions(
    seed: int, dissimilarity: float, offers: tuple[str, ...], rewatch: float, busier: float
):
    context = cases.context(seed, dissimilarity, rewatch)

    def liked(choice: ChoiceModel) -> ChoiceModel:
        draws = tuple(
            replace(one, cold_appeal_coefficients=one.cold_appeal_coefficients + np.eye(6)[0] * 3) for one in choice.draws
        )
        return replace(choice, draws=draws)

    eager = cases.with_choice(context, liked)
    found = run(eager, buying(offers, c.ScaleActivity(segment=EVERYONE, factor=busier), horizon=6))
    occasions = 6 * busier * context.choice.draws[0].occasions
    first = 1.0 - found.projected.still_unwatched
    assert ((first >= 0) & (first <= 1)).all()
    assert (found.projected.user_tracked_views.sum(axis=0) <= occasions * (1 + 1e-12)).all()
    again = found.projected.user_tracked_views - first
    # Once watched, a movie comes up as if its odds were ρ times (inside its nest ρ^(1/λ) times) what they were.
    assert (again >= -1e-3).all()
    assert (again <= rewatch * occasions / max(rewatch, 0.1) + 1e-3).all()
    if rewatch == 0:
        assert (found.projected.user_tracked_views <= 1 + 1e-3).all()


@given(cases.bases, cases.segments, st.floats(0.5, 2), cases.slates)
def test_16_a_resize_and_its_inverse_is_the_baseline(
    context: ProjectionContext, segment: c.Segment, factor: float, offers: tuple[str, ...]
):
    there = c.ResizeSegment(segment=segment, factor=factor)
    back = c.ResizeSegment(segment=segment, factor=1 / factor)
    same_figures(project(context, buying(offers, there, back)), project(context, buying(offers)), 1e-12)


@given(cases.bases, cases.segments, cases.slates)
def test_16_a_shift_of_strength_0_is_the_identity(context: ProjectionContext, segment: c.Segment, offers: tuple[str, ...]):
    still = c.ShiftTaste(segment=segment, towards=c.TowardsAttribute(attribute="genre", value="Drama"), strength=0.0)
    one, other = project(context, buying(offers, still)), project(context, buying(offers))
    assert replace(one, scenario_hash="") == replace(other, scenario_hash="")
