"""The phone preview as people use it: nothing yet, an export, a persona, an offer, a view, a search."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.export import bundle, tfjs
from recsys.export.bundle_source import load_source
from recsys.workspace import Workspace
from tests.browser.chromium import launched, patient
from tests.browser.conftest import serving
from tests.export import models

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.train, pytest.mark.xdist_group("browser")]
playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


@pytest.fixture(scope="module")
def workspace(demo_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workspace, and no bundle of it yet."""
    copy = tmp_path_factory.mktemp("preview") / "workspace"
    shutil.copytree(demo_workspace, copy)
    return copy


@pytest.fixture(scope="module")
def app(workspace: Path) -> Iterator[str]:
    with serving(workspace) as address:
        yield address


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[playwright.Page]:
    with launched() as browser:
        yield patient(browser.new_context()).new_page()


def test_a_row_is_previewed_from_nothing_to_an_offer(app: str, workspace: Path, page: playwright.Page):
    page.goto(f"{app}/preview")
    expect(page.get_by_text("No bundle yet")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Export a bundle"))).to_be_visible()

    exports = workspace.parent / "exports" / workspace.name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfjs, "write", models.write_weights_only)
        bundle.publish(load_source(Workspace(workspace)), exports, dtype="uint8", recall_loss_limit=0.5)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{app}/preview")
    same = page.get_by_text("same list as the server")
    expect(same).to_be_visible()
    row = page.get_by_role("list", name="Home row").get_by_role("listitem")
    expect(row).to_have_count(10)
    expect(page.get_by_text("somebody new")).to_be_visible()
    expect(page.get_by_text("WebAssembly, in this browser")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[0-9.]+ MB$"))).to_be_visible()

    # A persona's favourites are its history; each movie says because of which of them it is there.
    page.get_by_label("Who holds the phone").select_option(index=1)
    watched = page.get_by_role("list", name="Watched").get_by_role("listitem")
    expect(watched.nth(2)).to_be_visible()
    expect(row.get_by_text(re.compile("^because of")).first).to_be_visible()
    expect(same).to_be_visible()

    # Watching the first one takes it off the row and into the history.
    first = row.first.locator(".title").inner_text()
    count = watched.count()
    row.first.get_by_role("button").click()
    expect(watched).to_have_count(count + 1)
    expect(row.first.locator(".title")).not_to_have_text(first)
    page.get_by_role("button", name=f"Forget {first}", exact=True).click()
    expect(watched).to_have_count(count)

    # An offer is placed, on the row or behind it.
    page.get_by_label("If we bought").select_option(index=1)
    expect(page.get_by_text(re.compile("would be number [0-9]+"))).to_be_visible()
    expect(same).to_be_visible()

    # A title is found by a part of it, with the keyboard alone.
    page.get_by_label("Who holds the phone").select_option(index=0)
    expect(page.get_by_text("nothing yet: somebody new")).to_be_visible()
    field = page.get_by_role("combobox", name="Add a movie that was watched")
    field.fill(first[:5].upper())
    expect(page.get_by_role("listbox", name="Movies found").get_by_role("option").first).to_be_visible()
    field.press("Enter")
    expect(watched).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^Forget "))).to_have_count(1)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    elsewhere = {url for url in asked if not url.startswith((app, "data:", "blob:"))}
    assert not elsewhere


def test_a_bundle_that_was_changed_is_refused_with_its_code(app: str, workspace: Path, page: playwright.Page):
    latest = bundle.status(workspace.parent / "exports" / workspace.name)
    assert latest is not None
    path = next((latest.folder / "tfjs" / "retrieve").glob("*.bin"))
    content = bytearray(path.read_bytes())
    content[40] ^= 8
    spoilt = path.with_suffix(".new")
    spoilt.write_bytes(bytes(content))
    os.replace(spoilt, path)
    with serving(workspace) as fresh:
        page.goto(f"{fresh}/preview")
        expect(page.get_by_role("alert").get_by_text(re.compile("E_HASH"))).to_be_visible()
        expect(page.get_by_role("list", name="Home row")).to_have_count(0)
