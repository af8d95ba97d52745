"""Revenue terms of the simulated service: the ``economics.toml`` that goes with it."""

from dataclasses import replace

from recsys.tables.economics_config import Economics, Plan, Term

SOURCE = "demo world"


def _term(value: float) -> Term:
    return Term(value=value, source=SOURCE, kind="configured")


MONTHLY_PRICE_INR = 199.0

ECONOMICS = Economics(
    currency="INR",
    discount_rate=_term(0.12),
    hurdle_rate=_term(0.15),
    plans=(
        Plan(name="monthly", kind="svod", monthly_price=_term(MONTHLY_PRICE_INR), margin_share=_term(0.62)),
        Plan(name="ad-funded", kind="avod", ads_per_hour=_term(9.0), fill_share=_term(0.60), cpm=_term(160.0)),
        Plan(name="rental", kind="tvod", rental_price=_term(49.0), platform_share=_term(0.40)),
    ),
    default_plan="monthly",
)
"""Plans of ``population.PLANS``, for tables that hold everybody."""


def economics(people_per_user: float) -> Economics:
    """The terms of a service whose tables hold one user for so many people."""
    source = f"{SOURCE}: its tables are a sample of a larger audience"
    return replace(ECONOMICS, people_per_user=Term(value=people_per_user, source=source))


def subscriber_month() -> float:
    """Margin of a subscriber who pays for a month."""
    plan = ECONOMICS.plan("monthly")
    return _value(plan.monthly_price) * _value(plan.margin_share)


def ad_hour() -> float:
    """Advertising revenue of an hour watched on the ad-funded plan."""
    plan = ECONOMICS.plan("ad-funded")
    return _value(plan.ads_per_hour) * _value(plan.fill_share) * _value(plan.cpm) / 1_000


def rental() -> float:
    """What the service keeps of a rental."""
    plan = ECONOMICS.plan("rental")
    return _value(plan.rental_price) * _value(plan.platform_share)


def _value(term: Term | None) -> float:
    if term is None:
        raise ValueError("the demo's plans state this term")
    return term.value
