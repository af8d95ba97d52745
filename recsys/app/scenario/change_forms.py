"""One form for each kind of change; together they can say everything that a scenario file can."""

from collections.abc import Mapping

import streamlit as st

from recsys.app.scenario import scenario_session
from recsys.app.scenario.segment_form import segment
from recsys.app.shell.amount_input import amount, percent_change, points
from recsys.presentation.tables import directions
from recsys.projection.context import ProjectionContext
from recsys.scenario.changes import (
    Acquire,
    Change,
    ChangeChurn,
    ChangePrice,
    ContinueDrift,
    Direction,
    Drop,
    KindRegistry,
    Promote,
    ResizeSegment,
    ScaleActivity,
    ShiftLaunch,
    ShiftTaste,
    TowardsAttribute,
    TowardsMovies,
)
from recsys.scenario.fields import bounds

FORMS = KindRegistry("form")
"""``(context, key, start)`` draws a form and gives the change as its fields say it; in the order in which they are offered."""


def form(context: ProjectionContext, kind: type[Change], *, key: str, start: Change | None = None) -> Change | None:
    """Draw the form of a kind of change.

    Parameters
    ----------
    key : distinguishes the form's fields from those of other forms on the page
    start : what its fields say at first

    Returns
    -------
    the change as the fields say it now; None while something is missing
    """
    change: Change | None = FORMS[kind](context, key, start if isinstance(start, kind) else None)
    return change


@FORMS.register(Acquire)
def _acquire(context: ProjectionContext, key: str, held: Acquire | None) -> Acquire | None:
    taken = {bought.offer for bought in scenario_session.bought()} - ({held.offer} if held else set())
    ids = [name for name in context.offer_ids.ids if name not in taken]
    if not ids:
        st.caption("Every offer is in the scenario already." if taken else "There are no offers; bring some in on the Data page.")
        return None
    at = ids.index(held.offer) if held and held.offer in ids else 0
    chosen = st.selectbox("Offer", ids, index=at, format_func=context.title, key=f"{key}.offer") or ids[0]
    terms = directions.terms_of(context.offers, chosen)
    currency = context.economics.currency
    fee = amount(
        "Licence fee",
        currency,
        key=f"{key}.fee.{chosen}",
        value=held.fee if held and held.fee is not None else terms.get("fee"),
        help_text="What the seller asks, unless you type something else.",
        placeholder="as offered",
    )
    left, right = st.columns(2)
    with left:
        first = held.window_months if held and held.window_months else int(terms.get("window_months", 12))
        window = _whole("Licence (months)", Acquire, "window_months", first, f"{key}.window.{chosen}")
    with right:
        first = held.launch_month if held else 1
        launch = _whole("Launch in month", Acquire, "launch_month", first, f"{key}.launch.{chosen}")
    costs = _costs(context, key, chosen, held, terms)
    if not fee.readable or costs is None:
        return None
    return Acquire(
        offer=chosen,
        fee=None if fee.value == terms.get("fee") else fee.value,
        window_months=None if window == terms.get("window_months") else window,
        launch_month=launch,
        **costs,
    )


def _costs(
    context: ProjectionContext, key: str, chosen: str, held: Acquire | None, terms: Mapping[str, float]
) -> dict[str, float | None] | None:
    """The costs that are other than offered; None while one of them cannot be read."""
    names = {
        "royalty_per_view": "Royalty a view",
        "dubbing_cost": "Dubbing",
        "marketing_cost": "Marketing",
        "delivery_cost": "Delivery",
    }
    costs: dict[str, float | None] = {}
    readable = True
    with st.expander("Other costs"):
        for name, label in names.items():
            asked = terms.get(name, 0.0)
            given = getattr(held, name) if held else None
            typed = amount(
                label,
                context.economics.currency,
                key=f"{key}.{name}.{chosen}",
                value=asked if given is None else given,
                placeholder="as offered",
            )
            readable &= typed.readable
            costs[name] = None if typed.value == asked else typed.value
    return costs if readable else None


@FORMS.register(ResizeSegment)
def _resize(context: ProjectionContext, key: str, held: ResizeSegment | None) -> ResizeSegment | None:
    who = segment(context, key=key, start=held.segment if held else None)
    first = (held.factor - 1) * 100 if held else 20.0
    factor = percent_change("How many more (%)", key=f"{key}.pct", value=first, help_text="Fewer: a negative number.")
    return ResizeSegment(segment=who, factor=factor) if who else None


@FORMS.register(ShiftTaste)
def _taste(context: ProjectionContext, key: str, held: ShiftTaste | None) -> ShiftTaste | None:
    who = segment(context, key=key, start=held.segment if held else None)
    towards = _direction(context, key, held.towards if held else None)
    first = held.strength if held else 0.5
    strength = st.slider(
        "How far (steps)",
        min(-3.0, first),
        max(3.0, first),
        first,
        0.25,
        key=f"{key}.strength",
        help="One step is as far as people in this group usually lie from its middle. Negative: away from it.",
    )
    return ShiftTaste(segment=who, towards=towards, strength=strength) if who and towards else None


