"""One look for every chart, light and dark. Colours are Okabe and Ito's, told apart by colour-blind people too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt

NAME = "greenlight"
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442")
"""Blue, orange, green, vermilion, sky, purple, yellow; the eighth, black, is the ink of the page."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
"""A second sign beside each colour, in the same order."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours of one mode of the page."""

    ink: str
    quiet: str
    """Text that may be passed over, at a contrast of 4.5 or more."""
    faint: str
    """Grid lines and context marks."""
    page: str
    gain: str
    loss: str
    neutral: str
    accent: str
    ramp: tuple[str, ...]
    """Low to high, for numbers."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Eight colours that can be told apart, and the page's ink for the last."""
        return (*OKABE_ITO, self.ink)


LIGHT = Palette(
    ink="#1E2428",
    quiet="#5C6468",
    faint="#E2DED3",
    page="#FCFBF8",
    gain="#00795A",
    loss="#D55E00",
    neutral="#8A9297",
    accent="#0072B2",
    ramp=("#D9E4EC", "#8FBAD6", "#3B8ABF", "#0B5C92", "#06304F"),
)
DARK = Palette(
    ink="#E9E6DF",
    quiet="#A3ABAF",
    faint="#2E3539",
    page="#14181A",
    gain="#3DBE95",
    loss="#F08A5D",
    neutral="#7E878C",
    accent="#56B4E9",
    ramp=("#20333F", "#27597A", "#3887B8", "#7CC4F0", "#D8EFFC"),
)


def _light() -> bool:
    return False


_is_dark: Callable[[], bool] = _light


def follow(is_dark: Callable[[], bool]) -> None:
    """Name who knows whether the page that is drawn is in dark mode; nobody does at first, and charts are light."""
    global _is_dark  # noqa: PLW0603  the app has one answer for all charts
    _is_dark = is_dark


def palette() -> Palette:
    """Colours for the mode that the reader's page is in."""
    return DARK if _is_dark() else LIGHT


@alt.theme.register(NAME, enable=True)
def greenlight() -> alt.theme.ThemeConfig:
    """Chart settings for the mode that the reader's page is in; Altair asks for them whenever a chart is drawn."""
    colours = palette()
    text: dict[str, Any] = {"labelColor": colours.quiet, "titleColor": colours.quiet, "labelFontSize": 12, "titleFontSize": 12}
    config: Any = {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "title": {"color": colours.ink, "fontSize": 14, "fontWeight": 600, "anchor": "start", "offset": 10},
        "axis": {
            **text,
            "titleFontWeight": "normal",
            "gridColor": colours.faint,
            "domainColor": colours.faint,
            "tickColor": colours.faint,
            "labelPadding": 6,
            "titlePadding": 8,
            "labelLimit": 220,
        },
        "axisX": {"grid": False},
        "axisY": {"domain": False, "ticks": False},
        "legend": {**text, "titleFontWeight": 600, "symbolStrokeWidth": 1.5, "labelLimit": 200, "orient": "bottom"},
        "text": {"color": colours.ink, "fontSize": 12},
        "rule": {"color": colours.quiet},
        "bar": {"cornerRadius": 2},
        "line": {"strokeWidth": 2},
        "range": {"category": list(colours.categories), "ramp": list(colours.ramp)},
    }
    return alt.theme.ThemeConfig(config=config)


def layered(*charts: alt.Chart) -> alt.LayerChart:
    """Charts on top of each other, the first at the bottom."""
    return alt.LayerChart(layer=list(charts))
