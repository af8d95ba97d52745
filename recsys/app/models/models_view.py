"""Models: how good each recommender is, for whom, for new movies, and every parameter that projections rest on."""

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.shell.tables import lazy_tabs, show_chart, show_table
from recsys.presentation import charts
from recsys.presentation.tables import model_measures as measures
from recsys.presentation.tables import projections
from recsys.presentation.tables.model_measures import Measured
from recsys.presentation.text import models as labels
from recsys.presentation.text.escape import plain
from recsys.presentation.text.numbers import count
from recsys.projection.context import ProjectionContext


def show() -> None:
    """The whole page."""
    context = open_workspace.projection_context()
    found = measures.comparisons(open_workspace.workspace(), open_workspace.fingerprint())
    tabs = {
        "How good": lambda: _accuracy(found) if found else _not_measured(),
        "For whom": lambda: _slices(found) if found else _not_measured(),
        "New movies": _cold,
        "What was calibrated": lambda: _parameters(context),
    }
    lazy_tabs(tabs, key="models.tabs")


def _chosen(found: tuple[Measured, ...]) -> Measured:
    titles = [f"{each.title}, {each.created}" if each.created else each.title for each in found]
    if len(found) == 1:
        chosen = found[0]
        st.caption(f"{plain(titles[0])}. `recsys evaluate` does so on other splits too.")
    else:
        place = st.selectbox("Measured", range(len(found)), format_func=lambda at: titles[at], key="models.measured")
        chosen = found[place or 0]
    return chosen


def _notes(chosen: Measured) -> None:
    if chosen.stale:
        st.warning("The tables have changed since this was measured. Run `recsys evaluate` again.", icon=":material/history:")
    if said := measures.asked(chosen):
        st.caption(plain(said))
    if chosen.caution:
        st.caption(plain(chosen.caution))


def _accuracy(found: tuple[Measured, ...]) -> None:
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        chosen = _chosen(found)
    metric = right.selectbox("Figure", chosen.metrics, format_func=labels.metric, index=_first(chosen), key="models.metric")
    metric = metric or chosen.metrics[0]
    _notes(chosen)
    meant = labels.METRICS[metric.partition("@")[0]]
    st.markdown(measures.verdict(chosen, metric))
    show_chart(
        charts.models_apart(measures.accuracy(chosen, metric), labels.metric(metric)),
        f"{labels.metric(metric)} of each recommender, with its 95% interval over users.",
    )
    st.caption(f"{meant.label}: {meant.meaning} ({meant.exact}). {_INTERVALS}")
    lists = measures.lists(chosen)
    if len(lists.columns) > 1:
        st.markdown("**What the lists are like**")
        show_table(lists)
        st.caption(_LISTS)
    if chosen.behaviour:
        st.markdown("**Does it behave?**")
        show_table(measures.checks(chosen))
        with st.expander("What these checks ask"):
            st.markdown("\n".join(f"- {sentence}" for sentence in measures.what_checks_ask(chosen)))


_INTERVALS = "Lines are 95% intervals over users; whether two differ is tested user by user, corrected for the number of pairs."
_LISTS = (
    "Catalogue shown: to anybody at all. Surprises: places that hold what users then watched and popularity would not have "
    "shown. Genres and languages off: 0 is the user's own mix. Popular lists fail the checks by their nature."
)


def _first(chosen: Measured) -> int:
    return chosen.metrics.index("ndcg@10") if "ndcg@10" in chosen.metrics else 0


def _slices(found: tuple[Measured, ...]) -> None:
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        chosen = _chosen(found)
    _notes(chosen)
    kinds = measures.slice_kinds(chosen)
    if not kinds:
        st.caption("This was measured before slices were. Train again, or run `recsys evaluate`.")
        return
    kind = right.selectbox("By", list(kinds), format_func=lambda name: kinds[name], key="models.slice") or next(iter(kinds))
    metric, frame = measures.by_slice(chosen, kind)
    show_chart(
        charts.slices_apart(frame, labels.metric(metric)),
        f"{labels.metric(metric)} by {kinds[kind]}, with its 95% interval.",
    )
    st.caption(f"In brackets: users. {_FEW}")


_FEW = "A slice of few users has a wide interval; do not read a difference into two that overlap far."


def _cold() -> None:
    document = measures.cold(open_workspace.workspace())
    if not document:
        with st.container(border=True):
            st.subheader("New movies have not been tried yet", anchor=False)
            st.markdown(
                "Hide a fifth of the catalogue with all that was watched of it, learn from the rest, and see what is said of "
                "movies that nobody has watched. It trains both models again, in a minute or a few:"
            )
            st.code(f"recsys --workspace {open_workspace.workspace().root} evaluate --cold", language="sh")
        return
    if document.get("data") != open_workspace.fingerprint():
        st.warning(
            "The tables have changed since this was measured. Run `recsys evaluate --cold` again.", icon=":material/history:"
        )
    hidden, others = count(int(document["hidden_movies"])), count(int(document["known_movies"]))
    st.markdown(f"{hidden} movies were hidden with all of their views, and everything was learnt from the other {others}.")
    ranking = document["ranking"]
    known = st.segmented_control(
        "Known of them",
        list(ranking),
        format_func=lambda name: plain(measures.days(name)),
        default=next(iter(ranking)),
        key="models.known",
    )
    known = known or next(iter(ranking))
    metric = f"ndcg@{document['places']}"
    show_chart(
        charts.models_apart(measures.cold_ranking(document, known, metric), f"{labels.metric(metric)}, hidden movies only"),
        "Ranking quality on hidden movies of each way of telling, with its 95% interval.",
    )
    st.caption(
        f"Only hidden movies are ranked, for users who watched some of them. Measured on {plain(measures.when(document))}."
    )
    st.markdown("**How large will the audience be?**")
    show_table(measures.appeal(document, known), whole=True)
    st.caption(_APPEAL)


_APPEAL = (
    "Every movie was hidden once. Explained: share of the differences in ln views between movies that was foretold. Typical "
    "miss: a factor up or down. Inside its range: how many movies' views lay in the range that was stated for them."
)


def _parameters(context: ProjectionContext) -> None:
    st.markdown("Every parameter of choice that projections rest on, with its standard error (±), unit and origin.")
    show_table(projections.assumptions(context.choice.estimates), whole=True)
    st.caption("Estimated: measured from your data. Configured: set by you. Assumed: taken for want of both.")


def _not_measured() -> None:
    with st.container(border=True):
        st.subheader("Not measured yet", anchor=False)
        st.markdown("This run has no figures. Train again to measure it, or compare all recommenders:")
        st.code(f"recsys --workspace {open_workspace.workspace().root} evaluate", language="sh")
