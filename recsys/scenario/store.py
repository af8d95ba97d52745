"""Saved scenarios, and who changed what when: one SQLite file in the workspace.

The rollback journal is used, not WAL: some SQLite versions in the field can corrupt a WAL on reset. Every write begins with
``BEGIN IMMEDIATE``, so that two writers queue instead of failing half-way, and is on disk before it is reported.
"""

import errno
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recsys.errors import ScenarioError
from recsys.scenario import toml
from recsys.scenario.hash import content_hash
from recsys.scenario.scenario import Scenario

SCHEMA_VERSION = 1
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_TABLES = """
CREATE TABLE scenario (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, document TEXT NOT NULL, hash TEXT NOT NULL, version INTEGER NOT NULL,
    saved_at TEXT NOT NULL, saved_by TEXT NOT NULL
) STRICT;
CREATE TABLE audit (
    number INTEGER PRIMARY KEY, scenario_id TEXT NOT NULL, action TEXT NOT NULL, version INTEGER NOT NULL, hash TEXT NOT NULL,
    document TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A scenario as it lies in the store."""

    id: str
    scenario: Scenario
    hash: str
    version: int
    """Counts its saves, from 1; the number to state when saving over it."""
    saved_at: str
    """ISO 8601, UTC"""
    saved_by: str


