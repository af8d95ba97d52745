"""One card an offer: is it worth its fee, at what price to walk away, who it is for, what it takes from."""

from collections.abc import Mapping

import streamlit as st

from recsys.app.shell.tables import grid, show_chart
from recsys.decision.unobserved_confounding import Confounding
from recsys.presentation import charts, text
from recsys.presentation.tables import projections
from recsys.presentation.text.escape import plain
from recsys.projection.context import ProjectionContext
from recsys.projection.result import OfferResult, Projection

_TONES = {"good": ("green", ":material/check:"), "bad": ("red", ":material/close:")}
_UNSURE = ("yellow", ":material/help:")
NONE_YET: Mapping[str, Confounding] = {}
_OPEN_CARDS = 2
"""So few offers show their details at once."""


def cards(
    context: ProjectionContext,
    projection: Projection,
    asked: dict[str, float | None],
    strengths: Mapping[str, Confounding] = NONE_YET,
) -> None:
    """The offers of a projection: one chart for all, then a card each.

    Parameters
    ----------
    asked : fee of each offer
    strengths : what would have to be hidden for the decision on each to turn, as far as it is known yet
    """
    listed = projection.offers
    if len(listed) > 1:
        st.markdown("**Where to walk away**")
        fees = [asked.get(offer.movie_id) for offer in listed]
        show_chart(
            charts.walk_away(listed, fees, projection.currency),
            "Walk-away price of each offer, with its range, beside the fee asked.",
        )
        st.caption(
            "Each offer is judged beside the others in this scenario: what two of them compete for is credited to neither."
        )
    for offer in listed:
        with st.container(border=True):
            _card(projection, offer, asked.get(offer.movie_id))
            _why(context, projection, offer, strengths.get(offer.movie_id))
            _details(context, offer, opened=len(listed) <= _OPEN_CARDS)


def _card(projection: Projection, offer: OfferResult, fee: float | None) -> None:
    currency = projection.currency
    verdict, tone = text.offer_verdict(offer, fee)
    colour, icon = _TONES.get(tone, _UNSURE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(offer.title)}**", width="content")
        st.badge(verdict, color=colour, icon=icon)  # type: ignore[arg-type]  # a colour by name
    with st.container(horizontal=True, gap="small"):
        _figure("Fee asked", "not stated" if fee is None else text.money(fee, currency), "for the licence")
        _figure(
            "Walk-away price",
            text.money(offer.max_bid.mean, currency),
            text.results_range(offer.max_bid, lambda value: text.money(value, currency)),
        )
        _figure("Adds", text.hours(offer.incremental_hours.mean), text.results_range(offer.incremental_hours, text.hours))
        _figure(
            "Takes from our movies",
            text.hours(offer.cannibalised_hours.mean),
            f"of {text.hours(offer.gross_hours.mean)} watched",
        )
        _figure("Pays back", text.payback(offer.payback_month, projection.horizon_months), _return(offer))


def _why(context: ProjectionContext, projection: Projection, offer: OfferResult, strength: Confounding | None) -> None:
    said = " ".join(text.explanation(offer, projection.currency, context.title))
    st.markdown(f"**Why.** {plain(said)}")
    if strength is not None and offer.roi is not None:
        st.markdown(f"**What would turn it.** {plain(text.strength(strength))}", help=text.meaning("what would turn it"))


def _details(context: ProjectionContext, offer: OfferResult, *, opened: bool) -> None:
    key = f"offers.details.{offer.movie_id}.{opened}"
    more = st.expander("Who it is for, and what it takes from", expanded=opened, key=key, on_change="rerun")
    if more.open:
        with more:
            _who(context, offer)


def _return(offer: OfferResult) -> str:
    if offer.roi is None:
        return "return withheld: outside the data"
    return f"return {text.percent(offer.roi.mean, sign=True)}"


def _figure(label: str, value: str, note: str) -> None:
    with st.container(width=148, gap=None):
        st.markdown(f":small[:gray[{label}]]  \n**{plain(value)}**")
        st.caption(note)


def _who(context: ProjectionContext, offer: OfferResult) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Who it is for**: where the added hours come from")
        if offer.segments and any(part.hours > 0 for part in offer.segments):
            show_chart(charts.audience_of(offer.segments), f"Share of each persona in what {offer.title} adds.")
        else:
            st.caption("It adds no viewing, so there is nobody to name.")
    with right:
        st.markdown("**Takes from**: movies that lose viewing to it")
        if offer.victims:
            grid(projections.victims(offer.victims, context.title), hide_index=True, width="stretch")
        else:
            st.caption("From none of ours.")
    if offer.comparables:
        st.caption(f"Most like it in the catalogue: {plain(', '.join(context.title(movie) for movie in offer.comparables))}.")
