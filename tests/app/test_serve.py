"""The app starts by itself on a machine where Streamlit has never run, with nobody to answer questions."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browser.servers import free_port


@pytest.mark.slow
def test_the_first_start_on_a_new_machine_asks_nothing(tmp_path: Path):
    """Not headless, as ``make app`` starts it; only the browser is kept from opening."""
    port = free_port()
    without_display = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    home = {**without_display, "HOME": str(tmp_path), "BROWSER": "true", "RECSYS_WORKSPACE": str(tmp_path / "none")}
    command = [sys.executable, "-m", "recsys.app.serve", f"--server.port={port}", "--server.headless=false"]
    app = subprocess.Popen(
        command, env=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        for _ in range(300):
            assert app.poll() is None, app.stdout.read()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
                    assert answer.read() == b"ok"
                    return
            except urllib.error.URLError:
                time.sleep(0.1)
        pytest.fail("the app did not start within half a minute")
    finally:
        app.kill()
        app.communicate()
