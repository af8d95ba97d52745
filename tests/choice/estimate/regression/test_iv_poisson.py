"""What arrivals add, from panels in which it is known; and the constant that follows."""

import numpy as np
import pytest

from recsys.choice.estimate.regression.iv_poisson import fit_iv_poisson


def panel(added: float, *, n: int = 1500, periods: int = 20, mood: float = 0.0, seed: int = 0) -> tuple[np.ndarray, ...]:
    """All views, those of arrivals, the part of viewing that arrivals would win by group, and who is in which group.

    ``mood``: how much more somebody watches of everything when in the mood, arrivals included.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(30, size=n)
    liked = rng.beta(2.0, 6.0, size=(30, periods))[group]
    usual = rng.gamma(2.0, 4.0, n)[:, None] * (1 + 0.3 * np.sin(np.arange(periods)))
    usual = usual * np.exp(mood * rng.normal(size=usual.shape))
    arrivals = rng.poisson(usual * liked).astype(float)
    others = rng.poisson(np.maximum(usual - (1 - added) * usual * liked, 0.0))
    return arrivals + others, arrivals, liked, group


@pytest.mark.parametrize("added", [0.2, 0.5, 0.9])
def test_what_arrivals_add_is_found_whatever_activity_and_season(added: float):
    y, arrivals, z, group = panel(added)
    found = fit_iv_poisson(y, arrivals, np.ones_like(y), z, (np.arange(len(y)), group))
    assert found.coefficient == pytest.approx(added, abs=3 * found.standard_error)
    assert 0.002 < found.standard_error < 0.06


def test_the_error_is_what_the_answers_of_many_panels_differ_by():
    found = [
        fit_iv_poisson(y, a, np.ones_like(y), z, (g,)) for y, a, z, g in (panel(0.5, n=400, seed=seed) for seed in range(40))
    ]
    spread = np.std([each.coefficient for each in found])
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.4)


def test_moods_do_not_bend_the_answer_though_they_go_with_views_of_arrivals():
    """Without the instrument, of what people happened to watch, every view of an arrival would seem to add more than itself."""
    y, arrivals, z, group = panel(0.5, mood=0.5, seed=3)
    plain = fit_iv_poisson(y, arrivals, np.ones_like(y), arrivals, (group,))
    found = fit_iv_poisson(y, arrivals, np.ones_like(y), z, (group,))
    assert found.coefficient == pytest.approx(0.5, abs=4 * found.standard_error)
    assert plain.coefficient > 0.9


def test_cells_without_exposure_do_not_count():
    y, arrivals, z, group = panel(0.5)
    weight = (np.random.default_rng(2).random(y.shape) < 0.8).astype(float)
    clean = fit_iv_poisson(y * weight, arrivals * weight, weight, z, (group,))
    spoilt = fit_iv_poisson(np.where(weight > 0, y, 1e6), arrivals, weight, np.where(weight > 0, z, np.nan), (group,))
    assert spoilt.coefficient == pytest.approx(clean.coefficient, abs=1e-6)


def test_a_catalogue_that_never_changes_gives_no_answer():
    y, arrivals, z, group = panel(0.5)
    found = fit_iv_poisson(y, arrivals, np.ones_like(y), np.repeat(z[:, :1], z.shape[1], axis=1), (group,))
    assert not found.instrument_varies
    assert np.isnan(found.coefficient)


def test_viewing_that_does_not_follow_arrivals_gives_no_share():
    """Arrivals nobody watches: whatever z says, there is nothing that could have added anything."""
    y, arrivals, z, group = panel(0.5)
    found = fit_iv_poisson(y, 0.0 * arrivals, np.ones_like(y), z, (group,))
    assert found.instrument_varies
    assert np.isnan(found.coefficient)
