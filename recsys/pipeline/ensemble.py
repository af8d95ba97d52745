"""Trains the bootstrap ensemble: members are matrix factorisations, each on a resample of users.

A member starts from the model of everyone, which is near its own solution, and members are trained side by side. They share the
process: TensorFlow works outside Python's lock, and starting it anew takes longer than a member does. Each leaves its result when
it has finished, so that a training that was killed goes on with the others; and what a member is does not depend on the others.
"""

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from scipy import sparse

from recsys.models import factorisation
from recsys.models.factorisation import Factors
from recsys.models.tensorflow_runtime import n_threads
from recsys.pipeline.training_context import StageFunction, TrainingContext
from recsys.progress import Progress, ReportProgress
from recsys.run_files import FACTORISATION
from recsys.workspace import publish_folder

MEMBERS = "members"


def member_stage(member: int) -> str:
    """Name of a member's stage.

    Examples
    --------
    >>> member_stage(3)
    'members/3'
    """
    return f"{MEMBERS}/{member}"


def train_members(context: TrainingContext) -> StageFunction:
    """Body of the stage that trains all members."""

    def make(folder: Path, progress: ReportProgress) -> None:
        members = range(1, context.config.members + 1)
        left = [member for member in members if not (folder / str(member)).is_dir()]
        whole, views = context.factors_of(FACTORISATION), context.views
        progress(Progress.of(len(members) - len(left), len(members)))
        with ThreadPoolExecutor(n_threads()) as pool:
            trainings = [pool.submit(_train, context, views, member, whole, folder) for member in left]
            try:
                for number, done in enumerate(as_completed(trainings), start=1):
                    done.result()
                    progress(Progress.of(len(members) - len(left) + number, len(members)))
            finally:
                for training in trainings:
                    training.cancel()  # where one has failed; what runs is waited for

    return make


def _train(context: TrainingContext, views: sparse.csr_array, member: int, whole: Factors, folder: Path) -> None:
    factors = factorisation.fit(
        views,
        replace(context.factorisation, iterations=context.config.member_iterations),
        seed=context.config.seed,
        user_weights=context.member_weights(member),
        warm_start=whole,
    )
    work = folder / f".{member}.work"
    work.mkdir(exist_ok=True)
    context.save_vectors(work, factors.users, factors.movies)
    publish_folder(work, folder / str(member))
