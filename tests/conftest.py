"""What every test shares: how hypothesis searches, and one trained workspace.

By default the examples are the same on every run. ``HYPOTHESIS_PROFILE=nightly`` searches longer, from a new seed each time.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", derandomize=True, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", derandomize=False, deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


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
