"""Ranges and chances, in words that need no statistics."""

from collections.abc import Callable

from recsys.presentation.text.numbers import JOINER, MINUS, percent
from recsys.projection.range_calibration import RANGES
from recsys.projection.result import Projection, Range

Format = Callable[[float], str]


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
