"""Counter-based random numbers: each depends on what it is for, and on nothing else.

A draw is a hash of a stream (the seed and a name) and of counters (user, occasion, movie …). Whoever asks, in whatever order,
for however many users at a time, gets the same number; so two services that differ in one movie share every other draw
(common random numbers), and user ``k`` is the same person whatever the number of users.

The hash is SplitMix64: a counter times an odd constant, and a finaliser that passes the usual test batteries.
Steele, Lea and Flood (2014), *Fast splittable pseudorandom number generators*.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from recsys.ids import FloatArray, IntArray

UintArray = NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_ULP = 2.0**-53


def stream(seed: int, name: str) -> np.uint64:
    """Key of the random numbers of one purpose, for one seed."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def hash_counters(key: ArrayLike, *counters: ArrayLike) -> UintArray:
    """Hash a key with one or more counters (non-negative integers, broadcast together).

    >>> bool(hash_counters(stream(7, "a"), 3, 4) == hash_counters(hash_counters(stream(7, "a"), 3), 4))
    True
    """
    mixed = np.asarray(key, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for counter in counters:
            mixed = _finalise(mixed + (np.asarray(counter).astype(np.uint64) + np.uint64(1)) * _GAMMA)
    return mixed


def uniform(key: ArrayLike, *counters: ArrayLike) -> FloatArray:
    """Draws from the uniform distribution on the open interval (0, 1), one for each key and counters."""
    return (hash_counters(key, *counters) >> np.uint64(11)) * _ULP + _ULP / 2


def exponential(key: ArrayLike, *counters: ArrayLike) -> FloatArray:
    """Draws from the exponential distribution of mean 1.

    The smallest of ``exponential / x`` is a Gumbel-max draw with utilities ``ln x``.
    """
    value = uniform(key, *counters)
    np.log(value, out=value)
    return np.negative(value, out=value)


def normal(key: ArrayLike, *counters: ArrayLike) -> FloatArray:
    """Draws from the standard normal distribution."""
    return np.asarray(ndtri(uniform(key, *counters)), dtype=np.float64)


def choice(shares: ArrayLike, key: ArrayLike, *counters: ArrayLike) -> IntArray:
    """Draws of an index from the categorical distribution with these shares.

    ``shares`` is [n] for all, or [rows, n], and need not sum to 1.
    """
    cumulated = np.cumsum(np.asarray(shares, dtype=np.float64), axis=-1)
    drawn = uniform(key, *counters)[..., None] * cumulated[..., -1:]
    return np.asarray((drawn >= cumulated).sum(axis=-1), dtype=np.int64)


def _finalise(value: UintArray) -> UintArray:
    out: Any = value
    out = (out ^ (out >> np.uint64(30))) * _MIX_1
    out = (out ^ (out >> np.uint64(27))) * _MIX_2
    result: UintArray = out ^ (out >> np.uint64(31))
    return result
