"""Money: rupees in lakh and crore, other currencies the international way."""

from babel.numbers import format_compact_currency, get_currency_symbol

from recsys.presentation.text.numbers import JOINER, LOCALE, MINUS, NBSP, count, scaled, significant


def money(value: float, currency: str = "INR") -> str:
    """An amount, to three digits that matter.

    Examples
    --------
    >>> money(18_000_000.0), money(4_250_000.0), money(42_500.0), money(-1_234_567.0)
    ('₹\\xa01.8\\xa0crore', '₹\\xa042.5\\xa0lakh', '₹\\xa042,500', '−\\u2060₹\\xa012.3\\xa0lakh')
    >>> money(1_800_000.0, "USD")
    '$1.8M'
    """
    if currency != "INR":
        text = str(format_compact_currency(abs(value), currency, locale="en", fraction_digits=1)).replace(".0", "")
        return (MINUS + JOINER if value < 0 else "") + text
    number, unit = scaled(value)
    shown = significant(abs(number)) if unit else count(abs(value)) if abs(value) >= 100 else significant(abs(value))
    sign = MINUS + JOINER if value < 0 and shown != "0" else ""
    return f"{sign}₹{NBSP}{shown}" + (f"{NBSP}{unit}" if unit else "")


def symbol(currency: str) -> str:
    """Sign of a currency."""
    return str(get_currency_symbol(currency, locale=LOCALE))
