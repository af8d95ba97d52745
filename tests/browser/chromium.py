"""Chromium, as the browser tests and the benchmarks start it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from tests import patience

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, BrowserType

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
)
WITH_WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
"""WebGPU on a machine without a graphics processor."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def path() -> str | None:
    """Where Chromium is on this machine."""
    return os.environ.get("RECSYS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def patient(context: "BrowserContext") -> "BrowserContext":
    """A context in which nothing is given up because the machine is slow."""
    context.set_default_timeout(patience.MILLISECONDS)
    return context


@contextmanager
def launched() -> "Iterator[Browser]":
    """A browser that is closed afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play, _started(play.chromium) as browser:
        yield browser


def beside(browser: "Browser", *more_flags: str) -> "AbstractContextManager[Browser]":
    """A second browser while one is open, started with more flags."""
    return _started(browser.browser_type, *more_flags)


@contextmanager
def _started(kind: "BrowserType", *more_flags: str) -> "Iterator[Browser]":
    executable = path()
    if executable is None:
        raise FileNotFoundError("no Chromium found; set RECSYS_CHROMIUM to its path")
    browser = kind.launch(executable_path=executable, args=[*FLAGS, *more_flags], timeout=patience.MILLISECONDS)
    try:
        yield browser
    finally:
        browser.close()
