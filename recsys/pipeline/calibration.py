"""Brings the recommenders together into the calibrated choice model of a run."""

from pathlib import Path

from recsys.pipeline.bench import Bench
from recsys.pipeline.progress import Steps


def calibrate_choice(bench: Bench, folder: Path, steps: Steps) -> None:
    """Calibrate and write the choice model."""
    raise NotImplementedError
