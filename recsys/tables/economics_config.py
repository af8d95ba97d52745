"""``economics.toml``: what a plan earns, what money costs over time, and where each figure is from."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import tomli_w

from recsys import foreign
from recsys.errors import DataError, Finding
from recsys.tables.characters import CONTROL_BUT_LINES
from recsys.tables.formats.parsing import MESSAGES, REMEDIES

Origin = Literal["estimated", "configured", "assumed"]
PlanKind = Literal["svod", "avod", "tvod"]


@dataclass(frozen=True, kw_only=True)
class Term:
    """A figure with its origin."""

    value: float
    source: str
    kind: Origin = "configured"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a figure may be, in which unit, and on which plans it belongs; declared with its field."""

    low: float = 0.0
    high: float = math.inf
    unit: str
    """``{currency}`` stands for the workspace's."""
    plan: PlanKind | None = None
    """None: a figure of the service."""
    optional: bool = False
    """Whether it can be left out, being estimated then."""
    remedy: str = "Shares and rates are fractions: 12 % is 0.12."


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one plan earns. Terms that do not belong to its kind are None."""

    name: str
    kind: PlanKind
    monthly_price: Annotated[Term | None, Limits(unit="{currency} a month", plan="svod")] = None
    """What a subscriber pays."""
    margin_share: Annotated[Term | None, Limits(high=1.0, unit="share", plan="svod")] = None
    """What is left of the price after taxes, payment and app-store fees and serving."""
    monthly_churn: Annotated[Term | None, Limits(high=1.0, unit="share a month", plan="svod", optional=True)] = None
    """Share that leaves in a month, whatever is watched; 0 where nobody can. None: estimated from the tables."""
    ads_per_hour: Annotated[Term | None, Limits(unit="slots an hour", plan="avod")] = None
    """Advertising slots in an hour watched."""
    fill_share: Annotated[Term | None, Limits(high=1.0, unit="share", plan="avod")] = None
    """Share of slots sold."""
    cpm: Annotated[Term | None, Limits(unit="{currency} a thousand", plan="avod")] = None
    """What a thousand impressions earn."""
    rental_price: Annotated[Term | None, Limits(unit="{currency} a rental", plan="tvod")] = None
    platform_share: Annotated[Term | None, Limits(high=1.0, unit="share", plan="tvod")] = None
    """Share of the rental price that the service keeps."""


def declared_terms(kind: type, plan: PlanKind | None = None) -> dict[str, Limits]:
    """Limits of each figure that a class declares, of one kind of plan or of the service.

    Examples
    --------
    >>> list(declared_terms(Plan, "avod"))
    ['ads_per_hour', 'fill_share', 'cpm']
    """
    limits = {field.name: part for field in fields(kind) for part in get_args(field.type) if isinstance(part, Limits)}
    return {name: each for name, each in limits.items() if each.plan == plan}


@dataclass(frozen=True, kw_only=True)
class SeasonTerm:
    """How much more, or less, is watched in each month of the year."""

    factors: tuple[float, ...]
    """Twelve, January first, as stated; they count relative to their mean."""
    source: str
    kind: Origin = "configured"


ONE_PERSON_EACH = Term(value=1.0, source="every user of the tables counts once")


@dataclass(frozen=True, kw_only=True)
class Economics:
    """The money side of a workspace. ``discount_rate`` is a year's; ``hurdle_rate`` is the ROI an offer has to reach."""

    currency: str
    discount_rate: Annotated[Term, Limits(high=10.0, unit="share a year")]
    hurdle_rate: Annotated[Term, Limits(high=100.0, unit="share of cost")]
    plans: tuple[Plan, ...]
    default_plan: str
    """Plan of users whose plan is not known."""
    people_per_user: Annotated[
        Term,
        Limits(
            low=1.0, high=1e6, unit="people", remedy="Give how many people of the audience one user of the tables stands for."
        ),
    ] = ONE_PERSON_EACH
    """People whom a user of the tables stands for: above 1 where the tables hold a sample of the audience."""
    season: SeasonTerm | None = None
    """None: estimated where the data are long enough, else none."""

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
    DataError  E_TOO_BIG, E_TOO_DEEP, E_TOML, E_ENCODING, E_MISSING_COL, E_UNKNOWN_KEY, E_NUMBER, E_RANGE, E_CURRENCY, E_PLAN,
        E_SOURCE, E_VERSION, with every finding at once
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ASSUMED
    return parse_economics(content)


