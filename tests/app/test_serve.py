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


def test_what_streamlit_offers_to_writers_of_apps_is_not_shown_to_users_of_this_one(monkeypatch: pytest.MonkeyPatch):
    """Whoever opens the app on a machine with a programming assistant would be asked over the page to install something."""
    from streamlit import config
    from streamlit.web import skills

    from recsys.app import serve

    given: list[str] = []
    monkeypatch.setattr(serve, "streamlit", lambda arguments, **_: given.extend(arguments))
    monkeypatch.setattr(serve, "_warm", lambda: None)
    monkeypatch.setattr(skills, "agent_harness_present", lambda: True)
    serve.main(["--server.port=1"])
    (said,) = [argument for argument in given if argument.startswith("--logger.")]
    name, value = said.removeprefix("--").split("=")
    monkeypatch.setattr(config, "get_option", {name: value == "true", "server.headless": False}.get)
    assert skills.nudge_suppression_reason() == "welcome_hidden"
