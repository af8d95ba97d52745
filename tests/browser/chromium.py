"""Chromium, as the browser tests and the benchmarks start it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def path() -> str | None:
    """Where Chromium is on this machine."""
    return os.environ.get("RECSYS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def launched(*more_flags: str) -> "Iterator[Browser]":
    """A browser that is closed afterwards."""
    from playwright.sync_api import sync_playwright

    executable = path()
    if executable is None:
        raise FileNotFoundError("no Chromium found; set RECSYS_CHROMIUM to its path")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=[*FLAGS, *more_flags])
        try:
            yield browser
        finally:
            browser.close()
