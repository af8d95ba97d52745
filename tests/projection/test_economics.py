"""Money, with the sums in sight."""

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.projection import economics
from recsys.projection.economics import OfferTerms
from recsys.tables.economics_config import Plan
from tests.projection.builders import term


def test_npv_of_a_bond_priced_at_par_is_zero():
    """110 received in 12 months at 10 % a year is worth the 100 paid today."""
    flow = np.zeros(13)
    flow[0], flow[12] = -100.0, 110.0  # 110 / 1.10 = 100
    assert economics.net_present_value(flow, annual_rate=0.10) == pytest.approx(0.0)


def test_a_year_of_months_compounds_to_the_annual_rate():
    factors = economics.discount_factors(24, 0.21)
    assert factors[12] == pytest.approx(1 / 1.21)
    assert factors[24] == pytest.approx(1 / 1.21**2)
    assert factors[6] ** 2 == pytest.approx(factors[12])


def test_each_cost_falls_in_its_month():
    terms = OfferTerms(fee=100.0, dubbing_cost=10.0, delivery_cost=1.0, marketing_cost=5.0, royalty_per_view=2.0, launch_month=3)
    flow = economics.cost_flow(terms, np.array([0.0, 0.0, 4.0, 1.0]))
    assert flow.tolist() == [111.0, 0.0, 5.0, 8.0, 2.0]


def test_marketing_of_a_launch_after_the_horizon_is_not_spent_within_it():
    assert economics.cost_flow(OfferTerms(fee=100.0, marketing_cost=5.0, launch_month=4), np.zeros(2)).tolist() == [
        100.0,
        0.0,
        0.0,
    ]


def test_the_max_bid_leaves_the_hurdle():
    """Value 230, other costs 100, hurdle 15 %: a fee of 100 makes 230 − 200 = 30 = 0.15 · 200."""
    assert economics.max_bid(230.0, 100.0, 0.15) == pytest.approx(100.0)
    assert economics.max_bid(50.0, 100.0, 0.15) == 0.0


def test_payback_is_the_first_month_that_is_not_in_the_red():
    assert economics.payback_month(economics.cumulative(np.array([-10.0, 4.0, 6.0, 1.0]), 0.0)) == 2
    assert economics.payback_month(economics.cumulative(np.array([-10.0, 4.0, 5.0]), 0.0)) is None


def test_each_kind_of_plan_earns_in_its_own_way():
    monthly = Plan(name="m", kind="svod", monthly_price=term(149.0), margin_share=term(0.6))
    funded = Plan(name="a", kind="avod", ads_per_hour=term(8.0), fill_share=term(0.5), cpm=term(120.0))
    rental = Plan(name="r", kind="tvod", rental_price=term(60.0), platform_share=term(0.4))
    assert economics.earnings(monthly) == pytest.approx((89.4, 0.0, 0.0))  # 149 · 0.6
    assert economics.earnings(monthly, 100.0) == pytest.approx((60.0, 0.0, 0.0))
    assert economics.earnings(funded) == pytest.approx((0.0, 0.48, 0.0))  # 8 · 0.5 · 120 / 1000
    assert economics.earnings(rental) == pytest.approx((0.0, 0.0, 24.0))


def test_a_plan_without_a_term_of_its_kind_is_refused():
    with pytest.raises(DataError, match=r"E_MISSING_COL.*margin_share"):
        economics.earnings(Plan(name="m", kind="svod", monthly_price=term(149.0)))
