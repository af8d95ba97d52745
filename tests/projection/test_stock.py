"""What is watched is used up, what is not watched stays, and what arrives brings back."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection import counterfactuals, demand_kernel
from recsys.projection.context import ProjectionContext
from recsys.projection.demand import compile_kernel
from recsys.projection.joiners import Joiners
from recsys.projection.outcome import Outcome
from recsys.projection.question import Question
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.choice.utilities import catalogue_utility
from tests.projection import builders
from tests.properties import cases

EVERYONE = c.Everyone()
MONTHS = 6


def service(seed: int = 0, **choice: float) -> ProjectionContext:
    """A service that nobody leaves, with movies enough for half a year."""
    made = builders.context(80, 200, seed=seed, **choice)
    return cases.nobody_leaves(builders.with_draw(made, depletion=1.0, launch_curve=np.zeros(1)))


def lived(context: ProjectionContext, *changes: c.Change, arrivals: s.Arrivals = "none", horizon: int = MONTHS) -> Outcome:
    """The counterfactual with all changes at the point estimate."""
    asked = s.Scenario(name="x", changes=changes, horizon_months=horizon, arrivals=arrivals, joining="none")
    return counterfactuals.simulate(Question.of(context, asked), 0).projected


def movie_by_movie(context: ProjectionContext, *, busier: float = 1.0, dropped: tuple[int, ...] = ()) -> FloatArray:
    """Hours of each month where every user's every movie is followed by itself, in steps of a sixtieth of a month."""
    choice, draw = context.choice, context.choice.draws[0]
    people = audiences.people(context, audiences.current(context), draw)
    kept, lam = draw.rewatch ** (1 / draw.dissimilarity), draw.dissimilarity
    seen = np.zeros((choice.n_users, choice.n_movies), dtype=bool)
    for user in range(choice.n_users):
        seen[user, choice.watched_indices[choice.watched_indptr[user] : choice.watched_indptr[user + 1]]] = True
    utility = catalogue_utility(choice, draw, slice(0, choice.n_users))
    weight = np.exp(utility / lam) / np.where(seen, kept, 1.0)
    weight[:, list(dropped)] = 0.0
    left = np.where(seen, 0.0, 1.0)
    in_nest = np.stack([choice.nests == nest for nest in range(len(choice.nest_names))], axis=1).astype(float)
    hours, steps = np.zeros(MONTHS), 60
    for month in range(MONTHS):
        for _ in range(steps):
            now = weight * (kept + (1 - kept) * left)
            worth = now @ in_nest
            power = np.where(worth > 0, worth, 1.0) ** lam * (worth > 0)
            each = power / np.where(worth > 0, worth, 1.0) / (1 + power.sum(axis=1, keepdims=True))
            spent = (people.occasions[:, None] * busier / steps * each) @ in_nest.T
            hours[month] += people.weight @ ((now * spent) @ choice.hours_per_view)
            left = left * np.exp(-weight * spent)
    return hours


@pytest.mark.parametrize("seed", range(3))
def test_two_figures_a_nest_stand_for_every_movie_in_it(seed: int):
    """Over half a year in which viewing falls by an eighth to a fifth: viewing within 2.5 %, what more activity adds within 5 %,
    and what fewer movies take within a five-hundredth of viewing."""
    context = service(seed)
    watched = np.bincount(context.choice.watched_indices, minlength=context.choice.n_movies) * context.choice.available
    most = tuple(np.argsort(-watched)[:5].tolist())
    drops = [c.Drop(movie=str(context.choice.movie_ids.ids[row])) for row in most]
    now, slow = lived(context).hours, movie_by_movie(context)
    assert slow[-1] < 0.9 * slow[0]
    assert now.sum() == pytest.approx(slow.sum(), rel=0.025)
    more = lived(context, c.ScaleActivity(segment=EVERYONE, factor=1.4)).hours.sum() - now.sum()
    assert more == pytest.approx(movie_by_movie(context, busier=1.4).sum() - slow.sum(), rel=0.05)
    fewer = lived(context, *drops).hours.sum() - now.sum()
    assert fewer < 0
    assert fewer == pytest.approx(movie_by_movie(context, dropped=most).sum() - slow.sum(), abs=0.002 * slow.sum())


