"""Figures as text: numbers with their unit, grouped the Indian way; money in lakh and crore; ranges and chances."""

from collections.abc import Callable
from datetime import date, datetime

from babel.dates import format_date
from babel.numbers import format_compact_currency, format_decimal, get_currency_symbol

from recsys.projection.range_calibration import RANGES
from recsys.projection.result import Projection, Range

Format = Callable[[float], str]
"""Shows a figure as text."""
LOCALE = "en_IN"
LAKH = 100_000.0
CRORE = 10_000_000.0
NBSP = "\u00a0"
MINUS = "−"
JOINER = "\u2060"
"""Keeps a minus on the line of its amount."""


def significant(value: float) -> str:
    """Three digits that matter, more only where the whole part has them; grouped the Indian way.

    Examples
    --------
    >>> [significant(v) for v in (1.8, 1.856, 42.54, 184.4, 1234567.0, 0.0, 0.004)]
    ['1.8', '1.86', '42.5', '184', '12,34,567', '0', '0.004']
    """
    size = abs(value)
    decimals = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.1 or not size else 3
    pattern = "#,##,##0" + ("." + "#" * decimals if decimals else "")
    text = str(format_decimal(abs(round(value, decimals)), format=pattern, locale=LOCALE))
    return (MINUS if round(value, decimals) < 0 else "") + text


def count(value: float) -> str:
    """A whole number in full.

    Examples
    --------
    >>> count(1234567.4)
    '12,34,567'
    """
    text = str(format_decimal(abs(round(value)), format="#,##,##0", locale=LOCALE))
    return (MINUS if round(value) < 0 else "") + text


def scaled(value: float) -> tuple[float, str]:
    """A large number as so many lakh or crore; the unit is empty below a lakh.

    Examples
    --------
    >>> scaled(18_000_000.0), scaled(4_250_000.0), scaled(9_999_999.0), scaled(99_000.0)
    ((1.8, 'crore'), (42.5, 'lakh'), (1.0, 'crore'), (99000.0, ''))
    """
    size = abs(value)
    if round(size / LAKH, 1) >= 100:
        return round(value / CRORE, 6), "crore"
    if round(size) >= LAKH:
        return round(value / LAKH, 6), "lakh"
    return value, ""


def compact(value: float) -> str:
    """A number in lakh or crore where it is that large.

    Examples
    --------
    >>> compact(1234567.0), compact(-42.0), compact(950.0)
    ('12.3\\xa0lakh', '−42', '950')
    """
    number, unit = scaled(value)
    if not unit:
        return count(value) if abs(value) >= 10 else significant(value)
    return f"{significant(number)}{NBSP}{unit}"


def hours(value: float) -> str:
    """Viewing hours.

    Examples
    --------
    >>> hours(123456.0), hours(1.0), hours(9.26)
    ('1.23\\xa0lakh hours', '1 hour', '9.26 hours')
    """
    text = compact(value)
    return f"{text} {'hour' if text.lstrip(MINUS) == '1' else 'hours'}"


def users(value: float) -> str:
    """How many people."""
    text = compact(value)
    return f"{text} {'user' if text.lstrip(MINUS) == '1' else 'users'}"


def months(value: int) -> str:
    """A length of time.

    Examples
    --------
    >>> months(1), months(24), months(18)
    ('1 month', '2 years', '18 months')
    """
    if value >= 24 and value % 12 == 0:
        return f"{value // 12} years"
    return "1 month" if value == 1 else f"{value} months"


def percent(share: float, *, sign: bool = False) -> str:
    """A share as per cent.

    Examples
    --------
    >>> percent(0.1234), percent(0.005), percent(0.34, sign=True), percent(-0.2), percent(0.0)
    ('12%', '0.5%', '+34%', '−20%', '0%')
    """
    value = share * 100
    decimals = 1 if 0 < abs(value) < 9.95 else 0
    shown = round(value, decimals)
    text = str(format_decimal(abs(shown), format="#,##,##0.#", locale=LOCALE))
    return (MINUS if shown < 0 else "+" if sign and shown > 0 else "") + text + "%"


