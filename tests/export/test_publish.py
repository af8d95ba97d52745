"""Versions only go forward, the same model is the same bytes, and whoever is killed leaves the old bundle or the new one."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from recsys.errors import ArtefactError
from recsys.export import bundle, manifest
from recsys.export.channel import Channel
from recsys.workspace import sha256_of
from tests.effort import STRIDE
from tests.export import models
from tests.export.conftest import Signer

pytestmark = pytest.mark.usefixtures("weights_only")


def test_the_same_model_gives_the_same_bytes(tmp_path: Path):
    one = bundle.publish(models.source(), tmp_path / "a" / "app")
    two = bundle.publish(models.source(), tmp_path / "b" / "app")
    assert models.tree(one.folder) == models.tree(two.folder)


def test_the_same_model_again_is_the_version_that_is_there(tmp_path: Path):
    first = bundle.publish(models.source(), tmp_path / "app")
    before = models.tree(tmp_path)
    again = bundle.publish(models.source(), tmp_path / "app")
    assert (first.new, again.new) == (True, False)
    assert again.version == first.version
    assert models.tree(tmp_path) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda source: replace(source, movies=models.source(seed=3).movies),
        lambda source: replace(source, catalogue=source.catalogue.assign(title="Another")),
        lambda source: replace(source, run="run-9"),
        lambda source: replace(source, tower=replace(source.tower, pooling_exponent=0.75)),
    ],
    ids=["vectors", "titles", "run", "tower"],
)
def test_any_change_is_a_new_version(change, tmp_path: Path):
    first = bundle.publish(models.source(), tmp_path / "app")
    second = bundle.publish(change(models.source()), tmp_path / "app")
    assert second.new
    assert (manifest.sequence_of(first.version), manifest.sequence_of(second.version)) == (1, 2)


def test_going_back_to_an_old_run_is_a_step_forward(tmp_path: Path):
    """Phones that hold version 2 must not refuse the old model: it comes to them as version 3."""
    old, new = models.source(), models.source(seed=1, run="run-2")
    versions = [bundle.publish(source, tmp_path / "app").version for source in (old, new, old)]
    assert [manifest.sequence_of(version) for version in versions] == [1, 2, 3]
    assert versions[0].split("-")[1] == versions[2].split("-")[1]
    found = bundle.status(tmp_path / "app")
    assert found is not None
    assert (found.version, found.versions) == (versions[2], tuple(versions))


def test_a_number_is_never_used_again_even_if_its_version_was_removed(tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    second = bundle.publish(models.source(seed=1), tmp_path / "app")
    shutil.rmtree(second.folder)
    third = bundle.publish(models.source(seed=2), tmp_path / "app")
    assert manifest.sequence_of(third.version) == 3


def test_the_pointer_never_moves_back(tmp_path: Path):
    first = bundle.publish(models.source(), tmp_path / "app")
    second = bundle.publish(models.source(seed=1), tmp_path / "app")
    with pytest.raises(ArtefactError, match="E_ROLLBACK"):
        Channel(tmp_path / "app").point_at(first.version)
    assert Channel(tmp_path / "app").latest() == second.version


def test_a_damaged_version_is_made_again_under_a_new_number(tmp_path: Path):
    first = bundle.publish(models.source(), tmp_path / "app")
    (first.folder / "ids.json").write_text("{}")
    second = bundle.publish(models.source(), tmp_path / "app")
    assert second.new
    assert manifest.sequence_of(second.version) == 2
    assert bundle.verify(tmp_path / "app").ok


def test_a_second_exporter_is_told_to_wait(tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    with (tmp_path / "app" / ".publisher").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ArtefactError, match="E_BUSY"):
            bundle.publish(models.source(seed=1), tmp_path / "app")


@pytest.mark.parametrize("name", ["-rf", "a b", "ä"])
def test_a_name_that_no_address_could_carry_is_refused(name: str, tmp_path: Path):
    with pytest.raises(ArtefactError, match="E_PARAM"):
        bundle.publish(models.source(), tmp_path / name)


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from recsys.export import bundle, bundle_build, signature, tfjs
from tests.export import models
tfjs.write = models.write_weights_only
base, scratch, key = Path(sys.argv[1]), Path(sys.argv[2]), signature.load_private(Path(sys.argv[3]))

made = scratch / "made" / "app"

def publish(channel):
    return bundle.publish(models.new_movie(n_movies=60), channel, keys=[key])

def in_child(act):
    child = os.fork()
    if child == 0:
        act()
        os._exit(0)
    return os.waitpid(child, 0)[1]

def copied(folder, _source, _options, new, _report):
    # In the place of what computes a version, which touches nothing that a reader sees.
    version = f"{new.sequence}-{new.bundle[:12]}"
    shutil.copytree(made / version, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    return version

def die_at(n):
    left = [n]
    def counted(function):
        def step(*arguments, **options):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return function(*arguments, **options)
        return step
    os.fsync, os.link, Path.rename, Path.replace = map(counted, (os.fsync, os.link, Path.rename, Path.replace))

shutil.copytree(base, made)
assert in_child(lambda: publish(made)) == 0
bundle_build.write = copied
step, status = 0, signal.SIGKILL
while status == signal.SIGKILL:  # until a child survives: every step has been tried
    channel = Path(shutil.copytree(base, scratch / "killed" / str(step) / "app"))
    status = in_child(lambda: (die_at(step), publish(channel)))
    step += int(sys.argv[4])
sys.exit(status)
"""


