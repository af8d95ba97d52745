"""What a change says, as a sentence."""

from collections.abc import Callable, Mapping

from recsys.presentation.text.money import money
from recsys.presentation.text.numbers import compact, months, percent, significant
from recsys.scenario.scenario import (
    Acquire,
    AudienceChange,
    ByPersona,
    ByRule,
    ByUsers,
    CatalogueChange,
    Change,
    ChangeChurn,
    ChangePrice,
    ContinueDrift,
    Direction,
    Drop,
    Everyone,
    Licences,
    Promote,
    ResizeSegment,
    ScaleActivity,
    Segment,
    ShiftLaunch,
    ShiftTaste,
    TowardsAttribute,
)

Titles = Callable[[str], str]
"""Title of a movie or an offer by its id."""

LICENCES: Mapping[Licences, str] = {
    "renewed": "are renewed or replaced",
    "lapse": "end, and nothing replaces them",
}
"""What becomes of licences that end within the months looked ahead."""
KINDS: Mapping[type[Change], str] = {
    ResizeSegment: "More or fewer of an audience",
    ShiftTaste: "Tastes move",
    ScaleActivity: "An audience watches more or less",
    ChangeChurn: "An audience stays or leaves",
    ChangePrice: "A plan's price changes",
    ContinueDrift: "Today's trends go on",
    Acquire: "Buy an offer",
    Drop: "Let a movie go",
    Promote: "Promote a movie",
    ShiftLaunch: "Launch an offer later",
}
"""Each kind of change as a choice in a list."""

SIDES: Mapping[type[Change], str] = {
    **dict.fromkeys((ResizeSegment, ShiftTaste, ScaleActivity, ChangeChurn, ChangePrice, ContinueDrift), "audience"),
    **dict.fromkeys((Acquire, Drop, Promote, ShiftLaunch), "catalogue"),
}


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
    if isinstance(change, CatalogueChange):
        return _catalogue(change, title, currency)
    return _audience(change, title, currency)


def _audience(change: AudienceChange, title: Titles, currency: str) -> str:
    match change:
        case ResizeSegment():
            return f"{_more(change.factor)} users: {segment(change.segment)}"
        case ShiftTaste():
            verb = "towards" if change.strength >= 0 else "away from"
            size = significant(abs(change.strength))
            return f"Tastes move {size} steps {verb} {direction(change.towards, title)}: {segment(change.segment)}"
        case ScaleActivity():
            return f"{_more(change.factor)} viewing occasions: {segment(change.segment)}"
        case ChangeChurn():
            points = significant(abs(change.delta_share) * 100)
            unit = "percentage point" if points == "1" else "percentage points"
            return f"Monthly churn {points} {unit} {'higher' if change.delta_share > 0 else 'lower'}: {segment(change.segment)}"
        case ChangePrice():
            return f"The plan “{change.plan}” costs {money(change.amount, currency)}"
        case ContinueDrift():
            return f"Today's trends go on for {months(change.months)}"


def _catalogue(change: CatalogueChange, title: Titles, currency: str) -> str:
    match change:
        case Acquire():
            return f"Buy {title(change.offer)}{_terms(change, currency)}"
        case Drop():
            return f"Let {title(change.movie)} go"
        case Promote():
            return f"Promote {title(change.movie)} ({significant(change.exposure)} front-page slots)"
        case ShiftLaunch():
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
