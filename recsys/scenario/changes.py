"""Kinds of change: each declares its key in files, its side, and what its fields may hold.

Effect, form and sentence of a kind are registered with it where they belong, each in a :class:`KindRegistry`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from recsys.scenario.fields import Bounds, FieldType, Findings, Ids, OneOf, read_fields, short, write_fields

MAX_CHANGES = 200
MAX_HORIZON_MONTHS = 120
MAX_USERS = 200_000

_SEGMENT = OneOf(
    code="E_SEGMENT",
    refusal="does not say which users are meant",
    remedy='Write { where = "…" }, { persona = "…" }, { users = ["…"] } or { all = true }.',
)


@dataclass(frozen=True, kw_only=True)
class Everyone:
    """All users."""

    all: Annotated[Literal[True], _SEGMENT] = True


@dataclass(frozen=True, kw_only=True)
class ByPersona:
    """Users of one learned segment, by its name."""

    persona: str


@dataclass(frozen=True, kw_only=True)
class ByRule:
    """Users whose attributes satisfy a rule, for example ``language = 'Tamil' and city_tier = 2``."""

    where: str


@dataclass(frozen=True, kw_only=True)
class ByUsers:
    """Users by id: a selection drawn on the map."""

    users: Annotated[tuple[str, ...], Ids(most=MAX_USERS)]


Segment = Annotated[Everyone | ByPersona | ByRule | ByUsers, _SEGMENT]


@dataclass(frozen=True, kw_only=True)
class TowardsMovies:
    """The direction from where a segment is to where these movies are."""

    movies: Annotated[tuple[str, ...], Ids(most=1000)]


@dataclass(frozen=True, kw_only=True)
class TowardsAttribute:
    """The direction of the movies with an attribute, for example ``genre`` ``Thriller`` or ``language`` ``Tamil``."""

    attribute: str
    value: str


Direction = Annotated[
    TowardsMovies | TowardsAttribute,
    OneOf(
        refusal="is not a direction of taste",
        remedy='Write { attribute = "genre", value = "Thriller" } or { movies = ["…"] }.',
    ),
]

Factor = Annotated[float, Bounds(0, 1000, "times", above=True)]
Money = Annotated[float, Bounds(0, 1e15, "in the workspace's currency")]
Cost = Annotated[float, Bounds(0, 1e15, "in the workspace's currency", paid=True)]
Months = Annotated[int, Bounds(1, 60, "months", whole=True)]
HorizonMonth = Annotated[int, Bounds(1, MAX_HORIZON_MONTHS, "months", whole=True)]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change to today's audience or catalogue; a kind of change is a frozen dataclass below one of the two sides."""

    key: ClassVar[str]
    """``type`` in files."""
    side: ClassVar[Literal["audience", "catalogue"]]

    def __init_subclass__(cls, *, key: str | None = None) -> None:
        if key is not None:
            cls.key = key
            KINDS[key] = cls

    @property
    def picked(self) -> frozenset[str]:
        """Users whom the change names by id."""
        return frozenset(user for held in vars(self).values() if isinstance(held, ByUsers) for user in held.users)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules written in it."""
        return tuple(held.where for held in vars(self).values() if isinstance(held, ByRule))

    def without(self, gone: Collection[str]) -> Self | None:
        """The change with these users taken out of its lists; None where a list is then empty."""
        left = {
            name: ByUsers(users=tuple(user for user in held.users if user not in gone))
            for name, held in vars(self).items()
            if isinstance(held, ByUsers)
        }
        return replace(self, **left) if all(held.users for held in left.values()) else None


KINDS: dict[str, type[Change]] = {}
"""Every kind of change by its key."""


class AudienceChange(Change):
    """A change to who watches: the users of its field ``segment`` or on the plan of its field ``plan``, else everyone."""

    side = "audience"


class CatalogueChange(Change):
    """A change to what there is to watch."""

    side = "catalogue"


@dataclass(frozen=True, kw_only=True)
class ResizeSegment(AudienceChange, key="resize_segment"):
    """The segment counts ``factor`` times as many users."""

    segment: Segment
    factor: Factor


@dataclass(frozen=True, kw_only=True)
class ShiftTaste(AudienceChange, key="shift_taste"):
    """Tastes move in a direction by ``strength`` standard deviations of the segment; norms are kept."""

    segment: Segment
    towards: Direction
    strength: Annotated[float, Bounds(-10, 10, "standard deviations")]


@dataclass(frozen=True, kw_only=True)
class ScaleActivity(AudienceChange, key="scale_activity"):
    """The segment has ``factor`` times as many viewing occasions."""

    segment: Segment
    factor: Factor


@dataclass(frozen=True, kw_only=True)
class ChangeChurn(AudienceChange, key="change_churn"):
    """Monthly churn of the segment moves by ``delta_share`` (0.01 is one percentage point)."""

    segment: Segment
    delta_share: Annotated[float, Bounds(-1, 1, "(-100 to 100 percentage points)", key="delta_pp", scale=100)]


@dataclass(frozen=True, kw_only=True)
class ChangePrice(AudienceChange, key="change_price"):
    """A plan's price (monthly, or for one rental) becomes ``amount``, in the workspace's currency."""

    plan: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class ContinueDrift(AudienceChange, key="continue_drift"):
    """The measured month-on-month drift of persona sizes and activity goes on for ``months``."""

    months: Months


@dataclass(frozen=True, kw_only=True)
class Acquire(CatalogueChange, key="acquire"):
    """Buy an offer. None keeps the term that the offers table gives."""

    offer: str
    fee: Cost | None = None
    window_months: Annotated[int, Bounds(1, 600, "months", whole=True)] | None = None
    royalty_per_view: Cost | None = None
    dubbing_cost: Cost | None = None
    marketing_cost: Cost | None = None
    delivery_cost: Cost | None = None
    launch_month: HorizonMonth = 1
    """Month of the horizon in which it arrives, from 1."""


@dataclass(frozen=True, kw_only=True)
class Drop(CatalogueChange, key="drop"):
    """Let a catalogue movie go; its next licence fee is saved where the movies table knows it."""

    movie: str


@dataclass(frozen=True, kw_only=True)
class Promote(CatalogueChange, key="promote"):
    """Give a movie or an acquired offer more exposure (0 is none, 1 the usual front-page slot)."""

    movie: str
    exposure: Annotated[float, Bounds(0, 10, "front-page slots")]


@dataclass(frozen=True, kw_only=True)
class ShiftLaunch(CatalogueChange, key="shift_launch"):
    """Launch an acquired offer in another month of the horizon, from 1."""

    offer: str
    month: HorizonMonth


@dataclass(frozen=True, kw_only=True)
class ChangeList(FieldType):
    """A list of changes, each a table that states its ``type``."""

    key: str = "change"

    def read(self, value: Any, place: str, findings: Findings, of: Any) -> tuple[Change, ...]:  # noqa: ARG002
        if not isinstance(value, list | tuple):
            findings.refuse("E_PARAM", "change is not a list.", "Write each change as a [[change]] table.", place)
            return ()
        if len(value) > MAX_CHANGES:
            findings.refuse("E_PARAM", f"{len(value)} changes; at most {MAX_CHANGES}.", "Split the scenario.", place)
            return ()
        read = [_read_change(entry, f"{place}[{k}]", findings) for k, entry in enumerate(value, start=1)]
        return tuple(change for change in read if change is not None)

    def write(self, value: Any) -> Any:
        return [{"type": change.key, **write_fields(change, stated=())} for change in value]


def _read_change(entry: object, place: str, findings: Findings) -> Change | None:
    given = entry.get("type") if isinstance(entry, Mapping) else entry
    kind = KINDS.get(str(given))
    if kind is None or not isinstance(entry, Mapping):
        known = f"Known: {', '.join(KINDS)}."
        remedy = " ".join(filter(None, (findings.nearest(given, KINDS), known)))
        findings.refuse("E_PARAM", f"{short(given)} is not a type of change.", remedy, place)
        return None
    return read_fields(kind, entry, place, findings, also=("type",))


F = TypeVar("F", bound=Callable[..., Any])


class KindRegistry(dict[type[Change], Callable[..., Any]]):
    """One function for each kind of change, in the order of registration.

    Examples
    --------
    >>> effect = KindRegistry("effect")
    >>> @effect.register(Drop)
    ... def gone(change: Drop) -> str:
    ...     return f"{change.movie} is gone"
    >>> effect[Drop](Drop(movie="m1"))
    'm1 is gone'
    >>> effect[Promote]
    Traceback (most recent call last):
    TypeError: no effect is registered for Promote
    """

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def register(self, kind: type[Change]) -> Callable[[F], F]:
        """Decorator: the function of this kind."""

        def keep(function: F) -> F:
            self[kind] = function
            return function

        return keep

    def __missing__(self, kind: type[Change]) -> Callable[..., Any]:
        raise TypeError(f"no {self.what} is registered for {kind.__name__}")
