"""Every chart of the app, in one look. A chart is made from values and knows nothing of the page it is on."""

from recsys.app.charts.accuracy import models_apart, slices_apart
from recsys.app.charts.effects import audience_of, cumulative_cash, hours_waterfall, money_waterfall, monthly_hours, walk_away
from recsys.app.charts.points import BOX, PICK, point_map
from recsys.app.charts.proof import projected_against_actual
from recsys.app.charts.swings import swings_of
from recsys.app.charts.trends import sparkline

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
    "walk_away",
]
