"""A channel: the folder of a bundle's versions, and ``latest.json`` that points at one of them.

Versions are prepared under a hidden name and renamed; the pointer is renamed over the old one. Whoever is killed at any moment
leaves the old version in force or the new one, and the pointer never moves to a lower number.

``blobs/`` holds the files of all versions by their checksums (hard links where the disk has them, copies elsewhere). Phones read
from there: what a version shares with the last one is neither stored nor fetched again, and no file changes under its address.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recsys.errors import ArtefactError
from recsys.export.manifest import BLOBS, FILE, VERSION, Manifest, address, load, sequence_of
from recsys.export.verify import LATEST, resolve
from recsys.workspace import flush_file, flush_folder, publish_folder, sha256_of, write_atomically

BUILD_PREFIX = ".draft-"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Channel:
    """Paths of a channel; nothing is created by naming one.

    Raises
    ------
    ArtefactError  E_PARAM: the folder's name cannot be a channel's
    """

    root: Path

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ArtefactError.of(
                "E_PARAM", f"{self.name!r} cannot name a channel.", "Use letters, digits, dots, dashes and underscores."
            )

    @property
    def name(self) -> str:
        return self.root.resolve().name

    def latest(self) -> str | None:
        """Version in force; None where nothing has been published.

        Raises
        ------
        ArtefactError  E_MANIFEST: ``latest.json`` is unreadable
        """
        return resolve(self.root).name if os.path.lexists(self.root / LATEST) else None

    def versions(self) -> list[str]:
        """Published versions, oldest first."""
        found = [path.name for path in self.root.glob("*") if VERSION.fullmatch(path.name) and (path / FILE).is_file()]
        return sorted(found, key=lambda version: (sequence_of(version), version))

    def next_sequence(self) -> int:
        """A number above every version that was ever in force here or lies here."""
        latest = self.latest()
        return 1 + max(map(sequence_of, [*self.versions(), *([latest] if latest else [])]), default=0)

    def version_of(self, bundle: str) -> str | None:
        """Name of the newest version where it is this bundle and ``latest.json`` does not point past it; else None."""
        versions, latest = self.versions(), self.latest()
        if not versions or not versions[-1].endswith(f"-{bundle[:12]}"):
            return None
        return versions[-1] if latest is None or sequence_of(latest) <= sequence_of(versions[-1]) else None

    @contextmanager
    def build_folder(self) -> Iterator[Path]:
        """Make a hidden folder to build a version in, for one publisher at a time; leftovers of killed ones are removed.

        Raises
        ------
        ArtefactError  E_BUSY: another process is publishing here
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with self._lock():
            build = self.root / f"{BUILD_PREFIX}{os.getpid()}"
            build.mkdir()
            try:
                yield build
            finally:
                shutil.rmtree(build, ignore_errors=True)

    def prune(self, keep: int) -> list[str]:
        """Remove all versions but the newest ``keep`` and the one in force, and the blobs that only they listed.

        A version goes in one step, by a hidden name that the next publisher clears away. A receiver of a removed version gets
        whole files instead of a delta.

        Returns
        -------
        Versions removed, oldest first

        Raises
        ------
        ArtefactError
            E_PARAM: ``keep`` is below 1; E_NOT_FOUND: nothing was ever published here; E_BUSY: another process is publishing
            here; E_MANIFEST, E_HASH, E_VERSION: ``latest.json`` or a version's manifest cannot be read, and nothing is removed
        """
        if keep < 1:
            raise ArtefactError.of("E_PARAM", f"keep is {keep}; at least one version has to stay.", "Give 1 or more.")
        if self.latest() is None:
            raise ArtefactError.of(
                "E_NOT_FOUND", f"no bundle has been published in {self.root}.", "Name the folder of a channel."
            )
        with self._lock():
            versions, latest = self.versions(), self.latest()
            for version in versions:
                self.manifest(version)
            removed = [version for version in versions[:-keep] if version != latest]
            for version in removed:
                hidden = self.root / f"{BUILD_PREFIX}{version}"
                (self.root / version).rename(hidden)
                flush_folder(self.root)
                shutil.rmtree(hidden)
            self._sweep()
        return removed

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Lock the channel for one process; leftovers of killed ones are removed."""
        with (self.root / ".publisher").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ArtefactError.of(
                    "E_BUSY", f"another process is exporting to {self.root}.", "Wait until it is done."
                ) from None
            for left in self.root.glob(f"{BUILD_PREFIX}*"):
                shutil.rmtree(left)
            for left in self.root.glob(f".{LATEST}.*"):
                left.unlink()
            self._sweep()
            yield

    def publish(self, build: Path, version: str) -> None:
        """Put a finished build in force, or a version that lies here already."""
        self._link_blobs(build)
        if build != self.root / version:
            publish_folder(build, self.root / version)
        self.point_at(version)

    def point_at(self, version: str) -> None:
        """Point ``latest.json`` at a version.

        Raises
        ------
        ArtefactError  E_ROLLBACK: it is older than the one in force
        """
        latest = self.latest()
        if latest is not None and sequence_of(version) < sequence_of(latest):
            raise ArtefactError.of(
                "E_ROLLBACK", f"Version {version} is older than {latest}, which is in force.", "Export the old run again."
            )
        document = {"schema": 1, "version": version, "sequence": sequence_of(version)}
        write_atomically(self.root / LATEST, (json.dumps(document, indent=1) + "\n").encode())

    def manifest(self, version: str) -> Manifest:
        """The manifest of a version that lies here.

        Raises
        ------
        ArtefactError  E_MANIFEST, E_HASH, E_VERSION: it cannot be read
        """
        return load((self.root / version / FILE).read_bytes())

    def _link_blobs(self, folder: Path) -> None:
        """Link every file that a version lists into ``blobs/``; a damaged one there is replaced."""
        (self.root / BLOBS).mkdir(exist_ok=True)
        for name, entry in load((folder / FILE).read_bytes())["files"].items():
            blob = self.root / address(name, entry["sha256"])
            if not blob.is_file() or sha256_of(blob) != entry["sha256"]:
                _link(folder / name, blob)
            elif not blob.samefile(folder / name):
                _link(blob, folder / name)
        flush_folder(self.root / BLOBS)

    def _sweep(self) -> None:
        """Drop blobs of no version, left by killed publishers; none while a version's manifest cannot be read."""
        try:
            lists = [self.manifest(version)["files"] for version in self.versions()]
        except ArtefactError:
            return
        used = {address(name, entry["sha256"]) for files in lists for name, entry in files.items()}
        for path in (self.root / BLOBS).glob("*"):
            if f"{BLOBS}/{path.name}" not in used:
                path.unlink()


def _link(there: Path, here: Path) -> None:
    """Make ``here`` the same file as ``there``, in one step; a copy of it where the disk has no hard links."""
    build = here.with_name(f".{here.name}.{os.getpid()}")
    try:
        build.hardlink_to(there)
    except OSError:
        shutil.copyfile(there, build)
        flush_file(build)
    build.replace(here)
