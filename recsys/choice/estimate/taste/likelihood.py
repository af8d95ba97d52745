"""Nested-logit likelihood of choices among what was available, given that something was watched.

For choice r (one view) and movie j in nest g, with v = V/λ, the utility in units of the noise inside a nest,

    v_rj = θ_j · s_rj + ζ · s̃_rj + η · s̄_rg + Σ_f β_f · a_frj + α_j + ν_j + γ[age_rj] + κ · seen_rj
    P_rj = e^{v_rj} f_rj / D_rg · D_rg^λ / S_r

f is the part of the half-month in which the movie was there; θ_j is θ for movies with views to learn from and θ + δ for those
known by their attributes alone; s̃ is the score of the user's taste cluster, s̄ the user's mean score of the nest's movies; a_f is
the user's affinity to the movie's languages, genres and so on (:mod:`recsys.choice.estimate.attribute_affinity`); κ is what
is left of exp(V/λ) of a movie already watched; ν is common to all movies that arrived within the history, so that the
launch curve γ is about how a movie ages and not about what kind of movies arrive. All are in units of v, so that λ is only
about how much a fuller nest draws.

Scores are estimates, and some components of them are more reliable than others: the mean taste of a user's cluster is known
better than the user's own deviation from it, and taste for a kind of movie better than taste for one movie of the kind. With one
slope for all, λ would have to make up for that and come out near 1 whatever users do when the choice set changes; with ζ and η it
is free to measure how closely the movies of a nest substitute for each other.

Derivatives run through

    ∂ ln P_rj = ∂v_rj − (1 − λ) Σ_{k∈g} q_rk ∂v_rk − λ Σ_k P_rk ∂v_rk + (ln D_rg − Σ_h P_rh ln D_rh) ∂λ        q = P / Σ_g P

and the Fisher information is the expected outer product of these, applied to a vector without ever being formed. Tables of
choices × movies are float32; sums over them are float64.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from recsys.choice.estimate.taste.parameters import TasteParameters
from recsys.choice.estimate.taste.scored_choices import ScoredChoices
from recsys.choice.model.parameters import Float32Array
from recsys.ids import FloatArray

THREADS = 2
_BATCH_CELLS = 250_000
"""Choices times movies worked on at a time: a megabyte a table, which stays in the processor's cache."""

_T = TypeVar("_T")


class Likelihood:
    """Log-likelihood of choices, its gradient and its Fisher information at one point. Batches run in threads."""

    def __init__(self, batches: Sequence[ScoredChoices], flat: FloatArray) -> None:
        self.flat = flat.copy()
        self._batches = _each(lambda batch: _Batch(batch, flat), batches)

    def value(self) -> float:
        """Σ ln P."""
        return float(sum(batch.value() for batch in self._batches))

    def gradient(self) -> FloatArray:
        """Derivative of :meth:`value`."""
        return _total(_each(_Batch.gradient, self._batches))

    def directional_derivatives(self, flat: FloatArray) -> FloatArray:
        """Derivative of each choice's ln P along a direction, float64[n_choices]."""
        return np.concatenate(_each(lambda batch: batch.directional_derivatives(flat), self._batches))

    def fisher_product(self, flat: FloatArray) -> FloatArray:
        """Fisher information times a vector."""
        return _total(_each(lambda batch: batch.fisher_product(flat), self._batches))

    def appeal_information(self) -> FloatArray:
        """Fisher information of the appeals, float64[n_movies, n_movies]."""
        return _total(_each(_Batch.appeal_information, self._batches))

    def appeal_information_diagonal(self) -> FloatArray:
        """Its diagonal, float64[n_movies]."""
        return _total(_each(_Batch.appeal_information_diagonal, self._batches))


def in_batches(choices: ScoredChoices, *, cells: int = _BATCH_CELLS) -> list[ScoredChoices]:
    """Cut the choices into runs that fit the processor's cache: ``cells`` choices times movies each."""
    step = max(cells // max(choices.n_movies, 1), 1)
    return [choices.sample(np.arange(k, min(k + step, choices.n_choices))) for k in range(0, choices.n_choices, step)]


def _each(work: Callable[..., _T], batches: Iterable[object]) -> list[_T]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, batches))


def _total(parts: Sequence[FloatArray]) -> FloatArray:
    """Sum in the order of the batches, so that threads do not change a bit."""
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


