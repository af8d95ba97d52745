"""The app as people meet it: its own process, a small trained workspace, Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("RECSYS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        if os.environ.get("CI"):
            pytest.fail("CI needs Chromium; set RECSYS_CHROMIUM or install it.")
        pytest.skip("no Chromium found; set RECSYS_CHROMIUM to its path")
    return found


@pytest.fixture(scope="module")
def address(demo_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app answers, on a copy of the workspace that it may write to."""
    workspace = tmp_path_factory.mktemp("browser") / "workspace"
    shutil.copytree(demo_workspace, workspace)
    with serving(workspace) as address:
        yield address


@contextmanager
def serving(workspace: Path) -> Iterator[str]:
    """The app in a process of its own, with bundles beside the workspace; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"RECSYS_WORKSPACE": str(workspace), "RECSYS_EXPORTS": str(workspace.parent / "exports")}
    command = [sys.executable, "-m", "recsys.app.serve", f"--server.port={port}", "--server.headless=true"]
    log = (workspace.parent / "app.log").open("ab")
    app = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", app)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.wait(10)
        log.close()


def _wait_until_healthy(url: str, app: "subprocess.Popen[bytes]", seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert app.poll() is None, "the app ended at once"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the app did not start")
