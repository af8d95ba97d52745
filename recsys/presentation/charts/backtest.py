"""Projected against actual: a point an arrival, its range as a line, the diagonal where both agree."""

import altair as alt
import pandas as pd

from recsys.presentation.charts.theme import layered, palette

_FLOOR = 0.7
"""Where no view at all is drawn on a scale of factors."""


def projected_against_actual(points: pd.DataFrame, unit: str) -> alt.LayerChart:
    """Points with their 8-in-10 ranges, both axes by factors of ten.

    Parameters
    ----------
    points : ``title``, ``arrived``, ``p10``, ``p50``, ``p90``, ``actual``, ``range`` (held or missed), ``shown``
    unit : what is counted
    """
    colours = palette()
    frame = points.assign(
        **{name: points[name].clip(lower=_FLOOR) for name in ("p10", "p50", "p90", "actual")},
        counted=points["actual"].map(lambda value: f"{value:,.0f}"),
    )
    top = float(frame[["p90", "actual"]].max().max()) * 1.3
    scale = alt.Scale(type="log", domain=[_FLOOR, top], nice=False)
    axis = alt.Axis(format=",.0f", values=_ticks(top), grid=True)
    kinds = alt.Scale(domain=["held", "missed"], range=[colours.accent, colours.loss])
    shapes = alt.Scale(domain=["held", "missed"], range=["circle", "triangle-up"])
    base = alt.Chart(frame).encode(y=alt.Y("actual:Q", scale=scale, axis=axis, title=f"actual {unit}"))
    ranges = base.mark_rule(opacity=0.22, strokeWidth=1.5).encode(
        x=alt.X("p10:Q", scale=scale, axis=axis, title=f"projected {unit}"),
        x2="p90:Q",
        color=alt.Color("range:N", scale=kinds, title="8-in-10 range"),
    )
    marks = base.mark_point(filled=True, size=46, opacity=0.85).encode(
        x=alt.X("p50:Q", scale=scale),
        color=alt.Color("range:N", scale=kinds, title="8-in-10 range"),
        shape=alt.Shape("range:N", scale=shapes, title="8-in-10 range"),
        tooltip=[
            alt.Tooltip("title:N"),
            alt.Tooltip("arrived:N"),
            alt.Tooltip("shown:N", title="projected"),
            alt.Tooltip("counted:N", title="actual"),
        ],
    )
    ends = pd.DataFrame({"both": [_FLOOR, top]})
    diagonal = alt.Chart(ends).mark_line(color=colours.quiet, strokeDash=[4, 4], strokeWidth=1).encode(x="both:Q", y="both:Q")
    return layered(diagonal, ranges, marks).properties(height=420)


def viewing_said_and_seen(months: pd.DataFrame) -> alt.LayerChart:
    """Hours a month: what was said from each past moment as a dashed line, and what they were.

    Parameters
    ----------
    months : ``month``, ``hours``, ``series`` (what we said, what it was), ``said from``
    """
    colours = palette()
    kinds = alt.Scale(domain=["what it was", "what we said"], range=[colours.quiet, colours.accent])
    dashes = alt.Scale(domain=["what it was", "what we said"], range=[[1, 0], [5, 3]])
    base = alt.Chart(months.assign(counted=months["hours"].map(lambda value: f"{value:,.0f}"))).encode(
        x=alt.X("month:T", title="30 days from"),
        y=alt.Y("hours:Q", title="viewing hours a month", axis=alt.Axis(format=",.0f")),
        color=alt.Color("series:N", scale=kinds, title=None),
        detail="said from:N",
        tooltip=[
            alt.Tooltip("month:T"),
            alt.Tooltip("series:N"),
            alt.Tooltip("said from:N"),
            alt.Tooltip("counted:N", title="hours"),
        ],
    )
    lines = base.mark_line().encode(strokeDash=alt.StrokeDash("series:N", scale=dashes, title=None))
    return layered(lines, base.mark_point(filled=True, size=40)).properties(height=300)


def _ticks(top: float) -> list[float]:
    """1, 3, 10, 30 … up to ``top``; 1, 2, 5, 10 … where that leaves few.

    Examples
    --------
    >>> _ticks(25.0), _ticks(400.0)
    ([1, 2, 5, 10, 20], [1, 3, 10, 30, 100, 300])
    """
    steps = (1, 3) if top > 60 else (1, 2, 5)
    return [step * 10**power for power in range(8) for step in steps if step * 10**power <= top]
