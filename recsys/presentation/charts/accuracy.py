"""Figures with their intervals, one below the other: models against each other, and one model by slice."""

import altair as alt
import pandas as pd

from recsys.presentation.charts.theme import SHAPES, layered, palette

_AXIS = alt.Axis(format=".3~g", grid=True, tickCount=5)


def models_apart(frame: pd.DataFrame, title: str) -> alt.LayerChart:
    """A dot and its interval for each model, the best on top; trained models and simple rules in two shapes.

    Parameters
    ----------
    frame : ``model``, ``kind``, ``mean``, ``low``, ``high``, ``shown``
    title : of the axis
    """
    colours = palette()
    kinds = ["trained model", "simple rule"]
    return _dots(frame, title, y="model", by="kind", domain=kinds, colours=[colours.accent, colours.neutral])


def slices_apart(frame: pd.DataFrame, title: str) -> alt.LayerChart:
    """A dot and its interval for each slice and model.

    Parameters
    ----------
    frame : ``slice``, ``model``, ``mean``, ``low``, ``high``, ``shown``
    title : of the axis
    """
    colours = palette()
    models = list(dict.fromkeys(frame["model"]))
    return _dots(frame, title, y="slice", by="model", domain=models, colours=[colours.accent, colours.neutral][: len(models)])


def _dots(frame: pd.DataFrame, title: str, *, y: str, by: str, domain: list[str], colours: list[str]) -> alt.LayerChart:
    hint = [alt.Tooltip(f"{y}:N"), alt.Tooltip(f"{by}:N"), alt.Tooltip("shown:N", title="95% interval")]
    legend = alt.Legend(title=None, columns=1)  # below each other: beside long names a phone has room for one
    colour = alt.Color(f"{by}:N", scale=alt.Scale(domain=domain, range=colours), legend=legend)
    base = alt.Chart(frame).encode(
        y=alt.Y(f"{y}:N", sort=list(dict.fromkeys(frame[y])), title=None, axis=alt.Axis(grid=True, labelLimit=260)),
        color=colour,
        tooltip=hint,
    )
    x = alt.X("low:Q", title=title, axis=_AXIS, scale=alt.Scale(zero=True))
    ranges = base.mark_rule(strokeWidth=3, opacity=0.45).encode(x=x, x2="high:Q")
    shape = alt.Shape(f"{by}:N", scale=alt.Scale(domain=domain, range=list(SHAPES[: len(domain)])), legend=legend)
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x="mean:Q", shape=shape)
    return layered(ranges, dots).properties(height=alt.Step(26))
