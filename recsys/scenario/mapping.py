"""A scenario as plain keys and values, which files, links and stores share; every mistake is found in one pass.

Numbers that a file states in another unit than the program (``delta_pp``) stay decimal on the way, so that writing and
reading back gives the very same scenario.
"""

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from decimal import Decimal
from typing import Any

from recsys.errors import Finding, ScenarioError
from recsys.scenario.scenario import (
    DEFAULT_HORIZON_MONTHS,
    Acquire,
    ByPersona,
    ByRule,
    ByUsers,
    Change,
    ChangeChurn,
    ChangePrice,
    ContinueDrift,
    Direction,
    Drop,
    Everyone,
    Licences,
    Promote,
    ResizeSegment,
    ScaleActivity,
    Scenario,
    Segment,
    ShiftLaunch,
    ShiftTaste,
    TowardsAttribute,
    TowardsMovies,
)

SCHEMA = 1
MAX_CHANGES = 200
MAX_FINDINGS = 50
MAX_TEXT = 2_000
MAX_USERS = 200_000
MAX_HORIZON_MONTHS = 120
LICENCES: tuple[Licences, ...] = ("renewed", "lapse")
_LICENCES = 'Write "renewed" (the default) or "lapse".'

TYPES: Mapping[str, type[Change]] = {
    "resize_segment": ResizeSegment,
    "shift_taste": ShiftTaste,
    "scale_activity": ScaleActivity,
    "change_churn": ChangeChurn,
    "change_price": ChangePrice,
    "continue_drift": ContinueDrift,
    "acquire": Acquire,
    "drop": Drop,
    "promote": Promote,
    "shift_launch": ShiftLaunch,
}
NAMES: Mapping[type[Change], str] = {kind: name for name, kind in TYPES.items()}


@dataclass(frozen=True)
class _Bound:
    low: float
    high: float
    unit: str
    whole: bool = False
    above: bool = False
    """Whether ``low`` itself is refused."""

    def __str__(self) -> str:
        return f"{'above' if self.above else 'from'} {self.low:g} to {self.high:g} {self.unit}".rstrip()


_MONEY = _Bound(0, 1e15, "in the workspace's currency")
BOUNDS: Mapping[tuple[type[Change], str], _Bound] = {
    (ResizeSegment, "factor"): _Bound(0, 1000, "times", above=True),
    (ShiftTaste, "strength"): _Bound(-10, 10, "standard deviations"),
    (ScaleActivity, "factor"): _Bound(0, 1000, "times", above=True),
    (ChangeChurn, "delta_share"): _Bound(-1, 1, "(-100 to 100 percentage points)"),
    (ChangePrice, "amount"): _MONEY,
    (ContinueDrift, "months"): _Bound(1, 60, "months", whole=True),
    (Acquire, "fee"): _MONEY,
    (Acquire, "window_months"): _Bound(1, 600, "months", whole=True),
    (Acquire, "royalty_per_view"): _MONEY,
    (Acquire, "dubbing_cost"): _MONEY,
    (Acquire, "marketing_cost"): _MONEY,
    (Acquire, "delivery_cost"): _MONEY,
    (Acquire, "launch_month"): _Bound(1, MAX_HORIZON_MONTHS, "months", whole=True),
    (Promote, "exposure"): _Bound(0, 10, "front-page slots"),
    (ShiftLaunch, "month"): _Bound(1, MAX_HORIZON_MONTHS, "months", whole=True),
}
"""What each number may be; the app's widgets take their limits from here."""

