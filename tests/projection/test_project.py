"""The answer as a whole: what is refused, what is withheld, what is said, and the document."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.errors import ScenarioError
from recsys.ids import IdMap
from recsys.projection.context import ProjectionContext, subscription_state
from recsys.projection.json_document import as_json, as_text
from recsys.projection.project import project
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.projection import builders

EVERYONE = c.Everyone()


@pytest.fixture(scope="module")
def context() -> ProjectionContext:
    return builders.context(n_users=80)


def asking(*changes: c.Change, horizon: int = 12) -> s.Scenario:
    return s.Scenario(name="x", changes=changes, horizon_months=horizon)


@pytest.mark.parametrize(
    ("change", "code", "hint"),
    [
        (c.Acquire(offer="O00"), "E_MOVIE", "o00"),
        (c.Drop(movie="m1"), "E_MOVIE", "m0001"),
        (c.Drop(movie="o00"), "E_MOVIE", ""),
        (c.Drop(movie="m0000"), "E_MOVIE", "not on the service"),
        (c.Promote(movie="o01", exposure=1.0), "E_MOVIE", ""),
        (c.ShiftLaunch(offer="o01", month=2), "E_MOVIE", "not acquired"),
        (c.ResizeSegment(segment=c.ByPersona(persona="persona 9"), factor=1.2), "E_SEGMENT", "persona 1"),
        (c.ResizeSegment(segment=c.ByRule(where="languge = 'Hindi'"), factor=1.2), "E_SEGMENT", "language"),
        (c.ResizeSegment(segment=c.ByRule(where="language = 'Hind'"), factor=1.2), "E_SEGMENT", "Hindi"),
        (c.ResizeSegment(segment=c.ByUsers(users=("nobody",)), factor=1.2), "E_SEGMENT", "nobody"),
        (c.ResizeSegment(segment=c.ByUsers(users=("u0001",)), factor=1.2), "E_SMALL_SEGMENT", ""),
        (c.ChangePrice(plan="montly", amount=99.0), "E_PARAM", "monthly"),
        (c.ChangePrice(plan="ad-funded", amount=99.0), "E_PARAM", ""),
        (c.ResizeSegment(segment=EVERYONE, factor=math.nan), "E_NUMBER", ""),
        (c.ResizeSegment(segment=EVERYONE, factor=-1.0), "E_RANGE", ""),
        (c.ShiftTaste(segment=EVERYONE, towards=c.TowardsMovies(movies=("m9",)), strength=1.0), "E_MOVIE", ""),
        (
            c.ShiftTaste(segment=EVERYONE, towards=c.TowardsAttribute(attribute="genre", value="Dram"), strength=1.0),
            "E_PARAM",
            "Drama",
        ),
        (c.ShiftTaste(segment=EVERYONE, towards=c.TowardsAttribute(attribute="mood", value="x"), strength=1.0), "E_PARAM", ""),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_with_what_may_have_been_meant(
    context: ProjectionContext, change: c.Change, code: str, hint: str
):
    with pytest.raises(ScenarioError) as refused:
        project(context, asking(change))
    assert refused.value.code == code
    assert hint in str(refused.value)


def test_several_mistakes_are_told_at_once(context: ProjectionContext):
    with pytest.raises(ScenarioError) as refused:
        project(context, asking(c.Drop(movie="x"), c.Acquire(offer="y"), c.Acquire(offer="o00"), c.Acquire(offer="o00")))
    assert len(refused.value.findings) == 3


def test_a_movie_both_dropped_and_promoted_is_a_contradiction(context: ProjectionContext):
    with pytest.raises(ScenarioError, match="E_MOVIE"):
        project(context, asking(c.Drop(movie="m0003"), c.Promote(movie="m0003", exposure=1.0)))


@pytest.mark.parametrize(
    "change",
    [
        c.ResizeSegment(segment=EVERYONE, factor=6.0),
        c.ResizeSegment(segment=EVERYONE, factor=0.1),
        c.ScaleActivity(segment=EVERYONE, factor=6.0),
        c.ShiftTaste(segment=EVERYONE, towards=c.TowardsAttribute(attribute="genre", value="Drama"), strength=4.0),
        c.ContinueDrift(months=40),
    ],
)
def test_beyond_what_the_data_saw_roi_is_withheld_with_the_reason(context: ProjectionContext, change: c.Change):
    answer = project(context, asking(change, c.Acquire(offer="o00")), draws="all")
    assert answer.roi is None
    assert answer.prob_above_hurdle is None
    assert answer.offers[0].roi is None
    assert any(warning.startswith("W_EXTRAPOLATION") for warning in answer.warnings)
    within = project(context, asking(c.Acquire(offer="o00")), draws="all")
    assert within.roi is not None
    assert within.warnings == ()


def test_a_licence_cut_by_the_horizon_and_a_launch_after_it_are_told(context: ProjectionContext):
    answer = project(context, asking(c.Acquire(offer="o00", window_months=24), c.Acquire(offer="o01", launch_month=9), horizon=6))
    assert [warning.split(":")[0] for warning in answer.warnings] == ["W_HORIZON", "W_HORIZON"]
    late = answer.offers[1]
    assert late.views.p50 == 0.0
    assert late.cost == pytest.approx(context.offers["fee"][1])  # its fee is owed, its marketing lies after the horizon


def test_a_launch_later_means_nothing_before_it(context: ProjectionContext):
    answer = project(context, asking(c.Acquire(offer="o00"), c.ShiftLaunch(offer="o00", month=4), horizon=6))
    monthly = [month.p50 for month in answer.offers[0].monthly_hours]
    assert monthly[:3] == [0.0, 0.0, 0.0]
    assert monthly[3] != 0.0


def test_dropping_a_movie_saves_its_fee_and_loses_its_viewers(context: ProjectionContext):
    answer = project(context, asking(c.Drop(movie="m0007")))
    assert answer.acquisition_effect.hours.p50 < 0
    assert answer.acquisition_effect.value.p50 < 0
    fee = float(context.movies.set_index("movie_id").loc["m0007", "licence_fee"])
    assert answer.npv.p50 == pytest.approx(answer.acquisition_effect.value.p50 + fee)
    assert answer.roi is None
    listed = {found.name: found.kind for found in answer.assumptions}
    assert listed["licence fees due today"] == "assumed"


@pytest.mark.parametrize(
    ("until", "licences", "due"),
    [("2025-04-02", "renewed", 3), ("2025-09-02", "renewed", None), ("2025-04-02", "lapse", None), ("2024-01-01", "renewed", 0)],
)
def test_a_running_licence_is_paid_and_dropping_its_movie_saves_the_next_fee_alone(
    context: ProjectionContext, until: str, licences: s.Licences, due: int | None
):
    """Six months ahead: a fee due in month 3 is worth less than one due today, and one due after the horizon is not saved."""
    movies = context.movies.assign(licence_until=pd.Timestamp(until))
    dated = replace(context, movies=movies, data_end=pd.Timestamp("2025-01-01"))
    answer = project(dated, replace(asking(c.Drop(movie="m0007")), horizon_months=6, licences=licences))
    fee = float(movies.set_index("movie_id").loc["m0007", "licence_fee"])
    rate = context.economics.discount_rate.value
    saved = 0.0 if due is None else fee * (1 + rate) ** (-due / 12)
    assert rate > 0
    assert answer.npv.p50 == pytest.approx(answer.acquisition_effect.value.p50 + saved)
    assert answer.monthly_cash[-1].p50 == pytest.approx(answer.npv.p50)
    assert ("licence fees due today" in {found.name for found in answer.assumptions}) == (due == 0)


def test_of_offers_bought_together_it_is_said_by_how_much_such_answers_are_off(context: ProjectionContext):
    one = project(context, asking(c.Acquire(offer="o00"))).assumptions
    two = project(context, asking(c.Acquire(offer="o00"), c.Acquire(offer="o01"))).assumptions
    assert {found.name for found in two} - {found.name for found in one} == {"error of offers bought together"}
    assert "simulated" in next(found for found in two if found.name == "error of offers bought together").source


def test_promotion_brings_views_and_is_labelled_an_assumption(context: ProjectionContext):
    plain = project(context, asking(c.Acquire(offer="o00")))
    pushed = project(context, asking(c.Acquire(offer="o00"), c.Promote(movie="o00", exposure=1.0)))
    assert pushed.offers[0].views.p50 > plain.offers[0].views.p50
    kinds = {found.name: found.kind for found in pushed.assumptions}
    assert kinds["worth of a front-page slot"] == "assumed"
    assert "worth of a front-page slot" not in {found.name for found in plain.assumptions}


def test_a_price_reaches_the_money_and_not_the_demand(context: ProjectionContext):
    answer = project(context, asking(c.ChangePrice(plan="monthly", amount=298.0)))
    assert answer.audience_effect.hours.p50 == 0.0
    monthly = (context.users["plan"] == "monthly").to_numpy()
    only = replace(context, users=context.users.assign(plan=np.where(monthly, "monthly", "ad-funded")))
    single, double = (project(only, asking(c.ChangePrice(plan="monthly", amount=price))) for price in (149.0, 298.0))
    assert single.audience_effect.value.p50 == 0.0
    assert double.audience_effect.value.p50 > 0
    listed = {found.name: found for found in answer.assumptions}
    assert listed["monthly: monthly price"].value == 298.0
    assert listed["response to a price"].kind == "assumed"


def test_only_plans_that_somebody_has_are_listed(context: ProjectionContext):
    only = replace(context, users=context.users.assign(plan="monthly"))
    names = {found.name for found in project(only, asking()).assumptions}
    assert "monthly: monthly price" in names
    assert not any(name.startswith(("rental", "ad-funded")) for name in names)


def test_a_user_whose_plan_is_not_known_has_the_default_plan(context: ProjectionContext):
    plans = context.users["plan"].to_numpy(dtype=object).copy()
    plans[:10] = [None, "gone"] * 5
    assert [plan.name for plan in replace(context, users=context.users.assign(plan=plans)).plans[:10]] == ["monthly"] * 10


def test_drift_continued_compounds_size_and_activity(context: ProjectionContext):
    """Persona 1 grows by 2 % a month and its views per user fall or rise by their trend; persona 0 stands still."""
    answer = project(context, asking(c.ContinueDrift(months=6)))
    assert answer.audience_effect.hours.p50 != 0.0
    still = replace(context, personas=builders.personas(80, 1))  # one persona without growth, constant views per active user
    assert project(still, asking(c.ContinueDrift(months=6))).audience_effect.hours.p50 == pytest.approx(0.0, abs=1e-9)


def test_a_last_month_that_is_cut_is_no_trend_of_activity(context: ProjectionContext):
    """Three views of an active user in every month, and two in the twelve days of the last one."""
    people = builders.personas(80, 1)
    persona = people.personas[0]
    cut = replace(persona, monthly_views=(*persona.monthly_views[:-1], ("2024-12", 40)))
    still = replace(context, personas=replace(people, personas=(cut,)))
    assert project(still, asking(c.ContinueDrift(months=6))).audience_effect.hours.p50 == pytest.approx(0.0, abs=1e-9)


def test_less_churn_keeps_more_subscribers(context: ProjectionContext):
    answer = project(context, asking(c.ChangeChurn(segment=EVERYONE, delta_share=-0.02)))
    assert answer.projected.active_users > answer.baseline.active_users
    assert answer.audience_effect.value.p50 > 0
    gone = project(context, asking(c.ChangeChurn(segment=EVERYONE, delta_share=1.0)))
    others = (context.users["plan"] != "monthly").sum()
    assert others <= gone.projected.active_users < others + 3  # all leave each month, 3 in 100 of them come back


def test_churn_configured_as_none_is_none_and_a_stated_one_is_what_leaves(context: ProjectionContext):
    """Of 10 % a month, nine tenths are left after each; nobody comes back."""
    begun = context.subscribed[(context.users["plan"] == "monthly").to_numpy()].sum()
    others = (context.users["plan"] != "monthly").sum()

    def kept(share: float) -> float:
        churn = builders.term(share)
        plans = tuple(replace(plan, monthly_churn=churn) if plan.kind == "svod" else plan for plan in context.economics.plans)
        stated = replace(context, economics=replace(context.economics, plans=plans), return_share=0.0)
        answer = project(stated, asking())
        assert any(each.name == "monthly: monthly churn" and each.value == share for each in answer.assumptions)
        return answer.baseline.active_users - others

    assert kept(0.0) == pytest.approx(begun, rel=1e-9)
    assert kept(0.1) == pytest.approx(begun * 0.9 ** asking().horizon_months, rel=1e-9)


def test_who_is_subscribed_today_counts(context: ProjectionContext):
    nobody = replace(context, subscribed=np.zeros(80), return_share=0.0)
    answer = project(nobody, asking())
    assert answer.baseline.active_users == (context.users["plan"] != "monthly").sum()


def test_the_state_of_subscriptions_comes_from_the_last_month():
    table = pd.DataFrame(
        {"user_id": list("aabbcc"), "month": ["2024-01", "2024-02"] * 3, "active": [True, True, False, True, False, False]}
    )
    state, back = subscription_state(table, IdMap(["a", "b", "c", "d"]))
    assert state.tolist() == [1.0, 1.0, 0.0, 1.0]  # d is not in the table
    assert back == 0.5  # of b and c, who were away in January, b came back


def test_without_subscriptions_everybody_counts_and_nobody_comes_back():
    state, back = subscription_state(None, IdMap(["a"]))
    assert (state.tolist(), back) == ([1.0], 0.0)


def numbers(document: Any) -> list[float]:
    if isinstance(document, dict):
        return [number for value in document.values() for number in numbers(value)]
    if isinstance(document, list):
        return [number for value in document for number in numbers(value)]
    return [document] if isinstance(document, int | float) and not isinstance(document, bool) else []


def test_the_document_has_what_the_contract_says(context: ProjectionContext):
    answer = project(context, asking(c.Acquire(offer="o00"), c.Acquire(offer="o01")), draws="all")
    document = json.loads(as_text(answer))
    assert document == json.loads(json.dumps(as_json(answer)))
    assert document["schema"] == 1
    assert set(document["scenario"]) == {"name", "hash"}
    assert {"arrivals", "arrivals_last_year", "joining", "joined_a_month", "joined", "joined_from"} == set(document["meanwhile"])
    for key in ("run", "currency", "horizon_months", "acquisition_effect", "npv", "roi", "prob_above_hurdle", "warnings"):
        assert key in document
    for world in ("baseline", "projected"):
        assert {"hours", "views", "revenue", "active_users"} <= set(document[world])
    for effect in ("audience_effect", "acquisition_effect"):
        assert set(document[effect]["hours"]) == set(document[effect]["value"]) == {"mean", "p10", "p50", "p90"}
    offer = document["offers"][0]
    wanted = "movie_id views gross_hours incremental_hours cannibalised_hours victims cost npv roi max_bid payback_month"
    assert set(wanted.split()) | {"segments", "comparables", "support"} <= set(offer)
    assert set(offer["victims"][0]) == {"movie_id", "hours"}
    assert set(offer["segments"][0]) == {"name", "hours", "share"}
    assert {"name", "value", "kind", "source"} <= set(document["assumptions"][0])
    assert all(math.isfinite(number) for number in numbers(document))
    assert len(numbers(document)) > 100


def test_the_same_question_gives_the_same_bytes(context: ProjectionContext):
    asked = asking(c.Acquire(offer="o00"), c.Drop(movie="m0007"))
    again = builders.context(n_users=80)
    assert as_text(project(context, asked, draws="all")) == as_text(project(again, asked, draws="all"))


def test_victims_are_movies_of_the_catalogue_or_other_offers_most_first(context: ProjectionContext):
    answer = project(context, asking(c.Acquire(offer="o00"), c.Acquire(offer="o01")))
    known = set(context.choice.movie_ids.ids) | {"o00", "o01"}
    for offer in answer.offers:
        hours = [victim.hours for victim in offer.victims]
        assert hours == sorted(hours, reverse=True)
        assert all(value > 0 for value in hours)
        assert {victim.movie_id for victim in offer.victims} <= known - {offer.movie_id}
        assert sum(hours) <= offer.cannibalised_hours.p50 * (1 + 1e-9)


def test_an_offer_is_as_long_as_its_runtime_times_the_completion_of_its_comparables(context: ProjectionContext):
    """Builders give every movie a completion of 0.7 of its runtime."""
    answer = project(context, asking(c.Acquire(offer="o02"))).offers[0]
    runtime = float(context.offers["runtime_min"][2]) / 60.0
    assert answer.gross_hours.p50 / answer.views.p50 == pytest.approx(0.7 * runtime)
    assert len(answer.comparables) == 5


def test_who_has_watched_a_movie_is_what_their_histories_hold(context: ProjectionContext):
    choice = context.choice
    histories = [set(choice.watched_indices[slice(*choice.watched_indptr[user : user + 2])]) for user in range(choice.n_users)]
    for movie in range(choice.n_movies):
        assert context.has_watched(movie).tolist() == [movie in history for history in histories]
