"""A projection: every figure that a buyer sees, with its range. ``lift = scenario − baseline``, in that order."""

from dataclasses import dataclass

from recsys.choice.model.parameters import Estimate
from recsys.scenario.scenario import Arrivals, Joining


@dataclass(frozen=True, kw_only=True)
class Range:
    """A figure over its draws: eight in ten fall between ``p10`` and ``p90``.

    ``mean`` is the expected value, the one estimate that is shown and decided on: expected values add up, as money and hours
    have to. ``p50`` is what half of the draws exceed; it lies lower where a few draws are very high.
    """

    mean: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, kw_only=True)
class ExpectedTotals:
    """Expected totals of one counterfactual over the horizon."""

    hours: float
    views: float
    revenue: float
    """Discounted, in the workspace's currency."""
    active_users: float
    """Subscribers expected at the horizon's end plus users of plans without subscription."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A difference between two counterfactuals."""

    hours: Range
    value: Range
    """Discounted revenue, currency."""


@dataclass(frozen=True, kw_only=True)
class CannibalisedMovie:
    """A catalogue movie that loses viewing to an offer."""

    movie_id: str
    hours: float
    """Hours lost over the horizon (positive)."""


@dataclass(frozen=True, kw_only=True)
class SegmentShare:
    """Who an offer is for: the part of its incremental hours that one persona brings."""

    name: str
    hours: float
    share: float


@dataclass(frozen=True, kw_only=True)
class RevenueBySource:
    """What an offer is expected to bring by where it comes from: discounted, currency. The parts add up to its value."""

    subscriptions: float
    """From subscribers who stay, or come back, because of it."""
    advertising: float
    rentals: float


@dataclass(frozen=True, kw_only=True)
class OfferResult:
    """What one acquired offer does, leave-one-out: the scenario with it against the scenario without it."""

    movie_id: str
    title: str
    views: Range
    gross_hours: Range
    incremental_hours: Range
    cannibalised_hours: Range
    victims: tuple[CannibalisedMovie, ...]
    """Most hours first."""
    cost: float
    """Discounted, expected, currency."""
    npv: Range
    roi: Range | None
    """Its mean is expected NPV over expected cost. None where ``support`` is ``outside``: the figure is withheld."""
    max_bid: Range
    """Licence fee at which NPV = hurdle rate · discounted cost, not below 0; at its mean the expected NPV is."""
    payback_month: int | None
    """When the expected NPV reaches 0. None: not within the horizon."""
    segments: tuple[SegmentShare, ...]
    comparables: tuple[str, ...]
    """Ids of the nearest catalogue movies, nearest first."""
    support: str
    """``inside``, or ``outside`` the data: farther from the catalogue than its movies are from each other."""
    monthly_hours: tuple[Range, ...]
    """Incremental hours, one a month of the horizon."""
    earned: RevenueBySource
    subscribers_kept: float
    """Subscribers more at the horizon's end than without it, expected."""


@dataclass(frozen=True, kw_only=True)
class JoinedPersona:
    """How many people of one persona joined a month in the last year of the data."""

    name: str
    a_month: float
    standard_error: float


@dataclass(frozen=True, kw_only=True)
class Meanwhile:
    """What goes on beside the changes, in the baseline and in the scenario alike."""

    arrivals: Arrivals
    arrivals_last_year: int
    """Movies that came onto the service in the last year of the data: the pace that goes on as usual."""
    joining: Joining
    joined_a_month: float
    """People, over all personas, in the last year of the data: the pace that goes on as usual."""
    joined: tuple[JoinedPersona, ...]
    joined_from: str


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The answer to a scenario. ``roi`` is None, with a warning that says why, where it is withheld or undefined."""

    scenario_name: str
    scenario_hash: str
    run: str
    currency: str
    horizon_months: int
    hurdle_rate: float
    """The return that is asked for: share of cost."""
    simulated: bool
    meanwhile: Meanwhile
    baseline: ExpectedTotals
    projected: ExpectedTotals
    audience_effect: Effect
    acquisition_effect: Effect
    total_effect: Effect
    gross_hours: Range
    """Hours on acquired offers."""
    cannibalised_hours: Range
    cost: float
    """Discounted, expected, currency."""
    fees_saved: float
    """Licence fees of dropped movies that are not paid again, discounted, currency."""
    npv: Range
    """Value of the acquisition effect and fees saved, less cost."""
    roi: Range | None
    prob_above_hurdle: float | None
    payback_month: int | None
    monthly_baseline_hours: tuple[float, ...]
    monthly_projected_hours: tuple[float, ...]
    monthly_cash: tuple[Range, ...]
    """Cumulative discounted NPV of the acquisition, months 0..horizon; ``payback_month`` is where its mean reaches 0."""
    offers: tuple[OfferResult, ...]
    assumptions: tuple[Estimate, ...]
    warnings: tuple[str, ...]
    n_draws: int
    """Draws behind the ranges; 1 means that there is no range (mean = p10 = p50 = p90)."""
