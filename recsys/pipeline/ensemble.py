"""The bootstrap ensemble: matrix factorisation again and again, each time on a resample of users.

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
from recsys.pipeline.progress import Steps
from recsys.pipeline.training_context import Bench, Make
from recsys.workspace import publish_folder

MEMBERS = "members"


def place(member: int) -> str:
    """Where a member is in a draft.

    Examples
    --------
    >>> place(3)
    'members/3'
    """
    return f"{MEMBERS}/{member}"


def make_members(bench: Bench) -> Make:
    """The stage that trains them all."""

    def make(folder: Path, steps: Steps) -> None:
        members = range(1, bench.config.members + 1)
        left = [member for member in members if not (folder / str(member)).is_dir()]
        whole, views = bench.factors_of("mf"), bench.views
        steps(len(members) - len(left), len(members))
        with ThreadPoolExecutor(n_threads()) as pool:
            trainings = [pool.submit(_train, bench, views, member, whole, folder) for member in left]
            try:
                for number, done in enumerate(as_completed(trainings), start=1):
                    done.result()
                    steps(len(members) - len(left) + number, len(members))
            finally:
                for training in trainings:
                    training.cancel()  # where one has failed; what runs is waited for

    return make


def _train(bench: Bench, views: sparse.csr_array, member: int, whole: Factors, folder: Path) -> None:
    factors = factorisation.fit(
        views,
        replace(bench.factorisation, iterations=bench.config.member_iterations),
        seed=bench.config.seed,
        user_weights=bench.member_weights(member),
        warm_start=whole,
    )
    work = folder / f".{member}.work"
    work.mkdir(exist_ok=True)
    bench.save_vectors(work, factors.users, factors.movies)
    publish_folder(work, folder / str(member))
