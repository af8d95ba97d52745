"""A map: one mark a movie or user, coloured and shaped by an attribute, to be searched and selected."""

import altair as alt

from recsys.presentation.charts.theme import SHAPES, layered, palette
from recsys.presentation.tables.colouring import OTHER, Colouring
from recsys.presentation.tables.points import Points

BOX = "box"
"""Name of the selection made by dragging."""
PICK = "pick"
"""Name of the selection made by clicking."""
_ROOMY = 2_000
"""Below this many points they are drawn large."""


def point_map(
    points: Points, colouring: Colouring, *, found: frozenset[str] = frozenset(), selectable: bool = True
) -> alt.LayerChart:
    """The map of ``points``.

    Parameters
    ----------
    points : where they lie, at most :data:`recsys.presentation.tables.points.MAX_POINTS`
    colouring : what colour and shape say
    found : ids of movies to ring
    selectable : whether a box can be drawn and a point clicked
    """
    colours = palette()
    frame = points.frame.assign(value=colouring.of_points.reindex(points.frame.index)).reset_index(drop=True)
    large = len(frame) < _ROOMY
    axis = _axis(points.axes_mean_something)
    base = alt.Chart(frame).encode(
        x=alt.X("x:Q", title=points.x_title, axis=axis, scale=alt.Scale(zero=False, nice=False, padding=12)),
        y=alt.Y("y:Q", title=points.y_title, axis=axis, scale=alt.Scale(zero=False, nice=False, padding=12)),
    )
    marks = base.mark_point(filled=True, opacity=0.85 if large else 0.7, strokeWidth=0.8)
    encoded = marks.encode(**_encoding(colouring, size=46 if large else 14))
    encoded = encoded.encode(tooltip=alt.value(None))
    if points.named:
        hint = [alt.Tooltip("title:N"), alt.Tooltip("value", title=f"{colouring.name}:"), alt.Tooltip("kind:N")]
        encoded = encoded.encode(tooltip=hint)
    if selectable:
        picking = alt.selection_point(name=PICK, fields=["token"], toggle="event.shiftKey")
        boxing = alt.selection_interval(name=BOX, mark=alt.BrushConfig(fill=colours.ink, fillOpacity=0.07, stroke=colours.ink))
        encoded = encoded.add_params(picking, boxing)
    layers: list[alt.Chart] = [encoded]
    ringed = frame[frame["id"].isin(found)] if points.named else frame[:0]
    if len(ringed):
        ring = alt.Chart(ringed).mark_point(shape="circle", size=260, filled=False, stroke=colours.loss, strokeWidth=2.5)
        layers.append(ring.encode(x="x:Q", y="y:Q", tooltip=alt.Tooltip("title:N")))
        if len(ringed) <= 12:
            name = alt.Chart(ringed).encode(x="x:Q", y="y:Q", text="title:N", tooltip=alt.value(None))
            layers.append(name.mark_text(align="left", dx=14, fontWeight=600, stroke=colours.page, strokeWidth=4, opacity=0.85))
            layers.append(name.mark_text(align="left", dx=14, fontWeight=600, color=colours.ink))
    return layered(*layers).properties(height=560)


_STAR = "M0,-1L.22,-.31L.95,-.31L.36,.12L.59,.81L0,.38L-.59,.81L-.36,.12L-.95,-.31L-.22,-.31Z"


def _axis(means_something: bool) -> alt.Axis:
    return alt.Axis(labels=False, ticks=False, grid=False, domain=means_something)


def _encoding(colouring: Colouring, *, size: int) -> dict[str, object]:
    """Colour and shape by value; an offer is a large star with a dark edge, whatever its value."""
    colours = palette()
    is_offer = alt.datum.kind == "offer"
    shared = {
        "size": alt.condition(is_offer, alt.value(210), alt.value(size)),
        "stroke": alt.condition(is_offer, alt.value(colours.ink), alt.value("transparent")),
    }
    if colouring.order is None:
        ramp = alt.Scale(range=list(colours.ramp))
        legend = alt.Legend(title=colouring.name, gradientLength=220)
        shape = alt.condition(is_offer, alt.value(_STAR), alt.value("circle"))
        return {**shared, "color": alt.Color("value:Q", scale=ramp, legend=legend), "shape": shape}
    shown = list(colouring.order)
    by_rank = {name: rank for rank, name in enumerate(name for name in shown if name != OTHER)}
    fills = [colours.neutral if name == OTHER else colours.categories[by_rank[name]] for name in shown]
    shapes = ["stroke" if name == OTHER else SHAPES[by_rank[name]] for name in shown]
    legend = alt.Legend(title=colouring.name, columns=4, symbolSize=90)
    by_value = alt.Shape("value:N", scale=alt.Scale(domain=shown, range=shapes), legend=legend)
    return {
        **shared,
        "color": alt.Color("value:N", scale=alt.Scale(domain=shown, range=fills), legend=legend),
        "shape": alt.condition(is_offer, alt.value(_STAR), by_value),
    }
