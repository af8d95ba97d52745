"""What the app says: every number, range, change and verdict as text. Nothing here draws."""

from recsys.presentation.text.changes import KIND_LABELS, LICENCES, segment, sentence
from recsys.presentation.text.explanations import explanation, strength
from recsys.presentation.text.glossary import GLOSSARY, meaning
from recsys.presentation.text.meanwhile import ARRIVALS, JOINING, NO_ARRIVALS, meanwhile
from recsys.presentation.text.numbers import (
    between,
    chance,
    compact,
    count,
    day,
    hours,
    how_sure,
    is_known,
    money,
    month_name,
    months,
    percent,
    results_range,
    signed,
    span,
    span_of,
    symbol,
    users,
)
from recsys.presentation.text.verdicts import headline, offer_verdict, payback, slate_headline

__all__ = [
    "ARRIVALS",
    "GLOSSARY",
    "JOINING",
    "KIND_LABELS",
    "LICENCES",
    "NO_ARRIVALS",
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
    "meanwhile",
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
