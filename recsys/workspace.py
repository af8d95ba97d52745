"""One folder that holds tables, runs, scenarios and terms; what is published in it is published whole.

A run is written to a hidden folder, flushed, checksummed, and renamed into place; the name in ``current`` is swapped by
renaming a file over it. Whoever is killed at any moment leaves the old state or the new one.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from recsys import foreign
from recsys.errors import ArtefactError, DataError, RecsysError

MANIFEST = "manifest.json"
_ATTEMPTS = 40
_PAUSE_SECONDS = 0.05
Mark = TypeVar("Mark")
Read = TypeVar("Read")
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Workspace:
    """Paths of a workspace; nothing is created by naming one."""

    root: Path

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def scenarios(self) -> Path:
        return self.root / "scenarios.sqlite"

    @property
    def economics(self) -> Path:
        return self.root / "economics.toml"

    @property
    def evaluations(self) -> Path:
        """Documents of ``recsys evaluate``, by kind."""
        return self.root / "evaluations"

    def evaluation(self, kind: str) -> Path:
        """Document of one kind of evaluation: ``temporal``, ``random``, ``leave-one-out`` or ``cold``."""
        return self.evaluations / f"{kind}.json"

    @property
    def backtest(self) -> Path:
        """What ``recsys backtest`` found; published whole."""
        return self.root / "backtest"

    @property
    def current(self) -> Path:
        return self.root / "current"

    def exists(self) -> bool:
        """Whether tables have been taken in."""
        return self.tables.is_dir() or _aside(self.tables).is_dir()

    def current_run(self) -> Path:
        """Folder of the run in use.

        Raises
        ------
        ArtefactError  E_NO_RUN: nothing has been trained here; E_NOT_FOUND: ``current`` names a run that is gone, or no run
        """
        try:
            name = self.current.read_bytes().decode("ascii", errors="replace").strip()
        except FileNotFoundError:
            raise ArtefactError.of("E_NO_RUN", f"the workspace {self.root} has no trained run.", "Run `recsys train`.") from None
        run = self.runs / name
        if not _RUN.fullmatch(name) or not run.is_dir():
            raise ArtefactError.of("E_NOT_FOUND", f"the run {name[:40]!r} in use is missing.", "Run `recsys train`.")
        return run

    def use_run(self, name: str) -> None:
        """Make ``name`` the run in use, atomically."""
        write_atomically(self.current, name.encode())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for writing; a second writer is told who holds it.

        The lock is the kernel's (``flock``), so that it dies with its holder.

        Raises
        ------
        DataError  E_BUSY: another process is writing
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".writer").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "another process"
                raise DataError.of(
                    "E_BUSY", f"{holder} is writing to {self.root}.", "Wait until it has finished, or stop it."
                ) from None
            lock.seek(0)
            lock.truncate()
            lock.write(f"process {os.getpid()}")
            lock.flush()
            for folder in (self.tables, self.backtest):
                recover_folder(folder)
            yield

    def read_folder(self, folder: Path, mark: Callable[[], Mark], read: Callable[[Mark], Read]) -> Read | None:
        """What a reader makes of a folder that writers replace as a whole: of the old one or of the new, never of both.

        Parameters
        ----------
        folder : one that :func:`replace_folder` replaces; brought back where a writer was killed between its two renames
        mark : what differs between the old folder and the new, such as the bytes of its manifest
        read : given the mark; called again where the folder was replaced meanwhile

        Returns
        -------
        what ``read`` gave; None where there is no such folder

        Raises
        ------
        DataError  E_BUSY: it is being replaced again and again; and what ``read`` raises of a folder that stood still
        """
        for _ in range(_ATTEMPTS):
            if not folder.is_dir():
                if not _aside(folder).is_dir() and not folder.is_dir():
                    return None
                self._bring_back(folder)
            before = mark()
            try:
                found = read(before)
            except (FileNotFoundError, RecsysError):
                if folder.is_dir() and mark() == before:
                    raise
            else:
                if folder.is_dir() and mark() == before:
                    return found
            time.sleep(_PAUSE_SECONDS)
        raise DataError.of("E_BUSY", f"{folder} is being replaced again and again.", "Wait until the writer has finished.")

    def _bring_back(self, folder: Path) -> None:
        """Undo a cut-off replacement, unless a living writer is in the middle of it."""
        with (self.root / ".writer").open("a", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            recover_folder(folder)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, and a crash keeps one of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)  # on a full disk least of all should half a file stay
        raise
    flush_folder(path.parent)


def publish_folder(draft: Path, final: Path) -> None:
    """Rename a finished folder into place (``final`` must not exist), with everything in it on disk first."""
    for path in [*sorted(draft.rglob("*")), draft]:
        flush_folder(path) if path.is_dir() else flush_file(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    draft.rename(final)
    flush_folder(final.parent)


def replace_folder(draft: Path, final: Path) -> None:
    """Publish ``draft`` as ``final``; an old ``final`` steps aside first and is brought back if a crash came between.

    Readers go through :meth:`Workspace.read_folder`.
    """
    aside = _aside(final)
    shutil.rmtree(aside, ignore_errors=True)
    if final.exists():
        final.rename(aside)
    publish_folder(draft, final)
    shutil.rmtree(aside, ignore_errors=True)


def recover_folder(final: Path) -> None:
    """Undo a replacement that was cut off between its two renames; the caller holds the workspace for writing."""
    aside = _aside(final)
    if aside.is_dir() and not final.exists():
        aside.rename(final)


def _aside(final: Path) -> Path:
    return final.with_name(f".{final.name}.old")


def bytes_or_none(path: Path) -> bytes | None:
    """What a file holds; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Write ``manifest.json``: the given facts and, for every file in the folder, its bytes and SHA-256."""
    files = {
        str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    text = json.dumps({**facts, "files": files}, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path, *, verify: bool = True) -> dict[str, Any]:
    """Read the manifest and, unless told not to, compare every file with it.

    Raises
    ------
    ArtefactError  E_MANIFEST: missing, or a file is missing or not listed; E_HASH: a file differs
    """
    remedy = "Train again, or copy the folder again from where it came."
    try:
        manifest: dict[str, Any] = foreign.json_file(folder / MANIFEST)
        listed = manifest["files"]
    except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError.of("E_MANIFEST", f"{folder.name}: no readable manifest ({error}).", remedy) from error
    if verify:
        present = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST}
        if present != set(listed):
            odd = sorted(present ^ set(listed))[:5]
            raise ArtefactError.of("E_MANIFEST", f"{folder.name}: files and manifest disagree on {odd}.", remedy)
        for name, facts in listed.items():
            if sha256_of(folder / name) != facts["sha256"]:
                raise ArtefactError.of("E_HASH", f"{folder.name}/{name} is not the file that was written.", remedy)
    return manifest


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush_file(path: Path) -> None:
    """Have a file's content on disk before going on."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def flush_folder(path: Path) -> None:
    """Have a folder's names on disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
