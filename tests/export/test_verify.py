"""A bundle that was changed is refused, with its code, by Python and by the client in the same words."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file
from safetensors.numpy import save as to_safetensors

from recsys.errors import ArtefactError
from recsys.export import bundle
from tests.export import models

Spoil = Callable[[Path, Path], None]
Reports = Callable[[list[Path]], list[dict[str, Any]]]


def flip(path: Path, at: int = -9, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(bytes(content))


def sign_again(folder: Path, change: Callable[[dict[str, Any]], Any] = lambda _: None) -> None:
    """Make the manifest fit what now lies in the folder: what somebody would do who wants a change to pass."""
    facts = json.loads((folder / "manifest.json").read_text())
    for name, entry in facts["files"].items():
        content = (folder / name).read_bytes()
        entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    change(facts)
    facts["digest"] = "0" * 64
    text = json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "manifest.json").write_text(text.replace('"digest": "' + "0" * 64, '"digest": "' + digest))


def with_nan(folder: Path, _other: Path) -> None:
    path = folder / "movies.safetensors"
    vectors = load_file(path)["vectors"].copy()
    vectors[5, 3] = np.nan
    own = json.loads((folder / "manifest.json").read_text())["bundle"]
    path.write_bytes(to_safetensors({"vectors": vectors}, metadata={"bundle": own}))
    sign_again(folder)


def nan_in_weights(folder: Path, _other: Path) -> None:
    path = folder / "tfjs/retrieve/group1-shard1of1.bin"
    content = bytearray(path.read_bytes())
    content[40:44] = np.float32(np.inf).tobytes()
    path.write_bytes(bytes(content))
    sign_again(folder)


def narrower(folder: Path, _other: Path) -> None:
    path = folder / "movies.safetensors"
    own = json.loads((folder / "manifest.json").read_text())["bundle"]
    path.write_bytes(to_safetensors({"vectors": load_file(path)["vectors"][:, :8].copy()}, metadata={"bundle": own}))
    sign_again(folder)


def of_another(name: str) -> Spoil:
    def spoil(folder: Path, other: Path) -> None:
        shutil.copyfile(other / name, folder / name)

    return spoil


def of_another_signed_again(name: str) -> Spoil:
    def spoil(folder: Path, other: Path) -> None:
        shutil.copyfile(other / name, folder / name)
        sign_again(folder)

    return spoil


def replaced(name: str, content: bytes, *, signed: bool = False) -> Spoil:
    def spoil(folder: Path, _other: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        if signed:
            sign_again(folder)

    return spoil


def changed(change: Callable[[dict[str, Any]], Any]) -> Spoil:
    return lambda folder, _other: sign_again(folder, change)


def edited(old: str, new: str) -> Spoil:
    def spoil(folder: Path, _other: Path) -> None:
        path = folder / "manifest.json"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return spoil


def linked(folder: Path, other: Path) -> None:
    (folder / "ids.json").unlink()
    (folder / "ids.json").symlink_to(other / "ids.json")


PICKLE = b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00."
HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(100)

CASES: dict[str, tuple[Spoil, str]] = {
    "a flipped bit in the vectors": (lambda folder, _: flip(folder / "movies.safetensors"), "E_HASH"),
    "a flipped bit in the weights": (lambda folder, _: flip(folder / "tfjs/user_tower/group1-shard1of1.bin"), "E_HASH"),
    "a flipped bit in the Parquet file": (lambda folder, _: flip(folder / "movies.parquet", 400), "E_HASH"),
    "a flipped bit in the id map": (lambda folder, _: flip(folder / "ids.json", 30), "E_HASH"),
    "a flipped bit in a model": (lambda folder, _: flip(folder / "tfjs/retrieve/model.json", 50), "E_HASH"),
    "a flipped bit in the manifest": (lambda folder, _: flip(folder / "manifest.json", 30), "E_HASH"),
    "an edited manifest": (edited('"simulated": true', '"simulated": false'), "E_HASH"),
    "a manifest without a digest": (edited('"digest"', '"Digest"'), "E_MANIFEST"),
    "no manifest": (lambda folder, _: (folder / "manifest.json").unlink(), "E_MANIFEST"),
    "an empty manifest": (replaced("manifest.json", b""), "E_MANIFEST"),
    "a truncated file": (replaced("titles.json", b'{"bundle":'), "E_HASH"),
    "a file too many": (replaced("notes.json", b"{}"), "E_MANIFEST"),
    "a hidden file": (replaced(".DS_Store", b"x"), "E_MANIFEST"),
    "a file missing": (lambda folder, _: (folder / "ids.json").unlink(), "E_MANIFEST"),
    "a link in the place of a file": (linked, "E_MANIFEST"),
    "a path that leads out": (
        changed(lambda facts: facts["files"].update({"../x.json": facts["files"]["ids.json"]})),
        "E_MANIFEST",
    ),
    "a field nobody knows": (changed(lambda facts: facts.update(extra=1)), "E_MANIFEST"),
    "a field missing": (changed(lambda facts: facts.pop("counts")), "E_MANIFEST"),
    "a field of the wrong type": (changed(lambda facts: facts.update(dim="16")), "E_MANIFEST"),
    "fields wrong in several places": (
        changed(lambda facts: (facts["files"]["ids.json"].update(phone=1), facts["golden"].pop("top"))),
        "E_MANIFEST",
    ),
    "a version that is not its own": (changed(lambda facts: facts.update(sequence=2)), "E_MANIFEST"),
    "a count that is not right": (changed(lambda facts: facts["counts"].update(movies=299)), "E_MANIFEST"),
    "a manifest of a later format": (changed(lambda facts: facts.update(schema=3)), "E_VERSION"),
    "a manifest of an earlier format": (changed(lambda facts: facts.update(schema=1)), "E_VERSION"),
    "a bundle for later clients": (changed(lambda facts: facts.update(minimum_client="0.10.0")), "E_VERSION"),
    "vectors of another bundle": (of_another("movies.safetensors"), "E_MIX"),
    "an id map of another bundle": (of_another("ids.json"), "E_MIX"),
    "a model of another bundle": (of_another("tfjs/retrieve/model.json"), "E_MIX"),
    "vectors of another bundle, signed again": (of_another_signed_again("movies.safetensors"), "E_MIX"),
    "an id map of another bundle, signed again": (of_another_signed_again("ids.json"), "E_MIX"),
    "weights of another bundle": (of_another("tfjs/retrieve/group1-shard1of1.bin"), "E_HASH"),
    "the manifest of another bundle": (of_another("manifest.json"), "E_MIX"),
    "NaN in the vectors, signed again": (with_nan, "E_NONFINITE"),
    "infinity in the weights, signed again": (nan_in_weights, "E_NONFINITE"),
    "vectors too narrow, signed again": (narrower, "E_MANIFEST"),
    "a pickle by another name": (replaced("movies.safetensors", PICKLE), "E_FORMAT"),
    "a pickle by another name, signed again": (replaced("movies.safetensors", PICKLE, signed=True), "E_FORMAT"),
    "a pickle beside": (replaced("model.pkl", PICKLE), "E_FORMAT"),
    "a Keras file beside": (replaced("model.keras", b"whatever"), "E_FORMAT"),
    "HDF5 beside, by another name": (replaced("weights.bin.json", HDF5), "E_FORMAT"),
    "an HDF5 file in the place of a model, signed again": (replaced("tfjs/retrieve/model.json", HDF5, signed=True), "E_FORMAT"),
    "JSON that is none, signed again": (replaced("ids.json", b"[NaN]", signed=True), "E_FORMAT"),
    "a safetensors file cut short, signed again": (replaced("movies.safetensors", b"\x10" + bytes(9), signed=True), "E_FORMAT"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_spoilt_bundle_is_refused_with_its_code(name: str, version: Path, other_version: Path):
    spoil, code = CASES[name]
    spoil(version, other_version)
    with pytest.raises(ArtefactError) as refused:
        bundle.verify(version)
    assert code in {finding.code for finding in refused.value.findings}
    assert refused.value.code == code or name == "the manifest of another bundle"
    assert all(finding.message.endswith(".") and finding.remedy for finding in refused.value.findings)


@pytest.mark.js
def test_the_client_gives_the_same_report_on_every_spoilt_bundle(
    channels: Path, tmp_path: Path, other_version: Path, client_reports: Reports
):
    latest = bundle.status(channels / "float32")
    assert latest is not None
    folders = [tmp_path / str(row) / latest.version for row in range(len(CASES))]
    for folder, (spoil, _) in zip(folders, CASES.values(), strict=True):
        shutil.copytree(latest.folder, folder)
        spoil(folder, other_version)
    expected = [bundle.inspect(folder).as_json() for folder in folders]
    for name, ours, theirs in zip(CASES, expected, client_reports(folders), strict=True):
        assert theirs == ours, name


def test_an_untouched_bundle_is_trusted(channels: Path):
    for channel in channels.iterdir():
        report = bundle.verify(channel)
        assert report.ok
        assert report.n_files == 10
        assert report.n_bytes == sum(
            path.stat().st_size for path in (channel / str(report.version)).rglob("*.*")
        ) - _manifest_size(channel / str(report.version))


def _manifest_size(folder: Path) -> int:
    return (folder / "manifest.json").stat().st_size


@pytest.mark.js
def test_both_command_lines_print_the_same_report(channels: Path, version: Path, node: Callable[..., Any]):
    flip(version / "ids.json")
    for folder, status in ((channels / "uint8", 0), (version, 2)):
        done = node("bin/verify.js", str(folder))
        assert done.returncode == status
        assert done.stdout == json.dumps(bundle.inspect(folder).as_json(), indent=1) + "\n"


@pytest.mark.parametrize(
    ("installed", "refused"),
    [("1-000000000000", True), ("2-000000000000", True), ("10-000000000000", True), ("{own}", False), (None, False)],
)
def test_a_version_that_is_not_newer_than_the_installed_one_is_refused(installed: str | None, refused: bool, version: Path):
    """Versions compare by number: 1 is not newer than another 1, and not older than 10 because of its first digit."""
    own = version.name
    report = bundle.inspect(version, installed_version=installed.format(own=own) if installed else None)
    assert [finding.code for finding in report.findings] == (["E_ROLLBACK"] if refused else [])


def test_an_installed_version_that_is_none_is_refused(version: Path):
    with pytest.raises(ArtefactError, match="E_VERSION"):
        bundle.verify(version, installed_version="latest")


def test_a_pointer_to_another_bundles_folder_is_a_mix(channels: Path, version: Path, tmp_path: Path):
    other = bundle.status(channels / "other")
    assert other is not None
    shutil.copytree(other.folder, tmp_path / "channel" / version.name)
    (tmp_path / "channel" / "latest.json").write_text(json.dumps({"schema": 1, "version": version.name, "sequence": 1}))
    assert bundle.inspect(tmp_path / "channel").findings[0].code == "E_MIX"


def _pointer(**changes: Any) -> str:
    return json.dumps({"schema": 1, "version": "7-0123456789ab", "sequence": 7} | changes)


POINTERS = [
    *("", "{}", "[]", '{"version": "7-0123456789ab"}', _pointer(schema=2), _pointer(sequence=8), _pointer(more=1)),
    *(_pointer(version=version) for version in ["../elsewhere", 7, ".draft-1", None, "7-0123456789ab/.."]),
]


@pytest.mark.parametrize("content", POINTERS)
def test_a_pointer_that_names_no_version_is_refused(content: str, tmp_path: Path):
    (tmp_path / "latest.json").write_text(content)
    assert bundle.inspect(tmp_path).findings[0].code == "E_MANIFEST"


def test_a_parquet_file_with_nan_is_refused(version: Path):
    """Only the Python verifier looks into Parquet files."""
    path = version / "movies.parquet"
    table = pq.read_table(path)
    vectors = table.column("vector").combine_chunks().flatten().to_numpy().copy()
    vectors[0] = np.nan
    spoilt = pa.FixedSizeListArray.from_arrays(pa.array(vectors, pa.float32(), from_pandas=False), 16)
    pq.write_table(table.set_column(table.schema.get_field_index("vector"), "vector", spoilt), path)
    sign_again(version)
    assert [finding.code for finding in bundle.inspect(version).findings] == ["E_NONFINITE"]


def test_what_is_verified_is_what_was_written(version: Path):
    """The fixture's own tool for signing again leaves an untouched bundle trusted, so that its cases mean something."""
    before = models.tree(version)
    sign_again(version)
    assert bundle.inspect(version).ok
    assert set(models.tree(version)) == set(before)
