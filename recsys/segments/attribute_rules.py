"""Evaluation of attribute rules on the users table; :mod:`recsys.segments.rule_grammar` parses them.

A missing value satisfies no comparison, ``!=`` included; ``not`` is the complement, so that a rule and its ``not`` always make
everyone. A text value that nobody has is refused and not answered with nobody: it is a typing mistake, or will be taken for one.
"""

import difflib
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import ScenarioError
from recsys.segments.rule_grammar import And, Missing, Not, OneOf, Operator, Or, Rule, Value, parse

Mask = NDArray[np.bool_]

_COMPARE: Mapping[Operator, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_NOT_ATTRIBUTES = frozenset({"user_id"})
"""Columns that no rule speaks of: nobody is looked up."""


def by_rule(users: pd.DataFrame, text: str, *, fewest: int = 1) -> Mask:
    """Evaluate a rule: which users satisfy it.

    Parameters
    ----------
    users : one row a user
    text : see :mod:`recsys.segments.rule_grammar`
    fewest : users who have to share a text value for it to be spoken of, and named

    Returns
    -------
    bool[n_users]

    Raises
    ------
    ScenarioError  E_SEGMENT: not a rule; no such attribute or value, with the nearest names

    Examples
    --------
    >>> users = pd.DataFrame({"language": ["Tamil", "Hindi", "Tamil"], "city_tier": [1, 2, 2]})
    >>> by_rule(users, "language = 'Tamil' and city_tier = 2")
    array([False, False,  True])
    """
    return _evaluate(users, parse(text), fewest)


def nearest_names(asked: str, known: Iterable[str], *, n: int = 3) -> str:
    """Known names most like the one asked for, or the first few, joined for a sentence."""
    names = sorted(set(known))
    folded = {name.casefold(): name for name in reversed(names)}
    close = [folded[name] for name in difflib.get_close_matches(asked.casefold(), folded, n=n)]
    return ", ".join(repr(name) for name in close or names[:n]) or "none"


def _evaluate(users: pd.DataFrame, rule: Rule, fewest: int) -> Mask:
    if isinstance(rule, And):
        return _evaluate(users, rule.left, fewest) & _evaluate(users, rule.right, fewest)
    if isinstance(rule, Or):
        return _evaluate(users, rule.left, fewest) | _evaluate(users, rule.right, fewest)
    if isinstance(rule, Not):
        return ~_evaluate(users, rule.rule, fewest)
    column = _column(users, rule.column)
    if isinstance(rule, Missing):
        return column.isna().to_numpy(dtype=bool)
    if isinstance(rule, OneOf):
        masks = [_compare(rule.column, column, "=", value, fewest) for value in rule.among]
        return np.asarray(np.logical_or.reduce(masks))
    return _compare(rule.column, column, rule.operator, rule.value, fewest)


def _column(users: pd.DataFrame, name: str) -> pd.Series:
    known = [str(column) for column in users.columns if column not in _NOT_ATTRIBUTES]
    if name in known:
        return users[name]
    if name in _NOT_ATTRIBUTES:
        raise ScenarioError.of(
            "E_SEGMENT", f"{name} names single users, whom no rule looks up.", "Use attributes that many share."
        )
    raise ScenarioError.of("E_SEGMENT", f"users have no attribute {name!r}.", f"Did you mean {nearest_names(name, known)}?")


def _compare(name: str, column: pd.Series, sign: Operator, value: Value, fewest: int) -> Mask:
    present = column.notna().to_numpy(dtype=bool)
    held = column[present]
    if pd.api.types.is_bool_dtype(column) or isinstance(value, bool):
        found = _compare_flags(name, held, sign, value)
    elif pd.api.types.is_datetime64_any_dtype(column):
        found = _COMPARE[sign](_naive(held), _moment(name, value))
    elif pd.api.types.is_numeric_dtype(column):
        found = _COMPARE[sign](held.astype(float), _number(name, value))
    else:
        found = _compare_text(name, held.astype(str), sign, value, fewest)
    mask = np.zeros(len(column), dtype=bool)
    mask[present] = np.asarray(found, dtype=bool)
    return mask


def _compare_flags(name: str, held: pd.Series, sign: Operator, value: Value) -> Any:
    if sign not in ("=", "!=") or not set(held.astype(str).str.lower()) <= {"true", "false"} or not isinstance(value, bool):
        raise ScenarioError.of(
            "E_SEGMENT", f"{name} {sign} {value!r} cannot be compared.", f"Write {name} = true or {name} = false."
        )
    return _COMPARE[sign](held.astype(str).str.lower(), str(value).lower())


def _compare_text(name: str, held: pd.Series, sign: Operator, value: Value, fewest: int) -> Any:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if sign not in ("=", "!="):
        raise ScenarioError.of("E_SEGMENT", f"{name} holds text, which has no order.", f"Write {name} in ('…', '…').")
    matches = held == text
    if matches.sum() < fewest:
        counts = held.value_counts()
        who = "no user has" if fewest == 1 else f"no group of {fewest} users or more has"
        near = nearest_names(text, counts.index[counts >= fewest])
        raise ScenarioError.of("E_SEGMENT", f"{who} {name} {text!r}.", f"Did you mean {near}?")
    return matches if sign == "=" else ~matches


def _number(name: str, value: Value) -> float:
    try:
        return float(value)
    except ValueError:
        raise ScenarioError.of("E_SEGMENT", f"{name} holds numbers, not {value!r}.", f"Write for example {name} = 2.") from None


def _moment(name: str, value: Value) -> pd.Timestamp:
    try:
        if isinstance(value, str):
            return pd.Timestamp(np.datetime64(value, "s"))
    except ValueError:
        pass
    raise ScenarioError.of("E_SEGMENT", f"{name} holds dates, not {value!r}.", f"Write for example {name} >= '2024-06-01'.")


def _naive(held: pd.Series) -> pd.Series:
    return held.dt.tz_convert("UTC").dt.tz_localize(None) if held.dt.tz is not None else held
