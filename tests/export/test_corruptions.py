"""Two hundred random ways to spoil a published channel: each refused, with its code, by both languages in the same words."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from safetensors.numpy import save as to_safetensors

from recsys.export import bundle, signature
from tests.export import models
from tests.export.conftest import Signer
from tests.export.test_verify import sign_again

N = 200


@dataclass
class Spoilt:
    """A channel, and what may be said of it."""

    channel: Path
    version: Path
    rng: np.random.Generator
    signer: Signer
    other: Path
    """Version folder of another bundle, with files of the same names."""
    codes: set[str] = field(default_factory=set)
    """Codes of which one has to be found."""
    installed: str | None = None

    def any_file(self, *suffixes: str, within: Path | None = None) -> Path:
        """A file of the version in force, or the pointer, or a blob that a phone reads."""
        files = json.loads((self.version / "manifest.json").read_text())["files"]
        blobs = [self.channel / "blobs" / (entry["sha256"] + Path(name).suffix) for name, entry in files.items()]
        found = [path for path in sorted(self.version.rglob("*")) if path.is_file()] + [self.channel / "latest.json", *blobs]
        found = [path for path in found if (not suffixes or path.suffix in suffixes) and (not within or within in path.parents)]
        return found[self.rng.integers(len(found))]

    def change(self, path: Path, change: Callable[[bytearray], Any]) -> None:
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)
        # What a file is told by when it is not what was written; a manifest without its digest, a pointer to nothing.
        named = {"latest.json": {"E_MANIFEST"}, "manifest.json": {"E_HASH", "E_MANIFEST"}, signature.FILE: {"E_SIGNATURE"}}
        self.codes = named.get(path.name, {"E_HASH", "E_FORMAT"})

    def sign(self, change: Callable[[dict[str, Any]], Any] = lambda _: None) -> None:
        """Make the manifest fit the folder, and sign it with the publisher's own key."""
        sign_again(self.version, change)
        content = signature.sign((self.version / "manifest.json").read_bytes(), [self.signer.private])
        (self.version / signature.FILE).write_bytes(content)


def flipped_bit(spoilt: Spoilt) -> None:
    def flip(content: bytearray) -> None:
        content[spoilt.rng.integers(len(content))] ^= 1 << int(spoilt.rng.integers(8))

    spoilt.change(spoilt.any_file(), flip)


def cut_short(spoilt: Spoilt) -> None:
    spoilt.change(spoilt.any_file(), lambda content: content.__delitem__(slice(int(spoilt.rng.integers(len(content))), None)))


def too_long(spoilt: Spoilt) -> None:
    spoilt.change(spoilt.any_file(), lambda content: content.extend(spoilt.rng.bytes(1 + int(spoilt.rng.integers(50)))))


def overwritten(spoilt: Spoilt) -> None:
    def overwrite(content: bytearray) -> None:
        at = int(spoilt.rng.integers(len(content)))
        content[at : at + 64] = bytes(byte ^ 0x5A for byte in content[at : at + 64])

    spoilt.change(spoilt.any_file(), overwrite)


def bytes_swapped(spoilt: Spoilt) -> None:
    """Two stretches of a file change places: the same bytes, the same length."""

    def swap(content: bytearray) -> None:
        half = len(content) // 2
        content[:] = content[half:] + content[:half]

    spoilt.change(spoilt.any_file(), swap)


def missing(spoilt: Spoilt) -> None:
    path = spoilt.any_file(within=spoilt.version)
    path.unlink()
    spoilt.codes = {"E_SIGNATURE"} if path.name == signature.FILE else {"E_MANIFEST"}


def one_too_many(spoilt: Spoilt) -> None:
    name = ["notes.json", ".hidden", "tfjs/extra.bin", "deep/er/ids.json"][spoilt.rng.integers(4)]
    (spoilt.version / name).parent.mkdir(parents=True, exist_ok=True)
    (spoilt.version / name).write_bytes(b"{}")
    spoilt.codes = {"E_MANIFEST"}


def of_a_forbidden_format(spoilt: Spoilt) -> None:
    content = [b"\x80\x04\x95\x0c\x00", b"\x89HDF\r\n\x1a\n" + bytes(40), b"PK\x03\x04" + bytes(40), b"\x93NUMPY\x01\x00"]
    names = ["model.pkl", "model.h5", "weights.keras", "arrays.npy", "model.json", "movies.safetensors"]
    (spoilt.version / names[spoilt.rng.integers(6)]).write_bytes(content[spoilt.rng.integers(4)])
    spoilt.codes = {"E_FORMAT"}


def of_another_bundle(spoilt: Spoilt) -> None:
    names = [
        "ids.json",
        "titles.json",
        "golden.json",
        "movies.safetensors",
        "tfjs/retrieve/model.json",
        "tfjs/user_tower/model.json",
    ]
    name = names[spoilt.rng.integers(len(names))]
    (spoilt.version / name).unlink()
    shutil.copyfile(spoilt.other / name, spoilt.version / name)
    if spoilt.rng.integers(2):
        spoilt.sign()
    spoilt.codes = {"E_MIX"}