@pytest.mark.slow
def test_killed_at_any_step_an_export_leaves_the_old_bundle_or_the_new_one(tmp_path: Path, signer: Signer):
    """The child dies before its n-th flush, link or rename, for every n; the parent never computes, so that forking is safe."""
    old = bundle.publish(models.source(n_movies=60), tmp_path / "base" / "app", keys=[signer.private]).version
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "base" / "app"), str(tmp_path), str(signer.path), str(STRIDE)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    channels = sorted((tmp_path / "killed").iterdir(), key=lambda path: int(path.name))
    assert len(channels) * STRIDE > 50
    seen = set()
    for channel in channels:
        assert bundle.verify(channel / "app", trusted=[signer.public]).ok
        latest = Channel(channel / "app").latest()
        assert latest is not None
        seen.add(manifest.sequence_of(latest))
    for channel in channels[:: max(9 // STRIDE, 1)]:
        # The next export clears up and ends where an undisturbed one would, with one new version and no more.
        after = bundle.publish(models.new_movie(n_movies=60), channel / "app", keys=[signer.private])
        assert manifest.sequence_of(after.version) == 2
        assert [delta["from"] for delta in after.deltas] == [old]
        names = sorted([".publisher", "blobs", "latest.json", old, after.version])
        assert sorted(p.name for p in (channel / "app").iterdir()) == names
        assert _blobs(channel / "app") == _listed(channel / "app", old, after.version)
    assert seen == {1, 2}


def _blobs(channel: Path) -> set[str]:
    return {f"blobs/{path.name}" for path in (channel / "blobs").iterdir()}


def _listed(channel: Path, *versions: str) -> set[str]:
    """Where the files of versions have to lie by content."""
    files = [item for version in versions for item in Channel(channel).manifest(version)["files"].items()]
    return {manifest.address(name, entry["sha256"]) for name, entry in files}


def test_every_file_lies_under_the_checksum_of_its_content(tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    for path in (tmp_path / "app" / "blobs").iterdir():
        assert sha256_of(path) == path.stem


def test_what_two_versions_share_is_kept_once(tmp_path: Path):
    """The third version is the first again: but for its delta it brings no file, and a phone that has the first fetches none."""
    channel = tmp_path / "app"
    first = bundle.publish(models.source(), channel)
    bundle.publish(models.source(seed=1, run="run-2"), channel)
    before = _blobs(channel)
    third = bundle.publish(models.source(), channel)
    assert (third.new, third.version == first.version) == (True, False)
    files = {name: entry for name, entry in third.files.items() if not name.startswith("delta-from-")}
    assert files == first.files
    assert _blobs(channel) - before == _listed(channel, third.version) - _listed(channel, first.version)
    name = "tfjs/retrieve/group1-shard1of1.bin"
    assert (first.folder / name).samefile(third.folder / name)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"x")], ids=["gone", "changed"])
def test_a_blob_that_is_gone_or_changed_is_refused_and_made_again(spoil, tmp_path: Path):
    """Only the blob is spoilt: it becomes a file of its own first, as in a copy of the channel."""
    channel = tmp_path / "copy" / "app"
    shutil.copytree(bundle.publish(models.source(), tmp_path / "app").folder.parent, channel)
    blob = next(iter(sorted((channel / "blobs").glob("*.bin"))))
    spoil(blob)
    code = "E_HASH" if blob.exists() else "E_MANIFEST"
    assert [(finding.code, blob.name in finding.message) for finding in bundle.inspect(channel).findings] == [(code, True)]
    assert not bundle.publish(models.source(), channel).new
    assert bundle.inspect(channel).ok


