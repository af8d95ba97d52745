"""Constraints on a slate: its budget and rules, and which of them clash where no slate can obey.

schema = 1
at_most = 4
must_have = ["offer-001"]
never_with = [["offer-002", "offer-003"]]

[[at_least]]
language = "Tamil"
offers = 2
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import foreign
from recsys.errors import Finding, ScenarioError
from recsys.ids import FloatArray
from recsys.segments.attribute_rules import nearest_names
from recsys.tables import lists

SCHEMA = 1
MAX_BYTES = 1_000_000
MAX_OFFERS = 1_000_000
_KEYS = ("schema", "at_most", "must_have", "never_with", "at_least")


@dataclass(frozen=True, kw_only=True)
class AtLeast:
    """So many offers in a language."""

    language: str
    offers: int


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Rules of a slate."""

    at_most: int | None = None
    """Offers in all."""
    at_least: tuple[AtLeast, ...] = ()
    must_have: tuple[str, ...] = ()
    never_with: tuple[tuple[str, ...], ...] = ()
    """Of each group, one offer at most."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Constraint:
    """A rule as ``low ≤ row · x ≤ high`` over offers bought (1) or not (0)."""

    says: str
    row: FloatArray
    low: float
    high: float

    def holds(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether a choice, bool[n_offers], obeys it (to a billionth of its size)."""
        return bool(self.holds_each(chosen[None, :])[0])

    def holds_each(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which choices, bool[n_choices, n_offers], obey it."""
        total = chosen @ self.row
        slack = 1e-9 * max(1.0, abs(self.high) if np.isfinite(self.high) else abs(self.low))
        obeys: NDArray[np.bool_] = (total >= self.low - slack) & (total <= self.high + slack)
        return obeys


def loads(text: str | bytes) -> Rules:
    """Read a rules file.

    Raises
    ------
    ScenarioError  E_TOO_BIG, E_TOO_DEEP, E_TOML, E_NUMBER, E_VERSION, E_PARAM, E_RANGE; all findings at once

    Examples
    --------
    >>> loads('schema = 1\\nat_most = 3\\n[[at_least]]\\nlanguage = "Tamil"\\noffers = 1').at_least
    (AtLeast(language='Tamil', offers=1),)
    """
    try:
        document = foreign.toml(text, max_bytes=MAX_BYTES)
    except foreign.UnreadableError as error:
        raise error.as_error(ScenarioError, "the file of rules", table="rules") from error
    if type(document.get("schema")) is not int or document["schema"] != SCHEMA:
        raise ScenarioError.of(
            "E_VERSION", f"the rules state schema {document.get('schema')!r:.60}.", f"Write schema = {SCHEMA}.", table="rules"
        )
    return from_mapping(document)


def as_mapping(rules: Rules) -> dict[str, Any]:
    """What :func:`from_mapping` reads.

    Examples
    --------
    >>> as_mapping(Rules(at_most=3, must_have=("offer-001",)))
    {'at_most': 3, 'must_have': ['offer-001']}
    """
    document = {
        "at_most": rules.at_most,
        "must_have": list(rules.must_have),
        "never_with": [list(group) for group in rules.never_with],
        "at_least": [{"language": minimum.language, "offers": minimum.offers} for minimum in rules.at_least],
    }
    return {name: value for name, value in document.items() if value not in (None, [])}


def from_mapping(document: Mapping[str, Any]) -> Rules:
    """Rules from the tables of a file, or of a link.

    Raises
    ------
    ScenarioError  E_PARAM; all findings at once
    """
    findings = [
        _wrong(key, f"{key!r:.60} is not a rule", f"Known: {', '.join(_KEYS[1:])}.") for key in document if key not in _KEYS
    ]
    at_most = document.get("at_most")
    if at_most is not None and not _whole(at_most, 0):
        findings.append(_wrong("at_most", f"{at_most!r:.60} is not a number of offers", "Give a whole number from 0."))
    must_have = document.get("must_have", [])
    if not _texts(must_have):
        findings.append(_wrong("must_have", "it is not a list of ids", 'Write ["id1", "id2"].'))
    never_with = document.get("never_with", [])
    if not isinstance(never_with, list) or not all(_texts(group) and len(group) > 1 for group in never_with):
        findings.append(_wrong("never_with", "it is not a list of groups of ids", 'Write [["id1", "id2"]].'))
    at_least = document.get("at_least", [])
    if not isinstance(at_least, list) or not all(_is_minimum(entry) for entry in at_least):
        findings.append(_wrong("at_least", "it is not a list of languages and numbers", 'Write language = "…" and offers = 1.'))
    if findings:
        raise ScenarioError(findings)
    return Rules(
        at_most=at_most,
        at_least=tuple(AtLeast(language=entry["language"], offers=entry["offers"]) for entry in at_least),
        must_have=tuple(must_have),
        never_with=tuple(tuple(group) for group in never_with),
    )


def _wrong(key: str, what: str, remedy: str) -> Finding:
    return Finding(code="E_PARAM", message=f"{key}: {what}.", remedy=remedy, table="rules", column=key)


def _whole(value: object, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= MAX_OFFERS


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _is_minimum(entry: Any) -> bool:
    return (
        isinstance(entry, Mapping)
        and set(entry) == {"language", "offers"}
        and isinstance(entry["language"], str)
        and _whole(entry["offers"], 0)
    )


def constraints(
    rules: Rules, offers: pd.DataFrame, ids: Sequence[str], cost: FloatArray, budget: float
) -> tuple[Constraint, ...]:
    """Budget and rules over the offers ``ids``, in their order.

    Raises
    ------
    ScenarioError  E_MOVIE: a rule names an offer that there is not; E_NUMBER, E_RANGE: the budget
    """
    if not np.isfinite(budget):
        raise ScenarioError.of("E_NUMBER", f"a budget of {budget} is not a finite number.", "Give an amount of money.")
    if budget < 0:
        raise ScenarioError.of("E_RANGE", f"a budget of {budget:g} is below 0.", "Give an amount from 0.")
    named = [*rules.must_have, *(name for group in rules.never_with for name in group)]
    unknown = [name for name in named if name not in ids]
    if unknown:
        raise ScenarioError.of(
            "E_MOVIE", f"the rules name {unknown[0]!r}, which is no offer.", f"Did you mean {nearest_names(unknown[0], ids)}?"
        )

    def having(names: Sequence[str]) -> FloatArray:
        return np.array([float(name in names) for name in ids])

    found = [Constraint(says=f"the budget of {budget:,.0f}", row=cost, low=-np.inf, high=budget)]
    if rules.at_most is not None:
        found.append(
            Constraint(says=f"at most {rules.at_most} offers", row=np.ones(len(ids)), low=-np.inf, high=float(rules.at_most))
        )
    for minimum in rules.at_least:
        row = having(_in_language(offers, minimum.language))
        says = f"at least {minimum.offers} in {minimum.language} (there are {int(row.sum())})"
        found.append(Constraint(says=says, row=row, low=float(minimum.offers), high=np.inf))
    found += [Constraint(says=f"{name} must be in", row=having([name]), low=1.0, high=np.inf) for name in rules.must_have]
    for group in rules.never_with:
        found.append(Constraint(says=f"one of {', '.join(group)} at most", row=having(group), low=-np.inf, high=1.0))
    return tuple(found)


def _in_language(offers: pd.DataFrame, language: str) -> list[str]:
    """Ids of the offers that can be heard in a language."""
    if "languages" not in offers:
        return []
    return offers.loc[lists.having(offers["languages"], language), "movie_id"].astype(str).tolist()


def best_additive_slate(
    value: FloatArray, bounds: Sequence[Constraint], *, allowed: NDArray[np.bool_]
) -> tuple[float, NDArray[np.bool_]] | None:
    """The choice of greatest total value where values add up, by mixed-integer programming; None where no choice obeys.

    Parameters
    ----------
    value : float64[n_offers], of each offer by itself
    allowed : bool[n_offers], offers that may be bought at all

    Returns
    -------
    An upper bound on the total (the solver's own), and the choice, bool[n_offers]
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415  a fifth of a second that the first page can do without

    scale = float(np.abs(value).max(initial=0.0)) or 1.0
    constraints = []
    for bound in bounds:
        size = float(np.abs(bound.row).max(initial=0.0)) or 1.0
        constraints.append(LinearConstraint(bound.row / size, bound.low / size, bound.high / size))
    solved = milp(
        -value / scale, integrality=np.ones(len(value)), bounds=Bounds(0, allowed.astype(np.float64)), constraints=constraints
    )
    if solved.x is None:
        return None
    dual = getattr(solved, "mip_dual_bound", None)
    bound_value = solved.fun if dual is None else dual
    return -float(bound_value) * scale, np.asarray(solved.x > 0.5)


def refuse_clashing_rules(bounds: Sequence[Constraint], *, allowed: NDArray[np.bool_]) -> None:
    """Refuse rules that no slate can obey, with a smallest set of them that clash.

    Raises
    ------
    ScenarioError  E_RULES
    """
    nothing = np.zeros(len(allowed))
    if best_additive_slate(nothing, bounds, allowed=allowed) is not None:
        return
    clash = list(bounds)
    for bound in bounds:
        rest = [kept for kept in clash if kept is not bound]
        if best_additive_slate(nothing, rest, allowed=allowed) is None:
            clash = rest
    raise ScenarioError.of(
        "E_RULES",
        f"no slate obeys all of this: {'; '.join(bound.says for bound in clash)}.",
        "Give up one of these, or raise the budget.",
    )
