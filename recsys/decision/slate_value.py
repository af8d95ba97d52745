"""What a set of offers is worth together: its NPV, by the engine and not by adding up its parts.

For searches, which compare hundreds of sets: each is run once, as quickly as a draw among many, at the point estimate with the
offers' appeal raised so that their odds are the expected ones (:func:`recsys.projection.cold_start_offers.expected_shift`), and
remembered. That is close to the expected NPV, not equal to it; what is shown of the set that is chosen is projected under every
draw.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from recsys.errors import DataError
from recsys.projection import audience_changes as audiences
from recsys.projection import catalogue_changes as catalogues
from recsys.projection.availability import shelf
from recsys.projection.cold_start_offers import Offer, expected_shift
from recsys.projection.context import ProjectionContext
from recsys.projection.demand import simulate
from recsys.projection.economics import cost_flow, net_present_value
from recsys.projection.outcome import Extras, Outcome, People, Shelf
from recsys.scenario.changes import Acquire, ShiftLaunch
from recsys.scenario.scenario import DEFAULT_HORIZON_MONTHS, Scenario

Tell = Callable[[int], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Worth:
    """About the expected NPV of sets of offers, for the audience and the other catalogue changes of a scenario."""

    context: ProjectionContext
    scenario: Scenario
    """The question around the slate; its own acquisitions only give terms."""
    offers: tuple[Offer, ...]
    """Every offer of the table, in the order of ids."""
    _extras: Extras
    _tracked: tuple[int, ...]
    _people: People
    _shelf: Shelf
    _baseline: Outcome
    _known: dict[frozenset[int], "Ran"]
    _tell: Tell

    def npv(self, chosen: Iterable[int]) -> float:
        """NPV of these offers (positions in ``offers``) bought together."""
        return self.of(chosen).npv

    def of(self, chosen: Iterable[int]) -> "Ran":
        """What these offers (positions in ``offers``) do together."""
        key = frozenset(chosen)
        if key not in self._known:
            self._known[key] = self._run(sorted(key)) if key else Ran(npv=0.0, gross_hours=0.0, incremental_hours=0.0)
            self._tell(self.n_runs)
        return self._known[key]

    @property
    def n_runs(self) -> int:
        """Sets that have been run."""
        return len(self._known)

    def committed(self, chosen: Iterable[int]) -> float:
        """What has to be paid whatever happens, currency: fees, dubbing, delivery and marketing, without royalties."""
        return float(sum(fixed_cost(self.offers[k]) for k in sorted(chosen)))

    def _run(self, chosen: list[int]) -> "Ran":
        followed = _some(self._extras, [*chosen, *self._tracked])
        outcome = _simulate(self.context, self._shelf, self._people, followed)
        rate = self.context.economics.discount_rate.value
        flow = np.concatenate([[0.0], outcome.revenue - self._baseline.revenue])
        for place, k in enumerate(chosen):
            flow -= cost_flow(self.offers[k].terms, outcome.extra_views[place])
        views = outcome.extra_views[: len(chosen)].sum(axis=1)
        return Ran(
            npv=net_present_value(flow, rate),
            gross_hours=float(sum(views[place] * self.offers[k].hours_per_view for place, k in enumerate(chosen))),
            incremental_hours=float(np.sum(outcome.hours - self._baseline.hours)),
        )


@dataclass(frozen=True, kw_only=True)
class Ran:
    """About what a set of offers is expected to do over the horizon."""

    npv: float
    gross_hours: float
    incremental_hours: float


def fixed_cost(offer: Offer) -> float:
    """Fee, dubbing, delivery and marketing of an offer, currency, not discounted."""
    terms = offer.terms
    return terms.fee + terms.dubbing_cost + terms.delivery_cost + terms.marketing_cost


def _silent(n_runs: int) -> None:
    """Nobody wants to know."""


def worth(context: ProjectionContext, scenario: Scenario | None = None, tell: Tell = _silent) -> Worth:
    """Make ready to value slates from all offers of the table.

    Parameters
    ----------
    scenario : the audience and the other catalogue changes around the slate; where it acquires an offer, its terms are used.
        None asks about today's service, for as long as the longest licence on offer
    tell : told how many sets have been run, after each

    Raises
    ------
    DataError  E_NO_OFFERS: the workspace has none
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    if not len(context.offers):
        raise DataError.of("E_NO_OFFERS", "this workspace holds no offers.", "Import an offers table.")
    asked = scenario or Scenario(name="slate", horizon_months=longest_licence(context))
    horizon = asked.horizon_months
    stated = {change.offer: change for change in asked.catalogue if isinstance(change, Acquire)}
    every = [stated.get(name, Acquire(offer=name)) for name in context.offer_ids.ids]
    others = [change for change in asked.catalogue if not isinstance(change, Acquire)]
    known = set(context.offer_ids.ids)
    unknown = [change for name, change in stated.items() if name not in known]
    catalogue = catalogues.changed(context, (*every, *unknown, *others), horizon)
    audience = audiences.changed(context, asked.audience)
    parameters = context.choice.draws[0]
    users = audiences.vectors(context.choice.members[parameters.member], audience, context.weight)
    standing = shelf(
        context,
        0,
        users=users,
        shifted=audience.shifted_rows,
        tracked=[movie.row for movie in catalogue.tracked],
        horizon_months=horizon,
        licences=asked.licences,
    )
    extras = catalogues.extras(context, 0, catalogue, users, horizon, licences=asked.licences)
    utility = extras.utility.copy()
    utility[: len(catalogue.offers)] += expected_shift(context, catalogue.offers)[:, None]
    extras = replace(extras, utility=utility)
    people = audiences.people(context, audience, parameters, horizon)
    staying = tuple(extra for extra in catalogue.after if extra >= len(catalogue.offers))
    return Worth(
        context=context,
        scenario=asked,
        offers=catalogue.offers,
        _extras=extras,
        _tracked=staying,
        _people=people,
        _shelf=standing,
        _baseline=_simulate(context, standing, people, _some(extras, list(staying))),
        _known={},
        _tell=tell,
    )


