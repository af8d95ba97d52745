"""Patterns of ids that lead to a person, in a form that the database reads too."""

EMAIL = r"^\s*(?:mailto:)?[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
PHONE = (
    r"^\s*(?:tel:)?\+[0-9][0-9 ().-]{7,}[0-9]\s*$|^[0-9]{3,5}[ -][0-9]{3,4}[ -][0-9]{3,4}$|^[6-9][0-9]{4}[ -][0-9]{5}$"
    r"|^\([0-9]{2,5}\) ?[0-9]{3,4}[ -]?[0-9]{3,4}$"
)
MOBILE = r"^(?:91|0)?[6-9][0-9]{9}$"
"""Ten digits may be a number like any other; where most ids look so, they are Indian mobiles."""
MOSTLY = 0.5
