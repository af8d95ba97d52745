"""Charts are valid Vega-Lite, follow the reader's mode, and say everything twice: by colour and by form or text."""

import json

import altair as alt
import numpy as np
import pandas as pd
import pytest

from recsys.decision.sensitivity import ParameterSensitivity
from recsys.embeddings.maps import MapLayout
from recsys.ids import IdMap
from recsys.presentation import charts
from recsys.presentation.charts import theme
from recsys.presentation.tables.colouring import OTHER, by_attribute, by_band
from recsys.presentation.tables.points import MAX_POINTS, Points, inside, people_of, points_of, search
from recsys.projection.result import SegmentShare
from tests.presentation import projections


def flat(n: int, kind: str = "neighbourhood") -> MapLayout:
    positions = np.random.default_rng(0).standard_normal((n, 2)).astype(np.float32)
    return MapLayout(kind=kind, ids=IdMap(map(str, range(n))), positions=positions, fitted=n)  # type: ignore[arg-type]


def movie_points(n: int = 30) -> Points:
    ids = [f"m{k}" for k in range(n)]
    return points_of(flat(n), [f"Title {k}" for k in range(n)], ["movie"] * (n - 2) + ["offer"] * 2, None, ids)


def attribute(n: int = 30, kinds: int = 3) -> pd.DataFrame:
    return pd.DataFrame({"genres": [f"G{k % kinds}|Other" for k in range(n)]})


ALL = {
    "hours": lambda: charts.hours_waterfall(projections.projection()),
    "money": lambda: charts.money_waterfall(projections.projection()),
    "months": lambda: charts.monthly_hours(projections.projection()),
    "cash": lambda: charts.cumulative_cash(projections.projection()),
    "walk away": lambda: charts.walk_away([projections.offer(), projections.offer(title="Other")], [40e5, None], "INR"),
    "audience": lambda: charts.audience_of(projections.offer().segments),
    "sparkline": lambda: charts.sparkline((("2024-01", 20), ("2024-02", 30)), label="active users"),
    "map": lambda: charts.point_map(movie_points(), by_attribute(attribute(), "genres"), found=frozenset({"m1"})),
    "empty scenario": lambda: charts.monthly_hours(projections.nothing()),
    "no ranges": lambda: charts.hours_waterfall(projections.quick()),
}


@pytest.mark.parametrize("name", ALL)
def test_every_chart_is_valid_vega_lite(name: str):
    spec = ALL[name]().to_dict(validate=True)
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    json.dumps(spec, allow_nan=False)


