"""From what is watched to what is earned: waterfalls, months, cash and who an offer is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import altair as alt
import pandas as pd

from recsys.presentation.charts.scales import hours_title, money_title, unit_for
from recsys.presentation.charts.theme import layered, palette
from recsys.presentation.text.numbers import compact, hours, money, percent, signed, span_of
from recsys.projection.result import OfferResult, Projection, Range, SegmentShare

_NAME_LETTERS, _LINE = 26, 14
"""Of a persona's name on one line of a card's half; pixels from line to line."""


@dataclass(frozen=True, kw_only=True)
class _Step:
    label: str
    start: float
    end: float
    kind: str
    """``total``, ``gain`` or ``loss``"""
    spread: Range | None = None


def _figures(divisor: float, *, grid: bool = True) -> alt.Axis:
    """Labels of a counting axis: whole numbers as they are, lakh and crore with their decimals."""
    return alt.Axis(format=",.0f" if divisor == 1 else ",.4~g", grid=grid, tickCount=6)


def hours_waterfall(projection: Projection) -> alt.LayerChart:
    """Hours watched on the offers, less what they take from the catalogue: what they add."""
    gross, added = projection.gross_hours, projection.acquisition_effect.hours
    steps = [
        _Step(label="watched\non the\noffers", start=0.0, end=gross.mean, kind="total", spread=gross),
        _Step(label="taken\nfrom our\nmovies", start=gross.mean, end=added.mean, kind="loss"),
        _Step(label="added\nviewing", start=0.0, end=added.mean, kind="total", spread=added),
    ]
    divisor, unit = unit_for([gross.p90, added.p90])
    return _waterfall(steps, divisor, hours_title(unit), [signed(step.end - step.start, compact) for step in steps])


def money_waterfall(projection: Projection) -> alt.LayerChart:
    """What added viewing earns, less what the deal costs: what is left."""
    currency = projection.currency
    value, cost, npv = projection.acquisition_effect.value, projection.cost, projection.npv
    with_saved = value.mean + projection.fees_saved
    saved = [_Step(label="licence\nfees\nsaved", start=value.mean, end=with_saved, kind="gain")] if projection.fees_saved else []
    steps = [
        _Step(label="earned\nby added\nviewing", start=0.0, end=value.mean, kind="total", spread=value),
        *saved,
        _Step(label="fee and\nother\ncosts", start=with_saved, end=npv.mean, kind="loss"),
        _Step(label="worth\nafter\ncost", start=0.0, end=npv.mean, kind="gain" if npv.mean >= 0 else "loss", spread=npv),
    ]
    divisor, unit = unit_for([value.p90, cost, npv.p10], currency)
    shown = [signed(step.end - step.start, lambda amount: money(amount, currency)) for step in steps]
    return _waterfall(steps, divisor, money_title(unit, currency), shown)


def _waterfall(steps: Sequence[_Step], divisor: float, title: str, shown: Sequence[str]) -> alt.LayerChart:
    colours = palette()
    frame = pd.DataFrame(
        {
            "step": [step.label for step in steps],
            "start": [step.start / divisor for step in steps],
            "end": [step.end / divisor for step in steps],
            "kind": [step.kind for step in steps],
            "shown": list(shown),
            "low": [step.spread.p10 / divisor if step.spread else None for step in steps],
            "high": [step.spread.p90 / divisor if step.spread else None for step in steps],
            "label_at": [max(step.start, step.end, step.spread.p90 if step.spread else step.end) / divisor for step in steps],
        }
    )
    x = alt.X("step:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelExpr=r"split(datum.label, '\n')"))
    fill = alt.Scale(domain=["total", "gain", "loss"], range=[colours.accent, colours.gain, colours.loss])
    base = alt.Chart(frame).encode(x=x)
    bars = base.mark_bar(width=alt.RelativeBandSize(band=0.72)).encode(
        y=alt.Y("start:Q", title=title, axis=_figures(divisor)),
        y2="end:Q",
        color=alt.Color("kind:N", scale=fill, legend=None),
        tooltip=[alt.Tooltip("step:N", title="step"), alt.Tooltip("shown:N", title="expected")],
    )
    spread = frame.dropna(subset=["low"])
    whiskers = alt.Chart(spread[spread["low"] < spread["high"]]).mark_rule(strokeWidth=2, color=colours.ink)
    ranges = whiskers.encode(x=x, y="low:Q", y2="high:Q")
    labels = base.mark_text(dy=-9, fontWeight=600).encode(y="label_at:Q", text="shown:N")
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=colours.quiet, strokeWidth=1).encode(y="zero:Q")
    return layered(zero, bars, ranges, labels).properties(height=260)


def monthly_hours(projection: Projection) -> alt.LayerChart:
    """Viewing of each month: today's service beside the scenario."""
    colours = palette()
    divisor, unit = unit_for([*projection.monthly_baseline_hours, *projection.monthly_projected_hours])
    rows = [
        {"month": month, "state": state, "hours": value / divisor, "shown": hours(value), "change": signed(change, hours)}
        for state, values in (
            ("as it is", projection.monthly_baseline_hours),
            ("with this scenario", projection.monthly_projected_hours),
        )
        for month, (value, change) in enumerate(
            zip(values, _differences(projection.monthly_baseline_hours, projection.monthly_projected_hours), strict=True), start=1
        )
    ]
    frame = pd.DataFrame(rows, columns=["month", "state", "hours", "shown", "change"])
    states = ["as it is", "with this scenario"]
    legend = alt.Legend(title=None, symbolType="stroke", symbolSize=900, symbolStrokeWidth=2)
    line = alt.Chart(frame).encode(
        x=alt.X("month:Q", title="month from now", axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y("hours:Q", title=hours_title(unit), scale=alt.Scale(zero=True, nice=True), axis=_figures(divisor)),
        color=alt.Color("state:N", scale=alt.Scale(domain=states, range=[colours.neutral, colours.accent]), legend=legend),
        strokeDash=alt.StrokeDash("state:N", scale=alt.Scale(domain=states, range=[[4, 3], [1, 0]]), legend=legend),
        tooltip=[
            alt.Tooltip("month:Q"),
            alt.Tooltip("state:N", title="service"),
            alt.Tooltip("shown:N", title="viewing"),
            alt.Tooltip("change:N", title="scenario against today"),
        ],
    )
    lines = line.mark_line(point=alt.OverlayMarkDef(filled=True, size=36))
    return layered(lines).properties(height=260)


def _differences(baseline: Sequence[float], projected: Sequence[float]) -> list[float]:
    return [with_it - without for without, with_it in zip(baseline, projected, strict=True)]


def cumulative_cash(projection: Projection) -> alt.LayerChart:
    """What the purchase has earned so far less what it has cost, month by month."""
    colours = palette()
    values = projection.monthly_cash
    divisor, unit = unit_for([end for value in values for end in (value.p10, value.p90)], projection.currency)
    frame = pd.DataFrame(
        {
            "month": range(len(values)),
            "low": [value.p10 / divisor for value in values],
            "expected": [value.mean / divisor for value in values],
            "high": [value.p90 / divisor for value in values],
            "shown": [money(value.mean, projection.currency) for value in values],
            "range": [span_of(value, lambda amount: money(amount, projection.currency)) for value in values],
        }
    )
    base = alt.Chart(frame).encode(x=alt.X("month:Q", title="month from now", axis=alt.Axis(tickMinStep=1, format="d")))
    band = base.mark_area(color=colours.accent, opacity=0.22).encode(
        y=alt.Y("low:Q", title=money_title(unit, projection.currency), axis=_figures(divisor)), y2="high:Q"
    )
    hint = [
        alt.Tooltip("month:Q"),
        alt.Tooltip("shown:N", title="earned less spent"),
        alt.Tooltip("range:N", title="8 in 10 chance between"),
    ]
    line = base.mark_line(color=colours.accent, point=alt.OverlayMarkDef(size=30)).encode(y="expected:Q", tooltip=hint)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=colours.ink, strokeDash=[4, 3]).encode(y="zero:Q")
    return layered(band, zero, line).properties(height=260)


