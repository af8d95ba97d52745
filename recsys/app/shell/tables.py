"""Charts and tables put on the page in one way: full width, our theme, a description for those who do not see them."""

from collections.abc import Callable, Mapping
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from recsys.presentation.tables.downloads import as_sheet
from recsys.presentation.text.escape import plain


def lazy_tabs(tabs: Mapping[str, Callable[[], None]], *, key: str) -> None:
    """Tabs of which only the open one is drawn: what nobody looks at costs no time."""
    for tab, draw in zip(st.tabs(list(tabs), key=key, on_change="rerun"), tabs.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def show_chart(chart: alt.LayerChart, description: str) -> None:
    """A chart that is looked at."""
    st.altair_chart(chart, theme=None, width="stretch", alt=description)


def selectable_chart(chart: alt.LayerChart, description: str, *, key: str, selections: tuple[str, ...]) -> dict[str, Any]:
    """A chart that is selected in; gives what is selected, by the selection's name."""
    event: Any = st.altair_chart(
        chart, theme=None, width="stretch", alt=description, key=key, on_select="rerun", selection_mode=selections
    )
    return dict(event.get("selection", {})) if event else {}


def set_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """A table's texts and headings for ``st.table``, which takes them for Markdown."""
    shown = frame.map(lambda cell: plain(cell) if isinstance(cell, str) else cell)
    return shown.rename(columns=lambda name: plain(str(name)) + " " * (len(str(name)) - len(str(name).rstrip())))


def show_table(frame: pd.DataFrame, *, wide: str | None = None, whole: bool = False) -> None:
    """A table that is read; small ones are set as text, so that every cell is seen, as is any that is wanted ``whole``."""
    if whole or len(frame) <= 6:
        st.table(set_as_text(frame), border="horizontal", hide_index=True)
        return
    config = {wide: st.column_config.TextColumn(wide, width="large")} if wide else None
    grid(frame, hide_index=True, width="stretch", column_config=config)


def grid(frame: pd.DataFrame, **options: Any) -> Any:
    """A table that can be sorted, searched and downloaded as CSV: its text is quoted where a spreadsheet would run it."""
    return st.dataframe(as_sheet(frame), **options)  # noqa: TID251  the one place
