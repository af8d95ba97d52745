"""Every chart of the app, in one look. A chart is made from values and knows nothing of the page it is on."""

from recsys.presentation.charts.accuracy import models_apart, slices_apart
from recsys.presentation.charts.backtest import projected_against_actual, viewing_said_and_seen
from recsys.presentation.charts.effects import (
    audience_of,
    cumulative_cash,
    hours_waterfall,
    money_waterfall,
    monthly_hours,
    walk_away,
)
from recsys.presentation.charts.points import BOX, PICK, point_map
from recsys.presentation.charts.sensitivity import swings_of
from recsys.presentation.charts.trends import sparkline

__all__ = [
    "BOX",
    "PICK",
    "audience_of",
    "cumulative_cash",
    "hours_waterfall",
    "models_apart",
    "money_waterfall",
    "monthly_hours",
    "point_map",
    "projected_against_actual",
    "slices_apart",
    "sparkline",
    "swings_of",
    "viewing_said_and_seen",
    "walk_away",
]
