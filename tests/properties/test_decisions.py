"""What must always hold of decisions. Numbers are those of the list of invariants."""

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recsys.decision.decision_threshold import decision_thresholds
from recsys.decision.slate import choose
from recsys.decision.slate_rules import AtLeast, Rules
from recsys.decision.slate_value import slate_valuer
from recsys.errors import ScenarioError
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.effort import examples
from tests.projection import builders
from tests.properties import cases

IDS = [f"o{k:02d}" for k in range(5)]
rule_sets = st.builds(
    Rules,
    at_most=st.none() | st.integers(0, 4),
    at_least=st.lists(st.builds(AtLeast, language=st.sampled_from(builders.LANGUAGES), offers=st.integers(0, 2)), max_size=1).map(
        tuple
    ),
    must_have=st.lists(st.sampled_from(IDS), unique=True, max_size=1).map(tuple),
    never_with=st.lists(st.lists(st.sampled_from(IDS), unique=True, min_size=2, max_size=3).map(tuple), max_size=1).map(tuple),
)
budgets = st.floats(0, 400)
tight_budgets = st.floats(0, 60)
"""Less than all offers together cost."""


def cheap(seed: int, dissimilarity: float) -> ProjectionContext:
    """A small service whose offers are cheap enough that several are worth buying."""
    made = cases.context(seed, dissimilarity)
    return replace(made, offers=made.offers.assign(fee=made.offers["fee"] / 8, marketing_cost=0.5))


bases = st.builds(cheap, cases.seeds, cases.dissimilarities)


def cost_of(context: ProjectionContext, chosen: tuple[str, ...]) -> float:
    bought = context.offers["movie_id"].isin(chosen)
    return float((context.offers["fee"] + context.offers["marketing_cost"])[bought].sum())


def obeys(context: ProjectionContext, rules: Rules, budget: float, chosen: tuple[str, ...]) -> bool:
    languages = context.offers.set_index("movie_id")["languages"]
    return (
        cost_of(context, chosen) <= budget * (1 + 1e-9) + 1e-9
        and (rules.at_most is None or len(chosen) <= rules.at_most)
        and set(rules.must_have) <= set(chosen)
        and all(len(set(group) & set(chosen)) <= 1 for group in rules.never_with)
        and all(sum(languages[offer] == need.language for offer in chosen) >= need.offers for need in rules.at_least)
    )


def every_slate() -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(IDS, size) for size in range(len(IDS) + 1)))


def searched(context: ProjectionContext, chosen: tuple[str, ...]) -> float:
    """What the search takes a slate to be worth."""
    return slate_valuer(context).npv([IDS.index(offer) for offer in chosen])


@given(bases, tight_budgets, rule_sets, st.sampled_from([0, 15]))
def test_25_a_slate_keeps_to_its_budget_and_rules_or_says_which_of_them_clash(
    context: ProjectionContext, budget: float, rules: Rules, listed_up_to: int
):
    possible = [chosen for chosen in every_slate() if obeys(context, rules, budget, chosen)]
    known = all(offer.inside for offer in _offers(context))
    assume(known)
    if not possible:
        with pytest.raises(ScenarioError, match="E_RULES"):
            choose(context, budget, rules, listed_up_to=listed_up_to, explain=False)
        return
    slate = choose(context, budget, rules, listed_up_to=listed_up_to, explain=False)
    assert slate.chosen in possible
    assert slate.cost == pytest.approx(cost_of(context, slate.chosen))
    assert slate.value <= slate.upper_bound


def _offers(context: ProjectionContext) -> tuple:
    return slate_valuer(context).offers


@given(bases, budgets, st.floats(1.0, 3.0), rule_sets)
def test_26_a_larger_budget_never_gives_a_slate_of_lower_value(
    context: ProjectionContext, budget: float, more: float, rules: Rules
):
    try:
        small = choose(context, budget, rules, explain=False)
    except ScenarioError:
        assume(False)
    large = choose(context, budget * more, rules, explain=False)
    assert large.search_value >= small.search_value - 1e-9 * abs(small.search_value)


@given(bases, budgets, rule_sets)
@examples(10)
def test_26_the_slate_is_that_of_brute_force(context: ProjectionContext, budget: float, rules: Rules):
    assume(all(offer.inside for offer in _offers(context)))
    possible = [chosen for chosen in every_slate() if obeys(context, rules, budget, chosen)]
    assume(possible)
    slate = choose(context, budget, rules, explain=False)
    best = max(searched(context, chosen) for chosen in possible)
    assert slate.search_value == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert searched(context, slate.chosen) == pytest.approx(best, rel=1e-9, abs=1e-9)


@given(bases, budgets)
@examples(10)
def test_below_the_fee_to_enter_an_offer_enters(context: ProjectionContext, budget: float):
    """Where every slate is run: there are 16 of at most two offers."""
    few = Rules(at_most=2)
    entry = next((entry for entry in choose(context, budget, few).why_not if entry.fee_to_enter is not None), None)
    assume(entry is not None)
    lower = s.Scenario(name="x", changes=(c.Acquire(offer=entry.movie_id, fee=0.98 * entry.fee_to_enter),))
    entered = choose(context, budget, few, scenario=lower, explain=False)
    assert entered.exact
    assert entry.movie_id in entered.chosen


@given(bases, st.sampled_from(IDS), cases.segments, st.floats(0.5, 0.99))
@examples(10)
def test_27_the_flip_flips_and_95_per_cent_of_it_does_not(
    context: ProjectionContext, offer: str, segment: c.Segment, part: float
):
    bid = project(context, s.Scenario(name="x", changes=(c.Acquire(offer=offer),)), draws="all").offers[0].max_bid.mean
    assume(bid > 1)
    hurdle, flipped = context.economics.hurdle_rate.value, 0
    for fee in (part * bid, bid / part):
        asked = s.Scenario(name="x", changes=(c.Acquire(offer=offer, fee=fee),))
        (found,) = decision_thresholds(context, asked, segment).thresholds
        assert found.buys == (fee <= bid)
        if found.factor is None:
            continue
        flipped += 1

        def buys(factor: float, asked: s.Scenario = asked) -> bool:
            resize = c.ResizeSegment(segment=segment, factor=factor)
            result = project(context, replace(asked, changes=(resize, *asked.changes)), draws="all").offers[0]
            return result.npv.mean >= hurdle * result.cost

        assert buys(1.0) == found.buys
        assert buys(found.factor) != found.buys
        assert buys(float(np.exp(0.95 * np.log(found.factor)))) == found.buys
    assume(flipped)
