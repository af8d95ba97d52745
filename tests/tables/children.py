"""Children that take tables in beside a test: forked, so that nobody waits for imports of modules."""

import multiprocessing
from itertools import cycle
from pathlib import Path

from recsys.tables.import_tables import import_path
from recsys.workspace import Workspace
from tests.tables.raw import NOW

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([__name__])


def import_by_turns(sources: list[Path], root: Path, rounds: int) -> None:
    """Import each of some folders into one workspace, again and again."""
    for _, source in zip(range(rounds), cycle(sources), strict=False):
        import_path(source, Workspace(root), now=NOW)
