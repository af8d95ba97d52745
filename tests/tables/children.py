"""Children that take tables in beside a test: forked, so that nobody waits for imports of modules."""

import multiprocessing
import sys
from collections.abc import Callable
from itertools import cycle
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

from recsys.tables.import_tables import import_path
from recsys.workspace import Workspace
from tests.tables.raw import NOW

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__])


def started(target: Callable[..., object], *arguments: Any) -> BaseProcess:
    """A child that has been started; it does not run again whatever script this process has come to hold for its main module."""
    child = _FORKING.Process(target=target, args=arguments)
    held = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        child.start()
    finally:
        sys.modules["__main__"] = held
    return child


def import_by_turns(sources: list[Path], root: Path, rounds: int) -> None:
    """Import each of some folders into one workspace, again and again."""
    for _, source in zip(range(rounds), cycle(sources), strict=False):
        import_path(source, Workspace(root), now=NOW)
