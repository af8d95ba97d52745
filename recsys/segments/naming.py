"""Traits, favourite movies and names of clusters of users.

A *trait* is a value of an attribute that is over-represented among the group's users, or a genre or language that is
over-represented in what they watch. Traits are ordered by p · ln(p / q), p being the share in the group and q overall: what is
both common in the group and rarer elsewhere comes first.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from recsys.embeddings.axes import attribute_masks
from recsys.ids import FloatArray, IntArray
from recsys.segments.membership import PRIVACY_FLOOR

_WATCHED = ("languages", "genres")
_MIN_LIFT = 1.1
_MIN_Z = 3.0
_MAX_TRAITS = 12
_PHRASES = {
    "city_tier": "tier {}",
    "tier": "tier {}",
    "second_language": "also {}",
    "age_band": "aged {}",
    "age": "aged {}",
    "plan": "{} plan",
    "device": "on {}",
    "city": "in {}",
    "state": "in {}",
    "region": "in {}",
    "country": "in {}",
}
_GENDERS = {"f": "women", "female": "women", "m": "men", "male": "men"}


@dataclass(frozen=True)
class Trait:
    """A value that is over-represented in a group."""

    attribute: str
    value: str
    lift: float
    """Share in the group by share overall."""
    share: float
    """Share in the group: of its users, or of its views for ``languages`` and ``genres`` of what they watch."""
    watched: bool
    """Whether it is about what they watch."""


def views_by_group(views: sparse.csr_array, groups: IntArray, n_groups: int) -> FloatArray:
    """Views of each movie by each group.

    Parameters
    ----------
    views : CSR[n_users, n_movies]
    groups : int64[n_users]

    Returns
    -------
    float64[n_groups, n_movies]
    """
    n_users = len(groups)
    members = sparse.csr_array((np.ones(n_users), (groups, np.arange(n_users))), shape=(n_groups, n_users))
    return np.asarray((members @ views).toarray(), dtype=np.float64)


def traits(users: pd.DataFrame, movies: pd.DataFrame, groups: IntArray, watched: FloatArray) -> tuple[tuple[Trait, ...], ...]:
    """Find the traits of each group, strongest first.

    Parameters
    ----------
    groups : int64[n_users]
    watched : float64[n_groups, n_movies], from :func:`views_by_group`
    """
    sizes = np.bincount(groups, minlength=len(watched)).astype(np.float64)
    found: list[list[Trait]] = [[] for _ in watched]
    for (column, value), mask in attribute_masks(users, min_rows=max(PRIVACY_FLOOR, len(users) // 200)).items():
        inside = np.bincount(groups[mask], minlength=len(watched)).astype(np.float64)
        _collect(found, (column, value), inside, sizes, watched=False)
    totals = watched.sum(axis=1)
    for (column, value), mask in attribute_masks(movies).items():
        if column in _WATCHED:
            _collect(found, (column, value), watched[:, mask].sum(axis=1), totals, watched=True)
    strength = [sorted(those, key=lambda t: (-t.share * np.log(t.lift), t.attribute, t.value)) for those in found]
    return tuple(tuple(those[:_MAX_TRAITS]) for those in strength)


def _collect(found: list[list[Trait]], key: tuple[str, str], inside: FloatArray, sizes: FloatArray, *, watched: bool) -> None:
    total, everyone = float(inside.sum()), float(sizes.sum())
    if not 0 < total < everyone:
        return
    overall = total / everyone
    for group, (count, size) in enumerate(zip(inside, sizes, strict=True)):
        if size == 0:
            continue
        share = float(count / size)
        lift = share / overall
        z = (share - overall) / np.sqrt(overall * (1 - overall) / size)
        if lift >= _MIN_LIFT and z >= _MIN_Z:
            found[group].append(Trait(attribute=key[0], value=key[1], lift=lift, share=share, watched=watched))


def favourites(watched: FloatArray, *, n: int = 10, min_views: int = 5) -> tuple[tuple[int, ...], ...]:
    """Rows of the movies that each group watches more than the others do, most telling first.

    Log-odds against the other groups with a prior of the overall shares, divided by its standard error (Monroe, Colaresi and
    Quinn, 2008, *Fightin' Words*): neither the few views of a rare movie nor plain popularity decide.

    Parameters
    ----------
    watched : float64[n_groups, n_movies]
    min_views : of the group, below which a movie is not named
    """
    overall = watched.sum(axis=0)
    prior = overall / max(overall.sum(), 1.0) * watched.shape[1]
    prior_total = prior.sum()
    chosen = []
    for inside in watched:
        outside = overall - inside
        here = _log_odds(inside + prior, inside.sum() + prior_total)
        there = _log_odds(outside + prior, outside.sum() + prior_total)
        error = np.sqrt(1 / np.maximum(inside + prior, 1e-9) + 1 / np.maximum(outside + prior, 1e-9))
        z = np.where((inside >= min_views) & (prior > 0), (here - there) / error, -np.inf)
        best = np.argsort(-z, kind="stable")[:n]
        chosen.append(tuple(int(row) for row in best if z[row] > 0))
    return tuple(chosen)


def _log_odds(count: FloatArray, total: float) -> FloatArray:
    return np.asarray(np.log(np.maximum(count, 1e-9) / np.maximum(total - count, 1e-9)))


def persona_names(
    groups: Sequence[Sequence[Trait]], titles: Sequence[str | None], *, taken: Sequence[str] = ()
) -> tuple[str, ...]:
    """A unique name for each group, for example ``Tamil drama and family, tier 2``.

    Parameters
    ----------
    groups : traits of each group
    titles : title of each group's first favourite, for groups without traits
    taken : names that are given already
    """
    extra = [0] * len(groups)
    while True:
        proposed = [_name(those, title, more) for those, title, more in zip(groups, titles, extra, strict=True)]
        seen = Counter([*proposed, *taken])
        clash = [k for k, name in enumerate(proposed) if seen[name] > 1]
        if not clash or all(extra[k] > _MAX_TRAITS for k in clash):
            break
        for k in clash:
            extra[k] += 1
    given = list(taken)
    for k, name in enumerate(proposed):
        number = 2
        while proposed[k] in given:
            proposed[k] = f"{name} ({number})"
            number += 1
        given.append(proposed[k])
    return tuple(proposed)


def _name(those: Sequence[Trait], title: str | None, more: int) -> str:
    languages = [t.value for t in those if t.attribute in ("language", "languages") and t.share >= 0.25]
    genres = [t.value for t in those if t.attribute == "genres"][:2]
    about = list(dict.fromkeys(_plain(t) for t in those if not t.watched and t.attribute != "language"))
    head = " ".join([*languages[:1], " and ".join(genre if genre.isupper() else genre.lower() for genre in genres)])
    parts = [head.strip(), *about[: 1 + more]]
    if more:
        parts += [t.value for t in those if t.watched and t.value not in (*languages[:1], *genres)][: max(0, more - len(about))]
    name = ", ".join(part for part in parts if part)
    if not name:
        return f"Viewers of {title}" if title else "Mixed viewers"
    return name[0].upper() + name[1:]


def _plain(trait: Trait) -> str:
    """A user attribute in words.

    Examples
    --------
    >>> _plain(Trait("city_tier", "2", 1.5, 0.6, False)), _plain(Trait("n_children", "3", 1.5, 0.6, False))
    ('tier 2', 'n children 3')
    """
    if trait.attribute in ("gender", "sex"):
        return _GENDERS.get(trait.value.lower(), trait.value)
    column = trait.attribute.replace("_", " ")
    if trait.value in ("True", "False"):
        return column if trait.value == "True" else f"not {column}"
    numeric = re.fullmatch(r"(below |from )?[-+\d.–]+", trait.value) is not None
    return _PHRASES.get(trait.attribute, f"{column} {{}}" if numeric else "{}").format(trait.value)
