"""Parts of pages, each drawn from values; they refuse with a box and never with a traceback."""

from recsys.app.components.answer import answer
from recsys.app.components.data import data
from recsys.app.components.export import export
from recsys.app.components.frame import ICON, brand, page, side_by_side, style
from recsys.app.components.home import home
from recsys.app.components.maps import audience_map, movies_map
from recsys.app.components.models import models
from recsys.app.components.personas import personas
from recsys.app.components.preview import phone_preview
from recsys.app.components.proof import proof
from recsys.app.components.slate import slate
from recsys.app.components.train import training

__all__ = [
    "ICON",
    "answer",
    "audience_map",
    "brand",
    "data",
    "export",
    "home",
    "models",
    "movies_map",
    "page",
    "personas",
    "phone_preview",
    "proof",
    "side_by_side",
    "slate",
    "style",
    "training",
]
