"""What an answer hangs on: for each unsure parameter, how far the worth moves when it lies at its low and at its high end."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from recsys.decision.sensitivity import ParameterSensitivity
from recsys.presentation.charts.scales import money_title, unit_for
from recsys.presentation.charts.theme import layered, palette
from recsys.presentation.text.numbers import money, signed

LOW, HIGH = "at its low end", "at its high end"


def swings_of(swings: Sequence[ParameterSensitivity], currency: str) -> alt.LayerChart:
    """How far the worth after cost moves for each thing that may be other than estimated, the largest swing on top."""
    colours = palette()
    divisor, unit = unit_for([end for swing in swings for end in (swing.change_low, swing.change_high)], currency)
    frame = pd.DataFrame(
        [
            {
                "what": swing.meaning,
                "from": 0.0,
                "to": end / divisor,
                "setting": setting,
                "shown": signed(end, lambda amount: money(amount, currency)),
            }
            for swing in swings
            for setting, end in ((LOW, swing.change_low), (HIGH, swing.change_high))
        ]
    )
    base = alt.Chart(frame).encode(y=alt.Y("what:N", sort=None, axis=None))
    colour = alt.Color("setting:N", scale=alt.Scale(domain=[LOW, HIGH], range=[colours.loss, colours.accent]), title=None)

    def bars(setting: str, offset: int) -> alt.Chart:
        found: alt.Chart = (
            base.transform_filter(alt.datum.setting == setting)
            .mark_bar(height=8, yOffset=offset)
            .encode(
                x=alt.X(
                    "from:Q",
                    title=f"change of the worth after cost, {money_title(unit, currency)}",
                    axis=alt.Axis(format="+,.4~g", grid=True, tickCount=6),
                ),
                x2="to:Q",
                color=colour,
                tooltip=[
                    alt.Tooltip("what:N"),
                    alt.Tooltip("setting:N"),
                    alt.Tooltip("shown:N", title="worth after cost changes by"),
                ],
            )
        )
        return found

    names = base.mark_text(align="left", dy=-7).encode(text="what:N", x=alt.value(0))
    rule = alt.Chart(pd.DataFrame({"estimate": [0.0]})).mark_rule(color=colours.ink).encode(x="estimate:Q")
    # each end has a lane of its own: where both lie on one side of the estimate, neither hides the other
    return layered(bars(LOW, 5), bars(HIGH, 13), names, rule).properties(height=alt.Step(44))
