"""Starts the app: ``python -m recsys.app.serve [options of streamlit run]``.

A folder called ``pages`` beside the entry point makes Streamlit look for pages there until the router has run once, so that the
first visit of a process by a link to a page would be told that there is no such page. Saying beforehand that the router decides
takes that away.
"""

import importlib
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.cli import main as streamlit

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"
NO_QUESTIONS = "--server.showEmailPrompt=false"
"""On a machine's first start Streamlit would ask for an address, and end where nobody can answer."""
NO_WELCOME = "--logger.hideWelcomeMessage=true"
"""With it goes what Streamlit offers to those who write apps, over the page of those who use one."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped."""
    PagesManager.uses_pages_directory = False
    threading.Thread(target=_warm, name="warm", daemon=True).start()
    given = list(sys.argv[1:] if arguments is None else arguments)
    streamlit(["run", str(SCRIPT), NO_QUESTIONS, NO_WELCOME, *given], prog_name="streamlit")


def _warm() -> None:
    """Import what pages need while the server starts and the browser loads, so that the first page does not wait for it."""
    importlib.import_module("recsys.app.components")


if __name__ == "__main__":
    main()
