"""Any scenario that a file can say."""

from hypothesis import strategies as st

from recsys.scenario import scenario as s

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=BIDI), max_size=30)
money = st.none() | st.floats(0, 1e15)
segments = st.one_of(
    st.just(s.Everyone()),
    st.builds(s.ByPersona, persona=texts),
    st.builds(s.ByRule, where=texts),
    st.builds(s.ByUsers, users=st.lists(texts, min_size=1, max_size=4).map(tuple)),
)
directions = st.one_of(
    st.builds(s.TowardsMovies, movies=st.lists(texts, min_size=1, max_size=4).map(tuple)),
    st.builds(s.TowardsAttribute, attribute=texts, value=texts),
)
factors = st.floats(0, 1000, exclude_min=True)
months = st.integers(1, 60)
changes = st.one_of(
    st.builds(s.ResizeSegment, segment=segments, factor=factors),
    st.builds(s.ShiftTaste, segment=segments, towards=directions, strength=st.floats(-10, 10)),
    st.builds(s.ScaleActivity, segment=segments, factor=factors),
    st.builds(s.ChangeChurn, segment=segments, delta_share=st.floats(-1, 1)),
    st.builds(s.ChangePrice, plan=texts, amount=st.floats(0, 1e15)),
    st.builds(s.ContinueDrift, months=months),
    st.builds(
        s.Acquire,
        offer=texts,
        fee=money,
        window_months=st.none() | months,
        royalty_per_view=money,
        dubbing_cost=money,
        marketing_cost=money,
        delivery_cost=money,
        launch_month=months,
    ),
    st.builds(s.Drop, movie=texts),
    st.builds(s.Promote, movie=texts, exposure=st.floats(0, 10)),
    st.builds(s.ShiftLaunch, offer=texts, month=months),
)
scenarios = st.builds(
    s.Scenario, name=texts, changes=st.lists(changes, max_size=6).map(tuple), horizon_months=st.integers(0, 120)
)