class _Batch:
    """Likelihood of one run of choices, which are in order of time."""

    def __init__(self, choices: ScoredChoices, flat: FloatArray) -> None:
        self.choices = choices
        c, p = choices, choices.layout.unflatten(flat)
        lam = self.lam = p.dissimilarity
        stops = np.append(c.nest_starts[1:], c.n_movies)
        self._slices = [slice(start, stop) for start, stop in zip(c.nest_starts, stops, strict=True)]
        self._rows = np.arange(c.n_choices)
        self._chosen_nest = np.searchsorted(c.nest_starts, c.chosen, side="right") - 1
        self._seen = c.seen_row * c.n_movies + c.seen_movie
        edges = np.flatnonzero(np.diff(c.period, prepend=-1))
        self._periods = [
            (int(c.period[start]), slice(start, stop)) for start, stop in zip(edges, [*edges[1:], c.n_choices], strict=True)
        ]

        exponent = self._linear(p)
        for period, rows in self._periods:
            exponent[rows] += c.log_open[period].astype(np.float32)
        if c.exclude_seen:
            exponent.ravel()[self._seen] = -np.inf
        chosen = exponent[self._rows, c.chosen].astype(np.float64)
        top = exponent.max(axis=1, keepdims=True)
        exponent -= top
        np.exp(exponent, out=exponent)
        sums = np.stack([exponent[:, part].sum(axis=1) for part in self._slices], axis=1).astype(np.float64)
        filled = sums > 0
        log_sums = np.log(np.where(filled, sums, 1.0)) + top
        power = np.where(filled, lam * log_sums, -np.inf)
        peak = power.max(axis=1, keepdims=True)
        nest_share = np.exp(power - peak)
        total = nest_share.sum(axis=1, keepdims=True)
        self.nest_share = nest_share / total
        """P of each nest, float64[n_choices, n_nests]"""
        log_sums = np.where(filled, log_sums, 0.0)
        inverse = np.where(filled, 1.0 / np.where(filled, sums, 1.0), 0.0).astype(np.float32)
        for nest, part in enumerate(self._slices):
            exponent[:, part] *= inverse[:, nest, None]
        self.within = exponent
        """q float32[n_choices, n_movies]"""
        self._by_lam = log_sums - (self.nest_share * log_sums).sum(axis=1, keepdims=True)
        """∂ ln P_rj / ∂λ, for the nest of j"""
        nest_sum = log_sums[self._rows, self._chosen_nest]
        self.log_share = chosen + (lam - 1.0) * nest_sum - (peak + np.log(total))[:, 0]
        """ln P of each choice, float64[n_choices]"""

    def value(self) -> float:
        """Σ ln P."""
        return float(self.log_share.sum())

    def gradient(self) -> FloatArray:
        """Derivative of :meth:`value`."""
        of_nest = -self.lam * self.nest_share
        of_nest[self._rows, self._chosen_nest] -= 1.0 - self.lam
        residual = self._spread(of_nest)
        residual[self._rows, self.choices.chosen] += 1.0
        return self._project(residual, float(self._by_lam[self._rows, self._chosen_nest].sum()))

    def directional_derivatives(self, flat: FloatArray) -> FloatArray:
        """Derivative of each choice's ln P along a direction, float64[n_choices]."""
        slopes: FloatArray = self._log_share_change(flat)[self._rows, self.choices.chosen].astype(np.float64)
        return slopes

    def fisher_product(self, flat: FloatArray) -> FloatArray:
        """Fisher information times a vector."""
        weight = self._log_share_change(flat)
        weight *= self.within
        by_nest = np.empty_like(self.nest_share)
        for nest, part in enumerate(self._slices):
            weight[:, part] *= self.nest_share[:, nest, None].astype(np.float32)
            by_nest[:, nest] = weight[:, part].sum(axis=1)
        of_nest = -(1.0 - self.lam) * by_nest - self.lam * self.nest_share * by_nest.sum(axis=1, keepdims=True)
        for nest, part in enumerate(self._slices):
            weight[:, part] += self.within[:, part] * of_nest[:, nest, None].astype(np.float32)
        return self._project(weight, float((by_nest * self._by_lam).sum()))

    def appeal_information(self) -> FloatArray:
        share = self._spread(self.nest_share)
        out: FloatArray = -(self.lam**2) * (share.T @ share).astype(np.float64)
        rooted = self._spread(np.sqrt(self.nest_share))
        for part in self._slices:
            out[part, part] -= (1.0 - self.lam**2) * (rooted[:, part].T @ rooted[:, part])
        out[np.diag_indices_from(out)] += share.sum(axis=0)
        return out

    def appeal_information_diagonal(self) -> FloatArray:
        share = self._spread(self.nest_share).astype(np.float64)
        each = share * (1.0 - (1.0 - self.lam**2) * self.within) - self.lam**2 * share**2
        return np.asarray(each.sum(axis=0))

    def _linear(self, p: TasteParameters) -> Float32Array:
        """v, or its change along a direction, float32[n_choices, n_movies]."""
        c = self.choices
        slope = (p.slope + p.cold_slope_delta * c.cold).astype(np.float32)
        by_period = (p.appeal + p.arrived * c.arrived + np.append(p.launch, 0.0)[c.age]).astype(np.float32)
        out: Float32Array = c.score * slope
        if p.cluster_slope:
            out += np.float32(p.cluster_slope) * c.cluster_score
        for slope, affinity in zip(p.affinity_slopes, c.affinity, strict=True):
            if slope:
                out += np.float32(slope) * affinity
        if p.nest_slope:
            for nest, part in enumerate(self._slices):
                out[:, part] += np.float32(p.nest_slope) * c.nest_score[:, nest, None]
        for period, rows in self._periods:
            out[rows] += by_period[period]
        if not c.exclude_seen:
            out.ravel()[self._seen] += np.float32(p.seen)
        return out

    def _nest_means(self, table: Float32Array) -> FloatArray:
        """Σ_{j∈g} q_rj x_rj, float64[n_choices, n_nests]."""
        parts = [np.einsum("rj,rj->r", self.within[:, part], table[:, part]) for part in self._slices]
        means: FloatArray = np.stack(parts, axis=1).astype(np.float64)
        return means

    def _spread(self, of_nest: FloatArray) -> Float32Array:
        """q_rj · x_rg, float32[n_choices, n_movies]."""
        out = np.empty_like(self.within)
        for nest, part in enumerate(self._slices):
            np.multiply(self.within[:, part], of_nest[:, nest, None].astype(np.float32), out=out[:, part])
        return out

    def _log_share_change(self, flat: FloatArray) -> Float32Array:
        """∂ ln P along a direction, float32[n_choices, n_movies]."""
        direction = self.choices.layout.unflatten(flat)
        change = self._linear(direction)
        mean = self._nest_means(change)
        overall = (self.nest_share * mean).sum(axis=1, keepdims=True)
        of_nest = -(1.0 - self.lam) * mean - self.lam * overall + direction.dissimilarity * self._by_lam
        for nest, part in enumerate(self._slices):
            change[:, part] += of_nest[:, nest, None].astype(np.float32)
        return change

    def _project(self, residual: Float32Array, by_lam: float) -> FloatArray:
        """From derivatives by v, float32[n_choices, n_movies], and by λ to those by the parameters."""
        c = self.choices
        by_score = np.einsum("rj,rj->j", residual, c.score).astype(np.float64)
        by_cluster = float(np.einsum("rj,rj->r", residual, c.cluster_score).sum(dtype=np.float64))
        by_nest = [float(residual[:, part].sum(axis=1) @ c.nest_score[:, nest]) for nest, part in enumerate(self._slices)]
        by_affinity = [float(np.einsum("rj,rj->r", residual, table).sum(dtype=np.float64)) for table in c.affinity]
        seen = 0.0 if c.exclude_seen else float(residual.ravel()[self._seen].sum(dtype=np.float64))
        by_period = np.zeros(c.age.shape)
        for period, rows in self._periods:
            by_period[period] = residual[rows].sum(axis=0)
        by_age = np.asarray(np.bincount(c.age.ravel(), weights=by_period.ravel(), minlength=c.n_ages), dtype=np.float64)
        by_movie = by_period.sum(axis=0)
        return TasteParameters(
            slope=by_score.sum(),
            cold_slope_delta=by_score[c.cold].sum(),
            cluster_slope=by_cluster,
            nest_slope=sum(by_nest),
            affinity_slopes=np.array(by_affinity),
            seen=seen,
            arrived=by_movie[c.arrived].sum(),
            launch=by_age[:-1],
            dissimilarity=by_lam,
            appeal=by_movie,
        ).flatten()
