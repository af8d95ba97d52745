"""Support of the data: what a scenario assumes beyond it is warned of, and its ROI withheld."""

from recsys.errors import Finding, RecsysError
from recsys.projection.cold_start_offers import Offer, resolve_offer
from recsys.projection.context import ProjectionContext, load_projection_context
from recsys.scenario.changes import (
    Acquire,
    ContinueDrift,
    ResizeSegment,
    ScaleActivity,
    ShiftTaste,
)
from recsys.scenario.scenario import Scenario
from recsys.tables.limits import SHOWN_ROWS
from recsys.workspace import Workspace

LEAST_FACTOR = 2.0
MOST_FACTOR = 5.0
MOST_STRENGTH = 2.33
"""Standard deviations: one user in a hundred of the segment lies as far out today."""


def largest_change(context: ProjectionContext) -> float:
    """By what factor the audience of a persona has changed within the data: the most that a resize can rest on.

    The first and the last month are left out where there are more than three, since they may be cut. Between
    ``LEAST_FACTOR`` (a doubling is always answered) and ``MOST_FACTOR`` (small personas jump by chance).
    """
    largest = LEAST_FACTOR
    for persona in context.personas.personas:
        counts = [users for _, users in persona.monthly_active]
        if len(counts) > 3:
            counts = counts[1:-1]
        seen = [users for users in counts if users > 0]
        if seen:
            largest = max(largest, max(seen) / min(seen))
    return min(largest, MOST_FACTOR)


def audience_outside_support(context: ProjectionContext, scenario: Scenario) -> tuple[str, ...]:
    """What the scenario does to the audience that history has not seen, one sentence each."""
    limit = largest_change(context)
    n_months = max((len(persona.monthly_active) for persona in context.personas.personas), default=0)
    beyond = []
    for change in scenario.audience:
        match change:
            case ResizeSegment(factor=factor) | ScaleActivity(factor=factor) if not 1.0 / limit <= factor <= limit:
                beyond.append(f"a factor of {factor:g}, where no audience in the data has changed by more than {limit:.1f}")
            case ShiftTaste(strength=strength) if abs(strength) > MOST_STRENGTH:
                beyond.append(f"tastes that move by {strength:g} standard deviations, where almost nobody is today")
            case ContinueDrift(months=months) if months > n_months:
                beyond.append(f"a drift of {months} months from {n_months} months of data")
            case _:
                pass
    return tuple(f"W_EXTRAPOLATION: the scenario assumes {what}; the ROI is withheld." for what in beyond)


def offers_outside_support(offers: tuple[Offer, ...]) -> tuple[str, ...]:
    """Offers unlike anything in the catalogue, one sentence each."""
    return tuple(
        f"W_EXTRAPOLATION: “{offer.title}” is unlike anything in the catalogue (distance {offer.distance:.2f} to the nearest "
        "movie, more than 99 in 100 catalogue movies have); its ROI is withheld."
        for offer in offers
        if not offer.inside
    )


def support_findings(context: ProjectionContext) -> tuple[Finding, ...]:
    """A warning where the offers table holds what is unlike anything in the catalogue."""
    offers = [resolve_offer(context, Acquire(offer=str(name)), 1) for name in context.offers["movie_id"]]
    beyond = [each for each in offers if not each.inside]
    if not beyond:
        return ()
    named = ", ".join(f"“{each.title}”" for each in beyond[:SHOWN_ROWS])
    more = f" and {len(beyond) - SHOWN_ROWS} more" if len(beyond) > SHOWN_ROWS else ""
    return (
        Finding(
            code="W_EXTRAPOLATION",
            table="offers",
            column="movie_id",
            message=f"{len(beyond)} of {len(offers)} offers are unlike anything in the catalogue: {named}{more}.",
            remedy="Their ROI is withheld, and a slate leaves them out unless they must be in.",
        ),
    )


def support_findings_of(workspace: Workspace) -> tuple[Finding, ...]:
    """The same for the run in use; nothing where it cannot be known yet: nothing is trained, or on other tables."""
    try:
        context = load_projection_context(workspace)
    except RecsysError:
        return ()
    return support_findings(context)


def terms_beyond_horizon(offers: tuple[Offer, ...], horizon_months: int) -> tuple[str, ...]:
    """Licences that the horizon cuts, one sentence each."""
    cut = []
    for offer in offers:
        terms = offer.terms
        last = terms.launch_month + terms.window_months - 1
        if terms.launch_month > horizon_months:
            cut.append(
                f"W_HORIZON: “{offer.title}” launches in month {terms.launch_month}, after the horizon; it earns nothing here."
            )
        elif last > horizon_months:
            cut.append(
                f"W_HORIZON: “{offer.title}” stays {terms.window_months} months and the horizon ends after {horizon_months}; "
                "what it earns later is not counted, its whole fee is."
            )
    return tuple(cut)
