"""The value of a set of offers together: its NPV, simulated and not added up from its parts.

For searches, which compare hundreds of sets: each is simulated once, as coarsely as a draw among many, at the point estimate with
the offers' appeal raised so that their odds are the expected ones
(:func:`recsys.projection.cold_start_offers.expected_appeal_shift`), and remembered. That is close to the expected NPV, not equal
to it; what is shown of the set that is chosen is projected under every draw.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from recsys.errors import DataError
from recsys.progress import Progress, ReportProgress, silent
from recsys.projection.cold_start_offers import Offer, expected_appeal_shift
from recsys.projection.context import ProjectionContext
from recsys.projection.economics import cost_flow, net_present_value
from recsys.projection.outcome import Outcome
from recsys.projection.question import PreparedQuestion, Question
from recsys.scenario.changes import Acquire, ShiftLaunch
from recsys.scenario.scenario import DEFAULT_HORIZON_MONTHS, Scenario


@dataclass(frozen=True, kw_only=True)
class SlateValue:
    """About what a set of offers is expected to do over the horizon."""

    npv: float
    gross_hours: float
    incremental_hours: float


@dataclass(frozen=True, eq=False, kw_only=True)
class SlateValuer:
    """Values sets of offers, for the audience and the other catalogue changes of a scenario; each set is simulated once."""

    scenario: Scenario
    """The question around the slate; its own acquisitions only give terms."""
    offers: tuple[Offer, ...]
    """Every offer of the table, in the order of ids."""
    _question: PreparedQuestion
    _others: tuple[int, ...]
    """Tracked movies that are not offers, in every set alike."""
    _baseline: Outcome
    _known: dict[frozenset[int], SlateValue]
    _progress: ReportProgress

    def npv(self, chosen: Iterable[int]) -> float:
        """NPV of these offers (positions in ``offers``) bought together."""
        return self.of(chosen).npv

    def of(self, chosen: Iterable[int]) -> SlateValue:
        """What these offers (positions in ``offers``) do together."""
        key = frozenset(chosen)
        if key not in self._known:
            self._known[key] = (
                self._simulated(sorted(key)) if key else SlateValue(npv=0.0, gross_hours=0.0, incremental_hours=0.0)
            )
            self._progress(Progress.of(self.n_runs, 0))
        return self._known[key]

    @property
    def n_runs(self) -> int:
        """Sets that have been simulated."""
        return len(self._known)

    def committed(self, chosen: Iterable[int]) -> float:
        """What has to be paid whatever happens, currency: fees, dubbing, delivery and marketing, without royalties."""
        return float(sum(fixed_cost(self.offers[k]) for k in sorted(chosen)))

    def _simulated(self, chosen: list[int]) -> SlateValue:
        outcome = _outcome(self._question, [*chosen, *self._others])
        rate = self._question.context.economics.discount_rate.value
        flow = np.concatenate([[0.0], outcome.revenue - self._baseline.revenue])
        for place, k in enumerate(chosen):
            flow -= cost_flow(self.offers[k].terms, outcome.tracked_views[place])
        views = outcome.tracked_views[: len(chosen)].sum(axis=1)
        return SlateValue(
            npv=net_present_value(flow, rate),
            gross_hours=float(sum(views[place] * self.offers[k].hours_per_view for place, k in enumerate(chosen))),
            incremental_hours=float(np.sum(outcome.hours - self._baseline.hours)),
        )


def fixed_cost(offer: Offer) -> float:
    """Fee, dubbing, delivery and marketing of an offer, currency, not discounted."""
    terms = offer.terms
    return terms.fee + terms.dubbing_cost + terms.delivery_cost + terms.marketing_cost


def slate_valuer(context: ProjectionContext, scenario: Scenario | None = None, progress: ReportProgress = silent) -> SlateValuer:
    """Prepare to value slates from all offers of the table.

    Parameters
    ----------
    scenario : the audience and the other catalogue changes around the slate; where it acquires an offer, its terms are used.
        None asks about today's service, for as long as the longest licence on offer
    progress : told how many sets have been simulated, after each

    Raises
    ------
    DataError  E_NO_OFFERS: the workspace has none
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    if not len(context.offers):
        raise DataError.of("E_NO_OFFERS", "this workspace holds no offers.", "Import an offers table.")
    asked = scenario or Scenario(name="slate", horizon_months=longest_licence(context))
    stated = {change.offer: change for change in asked.catalogue if isinstance(change, Acquire)}
    every = [stated.get(name, Acquire(offer=name)) for name in context.offer_ids.ids]
    others = [change for change in asked.changes if not isinstance(change, Acquire)]
    known = set(context.offer_ids.ids)
    unknown = [change for name, change in stated.items() if name not in known]
    question = Question.of(context, replace(asked, changes=(*every, *unknown, *others)))
    catalogue = question.catalogue
    prepared = question.under(0)
    appeal = np.zeros(len(prepared.tracked_movies))
    appeal[: len(catalogue.offers)] = expected_appeal_shift(context, catalogue.offers)
    prepared = prepared.with_appeal(appeal)
    beside = tuple(position for position in catalogue.after if position not in catalogue.offer_positions)
    return SlateValuer(
        scenario=asked,
        offers=catalogue.offers,
        _question=prepared,
        _others=beside,
        _baseline=_outcome(prepared, beside),
        _known={},
        _progress=progress,
    )


def _outcome(question: PreparedQuestion, positions: Iterable[int]) -> Outcome:
    """Totals of the counterfactual with these tracked movies."""
    chosen = question.tracking(list(positions))
    return chosen.simulate([range(len(chosen.tracked_movies))], precision="coarse", detail="totals")[0]


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
    return replace(scenario, changes=(*kept, *bought))
