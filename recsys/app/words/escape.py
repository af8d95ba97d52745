"""Text from data shown as it is, though the page is written in Markdown."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+.!|~$:&-])")
_LINES = re.compile(r"[ \t\r\n\f\v]+")
"""Spaces that Markdown gives a meaning; those that do not break stay."""


def plain(text: str) -> str:
    """Text from a table (a title, a persona's name) so that Markdown leaves it alone.

    Examples
    --------
    >>> plain("**Kadal** <b>$5</b>")
    '\\\\*\\\\*Kadal\\\\*\\\\* \\\\<b\\\\>\\\\$5\\\\</b\\\\>'
    """
    return _SPECIAL.sub(r"\\\1", _LINES.sub(" ", text).strip())
