"""A scenario: an ordered list of changes to today's audience and catalogue."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Annotated, Literal, get_args

from recsys.scenario.changes import MAX_HORIZON_MONTHS, AudienceChange, CatalogueChange, Change, ChangeList
from recsys.scenario.fields import Bounds, OneOf, Text

DEFAULT_HORIZON_MONTHS = 12

Licences = Literal["renewed", "lapse"]
"""What becomes of licences of today's catalogue that end within the horizon: they are renewed, or replaced by as good; or they
end on their dates and nothing takes their place."""
LICENCES: tuple[Licences, ...] = get_args(Licences)
Arrivals = Literal["as_usual", "none"]
"""What else comes onto the service within the horizon: movies at the pace, of the kinds and with the appeal of the last year's
arrivals; or nothing but what the changes buy."""
ARRIVALS: tuple[Arrivals, ...] = get_args(Arrivals)
Joining = Literal["as_usual", "none"]
"""Who joins within the horizon: as many people of each kind a month as in the last year; or nobody but whom the changes bring."""
JOINING: tuple[Joining, ...] = get_args(Joining)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question: these changes, over this horizon, against today. Files have its fields in this order."""

    name: Annotated[str, Text(longest=200)]
    horizon_months: Annotated[int, Bounds(0, MAX_HORIZON_MONTHS, "months", whole=True)] = DEFAULT_HORIZON_MONTHS
    licences: Annotated[
        Licences,
        OneOf(refusal="does not say what becomes of licences that end", remedy='Write "renewed" (the default) or "lapse".'),
    ] = "renewed"
    arrivals: Annotated[
        Arrivals,
        OneOf(refusal="does not say whether other movies arrive", remedy='Write "as_usual" (the default) or "none".'),
    ] = "as_usual"
    joining: Annotated[
        Joining,
        OneOf(refusal="does not say whether people join", remedy='Write "as_usual" (the default) or "none".'),
    ] = "as_usual"
    changes: Annotated[tuple[Change, ...], ChangeList()] = ()

    @property
    def audience(self) -> tuple[AudienceChange, ...]:
        """The changes to who watches, in order."""
        return tuple(change for change in self.changes if isinstance(change, AudienceChange))

    @property
    def catalogue(self) -> tuple[CatalogueChange, ...]:
        """The changes to what there is to watch, in order."""
        return tuple(change for change in self.changes if isinstance(change, CatalogueChange))

    @property
    def lists_people(self) -> bool:
        """Whether a change is about users by id: such a scenario stays in the store and on the command line."""
        return bool(self.people)

    @property
    def people(self) -> frozenset[str]:
        """Users whom the changes name by id."""
        return frozenset().union(*(change.picked for change in self.changes))

    @property
    def written(self) -> tuple[str, ...]:
        """What was written in it by hand: its name and its rules."""
        return (self.name, *(rule for change in self.changes for rule in change.rules))

    def without_people(self, gone: Collection[str]) -> "Scenario":
        """The scenario with these users taken out of its lists; a change whose list is empty then goes with them."""
        return replace(self, changes=tuple(kept for change in self.changes if (kept := change.without(gone)) is not None))
