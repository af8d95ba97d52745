"""The app as people meet it: its own process, a small trained workspace, Chromium."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import patience
from tests.browser import chromium as chromium_here
from tests.browser.servers import streamlit_app


@pytest.fixture(scope="session", autouse=True)
def _patient() -> None:
    """What is expected of a page may take as long as the machine does."""
    with contextlib.suppress(ImportError):
        from playwright.sync_api import expect

        expect.set_options(timeout=patience.MILLISECONDS)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = chromium_here.path()
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
    environment = {"RECSYS_WORKSPACE": str(workspace), "RECSYS_EXPORTS": str(workspace.parent / "exports")}
    with (workspace.parent / "app.log").open("ab") as log, streamlit_app(environment=environment, log=log) as address:
        yield address
