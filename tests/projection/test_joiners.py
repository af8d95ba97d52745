"""Who joined of late, on made-up tables in which it is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.projection.context import ProjectionContext
from recsys.projection.joiners import Joiners, measure
from recsys.projection.project import project
from recsys.scenario.scenario import Scenario
from recsys.tables.dataset import Dataset
from tests.datasets import assemble
from tests.projection import builders

END = pd.Timestamp("2025-01-01")
MONTH = pd.Timedelta(days=365.25 / 12)


def tables(
    views: dict[str, list[float]], signups: dict[str, float] | None = None, subscriptions: pd.DataFrame | None = None
) -> Dataset:
    """Views and sign-ups of users, each so many months before the data end; somebody watches at the very end."""
    seen = [(user, END - months * MONTH) for user, when in {**views, "zz watches": [0.0]}.items() for months in when]
    users = pd.DataFrame({"user_id": sorted({*views, "zz watches"})})
    if signups is not None:
        users["signup_date"] = pd.to_datetime(users["user_id"].map({name: END - ago * MONTH for name, ago in signups.items()}))
    events = pd.DataFrame({"user_id": [user for user, _ in seen], "movie_id": "m", "timestamp": [when for _, when in seen]})
    return assemble(
        users=users, movies=pd.DataFrame({"movie_id": ["m"], "title": "M"}), events=events, subscriptions=subscriptions
    )


def found(dataset: Dataset) -> dict[str, float]:
    """Part of each user in the joiners of a year."""
    joiners = measure(dataset)
    assert joiners is not None
    return dict(zip(dataset.users["user_id"], 12 * joiners.a_month, strict=True))


def test_who_signed_up_within_the_year_joined_in_it():
    """36 months of sign-ups; one watched months before the day that his row gives, which can therefore not be true."""
    views = {"long ago": [30.0], "a year and a bit": [1.0], "in it": [2.0], "never watched": [], "seen before": [20.0]}
    signups = {"long ago": 36.0, "a year and a bit": 12.1, "in it": 11.9, "never watched": 3.0, "seen before": 5.0}
    told = found(tables(views, signups))
    assert told == {
        "long ago": 0.0,
        "a year and a bit": 0.0,
        "in it": pytest.approx(1.0),
        "never watched": pytest.approx(1.0),
        "seen before": 0.0,
        "zz watches": 0.0,
    }


def test_without_sign_ups_the_subscriptions_table_tells_but_not_of_its_first_month():
    """Fourteen months: who is in the first, active or not, was there before; who is never active never joined."""
    rows = {
        "there": dict.fromkeys(range(14), 1),
        "came back": {0: 0, 1: 0, 5: 1},
        "joined": dict.fromkeys(range(8, 14), 1),
        "joined before": {1: 1, 2: 1},
        "never paid": {9: 0},
    }
    names = [str(month) for month in pd.period_range("2023-11", periods=14, freq="M")]
    table = pd.DataFrame(
        [(user, names[k], bool(active)) for user, months in rows.items() for k, active in months.items()],
        columns=["user_id", "month", "active"],
    )
    told = found(tables({name: [1.0] for name in rows}, subscriptions=table))
    assert {name for name, part in told.items() if part} == {"joined"}
    assert told["joined"] == pytest.approx(1.0)


def watching(n_there: int, joining_a_month: int, months: int, rng: np.random.Generator) -> dict[str, list[float]]:
    """Views of users some of whom watch every other day and some twice a year; who joins watches at once."""
    views = {}
    for k in range(n_there + joining_a_month * months):
        since = float(months) if k < n_there else (k - n_there + 0.5) / joining_a_month
        a_month = float(np.exp(rng.normal(0.0, 1.3)))
        when = rng.uniform(0.0, since, rng.poisson(a_month * since))
        views[f"u{k:05d}"] = [*when, *([] if k < n_there else [since])]
    return {user: when for user, when in views.items() if when}


@pytest.mark.parametrize("months", [12, 30])
def test_users_who_watch_seldom_have_not_joined_when_they_are_first_seen(months: int):
    """Of 1,500 users who have all been there from the beginning, dozens are first seen in its second half."""
    views = watching(1_500, 0, months, np.random.default_rng(3))
    late = sum(max(when) < months / 2 for when in views.values())
    assert late > 20
    assert sum(found(tables(views)).values()) == 0.0


@pytest.mark.parametrize("months", [12, 30])
def test_views_tell_how_many_joined_within_their_error(months: int):
    """Twenty a month, beside 1,500 who had been there."""
    joiners = measure(tables(watching(1_500, 20, months, np.random.default_rng(4))))
    assert joiners is not None
    ((people,), (error,)) = joiners.by_group(np.zeros(len(joiners.a_month), dtype=np.int64), 1, np.ones(len(joiners.a_month)))
    assert 1.0 < error < 3.0
    assert abs(people - 20.0) < 3.0 * error
    assert "first views" in joiners.source


def test_a_month_of_history_or_a_handful_of_users_tells_of_nobody():
    assert sum(found(tables(watching(1_500, 20, 3, np.random.default_rng(5)))).values()) == 0.0
    assert sum(found(tables({"a": [11.0], "b": [1.0]})).values()) == 0.0


def joined(context: ProjectionContext, a_month: dict[int, float]) -> ProjectionContext:
    """The service with so many joiners a month from each of some rows; every third user has not watched of late."""
    rows = np.zeros(context.choice.n_users)
    rows[list(a_month)] = list(a_month.values())
    of_late = np.arange(len(rows)) % 3 > 0
    return replace(context, joiners=Joiners(a_month=rows, variance=rows / 4, watched_of_late=of_late, source="made up"))


def test_joiners_of_a_persona_are_shared_out_over_those_of_it_who_are_there():
    """Rows 0 and 2 are of persona 0, row 1 of persona 1; each row stands for 40 people."""
    context = joined(replace(builders.context(), weight=np.full(60, 40.0)), {0: 0.25, 2: 0.5, 1: 0.25})
    for k, a_month in enumerate((30.0, 10.0)):  # 40 · (0.25 + 0.5) and 40 · 0.25
        here = context.persona_of == k
        assert context.joining[here] @ context.weight[here] == pytest.approx(a_month)
        assert context.joined[k].a_month == pytest.approx(a_month)
        assert len(set(context.joining[here & (context.joining > 0)])) == 1
    assert context.joined[1].standard_error == pytest.approx(40.0 * np.sqrt(0.25 / 4))
    there = (np.arange(60) % 3 > 0) & (context.subscribed > 0)
    assert list(context.joining > 0) == list(there)


def test_nobody_joins_where_nobody_is_there_or_nothing_tells():
    context = joined(builders.context(), {0: 0.25, 1: 0.25})
    gone = replace(context, subscribed=np.where(context.persona_of == 0, 0.0, context.subscribed))
    assert set(gone.joining[gone.persona_of == 0]) == {0.0}
    assert gone.joining.sum() == pytest.approx(0.25)
    assert not builders.context().joining.any()


def test_a_projection_lists_who_joins_and_where_it_is_from():
    context = joined(builders.context(), {0: 0.25, 2: 0.5, 1: 0.25})
    told = project(context, Scenario(name="as it is", horizon_months=3))
    assert told.meanwhile.joined == context.joined
    assert (told.meanwhile.joined_a_month, told.meanwhile.joined_from) == (pytest.approx(1.0), "made up")
    listed = {found.name: found for found in told.assumptions}["people who join"]
    assert (listed.value, listed.kind, listed.unit) == (pytest.approx(1.0), "estimated", "people a month")
    assert listed.standard_error == pytest.approx(0.5)
    assert listed.source.startswith("made up; ")
