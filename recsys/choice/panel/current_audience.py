"""The audience as it stands when the data end, under one member and one set of parameters.

Appeals of today reproduce the views that each movie can expect today; appeals of settled movies and the vectors that content
gives are what offers are measured by.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import Float32Array, Member
from recsys.choice.model.view_probabilities import Viewing, match_views, single, viewing
from recsys.choice.panel.audience_design import Structure
from recsys.choice.panel.history import History
from recsys.ids import FloatArray, IntArray

_CELLS = 12_000_000
_FARTHEST_SD = 30.0
"""How far today's appeal may lie from what is known of a movie, nats: a standard deviation so wide that a hundredth of a view a
month tells more."""
_LEAST_INSIDE_SHARE = 0.05
"""A user of whom less than this share of occasions is ever taken is one whom the model does not understand."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Audience:
    """Users and movies that count today."""

    rate: FloatArray
    """float64[n_users], views a month"""
    available: NDArray[np.bool_]
    seen_user: IntArray
    seen_movie: IntArray
    """What has been watched; pairs sorted by user"""
    rows: IntArray
    """Users that stand for all where appeals are found: all of them, or a sample"""


def audience(history: History, rate: FloatArray, *, rng: np.random.Generator) -> Audience:
    """Today's audience; a sample of it where there are too many users to hold with all movies."""
    available = history.available_at_end()
    most = max(_CELLS // max(int(available.sum()), 1), 1)
    watching = np.flatnonzero(rate > 0)
    rows = watching if len(watching) <= most else np.sort(rng.choice(watching, most, replace=False))
    return Audience(
        rate=rate, available=available, seen_user=history.pair_user, seen_movie=history.pair_movie, rows=rows.astype(np.int64)
    )


class Today:
    """Rows of users under one member and one structure; columns are available movies in the order of their nests."""

    def __init__(self, people: Audience, member: Member, structure: Structure) -> None:
        self.people, self.member, self.structure = people, member, structure
        columns = structure.columns
        self.columns = columns[people.available[columns]]
        nests = structure.nests[self.columns]
        self._starts = np.unique(nests, return_index=True)[1].astype(np.int64)
        self._nest = np.searchsorted(self._starts, np.arange(len(self.columns)), side="right") - 1
        self._seen = self._seen_mask(people.rows)
        self.rows = self._viewing(people.rows, self._seen)

    def predicted(self, appeal: FloatArray) -> FloatArray:
        """Share of all views that each movie has, float64[n_movies], 0 where not available."""
        views = self.rows.predicted(appeal[self.columns])
        out = np.zeros(len(appeal))
        out[self.columns] = views / views.sum()
        return out

    def appeals_for(self, shares: FloatArray, start: FloatArray) -> FloatArray:
        """Appeals, float64[n_movies], that give the movies these shares of views; ``start`` where not available.

        Where hardly a view a month is expected they stay near ``start``: among thousands of movies that next to nobody watches,
        shares alone would send them tens of nats apart.
        """
        total = float(self.rows.weight.sum())
        wanted = np.maximum(shares[self.columns], 1e-9)
        found = match_views(
            self.rows.predicted,
            wanted / wanted.sum() * total,
            dissimilarity=self.structure.dissimilarity,
            start=start[self.columns],
            prior_mean=start[self.columns],
            prior_sd=_FARTHEST_SD,
            tolerance=1e-4,
            iterations=60,
        )
        out = start.copy()
        out[self.columns] = found
        return out

    def content_gap(self, appeal: FloatArray, content: Float32Array) -> FloatArray:
        """What appeal has to make up for when a movie's vector is told from content, float64[n_movies], nats.

        Demand of people who have not watched it, under the movie's own vector, against that under the vector of its content.
        """
        structure = self.structure
        rows = self.people.rows
        pull = self.rows.demand_per_factor(appeal[self.columns])
        unseen = ~self._seen
        warm = self.rows.factor * unseen
        vectors = (content[self.columns] @ self.member.cold_map[1:] + self.member.cold_map[0]).astype(np.float32)
        cold = (self.member.users[rows] * np.float32(structure.slope / structure.dissimilarity)) @ vectors.T
        cold -= self.rows.log_scale.astype(np.float32)[:, None]
        np.exp(np.minimum(cold, 60.0, out=cold), out=cold)
        cold *= unseen
        out = np.zeros(len(appeal))
        for nest in range(len(self._starts)):
            here = self._nest == nest
            by_user = single(pull[:, nest])[0]
            above, below = by_user @ warm[:, here], by_user @ cold[:, here]
            ratio = np.divide(above, below, out=np.ones_like(above), where=(above > 0) & (below > 0))
            out[self.columns[here]] = structure.dissimilarity * np.log(ratio)
        return out

    def log_worth(self, appeal: FloatArray, n_users: int) -> FloatArray:
        """ln S of every user, float64[n_users], constants apart."""
        if len(self.people.rows) == n_users:
            return self.rows.log_worth(appeal[self.columns])
        out = np.empty(n_users)
        step = max(_CELLS // 4 // max(len(self.columns), 1), 1)
        for start in range(0, n_users, step):
            users = np.arange(start, min(start + step, n_users))
            out[users] = self._viewing(users, self._seen_mask(users)).log_worth(appeal[self.columns])
        return out

    def _viewing(self, users: IntArray, seen: NDArray[np.bool_]) -> Viewing:
        structure = self.structure
        slope = np.float32(structure.slope / structure.dissimilarity)
        exponent: Float32Array = (self.member.users[users] * slope) @ self.member.movies[self.columns].T
        others = np.where(seen, np.float32(1.0 - structure.fatigue), np.float32(1.0))
        return viewing(exponent, self.people.rate[users], self._starts, structure.dissimilarity, others)

    def _seen_mask(self, users: IntArray) -> NDArray[np.bool_]:
        place = np.full(len(self.structure.nests), -1, dtype=np.int64)
        place[self.columns] = np.arange(len(self.columns))
        begin = np.searchsorted(self.people.seen_user, users)
        counts = np.searchsorted(self.people.seen_user, users, side="right") - begin
        row = np.repeat(np.arange(len(users)), counts)
        pair = np.repeat(begin - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        column = place[self.people.seen_movie[pair]]
        mask = np.zeros((len(users), len(self.columns)), dtype=bool)
        mask[row[column >= 0], column[column >= 0]] = True
        return mask


def occasions_for(rate: FloatArray, log_worth: FloatArray, constant: float) -> FloatArray:
    """Viewing occasions a month of each user, from what they watch and how much of their occasions the service takes."""
    inside = 1.0 / (1.0 + np.exp(-np.clip(log_worth + constant, -500, 500)))
    occasions: FloatArray = rate / np.maximum(inside, _LEAST_INSIDE_SHARE)
    return occasions
