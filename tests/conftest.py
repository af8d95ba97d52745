"""What every test shares: how hard it tries (:mod:`tests.effort`), and one trained workspace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from tests import effort

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything computes: threads of two workers wait for each other
effort.register()


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated service, trained by the real command; read-only, made once for all processes of a test run.

    It takes TensorFlow and about a minute: tests that use it are marked ``train`` and ``slow``.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    workspace = shared / "demo-workspace"
    with FileLock(shared / "demo-workspace.lock"):
        if not (workspace / "current").exists():
            command = [str(Path(sys.executable).with_name("recsys")), "--workspace", str(workspace), "demo", "--json"]
            size = ["--users", "400", "--movies", "120", "--members", "4"]
            done = subprocess.run([*command, *size], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return workspace
