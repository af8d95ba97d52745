"""Current demand: choice probabilities of the audience when the data end, and the appeals that reproduce its views.

Current appeals reproduce the views that each movie can expect. Established appeals, with vectors predicted from attributes, are
what offers are measured by.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from recsys.choice.model.parameters import Float32Array, Member, StructuralParameters
from recsys.choice.model.view_probabilities import AudienceDesign, column_scaled, invert_views
from recsys.choice.panel.current_audience import CurrentAudience
from recsys.ids import FloatArray, IntArray

_CELLS = 3_000_000
_FARTHEST_SD = 30.0
"""How far a current appeal may lie from what is known of a movie, nats: a standard deviation so wide that a hundredth of a view a
month tells more."""
_LEAST_INSIDE_SHARE = 0.05
"""A user of whom less than this share of occasions is ever taken is one whom the model does not understand."""
_MOST_RAISED = 5.0
"""Nats."""


class CurrentDemand:
    """Design rows of the current users under one member and one set of structural parameters.

    Columns are available movies in the order of their nests.
    """

    def __init__(self, audience: CurrentAudience, member: Member, structure: StructuralParameters) -> None:
        self.audience, self.member, self.structure = audience, member, structure
        columns = structure.columns
        self.columns = columns[audience.available[columns]]
        nests = structure.nests[self.columns]
        self._starts = np.unique(nests, return_index=True)[1].astype(np.int64)
        self._nest = np.searchsorted(self._starts, np.arange(len(self.columns)), side="right") - 1
        self._seen = self._seen_mask(audience.sample)
        self.design = self._design(audience.sample, self._seen)

    def predicted_shares(self, appeal: FloatArray) -> FloatArray:
        """Predicted share of all views of each movie, float64[n_movies], 0 where not available."""
        views = self.design.predicted_views(appeal[self.columns])
        out = np.zeros(len(appeal))
        out[self.columns] = views / views.sum()
        return out

    def invert_shares(self, shares: FloatArray, start: FloatArray) -> FloatArray:
        """Invert shares of views (Berry inversion): appeals, float64[n_movies], that predict them; ``start`` if not available.

        Where hardly a view a month is expected they stay near ``start``: among thousands of movies that next to nobody watches,
        shares alone would send them tens of nats apart.
        """
        total = float(self.design.weight.sum())
        wanted = np.maximum(shares[self.columns], 1e-9)
        found = invert_views(
            self.design.predicted_views,
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

    def cold_vector_offset(self, appeal: FloatArray, codes: Float32Array) -> FloatArray:
        """What appeal has to make up for when a movie's vector is predicted from attributes, float64[n_movies], nats.

        Demand of users who have not watched it, under the movie's own vector, against that under the predicted one.

        Parameters
        ----------
        codes : float32[n_movies, n_codes]
        """
        structure = self.structure
        rows = self.audience.sample
        demand = self.design.demand_per_factor(appeal[self.columns])
        unseen = ~self._seen
        warm = self.design.factor * unseen
        vectors = (codes[self.columns] @ self.member.cold_map[1:] + self.member.cold_map[0]).astype(np.float32)
        cold = (self.member.users[rows] * np.float32(structure.slope / structure.dissimilarity)) @ vectors.T
        cold -= self.design.log_scale.astype(np.float32)[:, None]
        np.exp(np.minimum(cold, 60.0, out=cold), out=cold)
        cold *= unseen
        out = np.zeros(len(appeal))
        for nest in range(len(self._starts)):
            here = self._nest == nest
            by_user = column_scaled(demand[:, nest])[0]
            above, below = by_user @ warm[:, here], by_user @ cold[:, here]
            ratio = np.divide(above, below, out=np.ones_like(above), where=(above > 0) & (below > 0))
            out[self.columns[here]] = structure.dissimilarity * np.log(ratio)
        return out

    def inclusive_values(self, appeal: FloatArray, *, cells: int = _CELLS) -> FloatArray:
        """Inclusive value ln S of every user, float64[n_users], constants apart.

        Parameters
        ----------
        cells : users times available movies worked on at a time, where the audience is a sample
        """
        n_users = len(self.audience.rate)
        if len(self.audience.sample) == n_users:
            return self.design.inclusive_values(appeal[self.columns])
        out = np.empty(n_users)
        step = max(cells // max(len(self.columns), 1), 1)
        for start in range(0, n_users, step):
            users = np.arange(start, min(start + step, n_users))
            out[users] = self._design(users, self._seen_mask(users)).inclusive_values(appeal[self.columns])
        return out

    def _design(self, users: IntArray, seen: NDArray[np.bool_]) -> AudienceDesign:
        structure = self.structure
        slope = np.float32(structure.slope / structure.dissimilarity)
        exponent: Float32Array = (self.member.users[users] * slope) @ self.member.movies[self.columns].T
        others = np.where(seen, np.float32(1.0 - structure.satiation), np.float32(1.0))
        return AudienceDesign.from_exponents(exponent, self.audience.rate[users], self._starts, structure.dissimilarity, others)

    def _seen_mask(self, users: IntArray) -> NDArray[np.bool_]:
        place = np.full(len(self.structure.nests), -1, dtype=np.int64)
        place[self.columns] = np.arange(len(self.columns))
        begin = np.searchsorted(self.audience.seen_user, users)
        counts = np.searchsorted(self.audience.seen_user, users, side="right") - begin
        row = np.repeat(np.arange(len(users)), counts)
        pair = np.repeat(begin - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        column = place[self.audience.seen_movie[pair]]
        mask = np.zeros((len(users), len(self.columns)), dtype=bool)
        mask[row[column >= 0], column[column >= 0]] = True
        return mask


def user_constants(inclusive: FloatArray, constant: float) -> FloatArray:
    """Outside constant of each user, float64[n_users]: raised for whom the service would take less than it at least takes.

    Otherwise more occasions than anybody has would be needed to watch as much as they do, or viewing would fall short.

    Examples
    --------
    >>> user_constants(np.array([0.5, -3.5, -90.0]), 0.0).round(2)
    array([0.  , 0.56, 5.  ])
    """
    short = logit(_LEAST_INSIDE_SHARE) - (inclusive + constant)
    raised: FloatArray = constant + np.clip(short, 0.0, _MOST_RAISED)
    return raised


def viewing_occasions(rate: FloatArray, inclusive: FloatArray, constant: FloatArray) -> FloatArray:
    """Viewing occasions a month of each user, from what they watch and how much of their occasions the service takes.

    Parameters
    ----------
    constant : float64[n_users]
    """
    inside = expit(inclusive + constant)
    occasions: FloatArray = rate / np.maximum(inside, _LEAST_INSIDE_SHARE)
    return occasions