def walk_away(offers: Sequence[OfferResult], fees: Sequence[float | None], currency: str) -> alt.LayerChart:
    """For each offer, the range of its walk-away price beside the fee that is asked."""
    colours = palette()
    asked = [fee for fee in fees if fee is not None]
    divisor, unit = unit_for([*asked, *(offer.max_bid.p90 for offer in offers)], currency)
    frame = pd.DataFrame(
        {
            "offer": [offer.title for offer in offers],
            "low": [offer.max_bid.p10 / divisor for offer in offers],
            "expected": [offer.max_bid.mean / divisor for offer in offers],
            "high": [offer.max_bid.p90 / divisor for offer in offers],
            "fee": [None if fee is None else fee / divisor for fee in fees],
            "asked": ["not stated" if fee is None else money(fee, currency) for fee in fees],
            "shown": [money(offer.max_bid.mean, currency) for offer in offers],
            "range": [span_of(offer.max_bid, lambda amount: money(amount, currency)) for offer in offers],
        }
    )
    hint = [
        alt.Tooltip("offer:N"),
        alt.Tooltip("asked:N", title="fee asked"),
        alt.Tooltip("shown:N", title="walk-away price"),
        alt.Tooltip("range:N", title="8 in 10 chance between"),
    ]
    base = alt.Chart(frame).encode(y=alt.Y("offer:N", sort=None, title=None, axis=alt.Axis(grid=True, labelLimit=180)))
    x = alt.X("low:Q", title=money_title(unit, currency), axis=_figures(divisor, grid=True))
    bars = base.mark_bar(height=10, color=colours.accent, opacity=0.35).encode(x=x, x2="high:Q", tooltip=hint)
    signs = {"walk-away price": ("circle", colours.accent), "fee asked": ("diamond", colours.loss)}
    legend = alt.Legend(title=None, columns=1)  # below each other: beside long titles a phone has room for one
    scale_shape = alt.Scale(domain=list(signs), range=[shape for shape, _ in signs.values()])
    scale_colour = alt.Scale(domain=list(signs), range=[colour for _, colour in signs.values()])

    def marks(column: str, label: str) -> alt.Chart:
        chart: alt.Chart = (
            base.transform_calculate(sign=f"'{label}'")
            .mark_point(filled=True, size=90, opacity=1)
            .encode(
                x=f"{column}:Q",
                shape=alt.Shape("sign:N", scale=scale_shape, legend=legend),
                color=alt.Color("sign:N", scale=scale_colour, legend=legend),
                tooltip=hint,
            )
        )
        return chart

    return layered(bars, marks("expected", "walk-away price"), marks("fee", "fee asked")).properties(height=alt.Step(34))


