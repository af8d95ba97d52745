"""What is on the table, what may be spent, and what the slate has to obey."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from recsys.app.scenario import scenario_session
from recsys.app.scenario.builder import HORIZONS
from recsys.app.shell import meanwhile_form
from recsys.app.shell.amount_input import amount
from recsys.app.shell.tables import grid
from recsys.app.slate import slate_search
from recsys.app.slate.slate_question import KEYS
from recsys.app.slate.slate_search import Question
from recsys.decision.slate_rules import AtLeast, Rules
from recsys.presentation import text
from recsys.presentation.tables import offers as tables
from recsys.presentation.text.escape import plain
from recsys.presentation.text.numbers import money, months
from recsys.projection.context import ProjectionContext
from recsys.scenario.changes import MAX_HORIZON_MONTHS
from recsys.scenario.scenario import Arrivals, Joining

_TITLE_WIDTH = 260
"""Pixels: a long title is cut off sooner than the columns beside it."""


def audience_choice(context: ProjectionContext) -> bool:
    """Draw for whom the slate is: the audience that was built, unless today's is asked for; gives whether it is the built one."""
    held = scenario_session.current()
    if not held.audience:
        st.caption("For today's audience. A changed one is built on the Scenario page, and is used here then.")
        return False
    names = {True: f"The audience of “{plain(held.name)}”", False: "Today's audience"}
    _first("whom", not slate_search.form().today)
    chosen = st.segmented_control("For whom", list(names), format_func=names.__getitem__, required=True, key="slate.whom")
    today = chosen is False
    slate_search.fill(replace(slate_search.form(), today=today))
    if not today:
        steps = (text.sentence(change, context.title, context.economics.currency) for change in held.audience)
        st.caption(f"{plain('. '.join(steps))}.")
    return not today


def offers_on_table(context: ProjectionContext) -> pd.DataFrame:
    """Draw the offers, to be narrowed and ticked; gives those on the table."""
    held = slate_search.form()
    left, right = st.columns(2, gap="medium")
    languages = _several(left, "Language", tables.values(context.offers, "languages"), "languages", held.languages)
    genres = _several(right, "Genre", tables.values(context.offers, "genres"), "genres", held.genres)
    found = tables.matching(context.offers, languages, genres)
    ids = found["movie_id"].astype(str).tolist()
    event = grid(
        tables.listed(found, context.economics.currency),
        hide_index=True,
        width="stretch",
        height=min(36 * (len(found) + 1) + 2, 330),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={"title": st.column_config.TextColumn(width=_TITLE_WIDTH)},
        selection_default={"selection": {"rows": [row for row, movie in enumerate(ids) if movie in held.ticked]}},
        key=f"slate.offers.{'.'.join([*languages, *genres])}",
    )
    rows = event.selection.rows
    ticked = (*(movie for movie in held.ticked if movie not in ids), *(ids[row] for row in rows))
    slate_search.fill(replace(slate_search.form(), languages=tuple(languages), genres=tuple(genres), ticked=ticked))
    st.caption(f"{len(rows) or len(found)} of {len(context.offers)} offers are on the table. Tick some to leave the others out.")
    return found.iloc[rows] if rows else found


def slate(context: ProjectionContext, found: pd.DataFrame, *, with_audience: bool) -> Question | None:
    """Draw the rest of the question about the offers on the table; gives it when it is put."""
    budget = _budget(context, found)
    ahead = _ahead(context)
    arrivals, joining = _meanwhile(context)
    rules = _rules(context)
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
            scenario=slate_search.around(ahead, with_audience=with_audience, arrivals=arrivals, joining=joining),
        )
    return None


def _first(name: str, value: object) -> None:
    """What a field holds when it is drawn for the first time."""
    st.session_state.setdefault(f"{KEYS}{name}", value)


