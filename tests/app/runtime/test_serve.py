"""The app starts by itself on a machine where Streamlit has never run, with nobody to answer questions."""

import json
import os
import socket
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from recsys.app.runtime import serve
from recsys.cli import cli
from tests import patience
from tests.browser.servers import ROOT, free_port, streamlit_app, wait_until_healthy


@pytest.mark.slow
def test_the_first_start_on_a_new_machine_asks_nothing(tmp_path: Path):
    """Not headless, as ``make app`` starts it; only the browser is kept from opening."""
    port = free_port()
    without_display = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    home = {**without_display, "HOME": str(tmp_path), "BROWSER": "true", "RECSYS_WORKSPACE": str(tmp_path / "none")}
    command = [sys.executable, "-m", "recsys.app.runtime.serve", f"--server.port={port}", "--server.headless=false"]
    app = subprocess.Popen(
        command, env=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", app)
    finally:
        app.kill()
        app.communicate()


def test_what_streamlit_offers_to_writers_of_apps_is_not_shown_to_users_of_this_one(monkeypatch: pytest.MonkeyPatch):
    """Whoever opens the app on a machine with a programming assistant would be asked over the page to install something."""
    from streamlit import config
    from streamlit.web import skills

    given: list[str] = []
    monkeypatch.setattr(serve, "streamlit", lambda arguments, **_: given.extend(arguments))
    monkeypatch.setattr(serve, "warm", lambda: None)
    monkeypatch.setattr(skills, "agent_harness_present", lambda: True)
    serve.main(["--server.port=1"])
    (said,) = [argument for argument in given if argument.startswith("--logger.")]
    name, value = said.removeprefix("--").split("=")
    monkeypatch.setattr(config, "get_option", {name: value == "true", "server.headless": False}.get)
    assert skills.nudge_suppression_reason() == "welcome_hidden"


def _listening(port: int) -> set[str]:
    """Addresses on which the machine listens at a port, as the kernel writes them."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


@pytest.mark.slow
def test_the_app_answers_this_machine_alone_and_tells_no_metrics(tmp_path: Path):
    with streamlit_app(environment={"RECSYS_WORKSPACE": str(tmp_path / "none")}) as address:
        assert _listening(int(address.rsplit(":", 1)[1])) == {"0100007F"}  # 127.0.0.1, lowest byte first
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/_stcore/metrics")


def test_started_by_streamlit_itself_it_answers_this_machine_alone_too():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["server"]
    assert settings["address"] == serve.LOCAL
    assert settings["maxUploadSize"] == 500
    assert settings["enableXsrfProtection"]


def _started(monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[list[str], dict[str, str], str]:
    """Command and environment that ``recsys app`` starts, and what it says."""
    seen: list[tuple[list[str], dict[str, str]]] = []

    monkeypatch.setattr(os, "execve", lambda _program, command, environment: seen.append((command, environment)))
    said = CliRunner().invoke(cli, ["app", "--port", str(free_port()), *options])
    assert said.exit_code == 0, said.output
    return *seen[0], said.output


def test_listening_elsewhere_is_said_to_be_without_a_login(monkeypatch: pytest.MonkeyPatch):
    command, _, said = _started(monkeypatch)
    assert "--server.address=127.0.0.1" in command
    assert "login" not in said
    port = str(free_port())
    command, _, said = _started(monkeypatch, "--address", "0.0.0.0", "--port", port)
    assert "--server.address=0.0.0.0" in command
    assert "there is no login" in said
    assert f"http://0.0.0.0:{port}" in said


def _refused(monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """Code of the refusal of ``recsys app``, which starts nothing and says nowhere where it opens."""
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("started"))
    said = CliRunner().invoke(cli, ["app", "--headless", "--json", *options])
    assert said.exit_code == 2
    assert not said.stderr
    code: str = json.loads(said.stdout)["errors"][0]["code"]
    return code


@pytest.mark.parametrize(
    "address",
    ["", " ", "\t", "127.0.0.1 ", "999.1.1.1", "no such host", "nowhere.invalid", "203.0.113.7", "unix:///tmp/s", "*", "x" * 300],
)
def test_what_is_no_address_of_this_machine_is_not_listened_on(address: str, monkeypatch: pytest.MonkeyPatch):
    """An empty one would be every interface."""
    assert _refused(monkeypatch, "--address", address, "--port", str(free_port())) == "E_PARAM"


def test_a_port_that_is_taken_is_refused_before_an_address_is_shown(monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert _refused(monkeypatch, "--port", str(taken.getsockname()[1])) == "E_BUSY"


@pytest.mark.slow
def test_ended_by_a_signal_the_command_leaves_no_server_behind(tmp_path: Path):
    port = free_port()
    command = [sys.executable, "-c", "from recsys.cli import main; main()", "--workspace", str(tmp_path / "none")]
    with subprocess.Popen(
        [*command, "app", "--headless", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as app:
        patience.until(lambda: _listening(port) or app.poll() is not None)
        assert app.poll() is None
        app.terminate()
        app.wait(patience.SECONDS)
    assert not _listening(port)


def test_folders_of_the_server_and_large_uploads_are_allowed_where_the_app_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    command, environment, _ = _started(monkeypatch, "--import-root", str(tmp_path), "--max-upload-mb", "900")
    assert environment["RECSYS_IMPORT_ROOTS"] == str(tmp_path)
    assert "--server.maxUploadSize=900" in command
