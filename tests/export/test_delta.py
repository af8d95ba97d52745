"""A delta gives the very files of the new version, whatever changed, and costs what changed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import ArtefactError
from recsys.export import bundle, bundle_build, delta, delta_build
from recsys.export.bundle_source import Source
from recsys.workspace import write_atomically
from tests.effort import examples
from tests.export import models

pytestmark = pytest.mark.usefixtures("weights_only")


@st.composite
def changes(draw: st.DrawFn) -> tuple[Source, Source]:
    """Two versions of a catalogue of up to 40 movies: movies gone, new, moved, and changed."""
    base = models.source(n_movies=40, dim=4)
    before = models.arranged(base, sorted(draw(st.sets(st.integers(0, 39), min_size=25))), {}, [], 0)
    n = len(before.movies.ids)
    order = draw(st.lists(st.integers(0, n - 1), min_size=20, max_size=n, unique=True))
    if draw(st.booleans()):
        order.sort()
    places = draw(st.sets(st.integers(0, len(order) - 1), max_size=4))
    touched = draw(st.lists(st.integers(0, len(order) - 1), max_size=4, unique=True))
    return before, models.arranged(before, order, {place: f"new-{place}" for place in places}, touched, 1)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@examples(12)
@given(pair=changes())
def test_applying_a_delta_gives_the_files_of_the_new_version_bit_for_bit(dtype: Any, pair, tmp_path_factory):
    """Of any two versions, also where the delta would be too large to be worth publishing."""
    root = tmp_path_factory.mktemp("deltas")
    before, after = pair
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle_build, "N_GOLDEN", 3)
        patch.setattr(bundle_build, "N_RECALL", 3)
        old = bundle.publish(before, root / "old", dtype=dtype, recall_loss_limit=1.0).folder
        new = bundle.publish(after, root / "new", dtype=dtype, recall_loss_limit=1.0).folder
        patch.setattr(delta_build, "saves_enough", lambda _delta, _whole: True)
        entry = delta_build.write(old, new)
    assert entry is not None
    folder = new / entry["folder"]
    assert entry["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    document = json.loads((folder / "delta.json").read_text())
    built = dict(delta.rebuild(document, (folder / "delta.bin").read_bytes(), lambda name: (old / name).read_bytes()))
    assert set(built) == set(entry["rebuilds"])
    for name, content in built.items():
        assert content == (new / name).read_bytes(), name
    gone = set(before.movies.ids.ids) - set(after.movies.ids.ids)
    assert gone <= set(document["removed"])
    assert entry["rows"]["added"] >= len(set(after.movies.ids.ids) - set(before.movies.ids.ids))


@pytest.fixture
def versions(tmp_path: Path) -> tuple[bundle.ExportResult, bundle.ExportResult]:
    old = bundle.publish(models.source(), tmp_path / "app")
    return old, bundle.publish(models.new_movie(), tmp_path / "app")


def test_a_delta_holds_what_changed_and_no_more(versions):
    """Two movies came, one went, one has another title: 2 rows of 16 numbers in two tables, and the small parts of the tower."""
    old, new = versions
    (entry,) = new.deltas
    assert (entry["from"], entry["rows"]) == (old.version, {"added": 2, "removed": 1, "changed": 1})
    document = json.loads((new.folder / entry["folder"] / "delta.json").read_text())
    assert document["removed"] == [models.source().movies.ids.ids[5]]
    assert [name for _, name in document["added"]] == ["new-1", "new-2"]
    assert (new.folder / entry["folder"] / "delta.bin").stat().st_size == 2 * 2 * (4 + 16 * 4)
    assert entry["bytes"] < 0.05 * sum(new.files[name]["bytes"] for name in entry["rebuilds"])


def test_the_delta_of_a_published_version_gives_its_files(versions):
    old, new = versions
    built = delta.apply(old.folder, new.folder)
    assert sorted(built) == list(new.deltas[0]["rebuilds"])
    assert all(content == (new.folder / name).read_bytes() for name, content in built.items())
    phone = {name for name, entry in new.files.items() if entry["phone"]}
    assert phone - set(built) == {"tfjs/retrieve/model.json", "tfjs/user_tower/model.json"}


def test_a_delta_is_not_for_phones_that_have_nothing_yet(versions):
    _, new = versions
    assert {name: entry["phone"] for name, entry in new.files.items() if name.startswith("delta-from-")} == {
        f"{new.deltas[0]['folder']}/delta.bin": False,
        f"{new.deltas[0]['folder']}/delta.json": False,
    }


def test_a_delta_that_would_save_nothing_is_not_published(tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    assert bundle.publish(models.source(seed=1), tmp_path / "app").deltas == []


@pytest.mark.parametrize("change", [{"dtype": "uint8"}, {"dim": 8}], ids=["rounding", "width"])
def test_versions_of_different_form_have_no_delta(change: dict[str, Any], tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    after = models.source(dim=change.get("dim", 16))
    assert bundle.publish(after, tmp_path / "app", dtype=change.get("dtype", "float32"), recall_loss_limit=1.0).deltas == []


def test_a_delta_is_applied_to_the_version_that_it_is_from_and_to_no_other(versions, tmp_path: Path):
    old, new = versions
    third = bundle.publish(replace(models.new_movie(), run="run-3"), old.folder.parent)
    with pytest.raises(ArtefactError, match="E_NOT_FOUND"):
        delta.apply(old.folder, third.folder)
    damaged = Path(shutil.copytree(old.folder, tmp_path / old.version, copy_function=shutil.copyfile))
    path = damaged / "tfjs/retrieve/group1-shard1of1.bin"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="E_HASH"):
        delta.apply(damaged, new.folder)


def test_a_changed_delta_is_refused_before_it_is_applied(versions):
    old, new = versions
    path = new.folder / new.deltas[0]["folder"] / "delta.bin"
    write_atomically(path, path.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(ArtefactError, match="E_HASH"):
        delta.apply(old.folder, new.folder)
    assert [finding.code for finding in bundle.inspect(new.folder).findings] == ["E_HASH"]


def test_a_delta_that_does_not_give_the_new_files_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = bundle.publish(models.source(), tmp_path / "app")
    write = delta_build.write

    def wrong(old: Path, new: Path) -> Any:
        entry = write(old, new)
        data = new / entry["folder"] / "delta.bin"
        data.write_bytes(data.read_bytes()[:-1] + b"\x7f")
        return entry

    monkeypatch.setattr(delta_build, "write", wrong)
    with pytest.raises(ArtefactError, match="E_HASH"):
        bundle.publish(models.new_movie(), tmp_path / "app")
    assert bundle.status(tmp_path / "app").version == first.version


def test_a_damaged_version_is_no_base_for_a_delta(tmp_path: Path):
    first = bundle.publish(models.source(), tmp_path / "app")
    (first.folder / "titles.json").write_text("{}")
    second = bundle.publish(models.new_movie(), tmp_path / "app")
    assert second.deltas == []
    assert bundle.verify(tmp_path / "app").ok
