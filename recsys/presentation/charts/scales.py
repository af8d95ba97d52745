"""Axes that count in lakh and crore: numbers are divided in Python, and the axis says by what."""

from collections.abc import Iterable

from recsys.presentation.text.numbers import CRORE, LAKH, symbol

_THOUSAND = 1_000.0


def unit_for(values: Iterable[float], currency: str | None = None) -> tuple[float, str]:
    """What to divide an axis by so that its labels stay short, and the name of that unit.

    Examples
    --------
    >>> unit_for([12.0, 4_200_000.0]), unit_for([12.0, 900.0])
    ((100000.0, 'lakh'), (1.0, ''))
    >>> unit_for([12.0, 4_200_000.0], "USD")
    (1000000.0, 'million')
    """
    top = max((abs(value) for value in values), default=0.0)
    if currency not in (None, "INR"):
        return (1e6, "million") if top >= 1e6 else (_THOUSAND, "thousand") if top >= 1e4 else (1.0, "")
    if top >= CRORE:
        return CRORE, "crore"
    return (LAKH, "lakh") if top >= LAKH else (1.0, "")


def money_title(unit: str, currency: str) -> str:
    """Title of an axis of money.

    Examples
    --------
    >>> money_title("lakh", "INR"), money_title("", "USD")
    ('₹ lakh', '$')
    """
    return f"{symbol(currency)} {unit}".strip()


def hours_title(unit: str) -> str:
    """Title of an axis of viewing hours.

    Examples
    --------
    >>> hours_title("lakh"), hours_title("")
    ('lakh viewing hours', 'viewing hours')
    """
    return f"{unit} viewing hours".strip()
