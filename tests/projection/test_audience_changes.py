"""An audience as a value: whatever it holds makes it another one, and counts where people could be told apart."""

from dataclasses import fields, replace

import numpy as np
import pytest

from recsys.errors import ScenarioError
from recsys.projection.audience_changes import Audience, Shift, changed, current, same
from recsys.scenario.changes import ByUsers, ChangeChurn
from tests.projection import builders

OTHER = {
    "prices": {"monthly": 1.0},
    "shifts": (Shift(rows=np.arange(3), towards=np.arange(2), away_from=None, strength=1.0),),
}


@pytest.mark.parametrize("name", [each.name for each in fields(Audience)])
def test_an_audience_that_differs_in_any_field_is_another_one(name: str):
    today = current(builders.context(40, 20))
    held = getattr(today, name)
    assert same(today, replace(today, weight=today.weight.copy()))
    assert not same(today, replace(today, **{name: OTHER[name] if name in OTHER else held + 1.0}))


def test_two_changes_that_leave_one_user_over_are_refused_whichever_field_they_change():
    context = builders.context(60, 20)
    ids = tuple(map(str, context.choice.user_ids.ids))
    apart = tuple(ChangeChurn(segment=ByUsers(users=ids[:n]), delta_share=share) for n, share in ((30, 0.1), (31, -0.1)))
    with pytest.raises(ScenarioError, match="together would tell"):
        changed(context, apart)
