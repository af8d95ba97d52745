"""Starts TensorFlow, deterministically; nothing else in the program imports it.

What decides whether two trainings give the same bits (thread counts, oneDNN, op determinism, and legacy Keras, which TensorFlow
Recommenders needs) can only be set before the first import, so every model asks here for the module instead of importing it.
Nothing is imported until then: reading a configuration or a result of this package costs no TensorFlow.
"""

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

THREADS_VARIABLE = "RECSYS_THREADS"
"""Environment variable: processor threads of a training; 0 or unset means all that this process may use."""

_ENVIRONMENT = {
    "TF_USE_LEGACY_KERAS": "1",  # TensorFlow Recommenders refuses Keras 3
    "TF_ENABLE_ONEDNN_OPTS": "0",  # its kernels choose their own order of summation
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


@lru_cache(maxsize=1)
def tensorflow() -> Any:
    """The TensorFlow module, started so that the same training gives the same bits.

    Raises
    ------
    RuntimeError: somebody imported TensorFlow before, without legacy Keras
    """
    if "tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS") != "1":
        raise RuntimeError("TensorFlow was imported before recsys.models.tensorflow_runtime could set it up.")
    os.environ.update(_ENVIRONMENT)
    with _start_up_chatter_aside():
        import tensorflow as tf  # noqa: PLC0415  seconds, and only here

        tf.get_logger().setLevel("ERROR")
        try:
            tf.config.threading.set_intra_op_parallelism_threads(n_threads())
            tf.config.threading.set_inter_op_parallelism_threads(1)  # one order of operations
        except RuntimeError:
            warnings.warn("TensorFlow runs already: its thread counts stay as they are.", RuntimeWarning, stacklevel=2)
        tf.config.experimental.enable_op_determinism()
        tf.config.list_logical_devices()  # the device layer has its say here, not in the middle of a progress bar
    return tf


@lru_cache(maxsize=1)
def tensorflow_recommenders() -> Any:
    """The TensorFlow Recommenders module, after TensorFlow has been started."""
    tensorflow()
    import tensorflow_recommenders as tfrs  # noqa: PLC0415

    return tfrs


def n_threads() -> int:
    """Threads a training uses: ``RECSYS_THREADS``, else the processors this process may run on."""
    wanted = int(os.environ.get(THREADS_VARIABLE, "0"))
    return wanted if wanted > 0 else len(os.sched_getaffinity(0))


def seeded(seed: int) -> np.random.Generator:
    """Seed TensorFlow's own random numbers and return the generator that everything of ours draws from."""
    tensorflow().random.set_seed(seed)
    return np.random.default_rng(seed)


@contextmanager
def _start_up_chatter_aside() -> Iterator[None]:
    """Hold back what TensorFlow's libraries write to file descriptor 2 before they know their log level.

    It is shown after all if the start fails.
    """
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(real, 2)
            aside.seek(0)
            shutil.copyfileobj(aside, sys.stderr.buffer)
            raise
        finally:
            os.dup2(real, 2)
            os.close(real)
