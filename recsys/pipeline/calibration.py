"""Brings the recommenders of a training together into the calibrated choice model of its run."""

from pathlib import Path

from recsys.choice.estimate.calibrate import Vectors, calibrate
from recsys.choice.model import store
from recsys.pipeline.ensemble import place
from recsys.pipeline.progress import Steps
from recsys.pipeline.training_context import Bench


def calibrate_choice(bench: Bench, folder: Path, steps: Steps) -> None:
    """Calibrate on the held-out choices of the later part and write the choice model.

    The content vectors are those of the towers that go into the run, so that an offer that comes later is compared like to like.
    """

    def vectors(stage: str) -> Vectors:
        return bench.users_of(stage).vectors, bench.movies_of(stage).vectors

    choice = calibrate(
        bench.dataset,
        [vectors(stage) for stage in ("mf", *(place(k) for k in range(1, bench.config.members + 1)))],
        vectors("mf_early"),
        bench.content_of("two_tower"),
        seed=bench.config.seed,
        n_draws=bench.config.draws,
        cutoff=bench.cutoff,
        progress=steps,
    )
    store.save(choice, folder)
