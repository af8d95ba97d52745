"""What a Python backend does with a bundle: verify, load, recommend.

    python exports/examples/backend.py exports/app greenlight.pem.pub

Needs numpy, pyarrow and safetensors, and this project for verification.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors.numpy import load_file

from recsys.export import bundle, signature


def vectors_of(folder: Path) -> NDArray[np.float32]:
    """float32[n_movies, dim] from ``movies.safetensors``, however they are stored."""
    tensors = load_file(folder / "movies.safetensors")
    if "codes" in tensors:
        return (tensors["codes"].astype(np.float32) - 128) * tensors["scale"][:, None]
    return tensors["vectors"].astype(np.float32)


def main(channel: Path, public_key: Path | None = None) -> None:
    """Print the movies that are most like the first one."""
    bundle.verify(channel, trusted=[signature.load_public(public_key)] if public_key else None)
    folder = bundle.resolve(channel)
    movies = pq.read_table(folder / "movies.parquet")  # movie_id, row, title, …, vector
    vectors = vectors_of(folder)  # the same vectors, in the order of `row`
    scores = vectors @ vectors[0]  # a user's vector would stand here
    for row in np.argsort(-scores)[:5]:
        print(movies["movie_id"][row], movies["title"][row], round(float(scores[row]), 4), sep="\t")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
