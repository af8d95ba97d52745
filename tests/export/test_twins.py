"""What no publisher writes, rightly signed: Python and the client report the same of it, and make room for no claim."""

import hashlib
import json
import os
import re
import resource
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow.parquet as pq
import pytest

from recsys.errors import ArtefactError
from recsys.export import bundle, manifest
from tests.export.test_verify import sign_again

Reports = Callable[..., list[dict[str, Any]]]
Spoil = Callable[[Path], Any]

FIELDS = ("schema", "sequence", "dim", "movies", "users", "bytes", "cases", "max_relative_error", "normalised", "minimum_client")
VALUES = {
    "1.0": "1.0",
    "1e0": "1e0",
    "true": "true",
    "text": '"1"',
    "null": "null",
    "a half": "1.5",
    "-1": "-1",
    "-0": "-0",
    "-0.0": "-0.0",
    "2 to the 53": "9007199254740992",
    "above 2 to the 53": "9007199254740993",
    "1e21": "1e21",
    "1e300": "1e300",
    "1e400": "1e400",
    "101 digits": "9" * 101,
    "5,000 digits": "9" * 5_000,
    "a list": "[]",
    "an object": '{"𝄞": 1, "\uffff": 2, "\\ud800": 3}',
    "33 brackets": "[" * 33 + "]" * 33,
    "100,000 brackets": "[" * 100_000 + "]" * 100_000,
    "NaN": "NaN",
    "5,000 digits in a version": '"' + "9" * 5_000 + '.0.0"',
    "5,000 digits in a bundle's version": '"' + "9" * 5_000 + '-0123456789ab"',
}


def rewritten(folder: Path, edit: Callable[[str], str]) -> None:
    """Change the manifest's text, and give it the digest of what it then is."""
    path = folder / "manifest.json"
    text = edit(re.sub('"digest": "[0-9a-f]{64}"', f'"digest": "{"0" * 64}"', path.read_text()))
    digest = hashlib.sha256(text.encode()).hexdigest()
    path.unlink()
    path.write_text(text.replace(f'"digest": "{"0" * 64}"', f'"digest": "{digest}"'))


def stated(field: str, value: str) -> Spoil:
    """State another value in a field of the manifest, in the first place where there is one of that name."""

    def spoil(folder: Path) -> None:
        rewritten(folder, lambda text: re.sub(rf'("{field}"): [^,\n]+', lambda found: f"{found[1]}: {value}", text, count=1))

    return spoil


def edited(name: str, change: Callable[[dict[str, Any]], Any]) -> Spoil:
    def spoil(folder: Path) -> None:
        document = json.loads((folder / name).read_text())
        change(document)
        replaced(folder / name, json.dumps(document).encode())
        sign_again(folder)

    return spoil


