"""Rounding: how much it may change, and that a refusal comes before anything is published."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recsys.errors import ArtefactError
from recsys.export import bundle, golden_queries
from recsys.export.phone_model import PhoneModel
from recsys.export.quantisation import CODE_LIMIT, QuantisedMatrix, quantise, recall
from recsys.export.random_queries import random_queries
from tests.export import models

MATRICES = arrays.arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 8)), elements=st.floats(-1000, 1000, width=32))


@given(MATRICES)
def test_a_byte_moves_a_number_by_half_a_step_of_its_row_at_most(matrix: np.ndarray):
    """A step is the row's largest number / 127, made wider by a thousandth at most to be a float16."""
    half = np.abs(matrix).max(axis=1, keepdims=True) / 127 / 2
    assert (np.abs(quantise(matrix, "uint8").decoded - matrix) <= half * 1.002 + 1e-6).all()


@given(MATRICES)
def test_what_was_rounded_once_is_not_rounded_again(matrix: np.ndarray):
    """Of rows whose scale float16 holds to all of its digits; below, the largest number may lose its last step."""
    largest = np.abs(matrix).max(axis=1)
    matrix = matrix[(largest == 0) | (largest >= CODE_LIMIT * np.finfo(np.float16).smallest_normal)]
    for dtype in ("float32", "float16", "uint8"):
        once = quantise(matrix, dtype).decoded
        np.testing.assert_allclose(quantise(once, dtype).decoded, once, rtol=1e-6)


def test_what_rounding_one_number_costs_is_made_up_for_by_the_others():
    """A score is x + y here: 0.4 + 0.4 steps round to 0 + 0 one by one, and to 0 + 1 together, which is nearer to 0.8."""
    matrix = np.float32([[0.4, 0.4, 127.0]])
    importance = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert quantise(matrix, "uint8").codes.tolist() == [[0, 0, 127]]
    assert sorted(quantise(matrix, "uint8", importance).codes[0].tolist()) == [0, 1, 127]


@given(MATRICES, st.integers(0, 2**32 - 1))
def test_rounding_by_importance_costs_no_more_on_average(matrix: np.ndarray, seed: int):
    """Measured in what it weighs, over the rows of many matrices of one kind; and codes stay codes."""
    rng = np.random.default_rng(seed)
    people = rng.normal(size=(40, matrix.shape[1])) * rng.uniform(0.1, 2, matrix.shape[1])
    importance = people.T @ people / 40
    many = rng.normal(size=(300, matrix.shape[1])).astype(np.float32)

    def cost(coded: QuantisedMatrix) -> float:
        error = (coded.decoded - many).astype(np.float64)
        return float(np.mean(np.sum(error @ importance * error, axis=1)))

    weighed = quantise(many, "uint8", importance)
    assert cost(weighed) <= cost(quantise(many, "uint8")) * 1.02
    for codes in (weighed.codes, quantise(matrix, "uint8", importance).codes):
        assert (np.abs(codes) <= 127).all()
        assert (codes == np.rint(codes)).all()


def test_rounding_with_importance_keeps_more_of_the_lists():
    source = models.source(n_movies=1500, dim=32)
    exact = PhoneModel.of(source.tower, source.movies.vectors, "float32")
    queries = random_queries(exact.tower, 300, np.random.default_rng(3))
    known = [answer.rows for answer in golden_queries.answers(exact, queries)]
    nearest = PhoneModel(tower=source.tower, history=exact.history, movies=quantise(source.movies.vectors, "uint8"))
    weighed = PhoneModel.of(source.tower, source.movies.vectors, "uint8")
    losses = [
        1 - recall(known, [answer.rows for answer in golden_queries.answers(model, queries)]) for model in (weighed, nearest)
    ]
    assert losses[0] < 0.9 * losses[1]  # although the first has its histories rounded too


def test_a_small_row_keeps_its_shape_beside_a_large_one():
    """With one scale for all, 1e-3 beside 100 would be rounded to 0."""
    matrix = np.float32([[100, -50], [1e-3, -5e-4]])
    np.testing.assert_allclose(quantise(matrix, "uint8").decoded, matrix, rtol=0.01)


def test_a_scale_is_a_float16_that_no_code_overflows():
    """1 / 127 = 0.007874 lies between the float16 0.0078735 and 0.0078812: rounded up, the largest number is code 127 still."""
    coded = quantise(np.float32([[1.0, -0.5], [1e-9, 0.0], [0.0, 0.0]]), "uint8")
    assert coded.scale is not None
    np.testing.assert_array_equal(coded.scale, coded.scale.astype(np.float16).astype(np.float32))
    assert coded.scale[0] == pytest.approx(0.0078812, abs=1e-7)
    assert (coded.scale > 0).all()
    assert coded.codes[0, 0] == 127


def test_float32_is_kept_bit_for_bit():
    matrix = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert quantise(matrix, "float32").decoded.tobytes() == matrix.tobytes()


@pytest.mark.parametrize(
    ("value", "dtype"), [(np.nan, "uint8"), (1e8, "uint8"), (np.inf, "float32"), (70_000.0, "float16"), (np.nan, "float16")]
)
def test_what_cannot_be_stored_is_refused(value: float, dtype: str):
    with pytest.raises(ArtefactError, match="E_NONFINITE"):
        quantise(np.float32([[1.0, value]]), dtype)  # type: ignore[arg-type]


@pytest.mark.usefixtures("weights_only")
def test_rounding_that_costs_too_much_is_refused_and_nothing_is_published(tmp_path: Path):
    with pytest.raises(ArtefactError, match="E_RECALL"):
        bundle.publish(models.source(), tmp_path / "channel", dtype="uint8", recall_loss_limit=0.0001)
    assert bundle.status(tmp_path / "channel") is None
    assert [path.name for path in (tmp_path / "channel").iterdir()] == [".publisher"]


@pytest.mark.parametrize("limit", [float("nan"), -0.1, 1.1])
def test_a_limit_that_is_no_share_is_refused_and_nothing_is_published(limit: float, tmp_path: Path):
    """NaN is below and above nothing: every rounding would pass it."""
    with pytest.raises(ArtefactError, match="E_PARAM"):
        bundle.publish(models.source(), tmp_path / "channel", dtype="uint8", recall_loss_limit=limit)
    assert not (tmp_path / "channel").exists()


def test_the_loss_is_measured_and_written_down(channels: Path):
    losses = {}
    for dtype in ("float16", "uint8"):
        found = bundle.status(channels / dtype)
        assert found is not None
        losses[dtype] = found.recall_loss
    assert 0 <= losses["float16"] < losses["uint8"] < 0.02
    plain = bundle.status(channels / "float32")
    assert plain is not None
    assert plain.recall_loss is None


def test_each_number_takes_the_bytes_that_were_asked_for(channels: Path):
    """300 × 16 numbers, and for uint8 a scale of 2 bytes a row."""
    sizes = {}
    for dtype in ("float32", "float16", "uint8"):
        found = bundle.status(channels / dtype)
        assert found is not None
        sizes[dtype] = sum(path.stat().st_size for path in found.folder.glob("tfjs/retrieve/*.bin"))
    assert sizes == {"float32": 300 * 16 * 4, "float16": 300 * 16 * 2, "uint8": 300 * 16 + 300 * 2}
