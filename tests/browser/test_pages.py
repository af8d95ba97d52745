"""The app in a browser: every page, light, dark and narrow, and the buyer's job by clicking."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from recsys.app.shell import navigation
from recsys.scenario import link
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario
from tests.app.test_contrast import READABLE, contrast
from tests.browser.chromium import launched, patient

pytestmark = [pytest.mark.browser, pytest.mark.train, pytest.mark.slow, pytest.mark.xdist_group("browser")]
OFFER = "offer-001"
PLACES = [place for section in navigation.MENU.values() for place in section]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A reader's browser that reaches nothing but the app."""
    made = patient(browser.new_context(viewport={"width": 1280, "height": 900}))
    made.route(
        lambda url: not url.startswith((address, address.replace("http", "ws"), "data:", "blob:")), lambda route: route.abort()
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def settle(page: Page) -> None:
    """Wait until nothing runs any more."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)


def healthy(page: Page) -> None:
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


@pytest.mark.parametrize("url", ["", *(place.url for place in PLACES)])
def test_a_cold_link_to_a_page_opens_that_page(page: Page, address: str, url: str):
    """The first page's own name too, though it answers at ``/``."""
    place = next((place for place in PLACES if place.url == url), navigation.HOME)
    page.goto(f"{address}/{url}")
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(place.title)
    expect(page).to_have_title(f"{place.title} · Greenlight")
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_text("simulated service").first).to_be_visible()
    healthy(page)


@pytest.mark.parametrize("place", PLACES, ids=[place.url for place in PLACES])
def test_a_page_fits_a_phone(browser: Browser, address: str, place: navigation.Page):
    """Nothing has to be scrolled sideways at 420 pixels."""
    narrow = patient(browser.new_context(viewport={"width": 420, "height": 800}, color_scheme="dark"))
    page = narrow.new_page()
    page.goto(f"{address}/{place.url}")
    settle(page)
    page.wait_for_timeout(500)
    wide = page.evaluate(
        "document.querySelector('[data-testid=stMain]').scrollWidth - document.querySelector('[data-testid=stMain]').clientWidth"
    )
    narrow.close()
    assert wide <= 1


def test_pages_ask_nobody_but_the_app(browser: Browser, address: str):
    """No fonts, scripts, symbols or counts from elsewhere, on whatever page one arrives."""
    asked: list[str] = []
    for place in PLACES:
        context = patient(browser.new_context())
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto(f"{address}/{place.url}")
        settle(page)
        context.close()
    elsewhere = {url for url in asked if not url.startswith((address, "data:", "blob:"))}
    assert not elsewhere


def test_dark_and_light_pages_differ_and_charts_follow(browser: Browser, address: str):
    colours = {}
    for scheme in ("light", "dark"):
        context = patient(browser.new_context(color_scheme=scheme))  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{address}/personas")
        settle(page)
        page.locator("[data-testid=stVegaLiteChart] svg text").first.wait_for(state="attached")
        ground = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
        ink = page.locator("[data-testid=stVegaLiteChart] svg text").last.get_attribute("fill")
        colours[scheme] = (ground, ink)
        context.close()
    assert colours["light"][0] != colours["dark"][0]
    assert colours["light"][1] != colours["dark"][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_button_can_be_read(browser: Browser, address: str, scheme: str):
    """As Chromium draws it, at rest and pointed at."""
    context = patient(browser.new_context(color_scheme=scheme))  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/scenario")
    settle(page)
    button = page.get_by_role("button", name="Buy an offer")
    for act in (lambda: None, button.hover):
        act()
        page.wait_for_timeout(500)  # until the colours have faded over
        ink, ground = button.evaluate("each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]")
        assert contrast(_hex(ink), _hex(ground)) >= READABLE, (ink, ground)
    context.close()


def _hex(colour: str) -> str:
    """#RRGGBB of a computed colour."""
    return "#" + "".join(f"{int(float(part)):02X}" for part in re.findall(r"[\d.]+", colour)[:3])


def test_no_tab_hides_behind_an_arrow(page: Page, address: str):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{address}/scenario?s={link.encode(Scenario(name='both', changes=(Acquire(offer=OFFER),)))}")
    settle(page)
    last = page.get_by_role("tab", name="Download")
    expect(last).to_be_visible()
    box, whole = last.bounding_box(), page.get_by_test_id("stTabs").first.bounding_box()
    assert box is not None
    assert whole is not None
    assert box["x"] + box["width"] <= whole["x"] + whole["width"]


def test_the_buyers_job(page: Page, address: str):
    """An offer on the table: what is it worth, where to walk away, who is it for; kept, and opened again by its link."""
    page.goto(f"{address}/scenario")
    settle(page)
    for _ in range(2):
        page.get_by_role("button", name="Buy an offer").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Add", exact=True).click()
        expect(dialog).to_have_count(0)
        settle(page)
    expect(page.get_by_text("8 in 10 chance between").first).to_be_visible()
    expect(page.get_by_text("Where to walk away")).to_be_visible()
    expect(page.get_by_text("Who it is for").first).to_be_visible()
    healthy(page)
    page.get_by_role("button", name="Change the audience").click()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    settle(page)
    expect(page.get_by_text(re.compile("20% more users: everyone"))).to_be_visible()
    link = page.url
    assert "s=" in link
    again = page.context.new_page()
    again.goto(link)
    settle(again)
    expect(again.get_by_text(re.compile("20% more users: everyone"))).to_be_visible()
    again.close()


def test_a_box_on_the_movies_map_lists_what_is_in_it(page: Page, address: str):
    page.goto(f"{address}/movies")
    settle(page)
    box = page.get_by_test_id("stVegaLiteChart").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.8, steps=8)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^\d+ selected"))).to_be_visible()
    expect(page.get_by_text(re.compile("^Most like "))).to_be_visible()
    healthy(page)


def test_a_file_that_is_refused_is_explained_and_changes_nothing(page: Page, address: str, tmp_path: Path):
    page.goto(f"{address}/data")
    settle(page)
    broken = tmp_path / "offers.csv"
    broken.write_text("movie_id,title,fee,currency,window_months\nx1,Nameless,-5,INR,12\n", encoding="utf-8")
    page.locator("input[type=file]").first.set_input_files(str(broken))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("E_COST")).to_be_visible()
    page.get_by_role("button", name="Clear this").click()
    settle(page)
    healthy(page)


def test_a_refresh_loses_nothing(page: Page, address: str):
    """Neither Slate's filter, budget and answer, nor the scenario that is being built, on whatever page one is."""
    page.goto(f"{address}/scenario?s={link.encode(Scenario(name='Tamil families', changes=(Acquire(offer=OFFER),)))}")
    settle(page)
    page.get_by_role("link", name="Slate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Slate")
    settle(page)
    budget = page.get_by_role("textbox", name="Budget")
    budget.fill("1,80,00,000")
    budget.press("Enter")
    expect(page.get_by_text("Read as")).to_contain_text("1.8\u00a0crore")
    page.get_by_role("button", name="Choose").click()
    expect(page.get_by_text("Could be better by")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_role("textbox", name="Budget")).to_have_value("1,80,00,000")
    expect(page.get_by_text("Could be better by")).to_be_visible()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    settle(page)
    page.reload()
    settle(page)
    page.get_by_role("link", name="Scenario").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Tamil families")
    healthy(page)