def replaced(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def weight(**changes: Any) -> Spoil:
    return edited("tfjs/retrieve/model.json", lambda model: model["weightsManifest"][0]["weights"][0].update(changes))


def model(**changes: Any) -> Spoil:
    return edited("tfjs/retrieve/model.json", lambda document: document.update(changes))


def tensor(*, header: str = "", **changes: Any) -> Spoil:
    """Describe the vectors otherwise."""

    def spoil(folder: Path) -> None:
        path = folder / "movies.safetensors"
        content = path.read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        document = json.loads(content[8 : 8 + length])
        document["vectors"].update(changes)
        text = (header or json.dumps(document)).encode()
        replaced(path, struct.pack("<Q", len(text)) + text + content[8 + length :])
        sign_again(folder)

    return spoil


def linked(name: str) -> Spoil:
    """The very same bytes, by a link to elsewhere."""

    def spoil(folder: Path) -> None:
        (folder / name).rename(folder.parent / f"outside-{Path(name).name}")
        (folder / name).symlink_to(folder.parent / f"outside-{Path(name).name}")

    return spoil


def in_its_place(name: str, make: Callable[[Path], Any]) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return spoil


def _floating(document: dict[str, Any]) -> None:
    """300.0 is 300 in JSON, and in JavaScript there is no other."""
    for each in document["weightsManifest"][0]["weights"]:
        each["shape"] = [float(size) for size in each["shape"]]


def _claimed_within(ids: dict[str, Any]) -> None:
    ids["userDefinedMetadata"] = {"bundle": ids["bundle"]}
    ids["bundle"] = []


def _appended(folder: Path, name: str, tail: str) -> None:
    replaced(folder / name, ((folder / name).read_text().rstrip()[:-1] + tail).encode())
    sign_again(folder)


HUGE = [10**12, 10**6]
CONTENTS: dict[str, tuple[Spoil, set[str]]] = {
    "a weight of a billion billion numbers": (weight(shape=HUGE), {"E_MANIFEST"}),
    "a weight of text": (weight(shape=["300", "16"]), {"E_FORMAT"}),
    "a weight with true for a size": (weight(shape=[True, 16]), {"E_FORMAT"}),
    "a weight with 300.0 for a size": (edited("tfjs/retrieve/model.json", _floating), set()),
    "a weight below nothing": (weight(shape=[-300, -16]), {"E_FORMAT"}),
    "a weight of a hundred axes": (weight(shape=[2**52] * 100 + [0]), {"E_FORMAT"}),
    "a weight without a shape": (weight(shape=None), {"E_FORMAT"}),
    "a weight of a type in a list": (weight(dtype=["float32"]), {"E_FORMAT"}),
    "a weight of no quantisation": (weight(quantization=None), set()),
    "a weight without a name": (weight(name=5), {"E_FORMAT"}),
    "weights as an object": (model(weightsManifest={}), {"E_FORMAT"}),
    "weights as text": (model(weightsManifest=""), {"E_FORMAT"}),
    "a group of weights as an object": (model(weightsManifest=[{"paths": [], "weights": {}}]), {"E_FORMAT"}),
    "shards as text": (model(weightsManifest=[{"paths": "a", "weights": []}]), {"E_FORMAT"}),
    "a shard that is a number": (model(weightsManifest=[{"paths": [5], "weights": []}]), {"E_FORMAT"}),
    "a shard by a winding path": (model(weightsManifest=[{"paths": ["./group1-shard1of1.bin"], "weights": []}]), {"E_MANIFEST"}),
    "one group wrong, one unreadable": (
        model(weightsManifest=[{"paths": ["group1-shard1of1.bin"], "weights": []}, {"paths": 5}]),
        {"E_FORMAT"},
    ),
    "a bundle's id in a list, and again": (edited("ids.json", _claimed_within), set()),
    "no id of a bundle": (edited("ids.json", lambda ids: ids.update(bundle=7)), {"E_FORMAT"}),
    "an id of astral letters": (edited("ids.json", lambda ids: ids.update(bundle="𝄞" * 64)), {"E_MIX"}),
    "ids in an object": (edited("ids.json", lambda ids: ids.update(movies={})), {"E_FORMAT"}),
    "brackets in a list of ids": (edited("ids.json", lambda ids: ids.update(more=json.loads("[" * 40 + "]" * 40))), {"E_FORMAT"}),
    "a number of 5,000 digits in a list of ids": (
        lambda folder: _appended(folder, "ids.json", ', "more": ' + "9" * 5_000 + "}"),
        {"E_FORMAT"},
    ),
    "vectors of a billion billion numbers": (tensor(shape=HUGE), {"E_FORMAT"}),
    "vectors at places in text": (tensor(data_offsets=["0", "19200"]), {"E_FORMAT"}),
    "vectors at three places": (tensor(data_offsets=[0, 19200, 0]), {"E_FORMAT"}),
    "vectors from false to true": (tensor(data_offsets=[False, True], shape=[1], dtype="U8"), {"E_FORMAT"}),
    "vectors before the start": (tensor(data_offsets=[-4, 0], shape=[1]), {"E_FORMAT"}),
    "vectors of nothing beyond the end": (tensor(data_offsets=[2**40, 2**40], shape=[0]), {"E_FORMAT"}),
    "vectors of nothing on a hundred axes": (tensor(data_offsets=[0, 0], shape=[2**52] * 100 + [0]), {"E_FORMAT"}),
    "vectors of a type in a list": (tensor(dtype=["F32"]), {"E_FORMAT"}),
    "vectors described too deep": (tensor(header="[" * 100_000), {"E_FORMAT"}),
    "a link in the place of the manifest": (linked("manifest.json"), {"E_MANIFEST"}),
    "a link in the place of weights": (linked("tfjs/retrieve/group1-shard1of1.bin"), {"E_MANIFEST"}),
    "a folder in the place of the manifest": (in_its_place("manifest.json", Path.mkdir), {"E_MANIFEST"}),
    "a pipe in the place of the manifest": (in_its_place("manifest.json", os.mkfifo), {"E_MANIFEST"}),
    "a link in the place of the signature": (
        in_its_place("manifest.sig.json", lambda path: path.symlink_to(path.with_name("ids.json"))),
        {"E_SIGNATURE"},
    ),
    "a link to nothing in the place of the signature": (
        in_its_place("manifest.sig.json", lambda path: path.symlink_to("nowhere")),
        {"E_SIGNATURE"},
    ),
    "signatures too deep": (lambda folder: replaced(folder / "manifest.sig.json", b"[" * 50_000), {"E_SIGNATURE"}),
    "two files out of order in UTF-16": (
        lambda folder: [(folder / name).write_bytes(b"x") for name in ("\uffff.txt", "𝄞.txt")],
        {"E_MANIFEST"},
    ),
}
"""What is changed, and the codes of which one is found; none where it may pass."""


def spoilt(source: Path, target: Path, spoil: Spoil) -> Path:
    """A copy of a version by hard links, of which only what is spoilt is written anew."""
    shutil.copytree(source, target, copy_function=os.link)
    for path in (target / "manifest.json", target / "ids.json"):
        replaced(path, path.read_bytes())
    spoil(target)
    return target


@pytest.fixture
def source(channels: Path) -> Path:
    latest = bundle.status(channels / "float32")
    assert latest is not None
    return latest.folder


@pytest.mark.js
def test_both_read_every_value_of_a_manifest_alike(source: Path, tmp_path: Path, client_reports: Reports):
    """1.0 is a whole number and true is none; what is not exact in every language is none either."""
    cases = [(field, value) for field in FIELDS for value in VALUES]
    folders = [
        spoilt(source, tmp_path / str(row) / source.name, stated(field, VALUES[value]))
        for row, (field, value) in enumerate(cases)
    ]
    expected = [bundle.inspect(folder).as_json() for folder in folders]
    found = {case: [error["code"] for error in report["errors"]] for case, report in zip(cases, expected, strict=True)}
    for case, ours, theirs in zip(cases, expected, client_reports(folders), strict=True):
        assert theirs == ours, case
    assert found["sequence", "1.0"] == found["sequence", "1e0"] == []
    assert found["sequence", "true"] == found["minimum_client", "5,000 digits in a version"] == ["E_MANIFEST"]
    assert found["schema", "2 to the 53"] == found["schema", "5,000 digits"] == ["E_MANIFEST"]
    assert found["schema", "1.0"] == ["E_VERSION"]
    assert found["dim", "100,000 brackets"] == ["E_MANIFEST"]
    assert found["dim", "1.0"] == found["movies", "1.0"] == ["E_MANIFEST"]  # 300 vectors of 16 numbers


@pytest.mark.js
def test_both_read_every_file_of_a_bundle_alike(source: Path, tmp_path: Path, client_reports: Reports):
    folders = [spoilt(source, tmp_path / str(row) / source.name, spoil) for row, (spoil, _) in enumerate(CONTENTS.values())]
    expected = [bundle.inspect(folder).as_json() for folder in folders]
    for (name, (_, codes)), report in zip(CONTENTS.items(), expected, strict=True):
        assert {error["code"] for error in report["errors"]} == codes, name
    for name, ours, theirs in zip(CONTENTS, expected, client_reports(folders), strict=True):
        assert theirs == ours, name


POINTERS = {
    "7.0": ('{"schema": 1, "version": "7-0123456789ab", "sequence": 7.0}', True),
    "true for 1": ('{"schema": true, "version": "7-0123456789ab", "sequence": 7}', False),
    "a version in a list": ('{"schema": 1, "version": ["7-0123456789ab"], "sequence": 7}', False),
    "5,000 digits": ('{"schema": 1, "version": "' + "9" * 5_000 + '-0123456789ab", "sequence": 1}', False),
    "too deep": ("[" * 100_000, False),
}


@pytest.mark.js
def test_both_read_a_pointer_alike(tmp_path: Path, client_reports: Reports):
    """One that names a version leads to a manifest, which is not there."""
    for row, (content, _) in enumerate(POINTERS.values()):
        (tmp_path / str(row)).mkdir()
        (tmp_path / str(row) / "latest.json").write_text(content)
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "latest.json").symlink_to(tmp_path / "0" / "latest.json")
    folders = [*(tmp_path / str(row) for row in range(len(POINTERS))), tmp_path / "link"]
    expected = [bundle.inspect(folder).as_json() for folder in folders]
    missing = [report["errors"][0]["message"] == "manifest.json is missing." for report in expected]
    assert missing == [*(named for _, named in POINTERS.values()), False]
    assert client_reports(folders) == expected


