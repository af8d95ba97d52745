"""What the app says: every number, range, change and verdict as text. Nothing here draws."""

from recsys.app.words.changes import KINDS, LICENCES, SIDES, segment, sentence
from recsys.app.words.explain import explanation, strength
from recsys.app.words.glossary import GLOSSARY, meaning
from recsys.app.words.money import money, money_in_full, symbol
from recsys.app.words.numbers import compact, count, day, hours, month_name, months, percent, signed, span, users, views
from recsys.app.words.ranges import (
    between,
    chance,
    hours_range,
    how_sure,
    is_known,
    money_range,
    percent_range,
    results_range,
    span_of,
)
from recsys.app.words.verdict import NOBODY_JOINS, WAITING, headline, offer_verdict, payback, slate_headline

__all__ = [
    "GLOSSARY",
    "KINDS",
    "LICENCES",
    "NOBODY_JOINS",
    "SIDES",
    "WAITING",
    "between",
    "chance",
    "compact",
    "count",
    "day",
    "explanation",
    "headline",
    "hours",
    "hours_range",
    "how_sure",
    "is_known",
    "meaning",
    "money",
    "money_in_full",
    "money_range",
    "month_name",
    "months",
    "offer_verdict",
    "payback",
    "percent",
    "percent_range",
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
    "views",
]