def test_a_disk_without_hard_links_holds_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    result = bundle.publish(models.source(), tmp_path / "app")
    assert bundle.verify(tmp_path / "app").ok
    assert {path.stat().st_nlink for path in result.folder.rglob("*.bin")} == {1}


def test_the_sizes_of_a_manifest_are_those_of_its_files(channels: Path):
    """300 movies × 16 numbers: of 4, 2 or 1 byte, and a scale of 2 bytes a movie for uint8."""
    for dtype, vectors in (("float32", 19_200), ("float16", 9_600), ("uint8", 5_400)):
        found = bundle.status(channels / dtype)
        assert found is not None
        facts = Channel(channels / dtype).manifest(found.version)
        sizes = {name: (found.folder / name).stat().st_size for name in facts["files"]}
        phone = sum(size for name, size in sizes.items() if facts["files"][name]["phone"])
        assert facts["sizes"] == {"phone": phone, "all": sum(sizes.values()), "vectors": vectors, "vectors_float32": 19_200}


def test_a_parquet_file_says_what_its_columns_are_and_so_does_the_manifest(channels: Path):
    found = bundle.status(channels / "float32")
    assert found is not None
    columns = Channel(channels / "float32").manifest(found.version)["files"]["movies.parquet"]["columns"]
    schema = pq.read_schema(found.folder / "movies.parquet")
    assert [(each["name"], each["type"]) for each in columns] == [(field.name, str(field.type)) for field in schema]
    assert [each["description"].encode() for each in columns] == [field.metadata[b"description"] for field in schema]
    assert all(each["description"] for each in columns)


def test_the_backend_gets_what_the_phone_computes_with(channels: Path):
    for dtype in ("float32", "float16", "uint8"):
        found = bundle.status(channels / dtype)
        assert found is not None
        table = pq.read_table(found.folder / "movies.parquet")
        tensors = load_file(found.folder / "movies.safetensors")
        vectors = (
            (tensors["codes"].astype(np.float32) - 128) * tensors["scale"][:, None]
            if dtype == "uint8"
            else tensors["vectors"].astype(np.float32)
        )
        np.testing.assert_array_equal(np.stack(table.column("vector").to_pylist()).astype(np.float32), vectors)
        ids = json.loads((found.folder / "ids.json").read_text())["movies"]
        assert table.column("movie_id").to_pylist() == ids
        assert table.column("row").to_pylist() == list(range(len(ids)))
        assert ids[:3] == ["NA", "00123", 'ಚಿತ್ರ "1"']


def test_nothing_about_users_or_fees_leaves_by_default(tmp_path: Path):
    source = models.source()
    result = bundle.publish(replace(source, catalogue=source.catalogue), tmp_path / "app")
    assert not [name for name in result.files if "user" in name and not name.startswith("tfjs/user_tower/")]
    everything = b"".join(models.tree(result.folder).values())
    assert not [user for user in source.users.ids.ids if user.encode() in everything]
    assert "licence_fee" not in pq.read_schema(result.folder / "movies.parquet").names


def test_users_leave_under_names_that_only_the_secret_leads_back_from(tmp_path: Path):
    source = models.source()
    with_users = {key: bundle.publish(source, tmp_path / key / "app", secret=key.encode() * 32) for key in "ab"}
    tables = {key: pq.read_table(result.folder / "users.parquet") for key, result in with_users.items()}
    names = {key: table.column("pseudonym").to_pylist() for key, table in tables.items()}
    assert names["a"] == sorted(names["a"])  # the order of rows tells nothing
    assert not set(names["a"]) & set(names["b"])
    assert b"user-3" not in b"".join(models.tree(with_users["a"].folder).values())
    ours = {tuple(row) for row in source.users.vectors.tolist()}
    assert {tuple(row) for row in tables["a"].column("vector").to_pylist()} == ours
    found = bundle.status(tmp_path / "a" / "app")
    assert found is not None
    assert found.n_users == 12
    assert bundle.verify(with_users["a"].folder).ok


def test_a_bundle_packs_into_the_same_zip_each_time(channels: Path, tmp_path: Path):
    packed = [bundle.archive(channels / "uint8", tmp_path / name).read_bytes() for name in ("a.zip", "b.zip")]
    assert packed[0] == packed[1]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    (folder,) = (tmp_path / "unpacked").iterdir()
    assert bundle.verify(folder).ok


def test_an_empty_folder_holds_no_bundle(tmp_path: Path):
    assert bundle.status(tmp_path / "nothing") is None
