"""What is written can be read: contrasts of the theme's colours, by WCAG 2, in both modes."""

import re
import tomllib
from pathlib import Path

import pytest

from recsys.presentation.charts import theme

ROOT = Path(__file__).parents[2]
MODES = ("light", "dark")
READABLE = 4.5
"""Least contrast of text (WCAG 2, level AA)."""
SEEN = 3.0
"""Least contrast of marks and large text."""


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colours(mode: str) -> dict[str, str]:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    found: dict[str, str] = config["theme"][mode]
    return found


def on_primary(mode: str) -> list[tuple[str, str]]:
    """What is written on the primary colour, and on its lighter or darker sign of being pointed at, as the page's style says."""
    style = (ROOT / "recsys" / "app" / "shell" / "page.css").read_text(encoding="utf-8")
    pairs = re.findall(r"(?<![-\w])(color|background-color): light-dark\((#\w{6}), (#\w{6})\)", style)
    by_name = {name: (light, dark)[MODES.index(mode)] for name, light, dark in pairs}
    return [(by_name["color"], colours(mode)["primaryColor"]), (by_name["color"], by_name["background-color"])]


def test_black_on_white_is_21_to_1():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#FFFFFF", "#3DBE95") == pytest.approx(2.33, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
def test_a_button_can_be_read_at_rest_and_pointed_at(mode: str):
    for ink, ground in on_primary(mode):
        assert contrast(ink, ground) >= READABLE, (ink, ground)


@pytest.mark.parametrize("mode", MODES)
def test_text_can_be_read_on_every_ground_of_the_page(mode: str):
    found = colours(mode)
    grounds = [found["backgroundColor"], found["secondaryBackgroundColor"], found["sidebar"]["backgroundColor"]]
    for name in ("textColor", "linkColor", "primaryColor"):
        for ground in grounds:
            assert contrast(found[name], ground) >= READABLE, (name, ground)
    for name in ("red", "green", "yellow", "blue"):
        assert contrast(found[f"{name}TextColor"], found[f"{name}BackgroundColor"]) >= READABLE, name


@pytest.mark.parametrize(("mode", "palette"), [("light", theme.LIGHT), ("dark", theme.DARK)])
def test_charts_can_be_read(mode: str, palette: theme.Palette):
    ground = colours(mode)["backgroundColor"]
    for ink in (palette.ink, palette.quiet):
        assert contrast(ink, ground) >= READABLE
    for mark in (palette.gain, palette.loss, palette.neutral, palette.accent):
        assert contrast(mark, ground) >= SEEN
