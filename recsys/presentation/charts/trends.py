"""How a group of users has grown, month by month, small enough for a card."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from recsys.presentation.charts.theme import layered, palette
from recsys.presentation.text.numbers import count, month_name


def sparkline(months: Sequence[tuple[str, int]], *, label: str) -> alt.LayerChart:
    """A line of monthly counts with its first and last value written out.

    Parameters
    ----------
    months : (``YYYY-MM``, count), in order
    label : what is counted
    """
    colours = palette()
    frame = pd.DataFrame(
        {
            "month": [month for month, _ in months],
            "at": range(len(months)),
            "value": [value for _, value in months],
            "shown": [count(value) for _, value in months],
            "name": [month_name(month) for month, _ in months],
        }
    )
    top = max((value for _, value in months), default=1) or 1
    base = alt.Chart(frame).encode(
        x=alt.X("at:Q", axis=None, scale=alt.Scale(nice=False, padding=4)),
        y=alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[0, top * 1.35], nice=False)),
        tooltip=[alt.Tooltip("name:N", title="month"), alt.Tooltip("shown:N", title=label)],
    )
    area = base.mark_area(color=colours.accent, opacity=0.14)
    line = base.mark_line(color=colours.accent)
    ends = base.transform_filter(alt.FieldOneOfPredicate(field="at", oneOf=[0, len(months) - 1]))
    dots = ends.mark_point(filled=True, size=30, color=colours.accent)
    first = (
        base.transform_filter("datum.at == 0").mark_text(dy=-10, align="left", dx=-2, color=colours.quiet).encode(text="shown:N")
    )
    last = base.transform_filter(f"datum.at == {len(months) - 1}")
    last_text = last.mark_text(dy=-10, align="right", dx=2, fontWeight=600).encode(text="shown:N")
    return layered(area, line, dots, first, last_text).properties(height=72)
