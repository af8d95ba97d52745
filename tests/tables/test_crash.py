"""Whoever kills an import, and whenever, leaves the tables of before or the tables of after."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from recsys.tables.economics_config import ASSUMED, as_toml
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests import patience
from tests.tables.raw import NOW, Raw

KILLED_AT = """
    import os, signal, sys
    from pathlib import Path
    import pandas as pd
    import recsys.tables.store.published_tables, recsys.tables.import_tables, recsys.workspace, shutil
    from recsys.workspace import Workspace

    where, nth = sys.argv[3], int(sys.argv[4])
    seen = 0

    def deadly(act):
        def counted(*args, **options):
            global seen
            seen += 1
            if seen == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*args, **options)
        return counted

    if where == "rename":
        Path.rename, Path.replace = deadly(Path.rename), deadly(Path.replace)
    elif where == "fsync":
        os.fsync = deadly(os.fsync)
    elif where == "rmtree":
        shutil.rmtree = deadly(shutil.rmtree)
    elif where == "step":
        progress = deadly(lambda step, share: None)

    recsys.tables.import_tables.import_path(
        Path(sys.argv[1]), Workspace(Path(sys.argv[2])), now=pd.Timestamp("2024-06-01"),
        progress=progress if where == "step" else (lambda step, share: None),
    )
"""


def _killed(raw: Path, workspace: Workspace, where: str, nth: int) -> bool:
    """Import in a process that kills itself just before the n-th such act; whether it came to that."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED_AT), str(raw), str(workspace.root), where, str(nth)],
        capture_output=True,
        text=True,
        timeout=patience.SECONDS,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize(
    ("where", "nth"),
    [
        ("step", 1),
        ("step", 4),
        ("step", 7),
        ("fsync", 1),
        ("fsync", 5),
        ("rename", 1),
        ("rename", 2),
        ("rename", 3),
        ("rmtree", 2),
        ("rmtree", 3),
    ],
)
def test_a_killed_import_leaves_the_old_tables_or_the_new(where: str, nth: int, tmp_path: Path):
    """Old: 30 users and no terms. New: other titles, and terms; never the titles of one with the terms of the other."""
    old, workspace = Raw().load(tmp_path)
    raw = Raw()
    raw.set("movies", title="New")
    raw.put("economics.toml", as_toml(ASSUMED).replace("149.0", "199.0"))
    raw.write(tmp_path / "new")
    assert _killed(tmp_path / "new", workspace, where, nth)
    dataset = load_dataset(workspace)
    price = dataset.economics.plan("monthly").monthly_price
    assert price is not None
    is_new = bool((dataset.movies["title"] == "New").all())
    assert is_new == (dataset.fingerprint != old.fingerprint) == (price.value == 199.0)
    assert load_dataset(workspace).fingerprint == dataset.fingerprint

    report = import_path(tmp_path / "new", workspace, now=NOW)
    assert load_dataset(workspace).fingerprint == report.fingerprint
    assert sorted(path.name for path in workspace.root.iterdir()) == [".writer", "economics.toml", "tables"]


def test_each_kind_of_death_is_really_met(tmp_path: Path):
    """An import that is never killed ends well, so that the deaths above are not mere failures to start."""
    workspace = Workspace(tmp_path / "workspace")
    raw = Raw().write(tmp_path / "raw")
    assert not _killed(raw, workspace, "step", 10_000)
    assert len(load_dataset(workspace).users) == 30


def test_a_reader_meets_no_mixture_while_a_writer_replaces_the_tables(tmp_path: Path):
    """Two imports take turns in another process while this one reads: every reading is one of the two, whole."""
    first, workspace = Raw().load(tmp_path)
    raw = Raw()
    raw.set("movies", title="New")
    raw.set("users", plan="ad-funded")
    raw.write(tmp_path / "new")
    script = """
        import sys
        from pathlib import Path
        import pandas as pd
        from recsys.tables.import_tables import import_path
        from recsys.workspace import Workspace
        for k in range(6):
            import_path(Path(sys.argv[1 + k % 2]), Workspace(Path(sys.argv[3])), now=pd.Timestamp("2024-06-01"))
    """
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "new"), str(tmp_path / "raw"), str(workspace.root)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    seen = set()
    while writer.poll() is None:
        dataset = load_dataset(workspace)
        titled, planned = (dataset.movies["title"] == "New").all(), (dataset.users["plan"] == "ad-funded").all()
        assert titled == planned == (dataset.fingerprint != first.fingerprint)
        seen.add(dataset.fingerprint)
    assert writer.returncode == 0
    assert len(seen) == 2
