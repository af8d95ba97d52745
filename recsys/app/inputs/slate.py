"""What is on the table, what may be spent, and what the slate has to obey."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from recsys.app import choosing, draft, words
from recsys.app.choosing import Question
from recsys.app.inputs.amounts import amount
from recsys.app.inputs.builder import HORIZONS
from recsys.app.views import offers as tables
from recsys.app.words.escape import plain
from recsys.app.words.money import money
from recsys.app.words.numbers import months
from recsys.decision.rules import AtLeast, Rules
from recsys.projection.basis import Basis
from recsys.scenario.mapping import MAX_HORIZON_MONTHS


def slate(basis: Basis, found: pd.DataFrame, *, with_audience: bool) -> Question | None:
    """Draw the rest of the question about the offers on the table; gives it when it is put."""
    budget = _budget(basis, found)
    horizon = tables.longest(basis.offers, at_most=MAX_HORIZON_MONTHS)
    ahead = st.select_slider(
        "Months looked ahead",
        sorted({*HORIZONS, horizon}),
        value=horizon,
        format_func=months,
        key="slate.months",
        help="As long as the longest licence on offer, so that no fee is paid for months that are not counted.",
    )
    rules = _rules(basis)
    if (
        st.button(
            "Choose",
            type="primary",
            icon=":material/playlist_add_check:",
            width="stretch",
            key="slate.choose",
            disabled=budget is None,
        )
        and budget is not None
    ):
        ids = tuple(found["movie_id"].astype(str))
        on_table = (*ids, *(must for must in rules.must_have if must not in ids))
        return Question(
            offers=on_table,
            budget=budget,
            rules=replace(rules, never_with=_among(rules.never_with, on_table)),
            scenario=choosing.around(ahead, with_audience=with_audience),
        )
    return None


def _budget(basis: Basis, found: pd.DataFrame) -> float | None:
    """What may be spent, whatever offers are looked at; None while it cannot be told."""
    currency = basis.economics.currency
    budget = amount(
        "Budget",
        currency,
        key="slate.budget",
        value=tables.half_of_all(basis.offers),
        help_text="What may be committed: fees, dubbing, delivery and marketing. Royalties are counted in the value.",
    )
    least = tables.cheapest(found)
    if budget.value is not None and least is not None and budget.value < least[1]:
        title, cost = least
        st.warning(
            f"This buys nothing: the cheapest offer on the table, {plain(title)}, costs {plain(money(cost, currency))}.",
            icon=":material/production_quantity_limits:",
        )
    return budget.value


def on_the_table(basis: Basis) -> pd.DataFrame:
    """Draw the offers, to be narrowed and ticked; gives those on the table."""
    left, right = st.columns(2, gap="medium")
    languages = left.multiselect("Language", tables.values(basis.offers, "languages"), key="slate.languages", placeholder="Any")
    genres = right.multiselect("Genre", tables.values(basis.offers, "genres"), key="slate.genres", placeholder="Any")
    found = tables.matching(basis.offers, languages, genres)
    event = st.dataframe(
        tables.listed(found, basis.economics.currency),
        hide_index=True,
        width="stretch",
        height=min(36 * (len(found) + 1) + 2, 330),
        on_select="rerun",
        selection_mode="multi-row",
        key=f"slate.offers.{'.'.join([*languages, *genres])}",
    )
    ticked = event.selection.rows
    st.caption(f"{len(ticked) or len(found)} of {len(basis.offers)} offers are on the table. Tick some to leave the others out.")
    return found.iloc[ticked] if ticked else found


def _among(groups: tuple[tuple[str, ...], ...], ids: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Groups as far as they are on the table; a group of one says nothing."""
    kept = (tuple(movie for movie in group if movie in ids) for group in groups)
    return tuple(group for group in kept if len(group) > 1)


def _rules(basis: Basis) -> Rules:
    ids = basis.offers["movie_id"].astype(str).tolist()
    with st.expander("Rules"):
        at_most = st.number_input("At most so many", 1, max(len(ids), 1), None, key="slate.at_most", placeholder="any number")
        must = st.multiselect("Must be in", ids, format_func=basis.title, key="slate.must", help=_MUST)
        never = st.multiselect("At most one of these", ids, format_func=basis.title, key="slate.never")
        language = st.selectbox(
            "At least some in",
            tables.values(basis.offers, "languages"),
            index=None,
            key="slate.language",
            placeholder="no language",
        )
        least = st.number_input("How many", 1, max(len(ids), 1), 1, key="slate.least", disabled=language is None)
    return Rules(
        at_most=None if at_most is None else int(at_most),
        must_have=tuple(must),
        never_with=(tuple(never),) if len(never) > 1 else (),
        at_least=(AtLeast(language=language, offers=int(least)),) if language else (),
    )


_MUST = "These are on the table, whatever is looked at above."


def whom(basis: Basis) -> bool:
    """Draw for whom the slate is: the audience that was built, unless today's is asked for; gives whether it is the built one."""
    held = draft.current()
    if not held.audience:
        st.caption("For today's audience. A changed one is built on the Scenario page, and is used here then.")
        return False
    built = f"The audience of “{plain(held.name)}”"
    choices = {built: True, "Today's audience": False}
    chosen = st.segmented_control("For whom", list(choices), default=built, required=True, key="slate.whom")
    steps = [
        words.sentence(change, lambda movie: plain(basis.title(movie)), basis.economics.currency) for change in held.audience
    ]
    if choices.get(chosen or built, True):
        st.caption(f"{'. '.join(steps)}.")
        return True
    return False
