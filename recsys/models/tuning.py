"""Hyperparameter search on views held out from the training part.

Which settings are tried depends on the seed and the figures so far alone (Optuna's tree-structured Parzen estimator, one after
another), so the same data, number of trials and seed give the same settings. A limit of seconds only ever ends the search early;
what was found is written down in full, and training with it needs no search.
"""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import optuna

from recsys.errors import DataError
from recsys.models import factorisation
from recsys.models.factorisation import FactorisationConfig
from recsys.models.validation_split import ValidationSplit
from recsys.progress import Progress, ReportProgress, silent

SEARCH_FACTOR = 4.0
"""Weights are tried from 1 / SEARCH_FACTOR to SEARCH_FACTOR times what the rules say."""
_TUNED = ("unobserved_factor", "regularisation_factor")


@dataclass(frozen=True, kw_only=True)
class TuningResult:
    """Result of a hyperparameter search."""

    config: FactorisationConfig
    """For any views of the data set: how far from its rules each weight is set."""
    objective: float
    """Of these settings on the held-out views: see ``recsys.models.validation_split``."""
    untuned_objective: float
    """The same of the settings that were given."""
    trials: tuple[dict[str, float], ...]
    """Settings and objective of each, in order; the key is ``figure``."""

    def as_json(self) -> dict[str, Any]:
        """What a run keeps."""
        return {
            "settings": asdict(self.config),
            "figure": self.objective,
            "untuned_figure": self.untuned_objective,
            "trials": list(self.trials),
        }


def tune_factorisation(
    validation: ValidationSplit,
    config: FactorisationConfig | None = None,
    *,
    trials: int,
    seed: int,
    seconds: float | None = None,
    progress: ReportProgress = silent,
) -> TuningResult:
    """Tune the weight of unobserved pairs and the regularisation of matrix factorisation, as multiples of their rules.

    Parameters
    ----------
    validation : views to train on and views to find
    config : the other settings, and the first ones tried; a weight that it gives outright stays as it is
    trials : int ≥ 1, settings tried
    seed : of the search and of every training
    seconds : when this has passed no further settings are tried; never where None
    progress : told after each trial, as stage ``tune``

    Raises
    ------
    DataError  E_PARAM: no trials; E_TOO_SMALL: too few views to hold any out
    """
    if trials < 1:
        raise DataError.of("E_PARAM", f"{trials} trials find no settings.", "Ask for 1 or more.")
    given = config or FactorisationConfig()
    judged = validation.sampled_users(seed)
    study = _study(seed)
    study.enqueue_trial({name: getattr(given, name) for name in _TUNED})
    tried: list[tuple[FactorisationConfig, float]] = []
    started = time.monotonic()
    progress(Progress.of(0, trials, stage="tune"))
    while len(tried) < trials and (seconds is None or not tried or time.monotonic() - started < seconds):
        trial = study.ask()
        candidate = replace(
            given, **{name: trial.suggest_float(name, 1 / SEARCH_FACTOR, SEARCH_FACTOR, log=True) for name in _TUNED}
        )
        objective = judged.objective(factorisation.fit(judged.seen, candidate, seed=seed))
        study.tell(trial, objective)
        tried.append((candidate, objective))
        progress(Progress.of(len(tried), trials, stage="tune"))
    progress(Progress.of(trials, trials, stage="tune"))
    best, objective = max(tried, key=lambda each: each[1])
    return TuningResult(
        config=best,
        objective=objective,
        untuned_objective=tried[0][1],
        trials=tuple({name: getattr(each, name) for name in _TUNED} | {"figure": value} for each, value in tried),
    )


def _study(seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=6))