def _several(
    place: DeltaGenerator, label: str, known: Sequence[str], name: str, held: tuple[str, ...], **options: Any
) -> tuple[str, ...]:
    _first(name, [value for value in held if value in known])
    return tuple(place.multiselect(label, known, key=f"{KEYS}{name}", **{"placeholder": "Any", **options}))


def _budget(context: ProjectionContext, found: pd.DataFrame) -> float | None:
    """What may be spent, whatever offers are looked at; None while it cannot be told."""
    currency, held = context.economics.currency, slate_search.form()
    if held.budget is not None:
        _first("budget", held.budget)
    proposed = tables.half_of_all(context.offers)
    budget = amount(
        "Budget",
        currency,
        key="slate.budget",
        value=proposed,
        help_text="What may be committed: fees, dubbing, delivery and marketing. Royalties are counted in the value.",
    )
    slate_search.fill(replace(held, budget=budget.text if budget.value != proposed else None))
    least = tables.cheapest(found)
    if budget.value is not None and least is not None and budget.value < least[1]:
        title, cost = least
        st.warning(
            f"This buys nothing: the cheapest offer on the table, {plain(title)}, costs {plain(money(cost, currency))}.",
            icon=":material/production_quantity_limits:",
        )
    return budget.value


def _ahead(context: ProjectionContext) -> int:
    """Months that are looked ahead."""
    held, longest = slate_search.form(), tables.longest(context.offers, at_most=MAX_HORIZON_MONTHS)
    choices = sorted({*HORIZONS, longest})
    _first("months", held.months if held.months in choices else longest)
    ahead = st.select_slider(
        "Months looked ahead",
        choices,
        format_func=months,
        key="slate.months",
        help="As long as the longest licence on offer, so that no fee is paid for months that are not counted.",
    )
    slate_search.fill(replace(held, months=None if ahead == longest else ahead))
    return int(ahead)


def _meanwhile(context: ProjectionContext) -> tuple[Arrivals, Joining]:
    """What goes on beside the slate."""
    held = slate_search.form()
    _first("arrivals", held.arrivals)
    _first("joining", held.joining)
    arrivals = meanwhile_form.arrivals(context, key="slate.arrivals")
    joining = meanwhile_form.joining(context, key="slate.joining")
    slate_search.fill(replace(slate_search.form(), arrivals=arrivals, joining=joining))
    return arrivals, joining


def _among(groups: tuple[tuple[str, ...], ...], ids: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Groups as far as they are on the table; a group of one says nothing."""
    kept = (tuple(movie for movie in group if movie in ids) for group in groups)
    return tuple(group for group in kept if len(group) > 1)


def _rules(context: ProjectionContext) -> Rules:
    held = slate_search.form()
    ids, known = context.offers["movie_id"].astype(str).tolist(), tables.values(context.offers, "languages")
    most = max(len(ids), 1)
    _first("at_most", None if held.at_most is None else min(max(held.at_most, 1), most))
    _first("language", held.language if held.language in known else None)
    _first("least", min(max(held.least, 1), most))
    titles: dict[str, Any] = {"format_func": context.title, "placeholder": "Choose offers"}
    rules = st.expander("Rules")
    with rules:
        at_most = st.number_input("At most so many", 1, most, None, key="slate.at_most", placeholder="any number")
        must = _several(rules, "Must be in", ids, "must", held.must, help=_MUST, **titles)
        never = _several(rules, "At most one of these", ids, "never", held.never, **titles)
        language = st.selectbox("At least some in", known, index=None, key="slate.language", placeholder="no language")
        least = int(st.number_input("How many", 1, most, key="slate.least", disabled=language is None))
    at_most = None if at_most is None else int(at_most)
    slate_search.fill(replace(held, at_most=at_most, must=must, never=never, language=language, least=least))
    return Rules(
        at_most=at_most,
        must_have=must,
        never_with=(never,) if len(never) > 1 else (),
        at_least=(AtLeast(language=language, offers=least),) if language else (),
    )


_MUST = "These are on the table, whatever is looked at above."