def _direction(context: ProjectionContext, key: str, held: Direction | None) -> Direction | None:
    known = directions.of_movies(context.movies)
    ways = [*known, "movies like …"]
    attribute = held.attribute if isinstance(held, TowardsAttribute) else ""
    names = (attribute, f"{attribute}s") if attribute else ways[-1:] if held else ways[:1]  # files may say genre for genres
    at = next((k for k, way in enumerate(ways) if way in names), 0)
    way = st.selectbox("Towards", ways, index=at, format_func=directions.label, key=f"{key}.way")
    if way in known:
        at = known[way].index(held.value) if isinstance(held, TowardsAttribute) and held.value in known[way] else 0
        value = st.selectbox("Which", known[way], index=at, key=f"{key}.value.{way}")
        return TowardsAttribute(attribute=way, value=value) if value else None
    ids = context.movies["movie_id"].astype(str).tolist()
    first = [movie for movie in held.movies if movie in ids] if isinstance(held, TowardsMovies) else []
    chosen = st.multiselect("Movies", ids, first, format_func=context.title, key=f"{key}.movies", max_selections=20)
    return TowardsMovies(movies=tuple(chosen)) if chosen else None


@FORMS.register(ScaleActivity)
def _activity(context: ProjectionContext, key: str, held: ScaleActivity | None) -> ScaleActivity | None:
    who = segment(context, key=key, start=held.segment if held else None)
    first = (held.factor - 1) * 100 if held else 10.0
    factor = percent_change("How much more often they look for something to watch (%)", key=f"{key}.pct", value=first)
    return ScaleActivity(segment=who, factor=factor) if who else None


@FORMS.register(ChangeChurn)
def _churn(context: ProjectionContext, key: str, held: ChangeChurn | None) -> ChangeChurn | None:
    who = segment(context, key=key, start=held.segment if held else None)
    label, first = "Monthly churn (percentage points)", held.delta_share if held else -0.01
    delta = _share(label, ChangeChurn, "delta_share", first, f"{key}.points", help_text="Below zero: fewer people leave.")
    return ChangeChurn(segment=who, delta_share=delta) if who else None


@FORMS.register(ChangePrice)
def _price(context: ProjectionContext, key: str, held: ChangePrice | None) -> ChangePrice | None:
    priced = {plan.name: plan.monthly_price or plan.rental_price for plan in context.economics.plans if plan.kind != "avod"}
    if not priced:
        st.caption("No plan of this service has a price.")
        return None
    names = list(priced)
    plan = st.selectbox("Plan", names, index=names.index(held.plan) if held and held.plan in names else 0, key=f"{key}.plan")
    term = priced.get(plan or names[0])
    first = held.amount if held else term.value if term else 0.0
    typed = amount("New price", context.economics.currency, key=f"{key}.amount.{plan}", value=first)
    return ChangePrice(plan=plan, amount=typed.value) if plan and typed.value is not None else None


@FORMS.register(ContinueDrift)
def _drift(_context: ProjectionContext, key: str, held: ContinueDrift | None) -> ContinueDrift | None:
    label = "Months that today's trends go on"
    return ContinueDrift(months=_whole(label, ContinueDrift, "months", held.months if held else 6, f"{key}.months"))


@FORMS.register(Drop)
def _drop(context: ProjectionContext, key: str, held: Drop | None) -> Drop | None:
    movie = _on_service(context, key, held.movie if held else None, "Movie")
    return Drop(movie=movie) if movie else None


@FORMS.register(Promote)
def _promote(context: ProjectionContext, key: str, held: Promote | None) -> Promote | None:
    movie = _on_service(
        context, key, held.movie if held else None, "Movie or offer", tuple(b.offer for b in scenario_session.bought())
    )
    first = held.exposure if held else 1.0
    exposure = st.slider(
        "Front-page slots",
        0.0,
        max(3.0, first),
        first,
        0.25,
        key=f"{key}.exposure",
        help="0 is none, 1 the usual slot.",
    )
    return Promote(movie=movie, exposure=exposure) if movie else None


@FORMS.register(ShiftLaunch)
def _launch(context: ProjectionContext, key: str, held: ShiftLaunch | None) -> ShiftLaunch | None:
    ids = [bought.offer for bought in scenario_session.bought()]
    if not ids:
        st.caption("Buy an offer first; then its launch can be moved.")
        return None
    at = ids.index(held.offer) if held and held.offer in ids else 0
    offer = st.selectbox("Offer", ids, index=at, format_func=context.title, key=f"{key}.offer")
    month = _whole("Launch in month", ShiftLaunch, "month", held.month if held else 2, f"{key}.month")
    return ShiftLaunch(offer=offer, month=month) if offer else None


def _whole(label: str, kind: type[Change], name: str, first: int, key: str) -> int:
    """A whole number within the bounds that the kind declares."""
    limits = bounds(kind, name)
    return int(st.number_input(label, int(limits.low), int(limits.high), first, key=key))


def _share(label: str, kind: type[Change], name: str, first: float, key: str, *, help_text: str | None = None) -> float:
    """A share within the bounds that the kind declares, typed in per cent or percentage points."""
    limits = bounds(kind, name)
    return points(label, key=key, value=first * 100, low=limits.low * 100, high=limits.high * 100, help_text=help_text)


def _on_service(context: ProjectionContext, key: str, first: str | None, label: str, extra: tuple[str, ...] = ()) -> str | None:
    ids = [*extra, *directions.on_service(context)]
    return st.selectbox(
        label, ids, index=ids.index(first) if first in ids else None, format_func=context.title, key=f"{key}.movie"
    )
