"""Amounts of money as people write them: read without guessing, and written so that they are read back the same.

An amount is one number, or several with falling units (``1 crore 80 lakh``). Groups of digits are the Indian ones or the
international ones. What could be read in two ways is refused.
"""

import re
import unicodedata
from decimal import Decimal

from babel.numbers import format_decimal

from recsys.errors import ScenarioError
from recsys.presentation.text.numbers import CRORE, LAKH, LOCALE, money, symbol

LONGEST = 60
"""Characters of an amount."""
GREATEST = Decimal(10) ** 15
"""No amount is larger, in any currency."""
_UNITS = {
    **dict.fromkeys(("k", "thousand"), Decimal(1_000)),
    **dict.fromkeys(("m", "mn", "mio", "million", "millions"), Decimal(10) ** 6),
    **dict.fromkeys(("bn", "billion", "billions"), Decimal(10) ** 9),
}
_INDIAN = {
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs", "l"), Decimal(int(LAKH))),
    **dict.fromkeys(("crore", "crores", "cr"), Decimal(int(CRORE))),
}
_RUPEES = ("rupees", "rupee", "rs", "re", "inr", "₹")
_GROUPED = (r"\d+", r"\d{1,3}(?:,\d{3})+", r"\d{1,2}(?:,\d{2})*,\d{3}", r"\d{1,3}(?: \d{3})+")
_WHOLE = re.compile("|".join(f"(?:{pattern})" for pattern in _GROUPED))
_TERM = re.compile(r"(?P<number>[\d., ]*\d[\d.,]*)\s*(?P<unit>[^\W\d_]*)\.?\s*")
_EXAMPLES = {"INR": "1.8 crore, 18 lakh or 1,80,00,000"}


def read(text: str, currency: str = "INR") -> float:
    """The amount that ``text`` writes, in the currency's own unit.

    Raises
    ------
    ScenarioError  E_NUMBER: it is no amount, or could be read in two ways; E_RANGE: below 0 or too large

    Examples
    --------
    >>> [read(text) for text in ("1.8 crore", "18,000,000", "1,80,00,000", "18 lakh", "₹ 1.8 cr", "1 crore 80 lakh")]
    [18000000.0, 18000000.0, 18000000.0, 1800000.0, 18000000.0, 18000000.0]
    >>> read("$2.5m", "USD")
    2500000.0
    """
    said = " ".join(unicodedata.normalize("NFKC", text).split()) if len(text) <= LONGEST else ""
    bare = _without_sign(said.casefold(), currency)
    if re.match(r"[-−–(]", bare):
        raise ScenarioError.of("E_RANGE", f"“{said}” is below 0.", f"Write an amount from 0, {_as(currency)}.")
    total, last, at = Decimal(0), None, 0
    while at < len(bare):
        found = _TERM.match(bare, at)
        if found is None:
            raise _no_amount(said, currency)
        number, unit = _number(found["number"].strip(), found["unit"], said, currency), _unit(found["unit"], said, currency)
        if last is not None and (not found["unit"] or unit >= last or number * unit >= last):
            raise _no_amount(said, currency)
        total, last, at = total + number * unit, unit, found.end()
    if last is None:
        raise _no_amount(said or text[:LONGEST], currency)
    if total > GREATEST:
        raise ScenarioError.of("E_RANGE", f"“{said}” is more than any amount here may be.", "Write a smaller one.")
    return float(round(total, 2))


def written(value: float, currency: str = "INR") -> str:
    """An amount as it stands in a field: in crore or lakh where that is short, else in full; :func:`read` gives it back.

    Examples
    --------
    >>> [written(value) for value in (18_000_000.0, 4_250_000.0, 12_345_678.0, 2.5)]
    ['1.8 crore', '42.5 lakh', '1,23,45,678', '2.5']
    """
    exact = Decimal(repr(round(value, 2)))
    units = {"crore": CRORE, "lakh": LAKH} if currency == "INR" else {"million": 1e6}
    for name, size in units.items():
        in_unit = exact / Decimal(int(size))
        if 1 <= in_unit < (100 if name == "lakh" else GREATEST) and in_unit == round(in_unit, 4):
            return f"{in_unit.normalize():f} {name}"
    return str(format_decimal(exact, format="#,##,##0.##" if currency == "INR" else "#,##0.##", locale=LOCALE))


def echo(value: float, currency: str = "INR") -> str:
    """How an amount was read, to the last digit, and in lakh or crore.

    Examples
    --------
    >>> echo(18_000_000.0), echo(2.5)
    ('₹\\xa01,80,00,000 (₹\\xa01.8\\xa0crore)', '₹\\xa02.5')
    """
    full = format_decimal(Decimal(repr(value)), format="#,##,##0.##" if currency == "INR" else "#,##0.##", locale=LOCALE)
    short = money(value, currency)
    space = "\u00a0" if currency == "INR" else ""
    exact = f"{symbol(currency)}{space}{full}"
    return exact if abs(value) < LAKH or exact == short else f"{exact} ({short})"


def _without_sign(said: str, currency: str) -> str:
    """Without the sign of the currency, before or behind, and without the ``/-`` that closes rupees."""
    signs = (*_RUPEES,) if currency == "INR" else (currency.casefold(), symbol(currency).casefold())
    bare = said.removesuffix("/-").rstrip() if currency == "INR" else said
    for sign in signs:
        end = rf"{re.escape(sign)}\.?" if sign[-1].isalpha() else re.escape(sign)
        rest = re.sub(rf"^{end}(?![^\W\d_])\s*", "", bare)
        if rest == bare:
            rest = re.sub(rf"(?<![^\W\d_])\s*{end}$", "", bare)
        if rest != bare:
            return rest
    return bare


def _number(digits: str, unit: str, said: str, currency: str) -> Decimal:
    whole, point, fraction = digits.partition(".")
    in_doubt = point and not unit and len(fraction) == 3 and "," not in whole and len(whole) <= 3
    if not (_WHOLE.fullmatch(whole or "0") and (not point or fraction.isdecimal())) or in_doubt:
        raise _no_amount(said, currency, two_ways="." in digits or "," in digits)
    return Decimal(whole.replace(",", "").replace(" ", "") + point + fraction if whole else f"0.{fraction}")


def _unit(name: str, said: str, currency: str) -> Decimal:
    if not name:
        return Decimal(1)
    size = ({**_UNITS, **_INDIAN} if currency == "INR" else _UNITS).get(name)
    if size is None:
        raise _no_amount(said, currency)
    return size


def _no_amount(said: str, currency: str, *, two_ways: bool = False) -> ScenarioError:
    what = "can be read in more than one way" if two_ways else f"is not an amount in {symbol(currency)}"
    return ScenarioError.of("E_NUMBER", f"“{said}” {what}.", f"Write it {_as(currency)}.")


def _as(currency: str) -> str:
    return f"as {_EXAMPLES.get(currency, '1.8 million or 1,800,000')}"
