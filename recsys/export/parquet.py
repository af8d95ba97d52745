"""Backend files of a bundle: movies (and, on request, pseudonymised users) as Parquet, vectors as safetensors."""

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors.numpy import save as to_safetensors

from recsys.embeddings.table import EmbeddingTable
from recsys.export.bundle_source import Source
from recsys.export.content_checks import BUNDLE_KEY
from recsys.export.quantisation import CODE_OFFSET, QuantisedMatrix

MOVIES_PARQUET = "movies.parquet"
MOVIES_TENSORS = "movies.safetensors"
USERS_PARQUET = "users.parquet"
PSEUDONYM_DIGITS = 32
DESCRIPTIONS: Mapping[str, str] = {
    "movie_id": "id of the movie in the service's own tables",
    "row": "row of the movie in ids.json, in the graphs and in movies.safetensors",
    "title": "title",
    "year": "year of release",
    "genres": "genres, joined by |",
    "languages": "languages, joined by |",
    "runtime_min": "running time in minutes",
    "pseudonym": "name of the user inside this bundle",
    "vector": "the score of a movie for a user is the product of their two vectors",
}
ROW_GROUP = 1 << 16


def write_movies(source: Source, movies: QuantisedMatrix, folder: Path, *, bundle: str) -> None:
    """Write ``movies.parquet`` (id, row, public attributes, ``vector`` fixed_size_list<float32>[dim]) and ``movies.safetensors``.

    The tensors are ``vectors`` (float32 or float16 [n_movies, dim]) or, for uint8, ``codes`` (uint8[n_movies, dim]) and ``scale``
    (float32[n_movies]): ``vector = (code - 128) * scale``. Both files hold the vectors that a phone computes with.
    """
    catalogue = pa.Table.from_pandas(source.catalogue, preserve_index=False).replace_schema_metadata(None)
    columns = {
        "movie_id": pa.array(source.movies.ids.ids, pa.string()),
        "row": pa.array(np.arange(len(movies.codes)), pa.int32()),
    }
    columns |= {name: catalogue[name] for name in catalogue.column_names}
    _write(pa.table({**columns, "vector": _vectors(movies.decoded)}), folder / MOVIES_PARQUET, bundle)
    tensors: dict[str, NDArray[np.generic]]
    if movies.scale is None:
        tensors = {"vectors": np.ascontiguousarray(movies.codes.astype(movies.dtype))}
    else:
        tensors = {"codes": (movies.codes + CODE_OFFSET).astype(np.uint8), "scale": movies.scale}
    content = to_safetensors(tensors, metadata={BUNDLE_KEY: bundle})
    (folder / MOVIES_TENSORS).write_bytes(content)


def write_users(users: EmbeddingTable, folder: Path, *, bundle: str, secret: bytes) -> None:
    """Write ``users.parquet``: pseudonyms in alphabetical order, which says nothing of the service's own, and float32 vectors.

    A vector still tells what somebody watches. The file is for the service's own backend, which holds the secret.
    """
    key = hmac.digest(secret, bundle.encode(), "sha256")
    names = [pseudonym(key, user_id) for user_id in users.ids.ids]
    order = np.argsort(np.array(names))
    table = pa.table({"pseudonym": pa.array(names, pa.string()).take(pa.array(order)), "vector": _vectors(users.vectors[order])})
    _write(table, folder / USERS_PARQUET, bundle)


def columns(path: Path) -> list[dict[str, str]]:
    """Name, Arrow type and meaning of a file's columns, for the manifest."""
    return [
        {"name": field.name, "type": str(field.type), "description": DESCRIPTIONS.get(field.name, "")}
        for field in pq.read_schema(path)
    ]


def pseudonym(key: bytes, user_id: str) -> str:
    """Name of a user inside one bundle; another bundle's is another, and neither leads back without the secret.

    Examples
    --------
    >>> pseudonym(b"one", "u1") == pseudonym(b"one", "u1"), pseudonym(b"one", "u1") == pseudonym(b"two", "u1")
    (True, False)
    """
    return hmac.new(key, user_id.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]


def _vectors(matrix: NDArray[np.float32]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(matrix).ravel(), pa.float32()), matrix.shape[1])


def _write(table: pa.Table, path: Path, bundle: str) -> None:
    fields = [field.with_metadata({"description": DESCRIPTIONS.get(field.name, "")}) for field in table.schema]
    described = table.cast(pa.schema(fields, metadata={BUNDLE_KEY: bundle}))
    pq.write_table(described, path, compression="zstd", row_group_size=ROW_GROUP)
