"""The client in a real browser answers as Python does, from files of its own server and nothing else."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.export import bundle, golden_queries, manifest
from recsys.export.channel import Channel
from tests.browser.chromium import WITH_WEBGPU, beside, patient
from tests.browser.site import Site, opened
from tests.export import models
from tests.export.asked import random_questions
from tests.export.conftest import DTYPES, converted, node  # noqa: F401  fixtures

pytestmark = [pytest.mark.browser, pytest.mark.js, pytest.mark.train, pytest.mark.xdist_group("export")]
pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def site(
    converted: Path,  # noqa: F811
    node: Callable[..., subprocess.CompletedProcess[str]],  # noqa: F811
    chromium: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(converted, root / "bundles")
    with opened(root) as found:
        yield found


@pytest.mark.parametrize("backend", ["plain", "wasm", "tfjs-cpu", "tfjs-wasm", "tfjs-webgl"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_browser_gives_the_same_lists_as_python(dtype: str, backend: str, site: Site):
    """The golden questions, put by the client itself, and 1,000 others (100 where pixels are counted), compared here."""
    asked = random_questions(models.source(), dtype, 100 if backend == "tfjs-webgl" else 1000, 8)
    found = site.ask(dtype, backend, asked.questions)
    assert found.get("backend") == backend, found
    assert found["test"]["same"] == found["test"]["cases"] >= 100
    assert found["test"]["maxRelativeError"] < golden_queries.RELATIVE_TOLERANCE
    agreement = asked.agreement(found["answers"])
    assert agreement.n == len(asked.questions)
    assert agreement.whole, agreement


def test_neighbours_are_the_movies_with_the_largest_cosine(site: Site):
    source = models.source()
    vectors = source.movies.vectors.astype(np.float64)
    cosines = vectors @ vectors[10] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[10])
    cosines[10] = -np.inf
    expected = [source.movies.ids.ids[row] for row in np.argsort(-cosines)[:5]]
    assert [each["id"] for each in site.ask("float32", "auto", [])["similar"]] == expected


def test_without_webassembly_the_client_still_answers(site: Site):
    site.page.add_init_script("if (location.search === '?plain') delete globalThis.WebAssembly")
    found = site.ask("float32", "auto", [{"k": 3}], query="?plain")
    assert found.get("backend") == "plain", found
    assert found["skipped"] == [{"backend": "wasm", "reason": "WebAssembly is not defined"}]
    assert found["test"]["same"] == found["test"]["cases"]
    assert site.ask("float32", "auto", [{"k": 3}]).get("backend") == "wasm"


def test_without_a_graphics_processor_webgpu_is_passed_over_with_the_reason(site: Site):
    found = site.ask("float32", ["tfjs-webgpu", "wasm", "plain"], [{"k": 3}])
    assert found.get("backend") == "wasm", found
    assert found["skipped"] == [{"backend": "tfjs-webgpu", "reason": "WebGPU finds no graphics processor"}]
    alone = site.ask("float32", "tfjs-webgpu", [])
    assert alone["code"] == "E_BACKEND", alone
    assert "WebGPU finds no graphics processor" in alone["message"]


def test_webgpu_computes_what_python_computes_or_is_passed_over(site: Site):
    """A software WebGPU may start and hand back other numbers than were computed: what is read at once goes over a canvas."""
    with beside(site.page.context.browser, *WITH_WEBGPU) as browser:
        other = replace(site, page=patient(browser.new_context()).new_page())
        found = other.ask("float32", ["tfjs-webgpu", "wasm"], [{"k": 3}])
    assert found["test"]["same"] == found["test"]["cases"], found
    if found["backend"] != "tfjs-webgpu":
        (skipped,) = found["skipped"]
        assert skipped["backend"] == "tfjs-webgpu"
        assert "its answers are not those of plain JavaScript" in skipped["reason"]


SHAKEN = """if (location.search === '?shaken') {
  const read = WebGL2RenderingContext.prototype.readPixels;
  WebGL2RenderingContext.prototype.readPixels = function (...given) {
    read.apply(this, given);
    const numbers = given.find((each) => ArrayBuffer.isView(each));
    if (numbers instanceof Float32Array) for (let i = 0; i < numbers.length; i++) numbers[i] *= 1 + 1e-3 * (i % 2);
  };
}"""


def test_a_graphics_processor_whose_numbers_are_shaken_is_passed_over(site: Site):
    """As by half precision, or by a browser that hides which processor it has. ``fastest`` does not take it either."""
    site.page.add_init_script(SHAKEN)
    found = site.ask("float32", ["tfjs-webgl", "plain"], [], query="?shaken")
    assert found.get("backend") == "plain", found
    assert "its answers are not those of plain JavaScript" in found["skipped"][0]["reason"]
    fastest = site.ask("float32", "fastest", [], query="?shaken")
    assert [each["backend"] for each in fastest["skipped"]] == ["tfjs-webgpu", "tfjs-webgl"]
    assert fastest["test"]["same"] == fastest["test"]["cases"]
    assert [each["backend"] for each in site.ask("float32", "fastest", [])["skipped"]] == ["tfjs-webgpu"]


def test_a_worker_answers_as_the_page_does(site: Site):
    """By the example worker, as it is built."""
    site.page.goto(f"{site.origin}/index.html")
    found = site.page.evaluate(
        """async () => {
            const { connect, open, urlSource } = await import("/client/greenlight-client.js");
            const local = await open(urlSource("/bundles/float32"), { unsigned: true });
            const history = local.vocabulary.ids.slice(5, 12);
            const worker = new Worker("/client/worker.js", { type: "module" });
            const remote = await connect(worker, { address: new URL("/bundles/float32", location.href).href, unsigned: true });
            return { here: local.recommend({ history }), there: await remote.recommend({ history }), version: remote.version };
        }"""
    )
    assert found["there"] == found["here"]
    assert len(found["here"]) == 20
    assert found["version"].startswith("1-")


def test_a_changed_bundle_is_refused_before_anything_is_computed(site: Site):
    spoilt = site.root / "bundles" / "spoilt"
    shutil.copytree(site.root / "bundles" / "float32", spoilt)
    latest = bundle.status(spoilt)
    assert latest is not None
    name = "tfjs/user_tower/group1-shard1of1.bin"
    path = spoilt / manifest.address(name, Channel(spoilt).manifest(latest.version)["files"][name]["sha256"])
    content = bytearray(path.read_bytes())
    content[77] ^= 16
    path.write_bytes(bytes(content))
    assert site.ask("spoilt", "wasm", [])["code"] == "E_HASH"


def test_nothing_is_asked_of_anybody_else(site: Site):
    site.asked.clear()
    site.ask("float32", "wasm", [{"history": ["00123"]}])
    assert len(site.asked) > 8
    assert all(address.startswith(site.origin) for address in site.asked if not address.startswith("data:"))
    assert not any("00123" in address for address in site.asked)


KEEP = """
async () => {
  const { browserStore, open, urlSource } = await import("/client/greenlight-client.js");
  const address = new URL("/bundles/moving", location.href).href;
  const recommender = await open(urlSource(address), { unsigned: true, store: await browserStore(address) });
  const row = recommender.recommend({ history: ["00123"], k: 30 });
  return { version: recommender.version, origin: recommender.origin, bytes: recommender.bytes, row };
}
"""


def test_a_browser_keeps_a_bundle_updates_it_by_its_delta_and_starts_without_a_connection(site: Site):
    """In the Cache API, across reloads of the page. The new version comes within the second of the old one, as the server dates
    files: a browser that only asked whether ``latest.json`` is newer than its own would not hear of it.
    """
    moving = site.root / "bundles" / "moving"
    shutil.copytree(site.root / "bundles" / "updated", moving)
    pointer = (moving / "latest.json").read_text()
    old, new = sorted(path.name for path in moving.iterdir() if path.name[:1].isdigit())
    (moving / "latest.json").write_text(pointer.replace(new, old).replace('"sequence": 2', '"sequence": 1'))

    def start() -> dict[str, Any]:
        site.page.goto(f"{site.origin}/index.html")
        answer: dict[str, Any] = site.page.evaluate(KEEP)
        return answer

    first = start()
    assert (first["version"], first["origin"]["fetched"]) == (old, first["bytes"])
    again = start()
    assert again["origin"] == {"fetched": 0, "kept": again["bytes"], "delta": None, "offline": False}
    assert again["row"] == first["row"]

    dated = (moving / "latest.json").stat()
    (moving / "latest.json").write_text(pointer)
    os.utime(moving / "latest.json", ns=(dated.st_atime_ns, dated.st_mtime_ns))
    updated = start()
    assert (updated["version"], updated["origin"]["delta"]) == (new, old)
    assert updated["origin"]["fetched"] < updated["bytes"] / 2

    site.page.route("**/bundles/**", lambda route: route.abort())
    offline = start()
    site.page.unroute("**/bundles/**")
    assert offline["origin"]["offline"] is True
    assert (offline["version"], offline["row"]) == (new, updated["row"])


def test_a_viewer_can_watch_and_ask_all_day_and_nobody_is_told(site: Site):
    """After a bundle is open, the browser asks the network for nothing at all."""
    site.page.goto(f"{site.origin}/index.html")
    site.asked.clear()
    opened, asked = site.page.evaluate(
        """async () => {
            const { open, urlSource } = await import("/client/greenlight-client.js");
            const recommender = await open(urlSource("/bundles/uint8"), { unsigned: true });
            const opened = performance.getEntriesByType("resource").length;
            const viewer = recommender.viewer({ history: ["00123"], context: { plan: "monthly" } });
            for (let i = 0; i < 50; i++) {
              const [first] = viewer.recommend({ diversity: 0.2 });
              viewer.explain(first.id);
              recommender.similar(first.id);
              viewer.watched(first.id);
            }
            return [opened, performance.getEntriesByType("resource").length];
        }"""
    )
    assert asked == opened
    addresses = [address.removeprefix(site.origin) for address in site.asked if not address.startswith("data:")]
    assert addresses
    assert all(address.startswith(("/client/", "/bundles/uint8/")) and "?" not in address for address in addresses)
