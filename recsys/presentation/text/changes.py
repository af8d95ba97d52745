"""Sentences that say what a change does, and labels of the kinds; both are registered with the kind."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from recsys.presentation.text.numbers import compact, money, months, percent, significant
from recsys.scenario.changes import (
    Acquire,
    ByPersona,
    ByRule,
    ByUsers,
    Change,
    ChangeChurn,
    ChangePrice,
    ContinueDrift,
    Direction,
    Drop,
    Everyone,
    KindRegistry,
    Promote,
    ResizeSegment,
    ScaleActivity,
    Segment,
    ShiftLaunch,
    ShiftTaste,
    TowardsAttribute,
)
from recsys.scenario.scenario import Licences

F = TypeVar("F", bound=Callable[..., Any])
Titles = Callable[[str], str]
"""Title of a movie or an offer by its id."""

LICENCES: Mapping[Licences, str] = {
    "renewed": "are renewed or replaced",
    "lapse": "end, and nothing replaces them",
}
"""What becomes of licences that end within the months looked ahead."""
KIND_LABELS: dict[type[Change], str] = {}
"""What a list of kinds calls each of them."""
SENTENCES = KindRegistry("sentence")
"""``(change, title, currency)`` gives the change as a person would say it."""


def register(kind: type[Change], label: str) -> Callable[[F], F]:
    """Decorator: the function that says a change of this kind, and how a list of kinds names it."""
    KIND_LABELS[kind] = label
    return SENTENCES.register(kind)


def segment(value: Segment) -> str:
    """Whom a change is about.

    Examples
    --------
    >>> segment(Everyone()), segment(ByUsers(users=("u1", "u2")))
    ('everyone', '2 users picked on the map')
    """
    match value:
        case Everyone():
            return "everyone"
        case ByPersona(persona=name):
            return f"“{name}”"
        case ByRule(where=where):
            return f"users with {where}"
        case ByUsers(users=users):
            return f"{compact(len(users))} users picked on the map"


def direction(value: Direction, title: Titles) -> str:
    """Where a taste moves to."""
    if isinstance(value, TowardsAttribute):
        return f"{value.attribute} {value.value}"
    shown = ", ".join(title(movie) for movie in value.movies[:3])
    more = len(value.movies) - 3
    return f"movies like {shown}" + (f" and {more} more" if more > 0 else "")


def sentence(change: Change, title: Titles, currency: str = "INR") -> str:
    """One change as a person would say it.

    Examples
    --------
    >>> sentence(ResizeSegment(segment=Everyone(), factor=1.2), str)
    '20% more users: everyone'
    >>> sentence(Acquire(offer="Kurinji", fee=4_000_000.0, launch_month=3), str)
    'Buy Kurinji for ₹\\xa040\\xa0lakh, launch in month 3'
    >>> sentence(ChangeChurn(segment=Everyone(), delta_share=-0.01), str)
    'Monthly churn 1 percentage point lower: everyone'
    """
    said: str = SENTENCES[type(change)](change, title, currency)
    return said


@register(ResizeSegment, "More or fewer of an audience")
def _resize(change: ResizeSegment, _title: Titles, _currency: str) -> str:
    return f"{_more(change.factor)} users: {segment(change.segment)}"


@register(ShiftTaste, "Tastes move")
def _taste(change: ShiftTaste, title: Titles, _currency: str) -> str:
    verb = "towards" if change.strength >= 0 else "away from"
    size = significant(abs(change.strength))
    return f"Tastes move {size} steps {verb} {direction(change.towards, title)}: {segment(change.segment)}"


@register(ScaleActivity, "An audience watches more or less")
def _activity(change: ScaleActivity, _title: Titles, _currency: str) -> str:
    return f"{_more(change.factor)} viewing occasions: {segment(change.segment)}"


@register(ChangeChurn, "An audience stays or leaves")
def _churn(change: ChangeChurn, _title: Titles, _currency: str) -> str:
    points = significant(abs(change.delta_share) * 100)
    unit = "percentage point" if points == "1" else "percentage points"
    return f"Monthly churn {points} {unit} {'higher' if change.delta_share > 0 else 'lower'}: {segment(change.segment)}"


@register(ChangePrice, "A plan's price changes")
def _price(change: ChangePrice, _title: Titles, currency: str) -> str:
    return f"The plan “{change.plan}” costs {money(change.amount, currency)}"


@register(ContinueDrift, "Today's trends go on")
def _drift(change: ContinueDrift, _title: Titles, _currency: str) -> str:
    return f"Today's trends go on for {months(change.months)}"


@register(Acquire, "Buy an offer")
def _acquire(change: Acquire, title: Titles, currency: str) -> str:
    return f"Buy {title(change.offer)}{_terms(change, currency)}"


@register(Drop, "Let a movie go")
def _drop(change: Drop, title: Titles, _currency: str) -> str:
    return f"Let {title(change.movie)} go"


@register(Promote, "Promote a movie")
def _promote(change: Promote, title: Titles, _currency: str) -> str:
    return f"Promote {title(change.movie)} ({significant(change.exposure)} front-page slots)"


@register(ShiftLaunch, "Launch an offer later")
def _launch(change: ShiftLaunch, title: Titles, _currency: str) -> str:
    return f"Launch {title(change.offer)} in month {change.month}"


def _more(factor: float) -> str:
    share = percent(abs(factor - 1))
    return f"{share} {'more' if factor >= 1 else 'fewer'}"


def _terms(change: Acquire, currency: str) -> str:
    said = [f" for {money(change.fee, currency)}"] if change.fee is not None else []
    said += [f", {months(change.window_months)}"] if change.window_months is not None else []
    costs = (
        ("royalty a view", change.royalty_per_view),
        ("dubbing", change.dubbing_cost),
        ("marketing", change.marketing_cost),
        ("delivery", change.delivery_cost),
    )
    said += [f", {name} {money(amount, currency)}" for name, amount in costs if amount is not None]
    said += [f", launch in month {change.launch_month}"] if change.launch_month != 1 else []
    return "".join(said)
