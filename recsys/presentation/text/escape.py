"""Text from data or an address shown as it is, though the page is written in Markdown: no picture, link or markup of theirs.

The one escape of the app. Every word that comes from a table, a file, a link or a folder's name goes through it on its way into
whatever renders Markdown: sentences, boxes, badges, labels, help, tabs, cells of a set table.
"""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~$&])")
_AT_THE_START = re.compile(r"^(\d*)([.)+-])(?=[\s-]|$)")
"""What begins a list, or draws a line, at the beginning of a line alone."""
_BY_ITSELF = re.compile(r"(?<=:)(?=\S)|(?<=@)|(?<=www)(?=[\\.])", re.IGNORECASE)
"""Where addresses, mail addresses, symbols and directives begin; most are found in text even after an escape."""
_JOINER = "\u2060"
"""Takes no room and breaks no line."""
_LINES = re.compile(r"[ \t\r\n\f\v]+")
"""Spaces that Markdown gives a meaning; those that do not break stay."""


def plain(text: str) -> str:
    """Text from a table (a title, a persona's name) so that Markdown leaves it alone.

    Examples
    --------
    >>> plain("**Kadal** <b>$5</b>")
    '\\\\*\\\\*Kadal\\\\*\\\\* \\\\<b\\\\>\\\\$5\\\\</b\\\\>'
    """
    escaped = _SPECIAL.sub(r"\\\1", _LINES.sub(" ", text).strip())
    return _BY_ITSELF.sub(_JOINER, _AT_THE_START.sub(r"\1\\\2", escaped))