def signed(value: float, show: Callable[[float], str]) -> str:
    """A figure with a plus before it where it is more than nothing.

    Examples
    --------
    >>> signed(42.0, hours), signed(-42.0, hours), signed(0.0, hours)
    ('+42 hours', '−42 hours', '0 hours')
    """
    text = show(value)
    return f"+{text}" if value > 0 and any(digit in text for digit in "123456789") else text


def day(value: date | datetime) -> str:
    """A date that cannot be misread.

    Examples
    --------
    >>> day(date(2024, 2, 1))
    '1 Feb 2024'
    """
    return str(format_date(value, format="d MMM y", locale=LOCALE))


def month_name(value: str) -> str:
    """``YYYY-MM`` as a month.

    Examples
    --------
    >>> month_name("2024-02")
    'Feb 2024'
    """
    year, month = value.split("-")[:2]
    return str(format_date(date(int(year), int(month), 1), format="MMM y", locale=LOCALE))


def span(seconds: float) -> str:
    """A duration for somebody who waits.

    Examples
    --------
    >>> span(4.2), span(75), span(3700), span(200_000)
    ('4 s', '1 min 15 s', '1 h 1 min', '2 days')
    """
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 2 * 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} days"


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


def between(value: Range, show: Format) -> str:
    """Where the figure lies in eight draws of ten.

    Examples
    --------
    >>> between(Range(mean=21.0, p10=10.0, p50=20.0, p90=30.0), lambda v: f"{v:.0f}")
    '8 in 10 chance between 10 and 30'
    """
    return f"8 in 10 chance between {span_of(value, show)}"


def span_of(value: Range, show: Format) -> str:
    """The two ends, without saying how likely.

    Examples
    --------
    >>> span_of(Range(mean=5.0, p10=5.0, p50=5.0, p90=5.0), lambda v: f"{v:.0f}")
    '5 and 5'
    """
    return f"{show(value.p10)} and {show(value.p90)}"


def is_known(value: Range) -> bool:
    """Whether there is a range, and not one value alone."""
    return value.p10 < value.p90


def chance(probability: float) -> str:
    """A probability as odds that a person can picture.

    Examples
    --------
    >>> [chance(p) for p in (0.0, 0.02, 0.5, 0.82, 0.98, 1.0)]
    ['below 1 in 20', 'below 1 in 20', '5 in 10', '8 in 10', 'above 19 in 20', 'above 19 in 20']
    """
    if probability < 0.05:
        return "below 1 in 20"
    if probability > 0.95:
        return "above 19 in 20"
    return f"{max(1, min(9, round(probability * 10)))} in 10"


def gain_or_loss(value: float) -> str:
    """``gain`` or ``loss``, by the sign."""
    return "loss" if value < 0 else "gain"


def magnitude(text: str) -> str:
    """A figure without its minus, for a sentence that says loss.

    Examples
    --------
    >>> magnitude("−42 hours")
    '42 hours'
    """
    return text.removeprefix(MINUS).removeprefix(JOINER)


def results_range(value: Range, show: Format) -> str:
    """What stands under an expected value: its range, or why there is none.

    Examples
    --------
    >>> results_range(Range(mean=2.0, p10=1.0, p50=2.0, p90=4.0), lambda v: f"{v:.0f}")
    '8 in 10 chance: 1 to 4'
    """
    return f"8 in 10 chance: {show(value.p10)} to {show(value.p90)}" if is_known(value) else "no range: one case only"


def how_sure(projection: Projection) -> str:
    """How far the ranges of offers can be trusted: what was promised, and how often it held on past arrivals; empty without
    offers."""
    found = next((each for each in projection.assumptions if each.name == RANGES), None)
    if found is None:
        return ""
    if found.kind == "estimated":
        return f"Offers and their ranges are calibrated on past arrivals: 80% promised, {percent(found.value)} held (see Proof)."
    if "not calibrated" in found.source:
        return "Offers are not calibrated on past arrivals yet: their figures move when that is done (see Proof)."
    return "Offers and their ranges are calibrated on past arrivals, too few to tell how often they hold (see Proof)."