MOST_MONTHS = 36
"""Beyond it a forecast for today's service says nothing."""


def longest_licence(context: ProjectionContext, offers: Iterable[str] | None = None) -> int:
    """Months that the longest licence among these offers (all by default) runs, from a usual year to ``MOST_MONTHS``.

    A fee pays for the whole licence, so what it brings is counted as long.
    """
    if "window_months" not in context.offers:
        return DEFAULT_HORIZON_MONTHS
    table = context.offers if offers is None else context.offers[context.offers["movie_id"].isin(list(offers))]
    longest = table["window_months"].max()
    return int(min(max(longest, DEFAULT_HORIZON_MONTHS), MOST_MONTHS)) if longest > 0 else DEFAULT_HORIZON_MONTHS


def _some(extras: Extras, which: list[int]) -> Extras:
    return Extras(
        utility=extras.utility[which],
        unwatched=extras.unwatched[which],
        hours_per_view=extras.hours_per_view[which],
        nests=extras.nests[which],
        curve=extras.curve[which],
    )


def _simulate(context: ProjectionContext, shelf: Shelf, people: People, extras: Extras) -> Outcome:
    parameters = context.choice.draws[0]
    return simulate(
        shelf,
        dissimilarity=parameters.dissimilarity,
        rewatch=parameters.rewatch,
        people=people,
        extras=extras,
        worlds=[range(len(extras))],
        horizon_months=extras.curve.shape[1],
        careful=False,
        by_user=False,
    )[0]


def with_slate(scenario: Scenario, chosen: Iterable[str]) -> Scenario:
    """The scenario with exactly these offers bought, at the terms it states."""
    wanted = list(chosen)
    stated = {change.offer: change for change in scenario.catalogue if isinstance(change, Acquire)}
    kept = [
        change
        for change in scenario.changes
        if not isinstance(change, Acquire) and not (isinstance(change, ShiftLaunch) and change.offer not in wanted)
    ]
    bought = [stated.get(name, Acquire(offer=name)) for name in wanted]
    return Scenario(
        name=scenario.name, changes=(*kept, *bought), horizon_months=scenario.horizon_months, licences=scenario.licences
    )
