"""Whoever wants to know of a new version is told once it is in force, and only then; who cannot be told does no harm."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: TID251  what is notified, not what is served
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from recsys.cli import cli
from recsys.errors import ArtefactError
from recsys.export import bundle
from recsys.export.notify import notify
from tests import builders
from tests.export.conftest import Signer
from tests.export.test_bundle_source import write_run

FACTS = {"name": "app", "version": "7-0123456789ab", "sequence": 7, "bundle": "0" * 64}


class Hook:
    """A server that answers as it is told, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(hook.answers.pop(0) if hook.answers else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/new-version?for=app"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    running = Hook()
    yield running
    running.server.shutdown()
    running.server.server_close()


def never(_seconds: float) -> None:
    """No wait between tries."""


def test_the_message_names_the_version_and_is_signed_by_the_bundles_key(hook: Hook, signer: Signer):
    assert notify(hook.url, FACTS, [signer.private]) is None
    ((headers, body),) = hook.got
    assert json.loads(body) == {"event": "bundle.published", **FACTS}
    scheme, _, made = headers["greenlight-signature"].partition("=")
    assert scheme == "ed25519"
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.public)).verify(bytes.fromhex(made), body)


def test_a_server_that_fails_is_asked_again(hook: Hook):
    hook.answers = [503, 500]
    waits: list[float] = []
    assert notify(hook.url, FACTS, wait=waits.append) is None
    assert (len(hook.got), waits) == (3, [2.0, 4.0])


@pytest.mark.parametrize(("answers", "tries"), [([500] * 9, 3), ([404], 1), ([302], 1)], ids=["down", "gone", "elsewhere"])
def test_a_server_that_does_not_take_it_is_a_warning(answers: list[int], tries: int, hook: Hook):
    """It is not followed elsewhere: the address that was given is the one that may know."""
    hook.answers = answers
    found = notify(hook.url, FACTS, wait=never)
    assert found is not None
    assert (found.code, len(hook.got)) == ("W_NOTIFY", tries)


def test_nobody_there_is_a_warning():
    found = notify("http://127.0.0.1:1/", FACTS, wait=never)
    assert found is not None
    assert found.code == "W_NOTIFY"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/", "example.com", "https://", ""])
def test_what_is_no_web_address_is_refused(url: str):
    with pytest.raises(ArtefactError, match="E_PARAM"):
        notify(url, FACTS)


@pytest.mark.usefixtures("weights_only")
def test_an_export_tells_of_a_new_version_once_it_is_in_force(hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    dataset = builders.tiny_dataset()
    workspace = builders.tiny_workspace(tmp_path / "workspace", dataset)
    write_run(workspace, dataset)
    command = ["--workspace", str(workspace.root), "export", "--to", str(tmp_path / "app"), "--notify"]
    assert CliRunner().invoke(cli, [*command, "nowhere"]).exit_code == 2
    assert not (tmp_path / "app").exists()
    for _ in range(2):  # the second time there is nothing new
        assert CliRunner().invoke(cli, [*command, hook.url], catch_exceptions=False).exit_code == 0
    latest = bundle.status(tmp_path / "app")
    assert latest is not None
    assert [json.loads(body)["version"] for _, body in hook.got] == [latest.version]
