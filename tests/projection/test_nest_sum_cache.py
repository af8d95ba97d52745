"""Nest sums kept in memory: what stays, what makes room, and what never fits."""

import pytest

from recsys.projection.nest_sum_cache import NestSumCache
from recsys.projection.nest_sums import NestSums

ONE = 4 * 8 * 100  # bytes of one draw: four float64 arrays of a hundred users and one nest


def asked(cache: NestSumCache, catalogue: str, draw: int, n_intervals: int = 1) -> bool:
    """Whether it had to be computed."""
    computed: list[int] = []

    def compute() -> tuple[NestSums, ...]:
        computed.append(draw)
        return tuple(NestSums.zeros(100, 1) for _ in range(n_intervals))

    cache.get(catalogue, draw, compute)
    return bool(computed)


def test_nest_sums_are_computed_once():
    cache = NestSumCache(10 * ONE)
    assert [asked(cache, NestSumCache.TODAY, draw) for draw in (0, 1, 0, 1)] == [True, True, False, False]


def test_the_catalogue_used_longest_ago_makes_room_and_todays_never_does():
    cache = NestSumCache(3 * ONE)
    for catalogue in (NestSumCache.TODAY, "twelve months", "six months", "twelve months", "two months"):
        asked(cache, catalogue, 0)
    assert [asked(cache, catalogue, 0) for catalogue in (NestSumCache.TODAY, "twelve months", "two months")] == [False] * 3
    assert asked(cache, "six months", 0)


def test_what_does_not_fit_is_computed_anew_and_throws_nothing_out():
    cache = NestSumCache(3 * ONE)
    for catalogue in (NestSumCache.TODAY, "six months"):
        asked(cache, catalogue, 0)
    assert [asked(cache, "twelve months", 0, n_intervals=3) for _ in range(2)] == [True, True]
    assert not asked(cache, "six months", 0)


def test_what_is_kept_cannot_be_written_to():
    (found,) = NestSumCache().get("lapse", 0, lambda: (NestSums.zeros(2, 1),))
    with pytest.raises(ValueError, match="read-only"):
        found.nest_sum[0] = 2.0
