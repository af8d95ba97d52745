"""What is saved comes back bit for bit; anything else is refused by name."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from recsys.embeddings.store import load_arrays, load_table, save_arrays, save_table
from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.ids import IdMap
from recsys.workspace import sha256_of


def table(n: int = 5, dim: int = 3) -> EmbeddingTable:
    vectors = np.arange(n * dim, dtype=np.float32).reshape(n, dim) / 7
    return EmbeddingTable(ids=IdMap([f"00{k}" for k in range(n)]), vectors=vectors)


def code_of(stem: Path) -> str:
    with pytest.raises(ArtefactError) as refused:
        load_table(stem)
    return refused.value.code


def restate(stem: Path, **changes: object) -> None:
    """Let the JSON agree with whatever the safetensors file now is, so that deeper checks are reached."""
    path = stem.with_name(stem.name + ".json")
    document = json.loads(path.read_text())
    document["sha256"] = sha256_of(stem.with_name(stem.name + ".safetensors"))
    path.write_text(json.dumps(document | changes))


@pytest.mark.parametrize("mapped", [True, False])
def test_a_table_comes_back_bit_for_bit_and_read_only(tmp_path: Path, mapped: bool):
    saved = table()
    save_table(saved, tmp_path / "users")
    loaded = load_table(tmp_path / "users", mapped=mapped)
    assert loaded.ids.ids == ["000", "001", "002", "003", "004"]
    assert loaded.vectors.tobytes() == saved.vectors.tobytes()
    assert loaded.fingerprint == saved.fingerprint
    assert not loaded.vectors.flags.writeable


def test_a_mapped_table_holds_no_copy_of_the_numbers(tmp_path: Path):
    save_table(table(), tmp_path / "users")
    assert load_table(tmp_path / "users").vectors.base is not None
    assert load_table(tmp_path / "users", mapped=False).vectors.base is None


def test_the_same_table_is_the_same_bytes(tmp_path: Path):
    for name in ("a", "b"):
        save_table(table(), tmp_path / name)
    for suffix in (".json", ".safetensors"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("shape", [(), (0,), (0, 4), (2, 3, 4)])
def test_arrays_of_any_shape_and_allowed_type_come_back(tmp_path: Path, shape: tuple[int, ...]):
    arrays = {
        str(np.dtype(t)): np.zeros(shape, dtype=t) for t in (bool, np.uint8, np.int32, np.int64, np.float16, np.float32, float)
    }
    save_arrays(tmp_path / "x", arrays, {"note": "é"}, kind="test")
    loaded, facts = load_arrays(tmp_path / "x", kind="test")
    assert facts == {"note": "é"}
    assert {name: (a.dtype, a.shape) for name, a in loaded.items()} == {name: (a.dtype, a.shape) for name, a in arrays.items()}


def test_every_flipped_bit_of_the_numbers_is_found(tmp_path: Path):
    stem = tmp_path / "users"
    save_table(table(2, 2), stem)
    path = stem.with_name("users.safetensors")
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0b100]) + content[at + 1 :])
        assert code_of(stem) == "E_HASH", at


def test_a_changed_id_is_found_though_the_file_of_numbers_is_whole(tmp_path: Path):
    save_table(table(), tmp_path / "users")
    path = tmp_path / "users.json"
    path.write_text(path.read_text().replace('"003"', '"999"'))
    assert code_of(tmp_path / "users") == "E_HASH"


def test_nan_in_the_file_is_refused(tmp_path: Path):
    stem = tmp_path / "users"
    save_table(table(), stem)
    bad = table().vectors.copy()
    bad[1, 1] = np.nan
    save_file({"vectors": bad}, stem.with_name("users.safetensors"))
    restate(stem)
    assert code_of(stem) == "E_NONFINITE"


def test_nan_and_objects_are_not_written(tmp_path: Path):
    for array, code in ((np.array([np.inf]), "E_NONFINITE"), (np.array([None]), "E_FORMAT"), (np.array(["x"]), "E_FORMAT")):
        with pytest.raises(ArtefactError) as refused:
            save_arrays(tmp_path / "x", {"a": array}, {}, kind="test")
        assert refused.value.code == code
    assert not list(tmp_path.iterdir())


def test_a_shape_other_than_the_stated_one_is_refused(tmp_path: Path):
    stem = tmp_path / "users"
    save_table(table(), stem)
    save_file({"vectors": np.zeros((4, 3), dtype=np.float32)}, stem.with_name("users.safetensors"))
    restate(stem)
    assert code_of(stem) == "E_MANIFEST"


def test_fewer_ids_than_vectors_are_refused(tmp_path: Path):
    stem = tmp_path / "users"
    save_table(table(), stem)
    facts = json.loads((tmp_path / "users.json").read_text())["facts"]
    restate(stem, facts=facts | {"ids": facts["ids"][:-1]})
    assert code_of(stem) == "E_MANIFEST"


def test_an_array_that_is_not_listed_is_refused(tmp_path: Path):
    stem = tmp_path / "users"
    save_table(table(), stem)
    save_file({"vectors": table().vectors, "more": np.zeros(1)}, stem.with_name("users.safetensors"))
    restate(stem)
    assert code_of(stem) == "E_MANIFEST"


@pytest.mark.parametrize("name", ["users.pkl", "users.h5", "users.keras", "users.npy", "users.PKL"])
def test_formats_that_can_run_code_are_refused_by_name(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(pickle.dumps([1]))
    assert code_of(tmp_path / name) == "E_FORMAT"
    if name.islower():
        assert code_of(tmp_path / "users") == "E_FORMAT"


@pytest.mark.parametrize("content", [pickle.dumps({"a": 1}), b"\x89HDF\r\n\x1a\n", b"PK\x03\x04zip", b"\x93NUMPY\x01"])
def test_formats_that_can_run_code_are_refused_by_content(tmp_path: Path, content: bytes):
    stem = tmp_path / "users"
    save_table(table(), stem)
    stem.with_name("users.safetensors").write_bytes(content)
    assert code_of(stem) == "E_FORMAT"


def test_a_pickle_is_never_run(tmp_path: Path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    stem = tmp_path / "users"
    save_table(table(), stem)
    stem.with_name("users.safetensors").write_bytes(pickle.dumps(Bomb()))
    restate(stem)
    assert code_of(stem) == "E_FORMAT"
    assert not (tmp_path / "ran").exists()


def test_what_is_missing_broken_newer_or_of_another_kind_is_told_apart(tmp_path: Path):
    stem = tmp_path / "users"
    assert code_of(stem) == "E_NOT_FOUND"
    save_table(table(), stem)
    with pytest.raises(ArtefactError, match="E_MANIFEST"):
        load_arrays(stem, kind="map")
    restate(stem, schema=99)
    assert code_of(stem) == "E_VERSION"
    (tmp_path / "users.json").write_text("{")
    assert code_of(stem) == "E_MANIFEST"
