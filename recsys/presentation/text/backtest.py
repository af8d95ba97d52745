"""What the time machine found, in sentences: how good, how sure, where it was wrong and what is known of why."""

from collections.abc import Mapping, Sequence
from typing import Any

from recsys.presentation.text.numbers import count, percent, signed

NAMES = {
    "projection": "This projection",
    "projection_uncalibrated": "The same, not calibrated",
    "genre_popularity": "Popularity of genre",
    "five_comparables": "Five comparables",
    "gradient_boosting": "Gradient-boosted trees",
    "as_last_month": "As last month",
    "seasonal_naive": "As a year before",
    "exponential_smoothing": "Exponential smoothing",
}
UNITS = {"views": "views", "hours": "viewing hours"}
BASELINES = ("genre_popularity", "five_comparables", "gradient_boosting")
_SCORES = {"wape": "error", "spearman": "order"}
_FAR_TIMES = 1.5


def headline(cell: Mapping[str, Any], days: str, unit: str) -> str:
    """How the projection did against the rivals, in one sentence each for error and order."""
    if not cell["scores"]:
        return (
            f"**{count(cell['arrivals'])} past arrivals** were projected; too few were known before them to compare with rivals."
        )
    said = [
        f"**{count(cell['compared_on'])} past arrivals**, each projected over its first {days} days from what was known then."
    ]
    for score, name in _SCORES.items():
        said.append(f"By {name} of {unit}, it is {_against(cell['against'], score)}.")
    return " ".join(said)


def _against(differences: Mapping[str, Any], score: str) -> str:
    better = [name for name in BASELINES if differences[name][score]["low"] > 0]
    worse = [name for name in BASELINES if differences[name][score]["high"] < 0]
    unclear = [name for name in BASELINES if name not in (*better, *worse)]
    parts = [
        f"{verb} {_listed(names)}"
        for verb, names in (("better than", better), ("not clearly different from", unclear), ("worse than", worse))
        if names
    ]
    return "better than all three rivals" if len(better) == len(BASELINES) else "; ".join(parts)


def _listed(names: Sequence[str]) -> str:
    said = [NAMES[name][:1].lower() + NAMES[name][1:] for name in names]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def coverage(row: Mapping[str, Any]) -> str:
    """How often a kind of range held.

    Examples
    --------
    >>> coverage({"promised": 0.8, "measured": 0.78, "low": 0.73, "high": 0.82, "arrivals": 320})
    '78% of 320 (73% to 82%)'
    """
    between = f"{percent(row['low'])} to {percent(row['high'])}"
    return f"{percent(row['measured'])} of {count(row['arrivals'])} ({between})"


def why(miss: Mapping[str, Any]) -> str:
    """What the figures say of a miss, and no more than they say."""
    low, high, actual, middle = miss["p10"], miss["p90"], miss["actual"], miss["p50"]
    said = []
    if low <= actual <= high:
        said.append("Inside its range: large, so the same share of it is many views.")
    elif middle > 0 and actual > high:
        said.append(f"Won {actual / middle:,.1f} times the middle of its range.")
    elif actual < low:
        share = percent(actual / middle) if middle > 0 else "0%"
        said.append(f"Won {share} of the middle of its range.")
    if not miss["inside_support"]:
        said.append("Unlike anything on the service then: the app would have withheld its return.")
    rival = miss["nearest_rival"]
    if rival is not None:
        off, theirs = abs(actual - middle), abs(actual - rival["value"])
        name = NAMES[rival["name"]][:1].lower() + NAMES[rival["name"]][1:]
        if theirs * _FAR_TIMES < off:
            said.append(f"What was known did tell: {name} said {count(rival['value'])}.")
        elif not low <= actual <= high:
            said.append(f"No rival saw it either; the nearest, {name}, said {count(rival['value'])}.")
    if miss["comparables"]:
        said.append(f"Nearest then: {', '.join(miss['comparables'][:3])}.")
    return " ".join(said)


def calibration(document: Mapping[str, Any], simulated: bool) -> str:
    """What the app does with the result."""
    found = document.get("calibration")
    if not found:
        return "Too few past arrivals to calibrate ranges on: they stay as the model gives them."
    of = "simulated " if simulated else ""
    return (
        f"Ranges of today's offers are calibrated on these: {count(found['arrivals'])} {of}arrivals at {found['origins']} "
        f"moments. Above the middle, appeal is spread {found['factor_above']:.1f} times as far as the model alone says, below it "
        f"{found['factor_below']:.1f} times; and the middle moves by what arrivals with the same attributes won more or less "
        "than projected."
    )


def substitution(kind: str, found: Mapping[str, Any]) -> str:
    """Whether close substitutes lost (or gained) what the model says."""
    verb, when = ("lost", "launch") if kind == "launch" else ("gained", "expiry")
    inside = found["low"] <= found["projected"] <= found["high"]
    verdict = "The two agree within the error." if inside else "The two differ by more than the error."

    def per_hundred(share: float) -> str:
        return signed(100 * share, lambda value: f"{value:.1f}".replace("-", "−"))

    return (
        f"For every 100 views of the movie itself round {count(found['movies'])} {when} dates, its ten closest substitutes "
        f"{verb} "
        f"{per_hundred(found['measured'])} views against all other movies (95% interval {per_hundred(found['low'])} to "
        f"{per_hundred(found['high'])}); the model says {per_hundred(found['projected'])}. {verdict}"
    )


def viewing(scores: Mapping[str, Any]) -> str:
    """How far what was said of the whole service's viewing was from what it was, in a sentence a distance ahead.

    Examples
    --------
    >>> rivals = {"as_last_month": {"moments": 6, "error": 0.06, "projection_error": 0.04}}
    >>> viewing({"1": {"moments": 6, "error": 0.04, "bias": -0.01, "rivals": rivals}})
    '1 month ahead, from 6 past moments, we were 4% off (−1% on balance); as last month would have been 6% off.'
    """
    said = []
    for month, found in scores.items():
        others = [_viewing_rival(name, rival, found) for name, rival in found["rivals"].items()]
        ahead = f"{month} month{'' if month == '1' else 's'} ahead"
        moments = f"{found['moments']} past moment{'' if found['moments'] == 1 else 's'}"
        ours = f"we were {percent(found['error'])} off ({signed(found['bias'], percent)} on balance)"
        said.append("; ".join([f"{ahead}, from {moments}, {ours}", *others]) + ".")
    return " ".join(said)


def _viewing_rival(name: str, rival: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """A rival's error, with ours on the same moments where it did not speak at all of them."""
    same = "" if rival["moments"] == ours["moments"] else f" where we were {percent(rival['projection_error'])} off"
    return f"{NAMES[name][:1].lower()}{NAMES[name][1:]} would have been {percent(rival['error'])} off{same}"
