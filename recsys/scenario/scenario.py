"""A scenario: an ordered list of changes to today's audience and catalogue."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

DEFAULT_HORIZON_MONTHS = 12


Licences = Literal["renewed", "lapse"]
"""What becomes of licences of today's catalogue that end within the horizon: they are renewed, or replaced by as good; or they
end on their dates and nothing takes their place."""


@dataclass(frozen=True, kw_only=True)
class Everyone:
    """All users."""


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

    users: tuple[str, ...]


Segment = Everyone | ByPersona | ByRule | ByUsers


@dataclass(frozen=True, kw_only=True)
class TowardsMovies:
    """The direction from where a segment is to where these movies are."""

    movies: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TowardsAttribute:
    """The direction of the movies with an attribute, for example ``genre`` ``Thriller`` or ``language`` ``Tamil``."""

    attribute: str
    value: str


Direction = TowardsMovies | TowardsAttribute


@dataclass(frozen=True, kw_only=True)
class ResizeSegment:
    """The segment counts ``factor`` times as many users."""

    segment: Segment
    factor: float


@dataclass(frozen=True, kw_only=True)
class ShiftTaste:
    """Tastes move in a direction by ``strength`` standard deviations of the segment; norms are kept."""

    segment: Segment
    towards: Direction
    strength: float


@dataclass(frozen=True, kw_only=True)
class ScaleActivity:
    """The segment has ``factor`` times as many viewing occasions."""

    segment: Segment
    factor: float


@dataclass(frozen=True, kw_only=True)
class ChangeChurn:
    """Monthly churn of the segment moves by ``delta_share`` (0.01 is one percentage point)."""

    segment: Segment
    delta_share: float


@dataclass(frozen=True, kw_only=True)
class ChangePrice:
    """A plan's price (monthly, or for one rental) becomes ``amount``, in the workspace's currency."""

    plan: str
    amount: float


@dataclass(frozen=True, kw_only=True)
class ContinueDrift:
    """The measured month-on-month drift of persona sizes and activity goes on for ``months``."""

    months: int


@dataclass(frozen=True, kw_only=True)
class Acquire:
    """Buy an offer. None keeps the term that the offers table gives."""

    offer: str
    fee: float | None = None
    window_months: int | None = None
    royalty_per_view: float | None = None
    dubbing_cost: float | None = None
    marketing_cost: float | None = None
    delivery_cost: float | None = None
    launch_month: int = 1
    """Month of the horizon in which it arrives, from 1."""


@dataclass(frozen=True, kw_only=True)
class Drop:
    """Let a catalogue movie go; its next licence fee is saved where the movies table knows it."""

    movie: str


@dataclass(frozen=True, kw_only=True)
class Promote:
    """Give a movie or an acquired offer more exposure (0 is none, 1 the usual front-page slot)."""

    movie: str
    exposure: float


@dataclass(frozen=True, kw_only=True)
class ShiftLaunch:
    """Launch an acquired offer in another month of the horizon, from 1."""

    offer: str
    month: int


AudienceChange = ResizeSegment | ShiftTaste | ScaleActivity | ChangeChurn | ChangePrice | ContinueDrift
CatalogueChange = Acquire | Drop | Promote | ShiftLaunch
Change = AudienceChange | CatalogueChange


def _without(change: Change, gone: Collection[str]) -> Change | None:
    segment = getattr(change, "segment", None)
    if not isinstance(segment, ByUsers):
        return change
    left = tuple(user for user in segment.users if user not in gone)
    return replace(change, segment=ByUsers(users=left)) if left else None  # type: ignore[arg-type]  # it has a segment


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question: these changes, over this horizon, against today."""

    name: str
    changes: tuple[Change, ...] = ()
    horizon_months: int = DEFAULT_HORIZON_MONTHS
    licences: Licences = "renewed"

    @property
    def audience(self) -> tuple[AudienceChange, ...]:
        """The changes to who watches, in order."""
        return tuple(change for change in self.changes if isinstance(change, AudienceChange))

    @property
    def lists_people(self) -> bool:
        """Whether a change is about users by id: such a scenario stays in the store and on the command line."""
        return bool(self.people)

    @property
    def people(self) -> frozenset[str]:
        """Users whom the changes name by id."""
        segments = (getattr(change, "segment", None) for change in self.changes)
        return frozenset(user for segment in segments if isinstance(segment, ByUsers) for user in segment.users)

    @property
    def written(self) -> tuple[str, ...]:
        """What was written in it by hand: its name and its rules."""
        segments = (getattr(change, "segment", None) for change in self.changes)
        return (self.name, *(segment.where for segment in segments if isinstance(segment, ByRule)))

    def without_people(self, gone: Collection[str]) -> "Scenario":
        """The scenario with these users taken out of its lists; a change whose list is empty then goes with them."""
        return replace(self, changes=tuple(kept for change in self.changes if (kept := _without(change, gone)) is not None))

    @property
    def catalogue(self) -> tuple[CatalogueChange, ...]:
        """The changes to what there is to watch, in order."""
        return tuple(change for change in self.changes if isinstance(change, CatalogueChange))
