"""Every page of the app: where its script lies, what it is called, and where it stands in the menu."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. ``icon`` is a name in the set of symbols that comes with Streamlit."""

    path: str
    title: str
    url: str
    icon: str


HOME = Page(path="pages/decide/today.py", title="Today", url="today", icon=":material/wb_sunny:")
SCENARIO = Page(path="pages/decide/scenario.py", title="Scenario", url="scenario", icon=":material/tune:")
SLATE = Page(path="pages/decide/slate.py", title="Slate", url="slate", icon=":material/playlist_add_check:")
MOVIES = Page(path="pages/look/movies.py", title="Movies map", url="movies", icon=":material/movie:")
AUDIENCE = Page(path="pages/look/audience.py", title="Audience map", url="audience", icon=":material/groups:")
PERSONAS = Page(path="pages/look/personas.py", title="Personas", url="personas", icon=":material/diversity_3:")
MODELS = Page(path="pages/look/models.py", title="Models", url="models", icon=":material/monitoring:")
PROOF = Page(path="pages/look/backtest.py", title="Proof", url="proof", icon=":material/history:")
DATA = Page(path="pages/set_up/data.py", title="Data", url="data", icon=":material/database:")
TRAIN = Page(path="pages/set_up/training.py", title="Train", url="train", icon=":material/model_training:")
EXPORT = Page(path="pages/ship/export.py", title="Export", url="export", icon=":material/inventory_2:")
PREVIEW = Page(path="pages/ship/preview.py", title="Phone preview", url="preview", icon=":material/phone_iphone:")

MENU: dict[str, tuple[Page, ...]] = {
    "Decide": (HOME, SCENARIO, SLATE),
    "Look": (MOVIES, AUDIENCE, PERSONAS, MODELS, PROOF),
    "Set up": (DATA, TRAIN),
    "Ship": (EXPORT, PREVIEW),
}
"""The menu's sections, in order; the first page is where the app opens."""
