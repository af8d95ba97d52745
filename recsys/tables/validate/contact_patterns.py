"""Patterns of ids that lead to a person, in a form that the database reads too; asked of text in its :func:`plain` spelling."""

import pandas as pd

from recsys.tables.formats.layout import literal

EMAIL = r"^\s*(?:mailto:)?[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
_BETWEEN = "[ ().-]+"
PHONE = (
    r"^\s*(?:tel:)?\+[0-9][0-9 ().-]{7,}[0-9]\s*$|^[0-9]{3,5}[ -][0-9]{3,4}[ -][0-9]{3,4}$|^[6-9][0-9]{4}[ .-][0-9]{5}$"
    r"|^[0-9]{3}\.[0-9]{3}\.[0-9]{4}$|^\([0-9]{2,5}\) ?[0-9]{3,4}[ -]?[0-9]{3,4}$"
    # The international prefix without a plus: an Indian mobile, or any number of which the groups are seen.
    r"|^\s*(?:tel:)?0091[6-9][0-9]{9}\s*$"
    rf"|^\s*(?:tel:)?00[1-9][0-9]{{0,2}}{_BETWEEN}(?:[0-9]{{3,5}}|[0-9]{{1,4}}{_BETWEEN}[0-9]{{3,4}}){_BETWEEN}[0-9]{{4,5}}\s*$"
)
MOBILE = r"^(?:91|0)?[6-9][0-9]{9}$|^00[1-9][0-9]{10,13}$"
"""Bare digits may be a number like any other; where most ids look so, they are Indian mobiles, or numbers with a prefix."""
MOSTLY = 0.5

_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000\ufe6b\ufe62\ufe63"
_NARROW = "".join(map(chr, range(0x21, 0x7F))) + " @+-"
_ESCAPED = {"%40": "@", "%2[bB]": "+", "%20": " "}
"""As addresses are written in links."""


def plain(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Text in narrow signs, what links escape unescaped.

    >>> plain(pd.Series(["a%40example.org", "a＠example.org", "％2B91"])).tolist()
    ['a@example.org', 'a@example.org', '+91']
    """
    texts = texts.str.translate(str.maketrans(_WIDE, _NARROW))
    for escaped, sign in _ESCAPED.items():
        texts = texts.str.replace(escaped, sign, regex=True)
    return texts


def plain_sql(text: str) -> str:
    """SQL for :func:`plain` of an expression."""
    sql = f"translate({text}, {literal(_WIDE)}, {literal(_NARROW)})"
    for escaped, sign in _ESCAPED.items():
        sql = f"regexp_replace({sql}, {literal(escaped)}, {literal(sign)}, 'g')"
    return sql
