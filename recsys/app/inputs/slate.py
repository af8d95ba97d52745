"""What is on the table, what may be spent, and what the slate has to obey."""

import pandas as pd
import streamlit as st

from recsys.app import choosing, draft
from recsys.app.choosing import Question
from recsys.app.inputs.amounts import amount
from recsys.app.inputs.builder import HORIZONS
from recsys.app.views import offers as tables
from recsys.app.words.numbers import months
from recsys.decision.rules import AtLeast, Rules
from recsys.projection.basis import Basis
from recsys.scenario.mapping import MAX_HORIZON_MONTHS


def slate(basis: Basis) -> Question | None:
    """Draw the question; gives it when it is put."""
    found = _on_the_table(basis)
    budget = amount(
        "Budget",
        basis.economics.currency,
        key=f"slate.budget.{tables.half_of_all(found):g}",
        value=tables.half_of_all(found),
        help_text="What may be committed: fees, dubbing, delivery and marketing. Royalties are counted in the value.",
    )
    horizon = tables.longest(found, at_most=MAX_HORIZON_MONTHS)
    ahead = st.select_slider(
        "Months looked ahead",
        sorted({*HORIZONS, horizon}),
        value=horizon,
        format_func=months,
        key=f"slate.months.{horizon}",
        help="As long as the longest licence on the table, so that no fee is paid for months that are not counted.",
    )
    rules = _rules(basis, found)
    with_audience = _audience()
    if (
        st.button("Choose", type="primary", icon=":material/playlist_add_check:", width="stretch", key="slate.choose")
        and budget is not None
    ):
        return Question(
            offers=tuple(found["movie_id"].astype(str)),
            budget=budget,
            rules=rules,
            scenario=choosing.around(ahead, with_audience=with_audience),
        )
    return None


def _on_the_table(basis: Basis) -> pd.DataFrame:
    languages = st.multiselect("Language", tables.values(basis.offers, "languages"), key="slate.languages", placeholder="Any")
    genres = st.multiselect("Genre", tables.values(basis.offers, "genres"), key="slate.genres", placeholder="Any")
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


def _rules(basis: Basis, found: pd.DataFrame) -> Rules:
    ids = found["movie_id"].astype(str).tolist()
    with st.expander("Rules"):
        at_most = st.number_input("At most so many", 1, max(len(ids), 1), None, key="slate.at_most", placeholder="any number")
        must = st.multiselect("Must be in", ids, format_func=basis.title, key="slate.must")
        never = st.multiselect("At most one of these", ids, format_func=basis.title, key="slate.never")
        language = st.selectbox(
            "At least some in", tables.values(found, "languages"), index=None, key="slate.language", placeholder="no language"
        )
        least = st.number_input("How many", 1, max(len(ids), 1), 1, key="slate.least", disabled=language is None)
    return Rules(
        at_most=None if at_most is None else int(at_most),
        must_have=tuple(must),
        never_with=(tuple(never),) if len(never) > 1 else (),
        at_least=(AtLeast(language=language, offers=int(least)),) if language else (),
    )


def _audience() -> bool:
    name = draft.current().name
    if not draft.current().audience:
        return False
    return st.checkbox(
        f"For the audience of “{name}”", key="slate.audience", help="The audience changes of the scenario on your table."
    )