def parse_economics(content: bytes) -> Economics:
    """Read the text of an ``economics.toml``; raises as :func:`load_economics` does."""
    try:
        document = foreign.toml(content, max_bytes=MAX_BYTES)
    except foreign.UnreadableError as error:
        raise error.as_error(DataError, "the file", table=_TABLE) from error
    if strange := [text for text in _texts(document) if re.search(CONTROL_BUT_LINES, text)]:
        shown = strange[0][:40].encode("unicode_escape").decode("ascii")
        raise DataError.of("E_CTRL", f"{shown!r} holds {MESSAGES['E_CTRL']}.", REMEDIES["E_CTRL"], table=_TABLE)
    return _Reader(document).economics()


def _texts(entry: object) -> Iterator[str]:
    """Every key and every text of a document."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, Mapping):
        for key, value in entry.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _texts(value)


MAX_BYTES = 1_000_000
_TABLE = "economics"
_KINDS: tuple[Origin, ...] = get_args(Origin)
_PLAN_KINDS: tuple[PlanKind, ...] = get_args(PlanKind)
_SEASON = "season"


class _Reader:
    """Reads the document key by key and keeps every finding until the end."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._findings: list[Finding] = []

    def economics(self) -> Economics:
        document = self._document
        version = document.get("schema", 1)
        if type(version) is not int or version != 1:
            remedy = "Update the program." if isinstance(version, int) and version > 1 else "Write schema = 1."
            self._find("E_VERSION", "schema", f"the file has schema {version!r:.60}; this version reads 1.", remedy)
        self._refuse_unknown(document, ("schema", *(field.name for field in fields(Economics))), "")
        currency = document.get("currency")
        if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper()):
            self._find("E_CURRENCY", "currency", f"got {currency!r:.60}.", "Give a three-letter code, for example INR.")
        optional = {field.name for field in fields(Economics) if field.default is not MISSING}
        terms = {
            name: self._term(document, name, name, limits)
            for name, limits in declared_terms(Economics).items()
            if name in document or name not in optional
        }
        season = self._season(document[_SEASON]) if _SEASON in document else None
        plans = self._plans(document.get("plans"))
        default = document.get("default_plan")
        if not isinstance(default, str) or default not in {plan.name for plan in plans}:
            known = ", ".join(plan.name for plan in plans) or "none"
            self._find("E_PLAN", "default_plan", f"got {default!r:.60}; plans are {known}.", "Name one of the plans.")
        if self._findings:
            raise DataError(self._findings)
        return Economics(currency=str(currency), plans=tuple(plans), default_plan=str(default), season=season, **terms)

    def _season(self, entry: Any) -> SeasonTerm | None:
        if not isinstance(entry, dict):
            self._find("E_SOURCE", _SEASON, "the season has no source.", 'Write season = { factors = [1.0, …], source = "…" }.')
            return None
        self._refuse_unknown(entry, ("factors", "source", "kind"), f"{_SEASON}.")
        source, kind, factors = entry.get("source"), entry.get("kind", "configured"), entry.get("factors")
        if not isinstance(source, str) or not source.strip() or kind not in _KINDS:
            self._find(
                "E_SOURCE", _SEASON, "the season does not say where it is from.", f"Give a source; kind: {', '.join(_KINDS)}."
            )
        if not isinstance(factors, list) or len(factors) != 12 or not all(_is_factor(value) for value in factors):
            self._find(
                "E_RANGE", f"{_SEASON}.factors", "a season has 12 factors above 0, up to 10.", "Give one a month, January first."
            )
            return None
        return SeasonTerm(factors=tuple(map(float, factors)), source=str(source), kind=kind if kind in _KINDS else "configured")

    def _plans(self, plans: Any) -> list[Plan]:
        if not isinstance(plans, dict) or not plans:
            self._find("E_MISSING_COL", "plans", "there is no plan.", "Add a table [plans.NAME] with a kind and its terms.")
            return []
        return [self._plan(name, entry) for name, entry in plans.items()]

    def _plan(self, name: str, entry: Any) -> Plan:
        kind: PlanKind | None = next((k for k in _PLAN_KINDS if isinstance(entry, dict) and entry.get("kind") == k), None)
        if kind is None:
            self._find("E_PLAN", f"plans.{name}.kind", "there is no such kind of plan.", "Give svod, avod or tvod.")
            return Plan(name=name, kind="svod")
        wanted = declared_terms(Plan, kind)
        self._refuse_unknown(entry, ("kind", *wanted), f"plans.{name}.")
        terms = {
            key: self._term(entry, key, f"plans.{name}.{key}", limits)
            for key, limits in wanted.items()
            if key in entry or not limits.optional
        }
        return Plan(name=name, kind=kind, **terms)

    def _term(self, table: dict[str, Any], key: str, place: str, limits: Limits) -> Term:
        nothing = Term(value=0.0, source="")
        if key not in table:
            self._find("E_MISSING_COL", place, "the figure is missing.", f'Write {key} = {{ value = 0.0, source = "…" }}.')
            return nothing
        entry = table[key]
        if not isinstance(entry, dict):
            self._find(
                "E_SOURCE", place, "the figure has no source.", f'Write {key} = {{ value = {entry!s:.60}, source = "…" }}.'
            )
            return nothing
        self._refuse_unknown(entry, ("value", "source", "kind"), f"{place}.")
        value, source, kind = entry.get("value"), entry.get("source"), entry.get("kind", "configured")
        if not isinstance(source, str) or not source.strip():
            self._find("E_SOURCE", place, "the figure has no source.", "Say in a few words where it is from.")
        if kind not in _KINDS:
            self._find("E_SOURCE", place, f"kind is {kind!r:.60}.", f"Give one of {', '.join(_KINDS)}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._find("E_NUMBER", place, f"got {value!r:.60}.", "Give a finite number.")
            return nothing
        if not limits.low <= value <= limits.high:
            self._find("E_RANGE", place, f"got {value}; allowed is {limits.low:g} to {limits.high:g}.", limits.remedy)
        return Term(value=float(value), source=str(source), kind=kind)

    def _refuse_unknown(self, table: dict[str, Any], known: tuple[str, ...], place: str) -> None:
        for key in table:
            if key not in known:
                self._find("E_UNKNOWN_KEY", f"{place}{key}", f"known here are {', '.join(known)}.", "Correct or remove it.")

    def _find(self, code: str, column: str, message: str, remedy: str) -> None:
        self._findings.append(Finding(code=code, message=message, remedy=remedy, table=_TABLE, column=column))


def _is_factor(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 10


def as_toml(economics: Economics) -> str:
    """The text that :func:`load_economics` reads back as the same value."""
    season = economics.season
    return tomli_w.dumps(
        {
            "schema": 1,
            "currency": economics.currency,
            "default_plan": economics.default_plan,
            **_terms(economics),
            **({} if season is None else {_SEASON: asdict(season) | {"factors": list(season.factors)}}),
            "plans": {plan.name: {"kind": plan.kind, **_terms(plan, plan.kind)} for plan in economics.plans},
        }
    )


def _terms(held: Economics | Plan, plan: PlanKind | None = None) -> dict[str, Any]:
    terms = {name: getattr(held, name) for name in declared_terms(type(held), plan)}
    return {name: asdict(term) for name, term in terms.items() if term is not None}