def test_the_kernel_is_compiled_once_for_every_question():
    """A second form would let somebody wait for the compiler."""
    compile_kernel()
    made = builders.renewing(builders.loaded())
    for changes in ((c.Acquire(offer="o00"), c.Acquire(offer="o01")), (c.Drop(movie="m0004"),), ()):
        for arrivals in ("as_usual", "none"):
            question = Question.of(made, s.Scenario(name="x", changes=changes, horizon_months=len(changes), arrivals=arrivals))
            counterfactuals.simulate(question, 0, leave_one_out="both")
    assert len(demand_kernel.run.signatures) == 1


@pytest.mark.parametrize("arrivals", ["as_usual", "none"])
def test_33_where_nothing_is_watched_nothing_is_used_up(arrivals: s.Arrivals):
    made = builders.renewing(service())
    idle = builders.with_draw(made, occasions=np.zeros(made.choice.n_users))
    assert lived(idle, arrivals=arrivals).left == pytest.approx(1.0, abs=1e-12)


def test_33_where_movies_arrive_as_they_did_an_unchanged_service_stays_as_it_is():
    found = lived(builders.renewing(service(rewatch=0.05)), arrivals="as_usual", horizon=12)
    np.testing.assert_allclose(found.hours, found.hours[0], rtol=1e-9)
    np.testing.assert_allclose(found.left, 1.0, rtol=1e-9)


def test_as_usual_means_nothing_where_nothing_came_in_a_year():
    context = service()
    assert (lived(context, arrivals="as_usual").hours == lived(context, arrivals="none").hours).all()


@pytest.mark.parametrize("seed", range(3))
def test_33_where_nothing_arrives_and_nobody_joins_viewing_never_rises(seed: int):
    hours = lived(builders.with_draw(service(seed), launch_curve=np.array([0.8, 0.4, 0.0]))).hours
    assert (np.diff(hours) < 0).all()


def test_33_more_left_never_lowers_anyones_viewing():
    """Who has watched nothing yet has more left than who has watched some of it."""
    context = service()
    fresh = replace(
        context,
        choice=replace(
            context.choice,
            watched_indptr=np.zeros_like(context.choice.watched_indptr),
            watched_indices=context.choice.watched_indices[:0],
        ),
    )
    more, less = lived(fresh), lived(context)
    assert (more.outside_occasions <= less.outside_occasions * (1 + 1e-12)).all()


def test_more_activity_runs_down_what_there_is():
    """Twice the occasions are less than twice the viewing, and ever less."""
    ratio = lived(service(), c.ScaleActivity(segment=EVERYONE, factor=2.0)).hours / lived(service()).hours
    assert (ratio < 2.0).all()
    assert (np.diff(ratio) < 0).all()


def test_what_an_offer_takes_from_the_catalogue_is_left_for_later():
    context = service()
    with_it, without = lived(context, c.Acquire(offer="o00", window_months=2)), lived(context)
    assert (with_it.left >= without.left - 1e-12).all()
    assert (with_it.hours[2:] > without.hours[2:]).all()


def test_faster_depletion_uses_more_up():
    slow, fast = (lived(builders.with_draw(service(), depletion=factor)) for factor in (1.0, 2.0))
    assert (fast.hours < slow.hours).all()
    assert (fast.left <= slow.left).all()


def test_people_who_join_watch_too():
    """Each of 80 users joined with a chance of a tenth a month of late; unless the scenario says that nobody does."""
    measured = Joiners(a_month=np.full(80, 0.1), variance=np.zeros(80), watched_of_late=np.ones(80, dtype=bool), source="made up")
    context = replace(service(), subscribed=np.ones(80), joiners=measured)
    asked = s.Scenario(name="x", horizon_months=3)
    hours = [
        counterfactuals.simulate(Question.of(context, replace(asked, joining=joining)), 0).baseline.hours
        for joining in ("as_usual", "none")
    ]
    np.testing.assert_allclose(hours[0] / hours[1], [1.0, 1.1, 1.2], rtol=1e-9)
