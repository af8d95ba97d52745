"""Loader of a bundle's vectors into PostgreSQL with pgvector, in one transaction.

Each version has tables of its own, ``movies_7`` and, where the bundle holds users, ``users_7``. The views ``movies`` and
``users`` show the version in force, and ``versions`` says which that is. Readers see the old version until
the moment in which they see the new; whatever goes wrong before leaves the old one. The version before is kept, older ones go.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import ArtefactError
from recsys.export import manifest
from recsys.export.manifest import Manifest, sequence_of
from recsys.export.parquet import MOVIES_PARQUET, USERS_PARQUET
from recsys.export.verify import resolve, verify
from recsys.progress import Progress, ReportProgress, silent

if TYPE_CHECKING:
    from psycopg import sql

SCHEMA = "greenlight"
LOCK_TIMEOUT = "10s"
"""How long a swap waits for readers that hold the views."""
INDEXED_DIM = 2000
"""Widest vector that pgvector indexes; wider ones are searched one by one."""
KEYS = {"movies": "movie_id", "users": "pseudonym"}


def load(folder: Path, url: str, *, schema: str = SCHEMA, report: ReportProgress = silent) -> dict[str, Any]:
    """Verify a bundle and put it in force in a database; the version that is in force already is left as it is.

    Parameters
    ----------
    folder : a version's, or a channel's
    url : ``postgresql://user@host/database``; the password may come from ``PGPASSWORD`` or ``.pgpass``
    schema : in which tables and views are made

    Raises
    ------
    ArtefactError
        E_DATABASE: no connection, no pgvector, or the database refused; E_ROLLBACK: a newer version is in force there;
        E_MIX: another channel's versions are; E_BUSY: somebody else is loading, or readers hold the views; and what
        :func:`recsys.export.verify.verify` raises
    """
    verify(folder)
    folder = resolve(folder)
    facts = manifest.load((folder / manifest.FILE).read_bytes())
    with _connected(url) as connection:
        return _Loading(connection, folder, facts, schema, report).run()


def check(url: str) -> None:
    """Refuse a database that cannot take a bundle, before anything is published.

    Raises
    ------
    ArtefactError  E_DATABASE: no connection, or no pgvector
    """
    with _connected(url) as connection:
        if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
            raise ArtefactError.of("E_DATABASE", "the database has no pgvector.", "Install the extension there.")


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    try:
        import psycopg  # noqa: PLC0415  an extra: `pip install recsys[postgres]`
    except ImportError as error:
        raise ArtefactError.of(
            "E_DATABASE", "the driver for PostgreSQL is not installed.", "Install it: pip install 'recsys[postgres]'."
        ) from error

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            yield connection
    except psycopg.errors.LockNotAvailable as error:
        raise ArtefactError.of("E_BUSY", f"readers hold the views for {LOCK_TIMEOUT}.", "Try again.") from error
    except psycopg.Error as error:
        said = (error.diag.message_primary or str(error)).strip().splitlines()[0]
        raise ArtefactError.of(
            "E_DATABASE", f"the database refused: {said}.", "Nothing was changed there; mend it and export again."
        ) from error


class _Loading:
    """One version on its way into one schema, inside one transaction."""

    def __init__(self, connection: Any, folder: Path, facts: Manifest, schema: str, report: ReportProgress) -> None:
        from psycopg import sql  # noqa: PLC0415

        self.connection, self.folder, self.facts, self.schema, self.report = connection, folder, facts, schema, report
        self.sql = sql
        self.sequence: int = facts["sequence"]

    def run(self) -> dict[str, Any]:
        self.report(Progress.share("Preparing the database", 0.0))
        self._prepare()
        in_force = self._in_force()
        if in_force is not None and in_force[0] == self.facts["version"]:
            return self._result(new=False)
        self._refuse_going_back(in_force)
        shown = [("movies", MOVIES_PARQUET)]
        if self.facts["counts"]["users"]:
            shown.append(("users", USERS_PARQUET))
        for view, file in shown:
            self.report(Progress.share(f"Loading {view}", 0.1))
            self._table(view, pq.read_table(self.folder / file))
        self.report(Progress.share("Putting it in force", 0.9))
        for view, _ in shown:
            self._show(view)
        if len(shown) == 1:
            # User vectors of an older version would be in another space than the movies that are shown now.
            self._do("DROP VIEW IF EXISTS {schema}.users")
        self._do("UPDATE {schema}.versions SET in_force = false WHERE in_force")
        names = ("version", "sequence", "name", "bundle", "run", "created", "dim", "dtype", "simulated")
        self.connection.execute(
            self._text("INSERT INTO {schema}.versions ({names}, manifest, in_force) VALUES ({values}, %s, true)").format(
                schema=self.sql.Identifier(self.schema),
                names=self.sql.SQL(", ").join(map(self.sql.Identifier, names)),
                values=self.sql.SQL(", ").join(self.sql.Placeholder() * len(names)),
            ),
            [*(self.facts[name] for name in names), json.dumps(self.facts)],
        )
        self._drop_old()
        return self._result(new=True)

    def _prepare(self) -> None:
        """The schema and its list of versions; and nobody else loads into it until this transaction ends."""
        self._do("SET LOCAL lock_timeout = {timeout}", timeout=self.sql.Literal(LOCK_TIMEOUT))
        key = "SELECT pg_try_advisory_xact_lock(hashtextextended({name}, 0))"
        if not self._do(key, name=self.sql.Literal(f"greenlight bundle {self.schema}")).fetchone()[0]:
            raise ArtefactError.of("E_BUSY", f"another process is loading into {self.schema}.", "Wait until it is done.")
        self._do("CREATE EXTENSION IF NOT EXISTS vector")
        self._do("CREATE SCHEMA IF NOT EXISTS {schema}")
        self._do(
            "CREATE TABLE IF NOT EXISTS {schema}.versions (version text PRIMARY KEY, sequence integer NOT NULL UNIQUE,"
            " name text NOT NULL, bundle text NOT NULL, run text NOT NULL, created timestamptz NOT NULL, dim integer NOT NULL,"
            " dtype text NOT NULL, simulated boolean NOT NULL, manifest jsonb NOT NULL, in_force boolean NOT NULL,"
            " loaded timestamptz NOT NULL DEFAULT now())"
        )
        self._do("CREATE UNIQUE INDEX IF NOT EXISTS one_version_in_force ON {schema}.versions (in_force) WHERE in_force")

    def _in_force(self) -> tuple[str, int, str] | None:
        found: tuple[str, int, str] | None = self._do(
            "SELECT version, sequence, name FROM {schema}.versions WHERE in_force"
        ).fetchone()
        return found

    def _refuse_going_back(self, in_force: tuple[str, int, str] | None) -> None:
        if in_force is None:
            return
        version, sequence, name = in_force
        if name != self.facts["name"]:
            raise ArtefactError.of(
                "E_MIX", f"{self.schema} holds versions of the channel {name}.", "Load this channel into a schema of its own."
            )
        if sequence >= self.sequence:
            raise ArtefactError.of(
                "E_ROLLBACK",
                f"version {self.facts['version']} is not newer than {version}, which is in force in the database.",
                "To go back on purpose, export the old run again: it gets a new version.",
            )

    def _table(self, view: str, content: pa.Table) -> None:
        """A table of this version's own, filled, indexed and analysed."""
        table, key = f"{view}_{self.sequence}", KEYS[view]
        types = [_type(field, self.facts["dim"]) for field in content.schema]
        columns = self.sql.SQL(", ").join(
            self._text("{name} {type}").format(name=self.sql.Identifier(field.name), type=self.sql.SQL(kind))
            for field, kind in zip(content.schema, types, strict=True)
        )
        self._do("DROP TABLE IF EXISTS {schema}.{table}", table=table)
        self._do("CREATE TABLE {schema}.{table} ({columns})", table=table, columns=columns)
        with self.connection.cursor().copy(self._sql("COPY {schema}.{table} FROM STDIN", table=table)) as copy:
            for row in _rows(content):
                copy.write_row(row)
        self._do("ALTER TABLE {schema}.{table} ADD PRIMARY KEY ({key})", table=table, key=key)
        if self.facts["dim"] <= INDEXED_DIM:
            self._do("CREATE INDEX ON {schema}.{table} USING hnsw (vector vector_ip_ops)", table=table)
        self._do("ANALYZE {schema}.{table}", table=table)

    def _show(self, view: str) -> None:
        """Let the view show this version's table. Where its columns are others, it is made anew, and grants on it are lost."""
        from psycopg import errors  # noqa: PLC0415

        table = f"{view}_{self.sequence}"
        try:
            with self.connection.transaction():
                self._do("CREATE OR REPLACE VIEW {schema}.{view} AS SELECT * FROM {schema}.{table}", view=view, table=table)
        except errors.InvalidTableDefinition:
            self._do("DROP VIEW {schema}.{view}", view=view)
            self._do("CREATE VIEW {schema}.{view} AS SELECT * FROM {schema}.{table}", view=view, table=table)

    def _drop_old(self) -> None:
        """Drop all but the version in force and the one before."""
        old = self._do("SELECT version FROM {schema}.versions ORDER BY sequence DESC OFFSET 2").fetchall()
        for (version,) in old:
            for view in KEYS:
                self._do("DROP TABLE IF EXISTS {schema}.{table}", table=f"{view}_{sequence_of(version)}")
            self._do("DELETE FROM {schema}.versions WHERE version = {version}", version=self.sql.Literal(version))

    def _result(self, *, new: bool) -> dict[str, Any]:
        return {
            "version": self.facts["version"],
            "schema": self.schema,
            "movies": self.facts["counts"]["movies"],
            "users": self.facts["counts"]["users"],
            "new": new,
        }

    def _do(self, text: str, **names: Any) -> Any:
        return self.connection.execute(self._sql(text, **names))

    def _sql(self, text: str, **names: Any) -> "sql.Composed":
        identifiers = {name: self.sql.Identifier(value) if isinstance(value, str) else value for name, value in names.items()}
        return self._text(text).format(schema=self.sql.Identifier(self.schema), **identifiers)

    def _text(self, text: Any) -> "sql.SQL":
        return self.sql.SQL(text)


def _type(field: pa.Field, dim: int) -> str:
    if field.name == "vector":
        return f"vector({dim}) NOT NULL"
    if pa.types.is_integer(field.type):
        return "bigint"
    if pa.types.is_floating(field.type):
        return "double precision"
    return "boolean" if pa.types.is_boolean(field.type) else "text"


def _rows(content: pa.Table) -> Iterator[list[Any]]:
    """Rows as COPY takes them; a vector as text, each number in digits that give its four bytes again."""
    for batch in content.to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            vector = row["vector"]
            yield [*(value for name, value in row.items() if name != "vector"), "[" + ",".join(map(repr, vector)) + "]"]
