"""What a browser is pointed at: the app in a process of its own, or a folder of files with the client in it."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer  # noqa: TID251  the one place
from pathlib import Path
from typing import IO, Any

from tests import patience

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "exports" / "client"
APP = ("recsys.app.runtime.serve",)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def streamlit_app(
    module: Sequence[str] = APP, *, environment: Mapping[str, str], log: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[str]:
    """An app in a process of its own, healthy; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", *module, f"--server.port={port}", "--server.headless=true"]
    app = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", app)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.wait(patience.SECONDS)


def wait_until_healthy(url: str, app: "subprocess.Popen[Any]") -> None:
    """Until a server answers that it is well.

    Raises
    ------
    ChildProcessError  it ended instead
    """

    def healthy() -> bool:
        if app.poll() is not None:
            raise ChildProcessError("the app ended at once")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=patience.SECONDS) as answer:
            return bool(answer.status == 200)
        return False

    patience.until(healthy)


@contextmanager
def folder(root: Path) -> Iterator[str]:
    """A plain web server of a folder; gives its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def write_client_page(root: Path) -> None:
    """An empty page, and the client as it is built, under ``client/``."""
    subprocess.run(["node", "build.js", str(root / "client")], cwd=CLIENT, check=True)
    (root / "index.html").write_text("<!doctype html><meta charset=utf-8><title>client</title><link rel=icon href=data:,>")


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".wasm": "application/wasm"}  # noqa: RUF012

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""
