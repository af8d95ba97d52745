"""The recipe for serving bundles, run by the server that it is for."""

import gzip
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recsys.export import bundle, signature, tfjs
from recsys.export.channel import Channel
from recsys.export.manifest import address
from tests import patience
from tests.browser.servers import free_port
from tests.export import models
from tests.export.conftest import Signer

CADDYFILE = Path(__file__).parents[2] / "exports" / "serve" / "Caddyfile"
FOR_EVER = "public, max-age=31536000, immutable"


class Site:
    """A running server and what it serves."""

    def __init__(self, port: int, channel: Path) -> None:
        self.port, self.channel = port, channel
        self.version = bundle.resolve(channel)
        self.files = Channel(channel).manifest(self.version.name)["files"]

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience.SECONDS)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def blob(self, name: str) -> str:
        return f"/app/{address(name, self.files[name]['sha256'])}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Iterator[Site]:
    caddy = shutil.which("caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if caddy is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no Caddy")
    root = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfjs, "write", models.write_weights_only)
        bundle.publish(models.source(), root / "exports" / "app", keys=[signer.private], secret=b"s" * 32)
    (root / "exports" / "secret.json").write_text("{}")
    port = free_port()
    home = {"HOME": str(root), "XDG_DATA_HOME": str(root), "XDG_CONFIG_HOME": str(root)}
    settings = {"GREENLIGHT_ADDRESS": f"http://127.0.0.1:{port}", "GREENLIGHT_EXPORTS": str(root / "exports")}
    command = [caddy, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **home, **settings}, stdout=log, stderr=log)
        try:

            def open_to_us() -> bool:
                assert server.poll() is None, (root / "log").read_text()
                with socket.socket() as knock:
                    return knock.connect_ex(("127.0.0.1", port)) == 0

            patience.until(open_to_us)
            yield Site(port, root / "exports" / "app")
        finally:
            server.terminate()
            server.wait(patience.SECONDS)


def test_what_never_changes_is_cached_for_ever(site: Site):
    for name, entry in site.files.items():
        if entry["phone"]:
            for path in (site.blob(name), f"/app/{site.version.name}/{name}"):
                status, headers, content = site.ask(path)
                assert (status, headers["cache-control"]) == (200, FOR_EVER), path
                assert content == (site.version / name).read_bytes()


def test_what_changes_is_asked_for_again_and_costs_nothing_when_it_has_not(site: Site):
    for path in ("/app/latest.json", f"/app/{site.version.name}/{signature.FILE}"):
        status, headers, _ = site.ask(path)
        assert (status, headers["cache-control"]) == (200, "no-cache")
        assert site.ask(path, If_None_Match=headers["etag"])[0] == 304


def test_a_download_that_broke_off_goes_on_where_it_was(site: Site):
    name = "tfjs/retrieve/group1-shard1of1.bin"
    whole = (site.version / name).read_bytes()
    status, headers, content = site.ask(site.blob(name), Range="bytes=1000-")
    assert (status, content) == (206, whole[1000:])
    assert headers["content-range"] == f"bytes 1000-{len(whole) - 1}/{len(whole)}"
    assert site.ask(site.blob(name), Range=f"bytes={len(whole)}-")[0] == 416


def test_text_is_sent_compressed(site: Site):
    status, headers, content = site.ask(site.blob("ids.json"), Accept_Encoding="gzip")
    assert (status, headers["content-encoding"], headers["content-type"]) == (200, "gzip", "application/json")
    assert gzip.decompress(content) == (site.version / "ids.json").read_bytes()


def test_pages_of_other_places_may_read_it(site: Site):
    status, headers, _ = site.ask("/app/latest.json", Origin="https://app.example")
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    asked = {"Origin": "https://app.example", "Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "range"}
    status, headers, _ = site.ask(site.blob("ids.json"), "OPTIONS", **asked)
    assert status == 204
    assert "Range" in headers["access-control-allow-headers"]
    assert "GET" in headers["access-control-allow-methods"]


def test_what_phones_do_not_need_is_not_served_and_its_absence_is_not_cached(site: Site):
    """Neither by name nor by content: the manifest lists the checksum of user vectors, so that their address can be known."""
    absent = [
        *("/", "/app/", "/secret.json", "/app/.publisher", f"/app/{site.version.name}/", "/app/blobs/", "/app/../secret.json"),
        *(f"/app/{site.version.name}/{name}" for name in ("users.parquet", "movies.parquet", "movies.safetensors", "none.json")),
        *(site.blob(name) for name in ("users.parquet", "movies.parquet", "movies.safetensors")),
        f"/app/blobs/{'0' * 64}.json",
    ]
    for path in absent:
        status, headers, _ = site.ask(path)
        assert status == 404, path
        assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_nothing_can_be_written(method: str, site: Site):
    assert site.ask("/app/latest.json", method)[0] == 405


@pytest.mark.js
def test_the_client_opens_a_signed_bundle_from_it(site: Site, signer: Signer, node: Callable[..., Any]):
    code = """
    const [address, publicKey] = process.argv.slice(1);
    const { open, urlSource } = await import("./src/index.js");
    const recommender = await open(urlSource(address), { publicKey, backend: "plain" });
    console.log(JSON.stringify([recommender.version, await recommender.selfTest()]));
    """
    done = node("--input-type=module", "-e", code, f"http://127.0.0.1:{site.port}/app", signer.public)
    assert done.returncode == 0, done.stderr
    version, test = json.loads(done.stdout)
    assert version == site.version.name
    assert test["same"] == test["cases"] > 100
