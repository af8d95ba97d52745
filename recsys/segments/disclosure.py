"""Statistical disclosure control: refuses groups of users from whose answers one could learn of single users by a difference.

An answer about a group is a sum over its members. Two groups that differ by fewer users than the floor tell of those, so one of
the two stays unanswered. Whoever has the answers to more groups can add and subtract all of them, and learns any sum whose
coefficients lie in the span of the groups' indicators (query auditing: Chin and Özsoyoğlu, 1982). A person's *leverage* in that
span, the diagonal of the projection onto it, bounds how much of a combination's squared weight can lie on that person: a group of
m users that can be singled out has a leverage of at least 1/m. It has to stay below that of a group of half the floor. Everyone
is always answered about, so that the complement of each group counts as asked.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ScenarioError
from recsys.ids import FloatArray, IntArray
from recsys.segments.membership import PRIVACY_FLOOR

COMBINED_FLOOR = PRIVACY_FLOOR // 2
"""Users of whom no combination of answers tells fewer."""
_SMALL = 1e-9
"""Share of a column outside of a span below which it counts as inside."""


def leverage(columns: FloatArray) -> FloatArray:
    """Leverage of each row in the span of the columns and of everyone, float64[n_users]: 1 where one user can be singled out.

    Parameters
    ----------
    columns : float64[n_users, n_questions]: how much each user counts in each answer

    Examples
    --------
    >>> group_of_two = np.array([[1.0], [1.0], [0.0], [0.0], [0.0]])
    >>> leverage(group_of_two).round(3).tolist()
    [0.5, 0.5, 0.333, 0.333, 0.333]
    """
    kinds, kind_of = _kinds(columns)
    span = _Span(np.bincount(kind_of))
    for column in kinds.T:
        span.take(column)
    return span.leverage[kind_of]


def _kinds(columns: NDArray[Any]) -> tuple[NDArray[Any], IntArray]:
    """Distinct rows, and for each row the number of its distinct row, int64[n_rows]."""
    kind_of = np.zeros(len(columns), dtype=np.int64)
    for column in columns.T:
        value_of = column.astype(np.int64) if column.dtype == np.bool_ else np.unique(column, return_inverse=True)[1]
        _, kind_of = np.unique(kind_of * (value_of.max(initial=0) + 1) + value_of, return_inverse=True)
    _, first = np.unique(kind_of, return_index=True)
    return columns[first], kind_of


class _Span:
    """The span of columns and of everyone, over kinds of users: an orthonormal basis that grows (Gram and Schmidt, twice)."""

    def __init__(self, counts: NDArray[np.int64]) -> None:
        self._size = np.sqrt(counts)
        self._basis = np.zeros((len(counts), 0))
        self.take(np.ones(len(counts)))

    def take(self, column: NDArray[Any]) -> bool:
        """Widen the span by a column, given by kind; whether it was not in there already."""
        wanted = self._size * column
        length = np.linalg.norm(wanted)
        rest = wanted / length if length > 0 else wanted
        for _ in range(2):
            rest = rest - self._basis @ (self._basis.T @ rest)
        left = np.linalg.norm(rest)
        if left <= _SMALL:
            return False
        self._basis = np.column_stack([self._basis, rest / left])
        return True

    @property
    def leverage(self) -> FloatArray:
        """Of a user of each kind, float64[n_kinds]."""
        found: FloatArray = np.square(self._basis).sum(axis=1) / np.square(self._size)
        return found


def check(columns: FloatArray, what: str, *, floor: int = PRIVACY_FLOOR) -> None:
    """Refuse questions from whose answers one could tell of fewer than ``floor`` users.

    Raises
    ------
    ScenarioError  E_SMALL_SEGMENT
    """
    _check(leverage(columns), what, floor)


def _check(leverages: FloatArray, what: str, floor: int) -> None:
    if float(leverages.max(initial=0.0)) > 1.0 / (floor - 1) - _SMALL:
        raise _refusal(what, floor)


def _refusal(what: str, floor: int) -> ScenarioError:
    return ScenarioError.of(
        "E_SMALL_SEGMENT",
        f"{what} would tell of fewer than {floor} users.",
        f"Ask about a persona, or a group that differs by {PRIVACY_FLOOR} users or more.",
    )


_WITH_BEFORE = "this, with what has been asked of this audience before,"


@dataclass(frozen=True, eq=False, kw_only=True)
class AnsweredGroups:
    """Query audit: the groups that have been answered about."""

    groups: NDArray[np.bool_]
    """bool[n_groups, n_users], none of which the others and everyone imply"""

    @classmethod
    def none(cls, n_users: int) -> Self:
        return cls(groups=np.zeros((0, n_users), dtype=np.bool_))

    def including(self, masks: NDArray[np.bool_]) -> Self:
        """Add groups that are answered about; the same object where they add no information.

        Parameters
        ----------
        masks : bool[n_groups, n_users]

        Raises
        ------
        ScenarioError  E_SMALL_SEGMENT: with what was answered before one could tell of too few users
        """
        kinds, kind_of = _kinds(np.concatenate([self.groups, masks]).T)
        span = _Span(np.bincount(kind_of))
        for known in kinds.T[: len(self.groups)]:
            span.take(known)
        held = self
        for mask, column in zip(masks, kinds.T[len(self.groups) :], strict=True):
            if span.take(column):
                held._check_differences(mask)
                held = type(self)(groups=np.concatenate([held.groups, mask[None]]))
        if held is not self:
            _check(span.leverage, _WITH_BEFORE, COMBINED_FLOOR)
        return held

    def _check_differences(self, mask: NDArray[np.bool_]) -> None:
        """Refuse a group that differs by too few users from one that was answered about, or from its complement."""
        differ = (self.groups ^ mask).sum(axis=1)
        fewest = np.minimum(differ, mask.size - differ).min(initial=mask.size)
        if 0 < fewest < PRIVACY_FLOOR:
            raise _refusal(_WITH_BEFORE, PRIVACY_FLOOR)


def partition(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Partition users by the groups that they are in, bool[n_parts, n_users]; the parts together are everyone.

    Examples
    --------
    >>> partition(np.array([[True, True, False, False], [True, False, False, False]])).astype(int).tolist()
    [[0, 0, 1, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    """
    kinds, part_of = _kinds(masks.T)
    found: NDArray[np.bool_] = part_of[None, :] == np.arange(len(kinds))[:, None]
    return found
