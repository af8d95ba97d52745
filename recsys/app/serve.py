"""Starts the app: ``python -m recsys.app.serve [options of streamlit run]``.

A folder called ``pages`` beside the entry point makes Streamlit look for pages there until the router has run once, so that the
first visit of a process by a link to a page would be told that there is no such page. Saying beforehand that the router decides
takes that away.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.cli import main as streamlit

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped."""
    PagesManager.uses_pages_directory = False
    given = list(sys.argv[1:] if arguments is None else arguments)
    streamlit(["run", str(SCRIPT), *given], prog_name="streamlit")


if __name__ == "__main__":
    main()
