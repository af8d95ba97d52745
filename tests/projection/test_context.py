"""What a projection stands on, opened from a run on disk."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.choice.model.movie_attributes import encode
from recsys.choice.model.store import load as load_choice
from recsys.embeddings.tower import MovieTower
from recsys.errors import ArtefactError
from recsys.projection.context import ProjectionContext, load_projection_context
from recsys.projection.project import project
from recsys.projection.result import Projection
from recsys.scenario.scenario import Scenario
from recsys.tables.economics_config import SeasonTerm, Term, as_toml
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.backtest.test_conformal import fitted
from tests.projection import builders, stored

FACTORS = (1.5, 0.5, 1.0, 1.0, 2.0, 0.5, 1.0, 0.5, 1.0, 1.0, 1.5, 0.5)
"""Their mean is 1."""
FESTIVE = replace(
    builders.economics(), season=SeasonTerm(factors=FACTORS, source="last year's plan"), people_per_user=builders.term(40.0)
)
TWO_YEARS = tuple(round(60 * (1.0 + 0.3 * (k % 12 in (4, 5)))) for k in range(26))
"""Two years and two months with 30 % more in May and June."""


def opened(root: Path, views: tuple[int, ...] = (60, 60, 60), **options: object) -> ProjectionContext:
    return load_projection_context(stored.workspace(root, stored.service(views, **options)))


def a_year(context: ProjectionContext) -> Projection:
    return project(context, Scenario(name="x", horizon_months=12))


def said_of_season(context: ProjectionContext) -> tuple[str, str]:
    found = next(each for each in a_year(context).assumptions if each.name == "season")
    return found.kind, found.source


def months(context: ProjectionContext) -> np.ndarray:
    """Hours of each month ahead against the context without its season; nobody of whom can leave, and to which movies come."""
    still = builders.renewing(replace(context, users=context.users.assign(plan="ad-funded")))
    usual = a_year(replace(still, season=None)).monthly_baseline_hours
    return np.array(a_year(still).monthly_baseline_hours) / usual


def test_every_field_of_the_basis_comes_from_the_run_and_its_tables(tmp_path: Path):
    made = stored.workspace(tmp_path, stored.service(economics=FESTIVE))
    context, dataset, run = load_projection_context(made), load_dataset(made), made.current_run()
    choice, tower = load_choice(run / "choice"), MovieTower.load(run / "two_tower")
    for name in ("users", "movies", "offers"):
        assert getattr(context, name).equals(getattr(dataset, name))
    assert context.offer_content.tobytes() == tower.content(dataset.offers).tobytes()
    assert context.offer_codes.tobytes() == encode(choice.features, dataset.offers).tobytes()
    assert context.choice.fingerprint == choice.fingerprint
    assert context.choice.members[1].users.tobytes() == choice.members[1].users.tobytes()
    assert [each.name for each in context.personas.personas] == ["persona 0", "persona 1"]
    assert context.economics == FESTIVE
    assert context.run == stored.RUN
    assert context.simulated
    assert context.weight.tolist() == [40.0] * 30
    assert context.subscribed.tolist() == [0.0 if k % 7 == 6 else 1.0 for k in range(30)]  # every seventh has left
    assert context.return_share == 0.0
    assert context.data_end == dataset.events["timestamp"].max()
    assert context.assumed == dataset.assumed
    assert context.calibration is None
    assert context.season is not None
    assert context.season.factors.tolist() == list(FACTORS)
    assert (context.season.kind, context.season.source) == ("configured", "last year's plan")


def test_a_configured_season_changes_the_months_ahead_and_is_said(tmp_path: Path):
    """The data end in March: the year ahead begins in April."""
    context = opened(tmp_path, economics=FESTIVE)
    np.testing.assert_allclose(months(context), FACTORS[3:] + FACTORS[:3], rtol=1e-9)
    assert said_of_season(context) == ("configured", "last year's plan; 0.50 times in the emptiest")


def test_two_years_of_views_tell_a_season(tmp_path: Path):
    """The data end in February 2026: May and June are the third and fourth month ahead."""
    context = opened(tmp_path, TWO_YEARS)
    expected = np.where(np.isin(np.arange(12), (2, 3)), 1.3, 1.0)
    np.testing.assert_allclose(months(context), expected / expected.mean(), atol=0.02)
    kind, source = said_of_season(context)
    assert kind == "estimated"
    assert source.startswith("views of an active user in 24 whole months")


def test_one_year_of_views_tells_none(tmp_path: Path):
    context = opened(tmp_path, TWO_YEARS[:13])
    assert context.season is None
    assert said_of_season(context) == (
        "assumed",
        "the same in every month: no season is configured, and the data hold no two years of viewing to tell one from",
    )


def test_what_is_configured_stands_above_what_the_views_tell(tmp_path: Path):
    assert said_of_season(opened(tmp_path, TWO_YEARS, economics=FESTIVE))[0] == "configured"


def test_everything_that_moves_a_figure_moves_the_fingerprint(tmp_path: Path):
    """It is the key of every cache: one that stays where the answer changes shows an old answer."""
    made = stored.workspace(tmp_path, stored.service())
    seen = [load_projection_context(made).fingerprint]
    assert load_projection_context(made).fingerprint == seen[0]

    def after(economics: object) -> str:
        made.economics.write_text(as_toml(economics))
        return load_projection_context(made).fingerprint

    plain = builders.economics()
    seen.append(after(replace(plain, season=SeasonTerm(factors=FACTORS, source="a plan"))))
    seen.append(after(replace(plain, season=SeasonTerm(factors=FACTORS[::-1], source="a plan"))))
    seen.append(after(replace(plain, season=SeasonTerm(factors=FACTORS, source="another plan"))))
    seen.append(after(replace(plain, people_per_user=builders.term(2.0))))
    seen.append(after(replace(plain, discount_rate=Term(value=0.2, source="a plan"))))
    calibrate(made)
    seen.append(load_projection_context(made).fingerprint)
    assert len(set(seen)) == len(seen)


def calibrate(made: Workspace) -> None:
    calibration = replace(fitted(shift_nats=0.4), data=load_dataset(made).fingerprint)
    made.backtest.mkdir()
    (made.backtest / "calibration.json").write_text(json.dumps(calibration.as_json()))


def test_a_calibration_of_these_tables_is_used(tmp_path: Path):
    made = stored.workspace(tmp_path, stored.service())
    calibrate(made)
    found = load_projection_context(made).calibration
    assert found is not None
    assert found.shift_nats == 0.4


def test_a_run_of_other_users_is_refused(tmp_path: Path):
    made = stored.workspace(tmp_path, stored.service())
    stored.store_run(made, stored.service(n_users=31))
    with pytest.raises(ArtefactError, match="E_STALE"):
        load_projection_context(made)
