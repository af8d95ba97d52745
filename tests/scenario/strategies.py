"""Any scenario that a file can say, from what the kinds of change declare."""

import dataclasses
from typing import Any, get_args

from hypothesis import strategies as st

from recsys.scenario.changes import KINDS, Change, ChangeList
from recsys.scenario.fields import Bounds, Declared, Ids, OneOf, Text, declared
from recsys.scenario.scenario import Scenario

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=BIDI), max_size=30)


def built(kind: type) -> st.SearchStrategy[Any]:
    """Values of a dataclass, every field within its bounds."""
    return st.builds(kind, **{field.name: _values(field) for field in declared(kind)})


def _values(field: Declared) -> st.SearchStrategy[Any]:
    return st.none() | _held(field) if field.default is None else _held(field)


def _held(field: Declared) -> st.SearchStrategy[Any]:
    match field.type:
        case Bounds(low=low, high=high, whole=True):
            return st.integers(int(low), int(high))
        case Bounds(low=low, high=high, above=above):
            return st.floats(low, high, exclude_min=above)
        case Text():
            return texts
        case Ids():
            return st.lists(texts, min_size=1, max_size=4).map(tuple)
        case OneOf():
            options = get_args(field.of)
            return st.one_of([built(option) if dataclasses.is_dataclass(option) else st.just(option) for option in options])
        case ChangeList():
            return st.lists(changes, max_size=6).map(tuple)
    raise TypeError(field)


changes: st.SearchStrategy[Change] = st.deferred(lambda: st.one_of([built(kind) for kind in KINDS.values()]))
scenarios: st.SearchStrategy[Scenario] = built(Scenario)
