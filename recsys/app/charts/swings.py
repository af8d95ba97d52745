"""What an answer hangs on: a bar for each unsure parameter, from where the worth lies at its low end to its high end."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from recsys.app.charts.scales import money_title, unit_for
from recsys.app.charts.theme import layered, palette
from recsys.app.words.money import money
from recsys.decision.tornado import Swing


def swings_of(swings: Sequence[Swing], middle: float, currency: str) -> alt.LayerChart:
    """The swings, the largest on top, round the middle estimate.

    Parameters
    ----------
    middle : worth after cost with every parameter at its estimate, currency
    """
    colours = palette()
    divisor, unit = unit_for([end for swing in swings for end in (swing.npv_low, swing.npv_high)], currency)
    frame = pd.DataFrame(
        [
            {
                "what": swing.meaning,
                "from": middle / divisor,
                "to": end / divisor,
                "setting": setting,
                "shown": money(end, currency),
            }
            for swing in swings
            for setting, end in (("at its low end", swing.npv_low), ("at its high end", swing.npv_high))
        ]
    )
    ends = ["at its low end", "at its high end"]
    base = alt.Chart(frame).encode(y=alt.Y("what:N", sort=None, axis=None))
    bars = base.mark_bar(height=11, yOffset=9).encode(
        x=alt.X("from:Q", title=money_title(unit, currency), axis=alt.Axis(format=",.4~g", grid=True, tickCount=6)),
        x2="to:Q",
        color=alt.Color("setting:N", scale=alt.Scale(domain=ends, range=[colours.loss, colours.accent]), title=None),
        tooltip=[alt.Tooltip("what:N"), alt.Tooltip("setting:N"), alt.Tooltip("shown:N", title="worth after cost")],
    )
    names = base.mark_text(align="left", dy=-5).encode(text="what:N", x=alt.value(0))
    rule = alt.Chart(pd.DataFrame({"middle": [middle / divisor]})).mark_rule(color=colours.ink).encode(x="middle:Q")
    return layered(bars, names, rule).properties(height=alt.Step(42))