_REFUSED = {"Cc", "Cs", "Zl", "Zp"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Overrides of the writing direction; joiners stay, since Indic scripts need them."""
_PLAIN_TEXT = {(ChangePrice, "plan"), (Acquire, "offer"), (Drop, "movie"), (Promote, "movie"), (ShiftLaunch, "offer")}


def as_mapping(scenario: Scenario) -> dict[str, Any]:
    """Keys and values of a scenario, as its file has them.

    Examples
    --------
    >>> as_mapping(Scenario(name="less churn", changes=(ChangeChurn(segment=Everyone(), delta_share=-0.01),)))["change"]
    [{'type': 'change_churn', 'segment': {'all': True}, 'delta_pp': Decimal('-1.00')}]
    """
    return {
        "schema": SCHEMA,
        "name": scenario.name,
        "horizon_months": scenario.horizon_months,
        **({} if scenario.licences == LICENCES[0] else {"licences": scenario.licences}),
        "change": [_change_as_mapping(change) for change in scenario.changes],
    }


def from_mapping(document: Mapping[str, Any]) -> Scenario:
    """The scenario that keys and values state.

    Raises
    ------
    ScenarioError  E_VERSION: written by a newer version; E_PARAM: a key or type that is not known, missing or of the wrong
        kind; E_NUMBER: not a finite number; E_RANGE: a number outside what is allowed; E_SEGMENT: a segment that says
        nothing. All findings at once, except that a newer version is not read further.
    """
    reader = _Reader()
    version = document.get("schema")
    if isinstance(version, bool) or not isinstance(version, int):
        reader.refuse("E_VERSION", f"schema is {_short(version)}; a scenario states schema = {SCHEMA}.", "Add schema = 1.")
    elif version != SCHEMA:
        raise ScenarioError.of(
            "E_VERSION",
            f"the scenario is written in schema {version}; this version reads {SCHEMA}.",
            "Open it with the version that wrote it, or install a newer one.",
            table="scenario",
            column="schema",
        )
    reader.known_keys(document, {"schema", "name", "horizon_months", "licences", "change"}, "")
    name = reader.text(document.get("name"), "name", length=200)
    horizon = reader.number(
        document.get("horizon_months", DEFAULT_HORIZON_MONTHS),
        _Bound(0, MAX_HORIZON_MONTHS, "months", whole=True),
        "horizon_months",
    )
    licences = document.get("licences", LICENCES[0])
    if licences not in LICENCES:
        reader.refuse("E_PARAM", f"{_short(licences)} does not say what becomes of licences that end.", _LICENCES, "licences")
    listed = document.get("change", [])
    if not isinstance(listed, list | tuple):
        reader.refuse("E_PARAM", "change is not a list.", "Write each change as a [[change]] table.", "change")
        listed = []
    if len(listed) > MAX_CHANGES:
        reader.refuse("E_PARAM", f"{len(listed)} changes; at most {MAX_CHANGES}.", "Split the scenario.", "change")
        listed = []
    changes = [reader.change(entry, f"change[{k}]") for k, entry in enumerate(listed, start=1)]
    reader.done()
    return Scenario(
        name=name or "",
        horizon_months=int(horizon or 0),
        licences="lapse" if licences == "lapse" else "renewed",
        changes=tuple(change for change in changes if change is not None),
    )


def check(scenario: Scenario) -> None:
    """Refuse a scenario whose numbers or texts are not allowed, wherever it was built.

    Raises
    ------
    ScenarioError  as :func:`from_mapping`
    """
    from_mapping(as_mapping(scenario))


def _change_as_mapping(change: Change) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": NAMES[type(change)]}
    for field in fields(change):
        value = getattr(change, field.name)
        if value is None or (field.name == "launch_month" and value == 1):
            continue
        if field.name == "segment":
            entry["segment"] = segment_as_mapping(value)
        elif field.name == "towards":
            entry["towards"] = _direction_as_mapping(value)
        elif field.name == "delta_share":
            entry["delta_pp"] = _hundredfold(value)
        elif (bound := BOUNDS.get((type(change), field.name))) and isinstance(value, int | float):
            entry[field.name] = value if bound.whole else float(value) + 0.0
        else:
            entry[field.name] = value
    return entry


def segment_as_mapping(segment: Segment) -> dict[str, Any]:
    """A segment as it stands in a scenario file."""
    match segment:
        case Everyone():
            return {"all": True}
        case ByPersona(persona=persona):
            return {"persona": persona}
        case ByRule(where=where):
            return {"where": where}
        case ByUsers(users=users):
            return {"users": list(users)}


def _direction_as_mapping(direction: Direction) -> dict[str, Any]:
    match direction:
        case TowardsMovies(movies=movies):
            return {"movies": list(movies)}
        case TowardsAttribute(attribute=attribute, value=value):
            return {"attribute": attribute, "value": value}


def _hundredfold(share: float) -> Decimal | float:
    return Decimal(repr(float(share) + 0.0)) * 100 if math.isfinite(share) else share


def _short(value: object) -> str:
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class _Reader:
    """Reads values and keeps what is wrong with them; a refused value is None."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []

    def refuse(self, code: str, message: str, remedy: str, place: str | None = None) -> None:
        self._findings.append(Finding(code=code, message=message, remedy=remedy, table="scenario", column=place))

    def done(self) -> None:
        more = len(self._findings) - MAX_FINDINGS
        if more > 0:
            first = self._findings[0]
            told = replace(first, message=f"and {more:,} more like these.", remedy="Correct these first.")
            raise ScenarioError([*self._findings[:MAX_FINDINGS], told])
        if self._findings:
            raise ScenarioError(self._findings)

    def known_keys(self, entry: Mapping[str, Any], known: set[str], place: str) -> None:
        for key in entry:
            if key not in known:
                self.refuse(
                    "E_PARAM",
                    f"{_short(key)} is not a key here; known: {', '.join(sorted(known))}.",
                    "Remove it or correct its spelling.",
                    place or None,
                )

    def text(self, value: object, place: str, *, length: int = MAX_TEXT) -> str | None:
        if not isinstance(value, str):
            self.refuse("E_PARAM", f"{_short(value)} is not a text.", "Give it in quotes; ids are text too.", place)
            return None
        if len(value) > length:
            self.refuse("E_PARAM", f"a text of {len(value)} characters; at most {length}.", "Shorten it.", place)
            return None
        if any(unicodedata.category(character) in _REFUSED or character in _BIDI for character in value):
            self.refuse("E_PARAM", "the text holds control characters.", "Remove them.", place)
            return None
        return value

    def texts(self, value: object, place: str, *, at_most: int) -> tuple[str, ...] | None:
        if not isinstance(value, list | tuple) or not value:
            self.refuse("E_PARAM", f"{_short(value)} is not a list of ids.", 'Write ["id1", "id2"].', place)
            return None
        if len(value) > at_most:
            self.refuse("E_PARAM", f"{len(value)} ids; at most {at_most}.", "Describe them by a rule.", place)
            return None
        read = [self.text(entry, place) for entry in value]
        return None if any(entry is None for entry in read) else tuple(entry for entry in read if entry is not None)

    def number(self, value: object, bound: _Bound, place: str, scale: int = 1) -> float | int | None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self.refuse("E_PARAM", f"{_short(value)} is not a number.", f"Give a number {bound}.", place)
            return None
        try:
            read = float(value / scale if scale != 1 else value)
        except OverflowError:
            read = math.inf
        if not math.isfinite(read):
            self.refuse("E_NUMBER", f"{_short(value)} is not a finite number.", f"Give a number {bound}.", place)
            return None
        if bound.whole and read != int(read):
            self.refuse("E_RANGE", f"{read:g} is not a whole number.", f"Give a whole number {bound}.", place)
            return None
        if not bound.low <= read <= bound.high or (bound.above and read == bound.low):
            self.refuse("E_RANGE", f"{read:g} lies outside what is allowed.", f"Give a number {bound}.", place)
            return None
        return int(read) if bound.whole else read + 0.0

    def segment(self, value: object, place: str) -> Segment | None:
        remedy = 'Write { where = "…" }, { persona = "…" }, { users = ["…"] } or { all = true }.'
        if not isinstance(value, Mapping) or len(value) != 1:
            self.refuse("E_SEGMENT", f"{_short(value)} does not say which users are meant.", remedy, place)
            return None
        ((key, inner),) = value.items()
        if key == "all" and inner is True:
            return Everyone()
        if key == "persona" and (persona := self.text(inner, place)) is not None:
            return ByPersona(persona=persona)
        if key == "where" and (where := self.text(inner, place)) is not None:
            return ByRule(where=where)
        if key == "users" and (users := self.texts(inner, place, at_most=MAX_USERS)) is not None:
            return ByUsers(users=users)
        if key not in ("persona", "where", "users"):
            self.refuse("E_SEGMENT", f"{_short(dict(value))} does not say which users are meant.", remedy, place)
        return None

    def direction(self, value: object, place: str) -> Direction | None:
        if isinstance(value, Mapping) and set(value) == {"movies"}:
            movies = self.texts(value["movies"], place, at_most=1000)
            return None if movies is None else TowardsMovies(movies=movies)
        if isinstance(value, Mapping) and set(value) == {"attribute", "value"}:
            attribute, wanted = self.text(value["attribute"], place), self.text(value["value"], place)
            return None if attribute is None or wanted is None else TowardsAttribute(attribute=attribute, value=wanted)
        self.refuse(
            "E_PARAM",
            f"{_short(value)} is not a direction of taste.",
            'Write { attribute = "genre", value = "Thriller" } or { movies = ["…"] }.',
            place,
        )
        return None

    def change(self, entry: object, place: str) -> Change | None:
        kind = TYPES.get(str(entry.get("type"))) if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or kind is None:
            given = entry.get("type") if isinstance(entry, Mapping) else entry
            self.refuse("E_PARAM", f"{_short(given)} is not a type of change.", f"Known: {', '.join(TYPES)}.", place)
            return None
        file_keys = {("delta_pp" if field.name == "delta_share" else field.name): field for field in fields(kind)}
        self.known_keys(entry, {"type", *file_keys}, place)
        values: dict[str, Any] = {}
        before = len(self._findings)
        for key, field in file_keys.items():
            if key in entry:
                values[field.name] = self._value(kind, field.name, entry[key], f"{place}.{key}")
            elif field.default is MISSING:
                self.refuse("E_PARAM", f"{entry['type']} needs {key}.", f"Add {key}.", f"{place}.{key}")
        make: Callable[..., Change] = kind
        return make(**values) if len(self._findings) == before else None

    def _value(self, kind: type[Change], name: str, value: object, place: str) -> Any:
        if name == "segment":
            return self.segment(value, place)
        if name == "towards":
            return self.direction(value, place)
        if (kind, name) in _PLAIN_TEXT:
            return self.text(value, place)
        if name == "delta_share" and isinstance(value, float) and math.isfinite(value):
            value = Decimal(repr(value))
        scale = 100 if name == "delta_share" else 1
        if scale != 1 and isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)
        return self.number(value, BOUNDS[kind, name], place, scale)
