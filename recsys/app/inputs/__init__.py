"""What readers type, drag and choose, turned into typed values; per cent and lakh end here."""

from recsys.app.inputs.builder import scenario
from recsys.app.inputs.exporting import exporting
from recsys.app.inputs.points import look_at_movies, look_at_people
from recsys.app.inputs.slate import on_the_table, slate, whom
from recsys.app.inputs.tables import tables_to_import
from recsys.app.inputs.training import training

__all__ = [
    "exporting",
    "look_at_movies",
    "look_at_people",
    "on_the_table",
    "scenario",
    "slate",
    "tables_to_import",
    "training",
    "whom",
]