@dataclass(frozen=True)
class Activity:
    """One thing that was done to the workspace."""

    what: str
    """``import``, ``train``, ``switch run``, ``export``, ``forget``, ``scenario created`` …"""
    detail: str
    at: str
    """ISO 8601, UTC"""
    by: str


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Users who were taken out of lists."""

    saved: frozenset[str]
    """of saved scenarios"""
    audit: frozenset[str]
    """of what the audit keeps"""


def _now() -> datetime:
    return datetime.now(UTC)


class ScenarioStore:
    """Scenarios by id. A store may be used from many threads and processes: each call opens its own connection."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _now) -> None:
        self._path = path
        self._clock = clock

    def save(
        self,
        scenario: Scenario,
        *,
        scenario_id: str | None = None,
        version: int | None = None,
        by: str = "",
    ) -> Saved:
        """Save a new scenario, or save over one.

        Parameters
        ----------
        scenario_id : the scenario to save over; None makes a new one
        version : the version of it that was opened; None where it is new

        Raises
        ------
        ScenarioError  E_SCENARIO_ID, E_NOT_FOUND; E_CONFLICT: somebody saved another version meanwhile
        """
        document = toml.dumps(scenario)
        toml.loads(document)
        digest, at = content_hash(scenario), self._clock().isoformat(timespec="seconds")
        key = secrets.token_hex(8) if scenario_id is None else _checked(scenario_id)
        with self._writing() as db:
            held = db.execute("SELECT version, saved_by FROM scenario WHERE id = ?", (key,)).fetchone()
            if scenario_id is not None and held is None:
                raise _not_found(key)
            if held is not None and held[0] != version:
                who = f" by {held[1]}" if held[1] else ""
                raise ScenarioError.of(
                    "E_CONFLICT",
                    f"the scenario was saved{who} meanwhile (version {held[0]}, you opened {version}).",
                    "Open it again, or save yours as a new one.",
                )
            saved = Saved(
                id=key, scenario=scenario, hash=digest, version=1 if held is None else held[0] + 1, saved_at=at, saved_by=by
            )
            db.execute(
                "INSERT INTO scenario VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
                "document = excluded.document, hash = excluded.hash, version = excluded.version, saved_at = excluded.saved_at, "
                "saved_by = excluded.saved_by",
                (key, scenario.name, document, digest, saved.version, at, by),
            )
            _audit(db, "created" if held is None else "changed", (key, saved.version, digest, document, at, by))
        return saved

    def load(self, scenario_id: str) -> Saved:
        """Open a saved scenario.

        Raises
        ------
        ScenarioError  E_SCENARIO_ID: not an id; E_NOT_FOUND; E_VERSION: the store was written by a newer version
        """
        key = _checked(scenario_id)
        with self._reading() as db:
            row = db and db.execute(f"{_SELECT} WHERE id = ?", (key,)).fetchone()
        if not row:
            raise _not_found(key)
        return _saved(row)

    def all(self) -> tuple[Saved, ...]:
        """Every saved scenario, the latest first."""
        with self._reading() as db:
            rows = db.execute(f"{_SELECT} ORDER BY saved_at DESC, id").fetchall() if db else []
        return tuple(map(_saved, rows))

    def delete(self, scenario_id: str, *, version: int, by: str = "") -> None:
        """Take a scenario out; the audit keeps what it said.

        Raises
        ------
        ScenarioError  E_SCENARIO_ID, E_NOT_FOUND, E_CONFLICT
        """
        key, at = _checked(scenario_id), self._clock().isoformat(timespec="seconds")
        with self._writing() as db:
            held = db.execute("SELECT version, hash, document FROM scenario WHERE id = ?", (key,)).fetchone()
            if held is None:
                raise _not_found(key)
            if held[0] != version:
                raise ScenarioError.of("E_CONFLICT", "the scenario was saved by somebody meanwhile.", "Open it again.")
            db.execute("DELETE FROM scenario WHERE id = ?", (key,))
            _audit(db, "deleted", (key, *held, at, by))

    @contextmanager
    def forgetting(self, ids: Collection[str]) -> Iterator[Listed]:
        """Take users out of every list, also out of what the audit keeps; kept once the block has ended well.

        Gives those of ``ids`` that were listed. A scenario that listed one counts as saved anew, so that whoever has it
        open cannot save them back.
        """
        if not self._path.exists():
            yield Listed(saved=frozenset(), audit=frozenset())
            return
        with self._writing() as db:
            found: dict[str, frozenset[str]] = {"scenario": frozenset(), "audit": frozenset()}
            for table, key in (("scenario", "id"), ("audit", "number")):
                for row, document in db.execute(f"SELECT {key}, document FROM {table}").fetchall():  # noqa: S608  our own names
                    held = toml.loads(document)
                    if not held.people.isdisjoint(ids):
                        found[table] |= held.people.intersection(ids)
                        left = held.without_people(ids)
                        step = ", version = version + 1" if table == "scenario" else ""
                        db.execute(
                            f"UPDATE {table} SET document = ?, hash = ?{step} WHERE {key} = ?",  # noqa: S608  our own names
                            (toml.dumps(left), content_hash(left), row),
                        )
            yield Listed(saved=found["scenario"], audit=found["audit"])

    def naming(self, ids: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Where one of these ids stands in what people wrote, as a word of it: ``saved scenario`` or ``audit``, and which."""
        word = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)")
        with self._reading() as db:
            if db is None:
                return ()
            texts = [
                ("saved scenario", toml.loads(document).name, (*toml.loads(document).written, by))
                for document, by in db.execute("SELECT document, saved_by FROM scenario ORDER BY id")
            ]
            texts += [
                ("audit", f"scenario {action}, {at}", (*toml.loads(document).written, by))
                for action, document, at, by in db.execute("SELECT action, document, at, by FROM audit ORDER BY number")
            ]
            texts += [("audit", f"{what}, {at}", (detail, by)) for what, detail, at, by in _activity(db)]
        return tuple(dict.fromkeys((where, which) for where, which, written in texts if any(map(word.search, written))))

    def record(self, what: str, detail: str, *, by: str) -> None:
        """Write down what was done to the workspace besides scenarios; nothing is ever taken out of this list."""
        with self._writing() as db:
            db.execute(_ACTIVITY)
            db.execute(
                "INSERT INTO activity (what, detail, at, by) VALUES (?, ?, ?, ?)",
                (what, detail, self._clock().isoformat(timespec="seconds"), by),
            )

    def activity(self, *, at_most: int = 200) -> tuple[Activity, ...]:
        """What was done, scenarios saved, changed and deleted among it, the latest first."""
        with self._reading() as db:
            if db is None:
                return ()
            rows = _activity(db)
            rows += [(f"scenario {action}", toml.loads(document).name, at, by) for action, document, at, by in db.execute(_DONE)]
        return tuple(Activity(*row) for row in sorted(rows, key=lambda row: row[2], reverse=True)[:at_most])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _coded(self._path), closing(_connect(self._path)) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                if _version(db) == 0:
                    for statement in filter(str.strip, _TABLES.split(";")):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # a full disk has rolled it back already
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        if not self._path.exists():
            yield None
            return
        with _coded(self._path), closing(_connect(self._path)) as db:
            yield db if _version(db) else None


_ACTIVITY = """CREATE TABLE IF NOT EXISTS activity (
    number INTEGER PRIMARY KEY, what TEXT NOT NULL, detail TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT"""
_DONE = "SELECT action, document, at, by FROM audit ORDER BY number DESC LIMIT 1000"
_SELECT = "SELECT id, document, hash, version, saved_at, saved_by FROM scenario"


def _activity(db: sqlite3.Connection) -> list[tuple[str, str, str, str]]:
    there = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'activity'").fetchone()
    return db.execute("SELECT what, detail, at, by FROM activity").fetchall() if there else []


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=10.0, isolation_level=None)
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")  # what was overwritten is not left in the file's free space
    return db


@contextmanager
def _coded(path: Path) -> Iterator[None]:
    """SQLite's own errors as the system's, so that they are coded where every other is; a damaged file as what it is.

    Raises
    ------
    ScenarioError  E_FORMAT: not a store, or damaged; E_BUSY: others have been writing for long
    """
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        number = next((number for start, number in _SYSTEM.items() if name.startswith(start)), None)
        if number is not None:
            raise OSError(number, os.strerror(number), str(path)) from error
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise ScenarioError.of("E_BUSY", "somebody else is saving scenarios.", "Try again in a moment.") from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_FORMAT", "SQLITE_MISMATCH")):
            raise ScenarioError.of(
                "E_FORMAT",
                f"the saved scenarios in {path.name} cannot be read ({error}).",
                "Put back a copy of it, or move it away to start with none.",
            ) from error
        raise


_SYSTEM = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_READONLY": errno.EROFS,
    "SQLITE_IOERR": errno.EIO,
    "SQLITE_CANTOPEN": errno.EACCES,
    "SQLITE_PERM": errno.EACCES,
    "SQLITE_NOMEM": errno.ENOMEM,
}
"""SQLite's names, or their beginnings, and the system's numbers for the same."""


def _version(db: sqlite3.Connection) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise ScenarioError.of(
            "E_VERSION", f"the saved scenarios are of version {version}; this one reads {SCHEMA_VERSION}.", "Install a newer one."
        )
    return version


def _saved(row: tuple[str, str, str, int, str, str]) -> Saved:
    key, document, digest, version, at, by = row
    return Saved(id=key, scenario=toml.loads(document), hash=digest, version=version, saved_at=at, saved_by=by)


def _audit(db: sqlite3.Connection, action: str, row: tuple[str, int, str, str, str, str]) -> None:
    db.execute(
        "INSERT INTO audit (action, scenario_id, version, hash, document, at, by) VALUES (?, ?, ?, ?, ?, ?, ?)", (action, *row)
    )


def _checked(key: str) -> str:
    if not _ID.fullmatch(key):
        raise ScenarioError.of(
            "E_SCENARIO_ID",
            f"{key[:40]!r} is not the id of a scenario.",
            "An id has 1 to 64 letters a-z, digits and hyphens; open the scenario from the list.",
        )
    return key


def _not_found(key: str) -> ScenarioError:
    return ScenarioError.of("E_NOT_FOUND", f"no scenario is saved under {key!r}.", "Open one from the list.")
