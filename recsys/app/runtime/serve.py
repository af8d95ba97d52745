"""Start the app: ``python -m recsys.app.runtime.serve [options of streamlit run]``.

It answers this machine alone unless told otherwise.

A folder called ``pages`` beside the entry point makes Streamlit look for pages there until the router has run once, so that the
first visit of a process by a link to a page would be told that there is no such page. Saying beforehand that the router decides
takes that away.
"""

import importlib
import os
import pkgutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.cli import main as streamlit
from streamlit.web.server.starlette import starlette_app

from recsys import app

SCRIPT = Path(__file__).parents[3] / "streamlit_app.py"
NO_QUESTIONS = "--server.showEmailPrompt=false"
"""On a machine's first start Streamlit would ask for an address, and end where nobody can answer."""
NO_WELCOME = "--logger.hideWelcomeMessage=true"
"""With it goes what Streamlit offers to those who write apps, over the page of those who use one."""
LOCAL = "127.0.0.1"
"""The address that the app listens on unless told otherwise: there is no login."""
METRICS = "/_stcore/metrics"


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped."""
    PagesManager.uses_pages_directory = False
    vars(starlette_app)["create_metrics_routes"] = _no_metrics
    threading.Thread(target=warm, name="warm", daemon=True).start()
    given = list(sys.argv[1:] if arguments is None else arguments)
    at = f"--server.address={LOCAL}"
    streamlit(["run", str(SCRIPT), NO_QUESTIONS, NO_WELCOME, at, *given], prog_name="streamlit")


def _no_metrics(*_arguments: object) -> list[BaseRoute]:
    """Nothing where Streamlit tells whoever asks how many people use the app, and what it keeps in memory."""
    return [Route(METRICS, lambda _request: PlainTextResponse("Not found", status_code=404))]


def warm() -> None:
    """Import what pages need, and compile what projections need, while the server starts and the browser loads, so that the first
    page does not wait for it; then make what the demo still lacks.
    """
    for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
        importlib.import_module(found.name)
    from recsys.app.runtime import demo_completion, open_workspace  # noqa: PLC0415  they take a second, and the server does not wait for it
    from recsys.projection.demand import compile_kernel  # noqa: PLC0415

    compile_kernel()
    if os.environ.get(demo_completion.VARIABLE):
        demo_completion.start(open_workspace.workspace())


if __name__ == "__main__":
    main()
