"""Every benchmark still runs, each once in a small form: what it measures is asserted nowhere.

``als`` is among them where its peer is installed: ``pip install -e '.[bench]'``.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from tests import builders, patience

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests" / "benchmarks"
SMALL_STUDY = ("{scratch}/out", "--worlds", "1", "--jobs", "1", "--users", "200", "--movies", "60", "--offers", "2")
SMALL_VIEWING_STUDY = ("{scratch}/out", "--futures", "2", "--users", "200", "--movies", "60", "--offers", "2")
SMALL = {
    "accuracy": ("demo={workspace}",),
    "als": ("demo={workspace}", "--dims", "8", "--iterations", "2", "--repeats", "1"),
    "backtest": ("{workspace}",),
    "backtest_corrections": ("{workspace}",),
    "client_in_chromium": (),
    "cold": ("demo={workspace}",),
    "cold_start": ("{workspace}",),
    "engine": ("--users", "2000", "--movies", "300", "--dim", "8", "--nests", "5", "--months"),
    "export_bundle": ("300", "8", "40"),
    "exposure": SMALL_STUDY,
    "import_events": ("--rows", "20000"),
    "interaction": ("{workspace}",),
    "membership": ("{scratch}/recbole", "--epochs", "1"),
    "scenario": ("--users", "300", "--movies", "60"),
    "towers": ("demo={workspace}", "--epochs", "1"),
    "truth": ("{workspace}", "--horizon", "2"),
    "truth_study": SMALL_STUDY,
    "tuned": ("--seeds", "1", "--trials", "1", "demo={workspace}"),
    "viewing_study": (*SMALL_VIEWING_STUDY, "--kinds", "staying", "--before", "now"),
}
PEERS = {"als": "implicit"}
RUNNABLE = [name for name in SMALL if name not in PEERS or find_spec(PEERS[name])]
ABOVE_ITS_LIMIT = {"membership"}
"""Ends with status 1 where an attack succeeds, as it may where the people are few."""
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.slow,
    pytest.mark.train,
    pytest.mark.browser,
    pytest.mark.timeout(7200),
    pytest.mark.xdist_group("train"),
]


@pytest.fixture(scope="module")
def workspace(demo_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with a time machine of few origins."""
    copied = Path(shutil.copytree(demo_workspace, tmp_path_factory.mktemp("measured") / "workspace"))
    command = [str(Path(sys.executable).with_name("recsys")), "--workspace", str(copied), "backtest", "--origins", "3", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return copied


def recbole(folder: Path) -> None:
    """A small service in the form of RecBole's atomic files."""
    folder.mkdir()
    tables = builders.tiny_tables(80, 30, months=6, per_user_month=8.0)
    events = tables["events"]
    seconds = (events["timestamp"] - pd.Timestamp("1970-01-01")) // pd.Timedelta(seconds=1)
    inter = events[["user_id", "movie_id"]].assign(rating=4.0, timestamp=seconds)
    user = tables["users"][["user_id"]].assign(age=30, gender="F", occupation="other", zip_code="10000")
    item = tables["movies"][["movie_id", "title"]].assign(release_year=2001, genre="Drama")
    columns = {
        "inter": (inter, ("user_id:token", "item_id:token", "rating:float", "timestamp:float")),
        "user": (user, ("user_id:token", "age:token", "gender:token", "occupation:token", "zip_code:token")),
        "item": (item, ("item_id:token", "movie_title:token_seq", "release_year:token", "class:token_seq")),
    }
    for name, (frame, header) in columns.items():
        frame.set_axis(list(header), axis=1).to_csv(folder / f"ml-100k.{name}", sep="\t", index=False)


def test_every_benchmark_has_a_small_form():
    found = {path.stem for path in HERE.glob("*.py")} - {"__init__"}
    assert found == set(SMALL)


@pytest.mark.parametrize("name", RUNNABLE)
def test_a_benchmark_runs_in_its_small_form(name: str, workspace: Path, tmp_path: Path):
    recbole(tmp_path / "recbole")
    arguments = [each.format(workspace=workspace, scratch=tmp_path) for each in SMALL[name]]
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=6 * patience.SECONDS)
    assert "Traceback" not in done.stderr, done.stderr[-4000:]
    assert done.returncode == 0 or name in ABOVE_ITS_LIMIT
    assert done.stdout
