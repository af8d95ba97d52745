"""Checkpoints of a training: after kill -9 it resumes after the last finished step and ends with the same bits.

One file holds the arrays (weights, optimiser slots) and, in its header, the JSON state (steps done, random generator, what is
being trained). It is replaced by renaming, so there is always a whole one or none.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from recsys.workspace import write_atomically

Arrays = dict[str, NDArray[Any]]
State = dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file for one training, known by ``identity``: a fingerprint of its data, configuration and seed."""

    path: Path
    identity: str

    def save(self, arrays: Arrays, state: State) -> None:
        """Replace the checkpoint; ``state`` is JSON."""
        header = {"identity": self.identity, "state": json.dumps(state)}
        contiguous = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
        write_atomically(self.path, save(contiguous, metadata=header))

    def load(self) -> tuple[Arrays, State] | None:
        """The last checkpoint of this training; None where there is none, or it is of another training or not readable.

        A checkpoint saves time and nothing else, so an unfit one is not an error: the training starts afresh.
        """
        try:
            with safe_open(self.path, framework="numpy") as file:
                header = file.metadata() or {}
                if header.get("identity") != self.identity:
                    return None
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
                return arrays, json.loads(header["state"])
        except (OSError, SafetensorError, KeyError, ValueError):
            return None

    def clear(self) -> None:
        """Delete the checkpoint: the training is finished."""
        self.path.unlink(missing_ok=True)


def checkpoint_or_none(path: Path | None, identity: str) -> Checkpoint | None:
    """A checkpoint at ``path``, or None where none is wanted."""
    return None if path is None else Checkpoint(path, identity)
