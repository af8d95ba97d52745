"""Any scenario that a file can say."""

from hypothesis import strategies as st

from recsys.scenario import changes as c
from recsys.scenario import scenario as s

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=BIDI), max_size=30)
money = st.none() | st.floats(0, 1e15)
segments = st.one_of(
    st.just(c.Everyone()),
    st.builds(c.ByPersona, persona=texts),
    st.builds(c.ByRule, where=texts),
    st.builds(c.ByUsers, users=st.lists(texts, min_size=1, max_size=4).map(tuple)),
)
directions = st.one_of(
    st.builds(c.TowardsMovies, movies=st.lists(texts, min_size=1, max_size=4).map(tuple)),
    st.builds(c.TowardsAttribute, attribute=texts, value=texts),
)
factors = st.floats(0, 1000, exclude_min=True)
months = st.integers(1, 60)
changes = st.one_of(
    st.builds(c.ResizeSegment, segment=segments, factor=factors),
    st.builds(c.ShiftTaste, segment=segments, towards=directions, strength=st.floats(-10, 10)),
    st.builds(c.ScaleActivity, segment=segments, factor=factors),
    st.builds(c.ChangeChurn, segment=segments, delta_share=st.floats(-1, 1)),
    st.builds(c.ChangePrice, plan=texts, amount=st.floats(0, 1e15)),
    st.builds(c.ContinueDrift, months=months),
    st.builds(
        c.Acquire,
        offer=texts,
        fee=money,
        window_months=st.none() | months,
        royalty_per_view=money,
        dubbing_cost=money,
        marketing_cost=money,
        delivery_cost=money,
        launch_month=months,
    ),
    st.builds(c.Drop, movie=texts),
    st.builds(c.Promote, movie=texts, exposure=st.floats(0, 10)),
    st.builds(c.ShiftLaunch, offer=texts, month=months),
)
scenarios = st.builds(
    s.Scenario, name=texts, changes=st.lists(changes, max_size=6).map(tuple), horizon_months=st.integers(0, 120)
)