def audience_of(segments: Sequence[SegmentShare], *, at_most: int = 6) -> alt.LayerChart:
    """Which personas the added hours of an offer come from."""
    colours = palette()
    top = sorted(segments, key=lambda part: -part.share)[:at_most]
    names_in_lines = [wrap(part.name, _NAME_LETTERS) for part in top]
    lines = max(map(len, names_in_lines))
    frame = pd.DataFrame(
        {
            "persona": [part.name for part in top],
            "name": ["\n" * (lines - len(name)) + "\n".join(name) for name in names_in_lines],
            "share": [part.share for part in top],
            "shown": [percent(part.share) for part in top],
            "hours": [hours(part.hours) for part in top],
        }
    )
    base = alt.Chart(frame).encode(
        y=alt.Y("persona:N", sort=None, axis=None),
        x=alt.X("share:Q", axis=None, scale=alt.Scale(domain=[0, max(frame["share"].max(), 0.01) * 1.15])),
        tooltip=[
            alt.Tooltip("persona:N"),
            alt.Tooltip("hours:N", title="added viewing"),
            alt.Tooltip("shown:N", title="of what it adds"),
        ],
    )
    below = _LINE / 2 * lines + 2
    bars = base.mark_bar(color=colours.accent, height=9, yOffset=below)
    shares = base.mark_text(align="left", dx=5, dy=below, fontWeight=600).encode(text="shown:N")
    names = base.mark_text(align="left", baseline="top", lineBreak="\n", lineHeight=_LINE, dy=below - 7 - _LINE * lines)
    names = names.encode(text="name:N", x=alt.value(0))
    return layered(bars, shares, names).properties(height=alt.Step(26 + _LINE * lines))