def not_a_number(spoilt: Spoilt) -> None:
    """By the publisher's own hand: every checksum and the signature are right."""
    value = [np.nan, np.inf, -np.inf][spoilt.rng.integers(3)]
    if spoilt.rng.integers(2):
        path = spoilt.version / "movies.safetensors"
        vectors = load_file(path)["vectors"].copy()
        vectors[spoilt.rng.integers(len(vectors)), 3] = value
        content = to_safetensors(
            {"vectors": vectors}, metadata={"bundle": json.loads((spoilt.version / "ids.json").read_text())["bundle"]}
        )
    else:
        path = spoilt.version / "tfjs/retrieve/group1-shard1of1.bin"
        numbers = np.frombuffer(path.read_bytes(), np.float32).copy()
        numbers[spoilt.rng.integers(len(numbers))] = value
        content = numbers.tobytes()
    path.unlink()
    path.write_bytes(content)
    spoilt.sign()
    spoilt.codes = {"E_NONFINITE"}


def misdescribed(spoilt: Spoilt) -> None:
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda facts: facts["counts"].update(movies=299),
        lambda facts: facts["files"]["movies.safetensors"].update(shape=[300, 8]),
        lambda facts: facts.update(dim="16"),
        lambda facts: facts.pop("sizes"),
        lambda facts: facts["deltas"].append({"from": "1-0123456789ab"}),
    ]
    spoilt.sign(changes[spoilt.rng.integers(len(changes))])
    spoilt.codes = {"E_MANIFEST"}


def forged(spoilt: Spoilt) -> None:
    """Vectors changed and every checksum made to fit, by somebody who lacks the key."""
    path = spoilt.version / "tfjs/retrieve/group1-shard1of1.bin"
    numbers = np.frombuffer(path.read_bytes(), np.float32).copy()
    numbers[spoilt.rng.integers(len(numbers))] *= 2
    path.unlink()
    path.write_bytes(numbers.tobytes())
    sign_again(spoilt.version)
    if spoilt.rng.integers(2):
        (spoilt.version / signature.FILE).unlink()
    spoilt.codes = {"E_SIGNATURE"}


def an_older_one(spoilt: Spoilt) -> None:
    """Whoever serves an old version, whole and rightly signed, to a device that has a newer one."""
    spoilt.installed = f"{2 + spoilt.rng.integers(1, 9)}-0123456789ab"
    spoilt.codes = {"E_ROLLBACK"}


def for_later_programs(spoilt: Spoilt) -> None:
    changes: list[dict[str, Any]] = [{"schema": 3}, {"schema": 1}, {"minimum_client": "9.0.0"}, {"minimum_client": "0.10.0"}]
    spoilt.sign(lambda facts: facts.update(changes[spoilt.rng.integers(4)]))
    spoilt.codes = {"E_VERSION"}


KINDS = [
    *(flipped_bit, cut_short, too_long, overwritten, bytes_swapped, missing, one_too_many, of_a_forbidden_format),
    *(of_another_bundle, not_a_number, misdescribed, forged, an_older_one, for_later_programs),
]


@pytest.mark.js
@pytest.mark.usefixtures("weights_only")
def test_two_hundred_random_corruptions_are_all_refused_in_both_languages(
    tmp_path: Path,
    other_version: Path,
    signer: Signer,
    client_reports: Callable[..., list[dict[str, Any]]],
    node: Callable[..., CompletedProcess[str]],
):
    """Of a signed channel with a delta and user vectors. A third are flipped bits; every code of a bundle is met.

    Verifying says the same in both languages. Opening reads no more than a phone needs: it is refused with one of those codes, or
    gives what the bundle as it was published gives.
    """
    for source in (models.source(), models.new_movie()):
        bundle.publish(source, tmp_path / "app", keys=[signer.private], secret=b"s" * 32)
    rng = np.random.default_rng(20)
    cases = []
    for row in range(N):
        kind = KINDS[row % len(KINDS)] if row % 3 else flipped_bit
        channel = Path(shutil.copytree(tmp_path / "app", tmp_path / str(row) / "app", copy_function=shutil.copyfile))
        spoilt = Spoilt(channel, channel / bundle.resolve(channel).name, rng, signer, other_version)
        kind(spoilt)
        cases.append((kind.__name__, spoilt))
    expected = [
        bundle.inspect(spoilt.channel, installed_version=spoilt.installed, trusted=[signer.public]).as_json()
        for _, spoilt in cases
    ]
    met = set()
    for (kind, spoilt), report in zip(cases, expected, strict=True):
        found = {error["code"] for error in report["errors"]}
        assert found & spoilt.codes, (kind, spoilt.channel, report)
        met |= found
    assert met == {*("E_HASH", "E_MANIFEST", "E_FORMAT", "E_MIX", "E_NONFINITE", "E_ROLLBACK", "E_VERSION", "E_SIGNATURE")}
    options = [{"publicKey": signer.public, "installedVersion": spoilt.installed} for _, spoilt in cases]
    for (kind, _), ours, theirs in zip(
        cases, expected, client_reports([spoilt.channel for _, spoilt in cases], options), strict=True
    ):
        assert theirs == ours, kind
    asked = [{"folder": str(spoilt.channel), **more} for (_, spoilt), more in zip(cases, options, strict=True)]
    done = node("testing/openings.js", input=json.dumps([*asked, {"folder": str(tmp_path / "app"), "publicKey": signer.public}]))
    assert done.returncode == 0, done.stderr
    *openings, whole = json.loads(done.stdout)
    assert len(whole["row"]) == 20
    for (kind, spoilt), report, opening in zip(cases, expected, openings, strict=True):
        codes = {error["code"] for error in report["errors"]}
        assert opening.get("code") in codes or opening == whole, (kind, spoilt.channel, opening)
    assert sum("code" in opening for opening in openings) >= N // 3
    assert bundle.inspect(tmp_path / "app", trusted=[signer.public]).ok
