"""View probabilities given that something is watched, and the appeals that make predicted views equal actual ones.

A row stands for viewers with one choice set (a cluster of users in a half-month, or one user today); ``factor`` holds
exp(V/λ) without appeal, times the part of the time in which a movie was open to them and what is left after a view. Appeals then
enter as exp(α/λ) by column, so a pass over all rows costs two products of matrix and vector a nest, and no exponential.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys.choice.model.parameters import Float32Array
from recsys.ids import FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class AudienceDesign:
    """Design rows of an audience: a choice set each, with utilities but for appeal.

    Columns are movies in the order of their nests.
    """

    weight: FloatArray
    """float64[n_rows]: views, all movies together"""
    factor: Float32Array
    """float32[n_rows, n_movies]"""
    log_scale: FloatArray
    """float64[n_rows]: ln of what ``factor`` was divided by, to stay in range"""
    nest_starts: IntArray
    dissimilarity: float

    @classmethod
    def from_exponents(
        cls,
        exponent: Float32Array,
        weight: FloatArray,
        nest_starts: IntArray,
        dissimilarity: float,
        factor: Float32Array | None = None,
    ) -> "AudienceDesign":
        """Rows from V/λ without appeal (float32[n_rows, n_movies]; overwritten) and further factors of the same shape."""
        top = exponent.max(axis=1, keepdims=True)
        exponent -= top
        np.exp(exponent, out=exponent)
        if factor is not None:
            exponent *= factor
        return cls(
            weight=weight,
            factor=exponent,
            log_scale=top[:, 0].astype(np.float64),
            nest_starts=nest_starts,
            dissimilarity=dissimilarity,
        )

    def predicted_views(self, appeal: FloatArray) -> FloatArray:
        """Predicted views of each movie, float64[n_movies]; they add up to the weights."""
        scaled, sums = self._sums(appeal)
        demand, peak = column_scaled(self._demand_per_factor(sums)[1])
        out = np.empty(len(scaled))
        for nest, part in enumerate(self._slices()):
            out[part] = scaled[part] * peak[nest] * (demand[:, nest] @ self.factor[:, part])
        return out

    def predicted_views_by_row(self, appeal: FloatArray) -> Float32Array:
        """Predicted views of each movie by each row, float32[n_rows, n_movies]; a row's add up to its weight."""
        scaled, sums = self._sums(appeal)
        whole = self._demand_per_factor(sums)[1]
        demand, peak = column_scaled(whole)
        out = np.empty_like(self.factor)
        for nest, part in enumerate(self._slices()):
            column, row = scaled[part] * peak[nest], demand[:, nest]
            # a user has next to nothing left: share the peak between both
            if column.max(initial=0.0) > np.finfo(np.float32).max:
                root = np.sqrt(peak[nest])
                column, row = scaled[part] * root, (whole[:, nest] / root).astype(np.float32)
            np.multiply(self.factor[:, part], column.astype(np.float32), out=out[:, part])
            out[:, part] *= row[:, None]
        return out

    def demand_per_factor(self, appeal: FloatArray) -> FloatArray:
        """weight · D^(λ−1) / S by nest, float64[n_rows, n_nests]: times factor · exp(α/λ) it gives views."""
        return self._demand_per_factor(self._sums(appeal)[1])[1]

    def inclusive_values(self, appeal: FloatArray) -> FloatArray:
        """Inclusive value ln S of each row, float64[n_rows]; −inf where nothing is open."""
        sums = self._sums(appeal)[1]
        with np.errstate(divide="ignore"):
            values: FloatArray = np.log(self._demand_per_factor(sums)[0]) + self.dissimilarity * self.log_scale + appeal.max()
        return values

    def _sums(self, appeal: FloatArray) -> tuple[FloatArray, FloatArray]:
        """exp((α − max α)/λ) and D, each up to its scale."""
        scaled = np.exp((appeal - appeal.max()) / self.dissimilarity)
        narrow = scaled.astype(np.float32)
        sums = np.stack([self.factor[:, part] @ narrow[part] for part in self._slices()], axis=1).astype(np.float64)
        return scaled, sums

    def _demand_per_factor(self, sums: FloatArray) -> tuple[FloatArray, FloatArray]:
        """S of each row, float64[n_rows], and weight · D^(λ−1) / S, float64[n_rows, n_nests]; each up to its scale."""
        power = sums**self.dissimilarity
        total = power.sum(axis=1)
        share = power / np.where(sums > 0, sums, 1.0)
        return total, share * (self.weight / np.where(total > 0, total, 1.0))[:, None]

    def _slices(self) -> list[slice]:
        stops = np.append(self.nest_starts[1:], self.factor.shape[1])
        return [slice(start, stop) for start, stop in zip(self.nest_starts, stops, strict=True)]


def column_scaled(demand: FloatArray) -> tuple[Float32Array, FloatArray]:
    """``demand`` divided by the largest of its column, and that: users with next to nothing left exceed what float32 can hold."""
    peak = np.maximum(demand.max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    return (demand / peak).astype(np.float32), peak


def invert_views(
    predict: Callable[[FloatArray], FloatArray],
    actual: FloatArray,
    *,
    dissimilarity: float,
    start: FloatArray,
    prior_mean: FloatArray | float = 0.0,
    prior_sd: float = np.inf,
    tolerance: float = 1e-4,
    iterations: int = 200,
) -> FloatArray:
    """Invert views: the appeals for which predicted views equal actual ones, shrunk towards a prior.

    Solves  actual_j − predicted_j(α) = (α_j − mean_j) / sd²  by the contraction of Berry, Levinsohn and Pakes, each step
    shortened as the prior asks. Where the prior is flat only differences of α are determined, and the mean is that of ``start``.

    Parameters
    ----------
    predict : appeals float64[n_movies] → views float64[n_movies], which add up to those of ``actual``
    actual : float64[n_movies] ≥ 0
    dissimilarity : λ; predicted views grow by at most a factor e^(1/λ) for each nat of appeal
    prior_sd : nats; inf for none, which needs a positive actual for every movie
    tolerance : largest change of an appeal in the last step, nats

    References
    ----------
    Berry, Levinsohn, Pakes (1995); Train (2009), ch. 13
    """
    precision = prior_sd**-2.0
    appeal = np.asarray(start, dtype=np.float64).copy()
    mean = np.broadcast_to(np.asarray(prior_mean, dtype=np.float64), appeal.shape)
    level = appeal.mean()
    for _ in range(iterations):
        views = predict(appeal)
        if precision == 0.0:
            step = dissimilarity * np.log(actual / views)
        else:
            miss = actual - views - precision * (appeal - mean)
            step = miss / (np.maximum(views, np.minimum(actual, 4 * views)) / dissimilarity + precision)
        appeal += np.clip(step, -1.0, 1.0)
        # one constant more or less changes no view: take the one that the prior likes best
        shift = (appeal - mean).mean() if precision else appeal.mean() - level
        appeal -= shift
        if np.abs(step - shift).max(initial=0.0) < tolerance:
            break
    return appeal
