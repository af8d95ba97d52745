"""Scores, rivals and slates on figures that can be followed on paper."""

import numpy as np
import pandas as pd
import pytest

from recsys.backtest import accuracy, report
from recsys.backtest.baselines import (
    FEWEST_KNOWN,
    KnownArrivals,
    attribute_table,
    baseline_forecasts,
    five_comparables,
    genre_popularity,
    gradient_boosting,
)
from recsys.backtest.slate_regret import regret
from tests.backtest.builders import arrived, origin


def test_a_forecast_that_is_always_nearer_is_better_by_more_than_chance():
    rng = np.random.default_rng(1)
    actual = np.exp(rng.normal(3.0, 1.0, 200))
    near, far = actual * np.exp(rng.normal(0, 0.2, 200)), actual * np.exp(rng.normal(0, 1.0, 200))
    found = accuracy.paired_bootstrap(near, far, actual, rng)
    assert found["wape"]["low"] > 0
    assert found["spearman"]["low"] > 0


def test_a_forecast_against_itself_differs_by_nothing():
    actual = np.array([1.0, 5.0, 2.0, 9.0, 4.0])
    found = accuracy.paired_bootstrap(actual[::-1], actual[::-1], actual, np.random.default_rng(0))
    assert found == {"wape": {"mean": 0, "low": 0, "high": 0}, "spearman": {"mean": 0, "low": 0, "high": 0}}


def test_a_forecast_that_orders_nothing_has_no_rank_correlation():
    assert accuracy.spearman(np.ones(4), np.array([1.0, 2.0, 3.0, 4.0])) == 0.0


def test_regret_is_what_the_best_slate_won_more():
    """Budget 2 of 6: the forecast takes the last two, which win 3; the best two win 14."""
    won, best = regret(np.arange(6.0), np.array([9.0, 5.0, 0.0, 0.0, 1.0, 2.0]), np.ones(6))
    assert (won, best) == (3.0, 14.0)


def past(n: int = 40) -> KnownArrivals:
    """Dramas win 10 views each, comedies 100; content is the genre."""
    drama = np.arange(n) % 2 == 0
    known = pd.DataFrame({"genres": np.where(drama, "Drama", "Comedy")})
    offers = pd.DataFrame({"genres": ["Comedy", "Drama", "Drama|Comedy", "Horror"]})
    directions = {"Drama": [1.0, 0.0], "Comedy": [0.0, 1.0], "Drama|Comedy": [1.0, 1.0], "Horror": [1.0, 0.9]}
    return KnownArrivals(
        known=known,
        known_content=np.array([directions[name] for name in known["genres"]], dtype=np.float32),
        outcome=np.where(drama, 10.0, 100.0),
        offers=offers,
        offer_content=np.array([directions[name] for name in offers["genres"]], dtype=np.float32),
    )


def test_popularity_of_genre_is_the_mean_of_the_genres_on_the_scale_of_logarithms():
    """√(11 · 101) − 1 for both genres at once, and overall for a genre that never came."""
    both = np.sqrt(11.0 * 101.0) - 1.0
    assert genre_popularity(past()) == pytest.approx([100.0, 10.0, both, both])


def test_five_comparables_are_the_nearest_in_content():
    assert five_comparables(past())[:2] == pytest.approx([100.0, 10.0])


def test_gradient_boosting_learns_the_genres():
    assert gradient_boosting(past())[:2] == pytest.approx([100.0, 10.0], rel=0.02)


def test_rivals_say_nothing_on_too_few_outcomes():
    few = past(FEWEST_KNOWN - 1)
    assert baseline_forecasts(few, 0) == {}


RIVAL = {"genre_popularity": 20.0, "five_comparables": 20.0, "gradient_boosting": 20.0}


def test_totals_add_up_over_origins_and_compare_only_where_everybody_spoke():
    """Two arrivals without rivals count for coverage and not for the comparison. |10−10| + |20−10| + … over 10+…+50."""
    spoken = [arrived(float(k), 10.0, rivals=RIVAL) for k in (10, 20, 30, 40, 50)]
    silent = [arrived(1.0, 10.0), arrived(2.0, 10.0)]
    found = report.totals([origin(*spoken[:2], silent[0]), origin(*spoken[2:], silent[1])], [28], seed=0)["28"]["views"]
    assert (found["arrivals"], found["compared_on"]) == (7, 5)
    assert found["scores"]["projection"]["wape"] == pytest.approx((0 + 10 + 20 + 30 + 40) / 150)
    assert found["scores"]["gradient_boosting"]["wape"] == pytest.approx((10 + 0 + 10 + 20 + 30) / 150)
    eight = next(each for each in found["coverage"] if each["promised"] == 0.8)
    assert eight["measured"] == pytest.approx(2 / 7)  # 10 and 20 of 1, 2, 10 … 50 lie in 5 … 20
    assert eight["ranges"] == "raw"


def test_the_worst_misses_come_first_with_what_came_nearest():
    found = report.misses([origin(arrived(500.0, 10.0, rivals=RIVAL), arrived(11.0, 10.0, rivals=RIVAL))], 28)
    assert [each["actual"] for each in found] == [500.0, 11.0]
    assert found[0]["nearest_rival"] == {"name": "genre_popularity", "value": 20.0}


def test_fees_are_used_where_all_are_known_and_equal_otherwise():
    assert list(report.fees_of([arrived(1.0, 1.0, fee=3.0).arrived, arrived(2.0, 1.0, fee=4.0).arrived])) == [3.0, 4.0]
    assert list(report.fees_of([arrived(1.0, 1.0, fee=3.0).arrived, arrived(2.0, 1.0).arrived])) == [1.0, 1.0]


def test_attributes_leave_out_ids_titles_dates_terms_and_values_of_a_single_movie():
    movies = pd.DataFrame(
        {
            "movie_id": ["a", "b", "c"],
            "title": ["x", "x", "y"],
            "available_from": pd.to_datetime(["2024-01-01"] * 3),
            "licence_fee": [1.0, 2.0, 3.0],
            "star": ["P", "P", "Q"],
            "year": [2000.0, np.nan, 2010.0],
        }
    )
    assert attribute_table(movies).tolist() == [[1.0, -1.0], [1.0, 0.0], [0.0, 1.0]]
    assert attribute_table(movies[["movie_id", "title"]]).shape == (3, 0)
