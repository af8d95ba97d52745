"""Old versions go, whole ones stay: the pointer's version always, and whoever is stopped half-way leaves nothing broken."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys.errors import ArtefactError
from recsys.export import bundle
from recsys.export.channel import Channel
from recsys.export.manifest import address
from tests.effort import STRIDE
from tests.export import models

pytestmark = pytest.mark.usefixtures("weights_only")


class Stopped(BaseException):
    """What kill -9 is to the channel: nothing on the way out acts."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of four versions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.export.tfjs.write", models.write_weights_only)
        root = tmp_path_factory.mktemp("prune") / "app"
        for seed in range(4):
            bundle.publish(models.source(n_movies=60, seed=seed), root)
    return root


@pytest.fixture
def channel(published: Path, tmp_path: Path) -> Channel:
    return Channel(Path(shutil.copytree(published, tmp_path / "app")))


def blobs(channel: Channel) -> set[str]:
    return {f"blobs/{path.name}" for path in (channel.root / "blobs").iterdir()}


def listed(channel: Channel) -> set[str]:
    files = [item for version in channel.versions() for item in channel.manifest(version)["files"].items()]
    return {address(name, entry["sha256"]) for name, entry in files}


def test_the_newest_stay_and_what_only_the_others_had_goes(channel: Channel):
    before, all_blobs = channel.versions(), blobs(channel)
    assert channel.prune(2) == before[:2]
    assert channel.versions() == before[2:]
    assert blobs(channel) == listed(channel) < all_blobs
    assert bundle.inspect(channel.root).ok
    assert all(bundle.inspect(channel.root / version).ok for version in before[2:])


def test_fewer_than_are_kept_stay_as_they_are(channel: Channel):
    before = models.tree(channel.root)
    assert channel.prune(4) == []
    assert models.tree(channel.root) == before


def test_the_version_in_force_stays_even_where_it_is_old(channel: Channel):
    old = channel.versions()[0]
    (channel.root / "latest.json").write_text(f'{{"schema": 1, "version": "{old}", "sequence": 1}}')
    channel.prune(1)
    assert channel.versions()[0] == old
    assert len(channel.versions()) == 2
    assert bundle.inspect(channel.root).ok


def test_a_number_is_not_given_again_after_pruning(channel: Channel):
    channel.prune(1)
    assert channel.next_sequence() == 5


def test_a_version_that_cannot_be_read_keeps_everything(channel: Channel):
    (channel.root / channel.versions()[1] / "manifest.json").write_text("{")
    before = models.tree(channel.root)
    with pytest.raises(ArtefactError) as refused:
        channel.prune(1)
    assert refused.value.code == "E_MANIFEST"
    assert models.tree(channel.root) == before


def stop_at(step: int, patch: pytest.MonkeyPatch) -> None:
    left = [step]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any, **options: Any) -> Any:
            if left[0] == 0:
                raise Stopped
            left[0] -= 1
            return function(*arguments, **options)

        return act

    for owner, name in ((os, "unlink"), (os, "rmdir"), (Path, "unlink"), (Path, "rename")):
        patch.setattr(owner, name, counted(getattr(owner, name)))


def test_stopped_at_any_step_every_version_is_whole_or_gone(published: Path, tmp_path: Path):
    newest = Channel(published).versions()[-1]
    step, stopped = 0, True
    while stopped:  # until one goes through: every step has been tried
        channel = Channel(Path(shutil.copytree(published, tmp_path / str(step) / "app")))
        with pytest.MonkeyPatch.context() as patch:
            stop_at(step, patch)
            try:
                channel.prune(1)
                stopped = False
            except Stopped:
                pass
        assert channel.latest() == newest
        assert all(bundle.inspect(channel.root / version).ok for version in channel.versions())
        assert listed(channel) <= blobs(channel)
        channel.prune(1)
        names = sorted([".publisher", "blobs", "latest.json", newest])
        assert sorted(path.name for path in channel.root.iterdir()) == names
        assert blobs(channel) == listed(channel)
        step += STRIDE
    assert step > 20


def test_the_command_says_what_went(channel: Channel):
    before = channel.versions()
    command = [str(Path(sys.executable).with_name("recsys")), "export", "prune", str(channel.root), "--keep", "3", "--json"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(done.stdout) == {"removed": before[:1], "kept": before[1:]}
    assert channel.versions() == before[1:]


def test_at_least_one_version_has_to_stay(channel: Channel):
    before = models.tree(channel.root)
    with pytest.raises(ArtefactError) as refused:
        channel.prune(0)
    assert refused.value.code == "E_PARAM"
    assert models.tree(channel.root) == before


def test_who_prunes_while_another_publishes_is_told_to_wait(channel: Channel):
    before = channel.versions()
    with channel.build_folder(), pytest.raises(ArtefactError) as refused:
        Channel(channel.root).prune(1)
    assert refused.value.code == "E_BUSY"
    assert channel.versions() == before


def test_a_folder_without_bundles_is_refused_and_not_made(tmp_path: Path):
    with pytest.raises(ArtefactError) as refused:
        Channel(tmp_path / "nowhere").prune(1)
    assert refused.value.code == "E_NOT_FOUND"
    assert not (tmp_path / "nowhere").exists()