@pytest.mark.js
def test_a_blob_that_is_a_link_is_not_what_was_written(channels: Path, tmp_path: Path, client_reports: Reports):
    channel = Path(shutil.copytree(channels / "float32", tmp_path / "float32"))
    blob = next((channel / "blobs").glob("*.json"))
    blob.rename(tmp_path / "outside")
    blob.symlink_to(tmp_path / "outside")
    report = bundle.inspect(channel).as_json()
    assert [error["code"] for error in report["errors"]] == ["E_HASH"]
    assert client_reports([channel]) == [report]


def test_a_version_of_5000_digits_is_none():
    with pytest.raises(ArtefactError, match="E_VERSION"):
        manifest.rollback("7-0123456789ab", "9" * 5_000 + "-0123456789ab")


@pytest.mark.js
def test_the_clients_command_line_refuses_it_too(source: Path, node: Callable[..., CompletedProcess[str]]):
    done = node("bin/verify.js", str(source), "--installed", "9" * 5_000 + "-0123456789ab")
    assert (done.returncode, done.stderr[:9]) == (2, "E_VERSION")


def test_no_room_is_made_for_what_a_shape_claims(source: Path, tmp_path: Path):
    """A trillion rows, by a process that may take half a gigabyte more than it has."""
    folder = spoilt(source, tmp_path / source.name, weight(shape=HUGE))

    def claim(facts: dict[str, Any]) -> None:
        facts["counts"]["movies"] = 10**12
        for name in ("movies.parquet", "movies.safetensors"):
            facts["files"][name]["shape"] = [10**12, 16]

    sign_again(folder, claim)
    assert pq.read_metadata(folder / "movies.parquet").num_rows == 300
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    held = int(re.search(r"VmData:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024  # type: ignore[index]
    resource.setrlimit(resource.RLIMIT_DATA, (held + 500_000_000, limits[1]))
    try:
        report = bundle.inspect(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)
    refused = ["ids.json", "movies.parquet", "movies.safetensors", "tfjs/retrieve/model.json", "titles.json"]
    assert [finding.code for finding in report.findings] == ["E_MANIFEST"] * len(refused)
    assert [finding.message.partition(":")[0] for finding in report.findings] == refused