def test_charts_take_the_colours_of_the_readers_mode():
    theme.follow(lambda: True)
    dark = ALL["months"]().to_dict()["config"]
    theme.follow(lambda: False)
    light = ALL["months"]().to_dict()["config"]
    assert dark["text"]["color"] == theme.DARK.ink
    assert light["text"]["color"] == theme.LIGHT.ink
    assert light["background"] == dark["background"] == "transparent"


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_chart_text_can_be_read_on_the_page(colours: theme.Palette):
    """WCAG AA asks for a contrast of 4.5."""
    page = _luminance(colours.page)
    for text in (colours.ink, colours.quiet):
        bright, dim = sorted((_luminance(text), page), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_the_waterfall_of_hours_adds_up_to_what_the_offers_add():
    """40,000 watched − 26,000 taken = 14,000 added."""
    rows = _rows(charts.hours_waterfall(projections.projection()), "step")
    ends = [row["end"] for row in rows]
    assert ends == [40_000, 14_000, 14_000]
    assert [row["start"] for row in rows] == [0, 40_000, 0]


def test_the_waterfall_of_money_ends_at_the_worth_after_cost():
    """52 lakh earned − 42 lakh of cost = 10 lakh."""
    rows = _rows(charts.money_waterfall(projections.projection()), "step")
    assert [row["end"] for row in rows] == pytest.approx([52.0, 10.0, 10.0])


def _rows(chart: alt.LayerChart, column: str) -> list[dict[str, float]]:
    datasets = chart.to_dict()["datasets"].values()
    return next(rows for rows in datasets if rows and column in rows[0] and "start" in rows[0])


def test_a_long_name_of_a_persona_goes_on_in_the_next_line():
    """A card is half as wide as “Tamil historical and thriller, also Malayalam” is long; short names stand on their bars."""
    long, short = "Tamil historical and thriller, also Malayalam", "Marathi crime"
    shares = [SegmentShare(name=long, hours=2.0, share=0.6), SegmentShare(name=short, hours=1.0, share=0.4)]
    spec = charts.audience_of(shares).to_dict()
    (text,) = [layer for layer in spec["layer"] if layer["encoding"].get("text", {}).get("field") == "name"]
    assert text["mark"]["lineBreak"] == "\n"
    (rows,) = spec["datasets"].values()
    assert [row["persona"] for row in rows] == [long, short]
    assert rows[0]["name"].split("\n") == ["Tamil historical and", "thriller, also Malayalam"]
    assert rows[1]["name"] == f"\n{short}"


def test_points_are_told_apart_by_shape_as_well_as_colour():
    spec = ALL["map"]().to_dict()
    encoding = spec["layer"][0]["encoding"]
    domain = encoding["color"]["scale"]["domain"]
    shapes = encoding["shape"]["scale"]["range"]
    assert len(domain) == len(set(shapes)) == 3


def test_a_map_shows_the_eight_most_frequent_values_and_calls_the_rest_other():
    coloured = by_attribute(attribute(200, kinds=12), "genres")
    assert coloured.order is not None
    assert len(coloured.order) == 9
    assert coloured.order[-1] == OTHER


def test_numbers_get_a_scale_and_few_whole_numbers_get_categories_in_their_order():
    frame = pd.DataFrame({"year": np.arange(1990.0, 2020.0), "tier": [3.0, 1.0, 2.0] * 10})
    assert by_attribute(frame, "year").order is None
    assert by_attribute(frame, "tier").order == ("1", "2", "3")


def test_more_points_than_a_browser_draws_are_sampled_and_said_to_be():
    n = MAX_POINTS + 500
    points = people_of(flat(n))
    assert len(points.frame) == MAX_POINTS
    assert points.is_sample
    assert points.total == n


def test_a_box_selects_also_the_points_that_are_not_drawn():
    n = MAX_POINTS + 500
    points = people_of(flat(n))
    everything = inside(points, {"box": {"x": [-9, 9], "y": [9, -9]}, "pick": []}, box="box", pick="pick")
    assert len(everything) == n


def test_a_click_selects_the_points_it_names_and_nothing_else():
    points = movie_points(5)
    assert inside(points, {"box": {}, "pick": [{"token": 3}, {"token": 77}]}, box="box", pick="pick").tolist() == [3]
    assert inside(points, {}, box="box", pick="pick").tolist() == []


def test_of_people_a_browser_gets_places_colours_and_tokens_and_nothing_else():
    points = people_of(flat(30))
    drawn = charts.point_map(points, by_band(attribute(), "genres"))
    assert drawn.to_dict()["layer"][0]["encoding"]["tooltip"] == {"value": None}
    assert set(drawn.data.columns) == {"token", "kind", "x", "y", "value"}
    assert drawn.data.index.tolist() == list(range(30))  # rows of the table would follow the ids
    assert not np.array_equal(points.frame.index, np.arange(30))


def test_a_token_selects_the_person_it_was_given_to():
    points = people_of(flat(30))
    token = int(points.frame.loc[7, "token"])
    assert inside(points, {"pick": [{"token": token}]}, box="box", pick="pick").tolist() == [7]


def test_colours_of_people_tell_no_value_of_fewer_than_twenty():
    people = pd.DataFrame({"age": [97, *range(1, 100)], "city": ["Ooty"] * 19 + ["Madurai"] * 81})
    city = by_band(people, "city")
    assert city.order == ("Madurai", OTHER)
    ages = by_band(people, "age")
    assert ages.order is not None
    assert ages.order[-1] == "81 and more"  # the oldest stays untold
    assert ages.of_points.value_counts().min() == 20
    assert "97" not in " ".join(ages.order)


def test_search_finds_whole_titles_before_parts_and_ids_exactly():
    assert search(["a", "b", "c"], ["The Sea Song", "Song", "Rain"], "song") == (1, 0)
    assert search(["a", "b", "c"], ["The Sea Song", "Song", "Rain"], "C") == (2,)
    assert search(["a"], ["x"], "  ") == ()


def test_a_swing_goes_from_nothing_to_either_end_each_in_a_lane_of_its_own():
    """Where both ends lie on one side, one bar would lie behind the other."""
    swing = ParameterSensitivity(parameter="rewatch", meaning="how often", low=0.0, high=0.1, change_low=4e5, change_high=9e5)
    chart = charts.swings_of([swing], "INR").to_dict()
    rows = next(iter(chart["datasets"].values()))
    assert [(row["from"], row["to"]) for row in rows] == [(0.0, 4.0), (0.0, 9.0)]
    bars = [layer["mark"] for layer in chart["layer"] if layer["mark"]["type"] == "bar"]
    assert bars[1]["yOffset"] - bars[0]["yOffset"] >= bars[0]["height"]


def test_months_are_measured_from_zero():
    """A cut axis made a loss of a tenth look like a half; the two lines are told apart by colour, by dashes and in a legend."""
    spec = charts.monthly_hours(projections.projection()).to_dict()
    (lines,) = spec["layer"]
    assert lines["encoding"]["y"]["scale"]["zero"] is True
    for channel in ("color", "strokeDash"):
        assert lines["encoding"][channel]["legend"]["symbolType"] == "stroke"


def test_a_legend_beside_long_names_has_one_entry_a_line():
    """A phone leaves such charts the width of one; the second was cut off."""
    frame = pd.DataFrame({"model": ["A", "B"], "kind": ["trained model", "simple rule"], "mean": 0.2, "low": 0.1, "high": 0.3})
    made = (charts.models_apart(frame.assign(shown="x"), "nDCG"), ALL["walk away"]())
    for spec in (chart.to_dict() for chart in made):
        colours = [
            layer["encoding"]["color"] for layer in spec["layer"] if "legend" in layer.get("encoding", {}).get("color", {})
        ]
        assert colours
        assert {colour["legend"]["columns"] for colour in colours} == {1}
