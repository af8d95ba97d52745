"""Whoever kills an import, and whenever, leaves the tables of before or the tables of after."""

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from recsys.progress import silent
from recsys.tables.economics_config import ASSUMED, as_toml
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests import patience
from tests.effort import STRIDE, times
from tests.tables.children import import_by_turns, started
from tests.tables.raw import NOW, Raw

pytestmark = pytest.mark.slow

KILLS: Mapping[str, tuple[tuple[Any, str], ...]] = {
    "rename": ((Path, "rename"), (Path, "replace")),
    "fsync": ((os, "fsync"),),
    "rmtree": ((shutil, "rmtree"),),
    "step": (),
}
"""What an import dies at: calls of these, or one of the steps that it tells."""


def _import_and_die(raw: Path, root: Path, where: str, nth: int) -> None:
    """Import, in a process that kills itself just before the n-th such act."""
    seen = count(1)

    def deadly(act: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if next(seen) == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*arguments, **options)

        return counted

    for owner, name in KILLS[where]:
        setattr(owner, name, deadly(getattr(owner, name)))

    import_path(raw, Workspace(root), now=NOW, progress=deadly(silent) if where == "step" else silent)


def _killed(raw: Path, workspace: Workspace, where: str, nth: int) -> bool:
    """Whether an import came to its n-th such act, and died of it; forked, so that no import of modules is waited for."""
    child = started(_import_and_die, raw, workspace.root, where, nth)
    child.join(patience.SECONDS)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


@pytest.mark.parametrize(("where", "at_least"), [("step", 7), ("fsync", 5), ("rename", 3), ("rmtree", 3)])
def test_an_import_killed_at_any_step_leaves_the_old_tables_or_the_new(where: str, at_least: int, tmp_path: Path):
    """Old: 30 users and no terms. New: other titles, and terms; never the titles of one with the terms of the other."""
    old, before = Raw().load(tmp_path)
    raw = Raw()
    raw.set("movies", title="New")
    raw.put("economics.toml", as_toml(ASSUMED).replace("149.0", "199.0"))
    raw.write(tmp_path / "new")
    for nth in count(1, STRIDE):  # until one survives: every step has been tried
        workspace = Workspace(shutil.copytree(before.root, tmp_path / str(nth)))
        if not _killed(tmp_path / "new", workspace, where, nth):
            break
        dataset = load_dataset(workspace)
        price = dataset.economics.plan("monthly").monthly_price
        assert price is not None
        is_new = bool((dataset.movies["title"] == "New").all())
        assert is_new == (dataset.fingerprint != old.fingerprint) == (price.value == 199.0)
        assert load_dataset(workspace).fingerprint == dataset.fingerprint

        report = import_path(tmp_path / "new", workspace, now=NOW)
        assert load_dataset(workspace).fingerprint == report.fingerprint
        assert sorted(path.name for path in workspace.root.iterdir()) == [".writer", "economics.toml", "tables"]
    assert nth > at_least
    assert (load_dataset(workspace).movies["title"] == "New").all()


def test_a_reader_meets_no_mixture_while_a_writer_replaces_the_tables(tmp_path: Path):
    """Imports of two services take turns in another process while this one reads: every reading is one of the two, whole."""
    first, workspace = Raw().load(tmp_path)
    raw = Raw()
    raw.set("movies", title="New")
    raw.set("users", plan="ad-funded")
    raw.write(tmp_path / "new")
    sources = [tmp_path / "new", tmp_path / "raw"]
    writer = started(import_by_turns, sources, workspace.root, times(6))
    seen = set()
    while writer.is_alive():
        dataset = load_dataset(workspace)
        titled, planned = (dataset.movies["title"] == "New").all(), (dataset.users["plan"] == "ad-funded").all()
        assert titled == planned == (dataset.fingerprint != first.fingerprint)
        seen.add(dataset.fingerprint)
    assert writer.exitcode == 0
    assert len(seen) == 2
