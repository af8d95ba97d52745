"""What must always hold of ranges, and of asking twice. Numbers are those of the list of invariants."""

import threading
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from recsys.projection.cold_start_offers import appeal_residual
from recsys.projection.context import ProjectionContext
from recsys.projection.json_document import as_text
from recsys.projection.project import project
from recsys.projection.result import Projection, Range
from recsys.projection.uncertainty import quantiles, to_range
from recsys.scenario import changes as c
from recsys.scenario import link, toml
from recsys.scenario.store import ScenarioStore
from tests.projection import builders
from tests.properties import cases
from tests.properties.cases import EVERYONE, buying

samples = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60).map(np.array)


def ranges(value: Any) -> list[Range]:
    """Every range in a result."""
    if isinstance(value, Range):
        return [value]
    if is_dataclass(value):
        return [found for field in fields(value) for found in ranges(getattr(value, field.name))]
    return [found for part in value for found in ranges(part)] if isinstance(value, tuple) else []


@given(cases.bases, cases.slates, st.lists(cases.audience_changes, max_size=2).map(tuple))
@cases.of_allowed_questions
def test_23_p10_p50_and_p90_are_in_order_everywhere(
    context: ProjectionContext, offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...]
):
    answer = project(context, buying(offers, *changes), draws="all")
    assert answer.n_draws == 3
    assert len(ranges(answer)) > 20
    assert all(r.p10 <= r.p50 <= r.p90 for r in ranges(answer))


def interval(draws: np.ndarray, coverage: float) -> tuple[float, float]:
    """The central interval that holds so much of the draws."""
    low, high = quantiles(draws, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)


@given(samples)
def test_23_the_90_per_cent_interval_contains_the_80_per_cent_one(draws: np.ndarray):
    (low90, high90), (low80, high80) = interval(draws, 0.9), interval(draws, 0.8)
    assert low90 <= low80 <= high80 <= high90
    assert (to_range(draws).p10, to_range(draws).p90) == pytest.approx((low80, high80))


def test_23_four_times_the_draws_halve_the_monte_carlo_error():
    rng = np.random.default_rng(0)

    def error(n_draws: int) -> float:
        point = np.zeros(1)
        return float(np.std([to_range(np.concatenate([point, rng.standard_normal(n_draws)])).p50 for _ in range(4000)]))

    assert error(400) / error(100) == pytest.approx(0.5, rel=0.2)


def test_23_ranges_of_a_couple_of_dozen_draws_hold_what_they_promise():
    """An outcome from the same distribution as the draws, many times over; one point of it would be 0.007."""
    rng = np.random.default_rng(0)
    held = {0.8: 0, 0.9: 0}
    for _ in range(4000):
        even = ndtri((rng.permutation(23) + rng.random(23)) / 23)
        for coverage in held:
            low, high = interval(np.concatenate([[9.0], even]), coverage)
            held[coverage] += bool(low <= rng.standard_normal() <= high)
    assert held[0.8] / 4000 == pytest.approx(0.8, abs=0.025)
    assert held[0.9] / 4000 == pytest.approx(0.9, abs=0.025)


def test_23_the_unknown_of_each_offer_lies_evenly_over_its_draws_in_an_order_of_its_own():
    drawn = {name: [appeal_residual(draw, 24, name) for draw in range(1, 24)] for name in ("a", "b", "c")}
    even = ndtri((np.arange(23) + 0.5) / 23)
    for found in drawn.values():
        np.testing.assert_allclose(np.sort(found), even)
    assert abs(np.corrcoef(list(drawn.values()))[np.triu_indices(3, 1)]).max() < 0.6
    assert appeal_residual(5, 24, "a") == drawn["a"][4]


def test_23_with_the_point_alone_the_ranges_collapse_to_it():
    answer = project(cases.context(0), buying(("o00",)))
    assert answer.n_draws == 1
    assert answer.prob_above_hurdle is None
    assert all(r.p10 == r.p50 == r.p90 for r in ranges(answer))


def crowd() -> ProjectionContext:
    """More users than one block holds, so that there is something to share among threads."""
    return builders.context(2500, 24, seed=4, n_draws=2)


QUESTION = buying(
    ("o00", "o03"),
    c.ShiftTaste(segment=EVERYONE, towards=c.TowardsAttribute(attribute="genre", value="Comedy"), strength=0.5),
    c.Drop(movie="m0004"),
)


def test_24_one_thread_or_two_cold_or_cached_the_bits_are_the_same():
    cold = crowd()
    first = project(cold, QUESTION, draws="all", threads=1)
    assert project(cold, QUESTION, draws="all", threads=2) == first
    assert project(crowd(), QUESTION, draws="all", threads=2) == first
    assert as_text(project(crowd(), QUESTION, draws="all", threads=4)) == as_text(first)


def test_24_the_second_user_gets_what_the_first_gets():
    context = crowd()
    answers: list[Projection] = []
    threads = [threading.Thread(target=lambda: answers.append(project(context, QUESTION))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(answer == project(crowd(), QUESTION) for answer in answers)


@given(cases.slates, st.lists(cases.audience_changes, max_size=3).map(tuple))
@cases.of_allowed_questions
def test_28_saved_linked_or_written_to_a_file_a_scenario_gives_the_same_answer(
    offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...]
):
    context, asked = cases.context(1), buying(offers, *changes)
    answer = as_text(project(context, asked))
    with TemporaryDirectory() as folder:
        store = ScenarioStore(Path(folder) / "scenarios.sqlite")
        saved = store.load(store.save(asked).id).scenario
    for again in (saved, link.decode(link.encode(asked)), toml.loads(toml.dumps(asked))):
        assert as_text(project(context, again)) == answer
