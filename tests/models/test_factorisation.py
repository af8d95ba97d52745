"""Matrix factorisation: exact solutions, resamples, fold-in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.interactions import interactions
from recsys.models import als_solver, factorisation
from recsys.models.factorisation import FactorisationConfig, Factors
from recsys.progress import Progress
from recsys.run_files import FACTORISATION
from tests.models.suite import SETTINGS, RecommenderSuite
from tests.models.taste import Taste

pytestmark = pytest.mark.train
SMALL = SETTINGS[FACTORISATION]


class TestFactorisation(RecommenderSuite):
    name = FACTORISATION

    def test_an_iteration_never_raises_the_loss(self, service: Taste) -> None:
        """Each half solves its side exactly, so the written loss can only fall."""
        losses = []
        for iterations in (1, 2, 4, 8):
            config = FactorisationConfig(dim=8, iterations=iterations, unobserved_weight=0.2, regularisation=0.02)
            losses.append(_loss(factorisation.fit(service.seen, config, seed=1), service.seen))
        assert losses == sorted(losses, reverse=True)
        assert losses[-1] < losses[0]

    def test_folding_a_user_in_gives_the_vector_of_training_with_them(self, trained: Factors, service: Taste) -> None:
        for user in (0, 17, 239):
            watched = service.seen.indices[service.seen.indptr[user] : service.seen.indptr[user + 1]]
            np.testing.assert_allclose(trained.fold_in(watched), trained.users[user], rtol=1e-3, atol=1e-5)

    def test_someone_who_watched_nothing_folds_in_to_zero(self, trained: Factors) -> None:
        np.testing.assert_array_equal(trained.fold_in([]), np.zeros(8, dtype=np.float32))

    def test_users_of_weight_zero_move_no_movie_but_get_their_vector(self, service: Taste) -> None:
        weights = np.ones(240)
        weights[120:] = 0.0
        resampled = factorisation.fit(service.seen, SMALL, seed=1, user_weights=weights)
        without = factorisation.fit(service.seen[:120], SMALL, seed=1)
        np.testing.assert_allclose(resampled.movies, without.movies, rtol=1e-3, atol=1e-4)
        assert (np.abs(resampled.users[120:]).sum(axis=1) > 0).all()

    def test_a_user_of_weight_two_counts_like_two_such_users(self, service: Taste) -> None:
        weights = np.ones(240)
        weights[:40] = 2.0
        doubled = sparse.csr_array(sparse.vstack([service.seen, service.seen[:40]]))
        weighted = factorisation.fit(service.seen, SMALL, seed=1, user_weights=weights)
        repeated = factorisation.fit(doubled, SMALL, seed=1)
        np.testing.assert_allclose(weighted.movies, repeated.movies, rtol=1e-3, atol=1e-4)

    def test_a_warm_start_is_there_after_two_iterations(self, trained: Factors, service: Taste) -> None:
        """Same data: two warm iterations end nearer to the solution than two cold ones."""
        two = FactorisationConfig(dim=8, iterations=2, unobserved_weight=0.2, regularisation=0.02)
        warm = factorisation.fit(service.seen, two, seed=9, warm_start=trained)
        cold = factorisation.fit(service.seen, two, seed=9)
        assert _loss(warm, service.seen) <= _loss(trained, service.seen) * 1.0001 < _loss(cold, service.seen)

    def test_a_warm_start_of_another_catalogue_is_refused(self, trained: Factors, service: Taste) -> None:
        with pytest.raises(DataError) as refused:
            factorisation.fit(service.seen[:, :50], SMALL, seed=1, warm_start=trained)
        assert refused.value.code == "E_CONFIG"

    @pytest.mark.parametrize("weights", [np.zeros(240), -np.ones(240), np.ones(3), np.full(240, np.nan)])
    def test_weights_that_are_no_resample_are_refused(self, service: Taste, weights: Any) -> None:
        with pytest.raises(DataError) as refused:
            factorisation.fit(service.seen, SMALL, seed=1, user_weights=weights)
        assert refused.value.code == "E_CONFIG"

    def test_counts_that_are_not_counts_are_refused(self, service: Taste) -> None:
        bad = service.seen.copy()
        bad.data[3] = np.nan
        with pytest.raises(DataError) as refused:
            factorisation.fit(bad, SMALL, seed=1)
        assert refused.value.code == "E_NUMBER"

    def test_a_checkpoint_of_other_settings_is_not_resumed(self, service: Taste, tmp_path: Path) -> None:
        def cut(step: Progress) -> None:
            if step.done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            factorisation.fit(service.seen, SMALL, seed=1, progress=cut, checkpoint=tmp_path / "c")
        told: list[int] = []
        factorisation.fit(service.seen, SMALL, seed=2, progress=lambda step: told.append(step.done), checkpoint=tmp_path / "c")
        assert told[0] == 0


def test_rows_of_every_width_get_the_solution_of_their_own_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    """One dense solve a row in float64, against batches of many rows, of one row, and of a row wider than a batch."""
    monkeypatch.setattr(als_solver, "BATCH_ENTRIES", 32)
    rng = np.random.default_rng(3)
    degrees = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33, 40]
    n_other, dim, alpha = 40, 6, 0.3
    rows = np.repeat(np.arange(len(degrees)), degrees)
    columns = np.concatenate([rng.permutation(n_other)[:degree] for degree in degrees])
    weights = rng.uniform(0.5, 3.0, len(rows))
    matrix = sparse.csr_array((weights, (rows, columns)), shape=(len(degrees), n_other))
    other = rng.normal(size=(n_other, dim)).astype(np.float32)
    other_weights, ridge = rng.integers(0, 3, n_other).astype(float), rng.uniform(0.1, 2.0, len(degrees))

    solved = als_solver.SideSolver(matrix, ridge).solve(other, alpha, other_weights)

    dense, exact = matrix.toarray(), other.astype(np.float64)
    for row in range(len(degrees)):
        normal = exact.T @ np.diag(alpha * other_weights + dense[row]) @ exact + ridge[row] * np.eye(dim)
        expected = np.linalg.solve(normal, exact.T @ dense[row])
        np.testing.assert_allclose(solved[row], expected, rtol=2e-4, atol=2e-5)


def test_unset_weights_follow_density_and_size() -> None:
    """100 views of 20 × 500 pairs: 1 % viewed, so α₀ = 2.4 · 0.1; λ = 0.5 / ∛100."""
    views = interactions(np.arange(100) % 20, np.arange(100) * 5, 20, 500)
    config = FactorisationConfig().resolved(views)
    assert config.unobserved_weight == pytest.approx(0.24)
    assert config.regularisation == pytest.approx(0.5 / 100 ** (1 / 3))
    assert FactorisationConfig(regularisation=0.7).resolved(views).regularisation == 0.7


@pytest.mark.parametrize(
    "setting",
    [{"dim": 0}, {"iterations": 0}, {"regularisation": -1.0}, {"unobserved_weight": float("nan")}, {"repeat_weight": -1}],
)
def test_settings_that_make_no_sense_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(DataError) as refused:
        FactorisationConfig(**setting)
    assert refused.value.code == "E_CONFIG"


def test_repeats_count_as_much_as_asked() -> None:
    config = FactorisationConfig(repeat_weight=2.0)
    np.testing.assert_allclose(factorisation.view_weights(np.array([1.0, np.e]), config), [1.0, 3.0])


def _loss(factors: Factors, seen: sparse.csr_array) -> float:
    """The loss as the module's docstring writes it, on the dense matrix."""
    config = factors.config
    assert config.unobserved_weight is not None
    views = (seen.toarray() > 0).astype(np.float64)
    users, movies = factors.users.astype(np.float64), factors.movies.astype(np.float64)
    scores = users @ movies.T
    fit = (views * (1 - scores) ** 2).sum() + config.unobserved_weight * (scores**2).sum()
    by_user = factorisation.ridge(views.sum(axis=1), views.shape[1], config) @ (users**2).sum(axis=1)
    by_movie = factorisation.ridge(views.sum(axis=0), views.shape[0], config) @ (movies**2).sum(axis=1)
    return float(fit + by_user + by_movie)
