"""Forbidden characters of foreign text, and the escaping of text that a spreadsheet would run as a formula."""

import re

_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_BEYOND_ASCII = f"\x7f-\x9f{_DIRECTION}{_UNSEEN}"
CONTROL = f"[\x00-\x1f{_BEYOND_ASCII}]"
"""Pattern of what no line of text holds: control characters, marks of direction, characters that are not seen.

The joiners of Indian scripts (U+200C, U+200D) and the selectors of emoji are seen by what they join, and stay.
"""
CONTROL_BUT_LINES = f"[\x00-\x08\x0b\x0c\x0e-\x1f{_BEYOND_ASCII}]"
CONTROL_SQL = f"[[:cntrl:]{_BEYOND_ASCII}]"
"""As :data:`CONTROL`, for the database's patterns."""
BLANK = f"^[\\s\u200c\u200d\u2800\ufe00-\ufe0f{_BEYOND_ASCII}]*$"
"""Pattern of text of which nothing is seen."""
FORMULA = r"^\s*[=＝@＠+＋\-－]"
"""Pattern of text that a spreadsheet would run, behind blanks and in full width too, unless it is a :data:`FIGURE`."""
FIGURE = r"^[+-][₹$€£ ]{0,2}[0-9][0-9., ]*[a-zA-Z% ]{0,40}$"


def escape_formula(text: str) -> str:
    """Escape text that a spreadsheet would run as a formula: an apostrophe goes before it.

    >>> [escape_formula(text) for text in ("=1+1", " ＝1+1", "-2+3+cmd|'/C calc'!A0", "-57.4 lakh hours", "Kadal")]
    ["'=1+1", "' ＝1+1", "'-2+3+cmd|'/C calc'!A0", '-57.4 lakh hours', 'Kadal']
    """
    return f"'{text}" if re.match(FORMULA, text) and not re.match(FIGURE, text) else text
