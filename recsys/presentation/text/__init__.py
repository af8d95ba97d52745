"""What the app says: every number, range, change and verdict as text. Nothing here draws."""

from recsys.presentation.text.changes import KIND_LABELS, LICENCES, segment, sentence
from recsys.presentation.text.explanations import explanation, strength
from recsys.presentation.text.glossary import GLOSSARY, meaning
from recsys.presentation.text.money import money, symbol
from recsys.presentation.text.numbers import compact, count, day, hours, month_name, months, percent, signed, span, users
from recsys.presentation.text.ranges import (
    between,
    chance,
    how_sure,
    is_known,
    results_range,
    span_of,
)
from recsys.presentation.text.verdicts import NOBODY_JOINS, headline, offer_verdict, payback, slate_headline

__all__ = [
    "GLOSSARY",
    "KIND_LABELS",
    "LICENCES",
    "NOBODY_JOINS",
    "between",
    "chance",
    "compact",
    "count",
    "day",
    "explanation",
    "headline",
    "hours",
    "how_sure",
    "is_known",
    "meaning",
    "money",
    "month_name",
    "months",
    "offer_verdict",
    "payback",
    "percent",
    "results_range",
    "segment",
    "sentence",
    "signed",
    "slate_headline",
    "span",
    "span_of",
    "strength",
    "symbol",
    "users",
]
