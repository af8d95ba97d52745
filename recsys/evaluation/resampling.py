"""Bootstrap over users: every metric of a comparison uses the same resamples.

Because all figures are resampled together, the interval of a difference is that of a paired comparison, and costs as little as
that of a mean.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray

RESAMPLES = 1_000
"""Resamples behind an interval; fewer of very many users, whose means hardly move."""
FEWEST = 200
_MOST_DRAWS = 50_000_000
"""Users drawn in all resamples together, beyond which there are fewer of these."""
_BLOCK_NUMBERS = 8_000_000
"""Weights held at once as floats."""


@dataclass(frozen=True, kw_only=True)
class Resamples:
    """Bootstrap resamples of so many users.

    Examples
    --------
    >>> Resamples(n=4, seed=0).interval(np.full(4, 0.5))
    (0.5, 0.5)
    """

    n: int
    seed: int

    @property
    def count(self) -> int:
        """How many resamples there are."""
        return int(np.clip(_MOST_DRAWS // max(self.n, 1), FEWEST, RESAMPLES))

    @cached_property
    def times(self) -> NDArray[np.uint8]:
        """uint8[count, n]: how often each user was drawn."""
        rng = np.random.default_rng(self.seed)
        drawn = np.empty((self.count, self.n), dtype=np.uint8)
        for row in drawn:  # more than 255 times is as likely as nothing ever
            row[:] = np.minimum(np.bincount(rng.integers(0, self.n, self.n), minlength=self.n), 255)
        return drawn

    def means(self, figures: FloatArray) -> FloatArray:
        """Mean of each figure in each resample.

        Parameters
        ----------
        figures : float64[n] or float64[n, n_figures]; NaN for a user whom the figure does not concern

        Returns
        -------
        float64[count] or float64[count, n_figures]; NaN where a resample holds nobody whom the figure concerns
        """
        values = np.asarray(figures, dtype=np.float64).reshape(self.n, -1)
        known = np.isfinite(values)
        filled = np.where(known, values, 0.0)
        everywhere = bool(known.all())
        block = max(1, _BLOCK_NUMBERS // max(self.n, 1))
        out = np.empty((self.count, values.shape[1]))
        for start in range(0, self.count, block):
            weights = self.times[start : start + block].astype(np.float64)
            counted = float(self.n) if everywhere else weights @ known.astype(np.float64)
            with np.errstate(invalid="ignore", divide="ignore"):
                out[start : start + block] = (weights @ filled) / counted
        means: FloatArray = out.reshape((self.count, *np.shape(figures)[1:]))
        return means

    def interval(self, figures: FloatArray, *, level: float = 0.95) -> tuple[float, float]:
        """Ends of the share ``level`` of resampled means of one figure a user."""
        low, high = self.intervals(np.asarray(figures, dtype=np.float64)[:, None], level=level)[:, 0]
        return float(low), float(high)

    def intervals(self, figures: FloatArray, *, level: float = 0.95) -> FloatArray:
        """As :meth:`interval`, for many figures at once: float64[2, n_figures]; NaN where a figure concerns nobody."""
        means = self.means(figures)
        ends = [(1 - level) / 2, (1 + level) / 2]
        finite = np.isfinite(means)
        known = finite.any(axis=0)
        out = np.full((2, means.shape[1]), np.nan)
        if finite.all():  # many times faster than passing over what is not there
            out[:] = np.quantile(means, ends, axis=0)
        elif known.any():
            out[:, known] = np.nanquantile(means[:, known], ends, axis=0)
        return out
