"""``economics.toml``: what a plan earns, what money costs over time, and where each figure is from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import tomli_w

Origin = Literal["estimated", "configured", "assumed"]
PlanKind = Literal["svod", "avod", "tvod"]


@dataclass(frozen=True, kw_only=True)
class Term:
    """A figure with its origin."""

    value: float
    source: str
    kind: Origin = "configured"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one plan earns. Terms that do not belong to its kind are None."""

    name: str
    kind: PlanKind
    monthly_price: Term | None = None
    """svod: currency a subscriber pays each month."""
    margin_share: Term | None = None
    """svod: share of the price left after taxes, payment and app-store fees and serving."""
    ads_per_hour: Term | None = None
    """avod: advertising slots in an hour watched."""
    fill_share: Term | None = None
    """avod: share of slots sold."""
    cpm: Term | None = None
    """avod: currency for a thousand impressions."""
    rental_price: Term | None = None
    """tvod: currency for one rental."""
    platform_share: Term | None = None
    """tvod: share of the rental price that the service keeps."""


PLAN_TERMS: Mapping[PlanKind, tuple[str, ...]] = {
    "svod": ("monthly_price", "margin_share"),
    "avod": ("ads_per_hour", "fill_share", "cpm"),
    "tvod": ("rental_price", "platform_share"),
}


@dataclass(frozen=True, kw_only=True)
class Economics:
    """The money side of a workspace. ``discount_rate`` is a year's; ``hurdle_rate`` is the ROI an offer has to reach."""

    currency: str
    discount_rate: Term
    hurdle_rate: Term
    plans: tuple[Plan, ...]
    default_plan: str
    """Plan of users whose plan is not known."""

    def plan(self, name: str) -> Plan:
        """The plan of that name; KeyError where there is none."""
        return next((plan for plan in self.plans if plan.name == name), None) or _no_plan(name)


def _no_plan(name: str) -> Plan:
    raise KeyError(name)


ASSUMED = Economics(
    currency="INR",
    discount_rate=Term(value=0.12, source="no figure given: a usual cost of capital", kind="assumed"),
    hurdle_rate=Term(value=0.15, source="no figure given", kind="assumed"),
    plans=(
        Plan(
            name="monthly",
            kind="svod",
            monthly_price=Term(value=149.0, source="no figure given: a usual regional plan", kind="assumed"),
            margin_share=Term(value=0.60, source="no figure given", kind="assumed"),
        ),
        Plan(
            name="ad-funded",
            kind="avod",
            ads_per_hour=Term(value=8.0, source="no figure given", kind="assumed"),
            fill_share=Term(value=0.55, source="no figure given", kind="assumed"),
            cpm=Term(value=120.0, source="no figure given", kind="assumed"),
        ),
    ),
    default_plan="monthly",
)
"""Terms of a workspace that has no ``economics.toml``; each one says that it is assumed."""


def load_economics(path: Path) -> Economics:
    """Read ``economics.toml``; :data:`ASSUMED` where there is none.

    Raises
    ------
    DataError  E_TOML, E_MISSING_COL, E_NUMBER, E_RANGE, E_CURRENCY, E_VERSION, with every finding at once
    """
    if not path.exists():
        return ASSUMED
    raise NotImplementedError


def as_toml(economics: Economics) -> str:
    """The text that :func:`load_economics` reads back as the same value."""
    plans: dict[str, Any] = {}
    for plan in economics.plans:
        terms = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name not in ("name", "kind")}
        plans[plan.name] = {"kind": plan.kind} | {k: _term(v) for k, v in terms.items() if v is not None}
    return tomli_w.dumps(
        {
            "schema": 1,
            "currency": economics.currency,
            "default_plan": economics.default_plan,
            "discount_rate": _term(economics.discount_rate),
            "hurdle_rate": _term(economics.hurdle_rate),
            "plans": plans,
        }
    )


def _term(term: Term) -> dict[str, Any]:
    return {"value": term.value, "source": term.source, "kind": term.kind}
