"""What readers type, drag and choose, turned into typed values; per cent and lakh end here."""

from recsys.app.inputs.builder import scenario
from recsys.app.inputs.points import look

__all__ = ["look", "scenario"]
