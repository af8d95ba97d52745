"""Statistical disclosure control: which groups of users may be asked about without telling of one of them by a difference.

An answer about a group is a sum over its members. Two groups that differ by fewer users than the floor tell of those, so one of
the two stays unanswered. Whoever has the answers to more groups can add and subtract all of them, and learns any sum whose
coefficients lie in the span of the groups' indicators (query auditing: Chin and Özsoyoğlu, 1982). A person's *leverage* in that
span, the diagonal of the projection onto it, bounds how much of a combination's squared weight can lie on that person: a group of
m users that can be singled out has a leverage of at least 1/m. It has to stay below that of a group of half the floor. Everyone
is always answered about, so that the complement of each group counts as asked.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ScenarioError
from recsys.ids import FloatArray
from recsys.segments.select import PRIVACY_FLOOR

COMBINED_FLOOR = PRIVACY_FLOOR // 2
"""Users of whom no combination of answers tells fewer."""
_SMALL = 1e-9
"""Share of the largest singular value below which a direction counts as said already."""


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
    kinds, kind_of, counts = np.unique(columns, axis=0, return_inverse=True, return_counts=True)
    basis = _basis(kinds, counts)
    found: FloatArray = (np.square(basis).sum(axis=1) / counts)[kind_of.reshape(-1)]
    return found


def _basis(kinds: FloatArray, counts: NDArray[np.int64]) -> FloatArray:
    """Orthonormal basis of the span of columns over users, given their distinct rows and how many users have each."""
    weighted = np.column_stack([np.ones(len(kinds)), kinds]) * np.sqrt(counts)[:, None]
    scale = np.linalg.norm(weighted, axis=0)
    left, values, _ = np.linalg.svd(weighted / np.where(scale > 0, scale, 1.0), full_matrices=False)
    return np.asarray(left[:, values > _SMALL * values[0]], dtype=np.float64)


def check(columns: FloatArray, what: str, *, floor: int = PRIVACY_FLOOR) -> None:
    """Refuse questions from whose answers one could tell of fewer than ``floor`` users.

    Raises
    ------
    ScenarioError  E_SMALL_SEGMENT
    """
    if float(leverage(columns).max(initial=0.0)) > 1.0 / (floor - 1) - _SMALL:
        raise _refusal(what, floor)


def _refusal(what: str, floor: int) -> ScenarioError:
    return ScenarioError.of(
        "E_SMALL_SEGMENT",
        f"{what} would tell of fewer than {floor} users.",
        f"Ask about a persona, or a group that differs by {PRIVACY_FLOOR} users or more.",
    )


_WITH_BEFORE = "this, with what has been asked of this audience before,"


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """Groups that were answered about."""

    groups: NDArray[np.bool_]
    """bool[n_groups, n_users], none of which the others and everyone imply"""

    @classmethod
    def nothing(cls, n_users: int) -> Self:
        return cls(groups=np.zeros((0, n_users), dtype=np.bool_))

    def also(self, masks: NDArray[np.bool_]) -> Self:
        """With these groups answered about too; the same object where they tell nothing new.

        Parameters
        ----------
        masks : bool[n_groups, n_users]

        Raises
        ------
        ScenarioError  E_SMALL_SEGMENT: with what was answered before one could tell of too few users
        """
        held = self
        for mask in masks:
            wider = np.concatenate([held.groups, mask[None]])
            if _rank(wider) > 1 + len(held.groups):
                self._check_differences(mask)
                held = type(self)(groups=wider)
        if held is not self:
            check(held.groups.T.astype(np.float64), _WITH_BEFORE, floor=COMBINED_FLOOR)
        return held

    def _check_differences(self, mask: NDArray[np.bool_]) -> None:
        """Refuse a group that differs by too few users from one that was answered about, or from its complement."""
        differ = (self.groups ^ mask).sum(axis=1)
        fewest = np.minimum(differ, mask.size - differ).min(initial=mask.size)
        if 0 < fewest < PRIVACY_FLOOR:
            raise _refusal(_WITH_BEFORE, PRIVACY_FLOOR)


def _rank(groups: NDArray[np.bool_]) -> int:
    kinds, counts = np.unique(groups, axis=1, return_counts=True)
    return int(_basis(kinds.T.astype(np.float64), counts).shape[1])


def parts(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts into which groups divide the users: who is in the same ones, bool[n_parts, n_users]. Together they are everyone.

    Examples
    --------
    >>> parts(np.array([[True, True, False, False], [True, False, False, False]])).astype(int).tolist()
    [[0, 0, 1, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    """
    kinds, part_of = np.unique(masks, axis=1, return_inverse=True)
    found: NDArray[np.bool_] = part_of.reshape(-1)[None, :] == np.arange(kinds.shape[1])[:, None]
    return found
