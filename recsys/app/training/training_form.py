"""What to train, and how sure the ranges should be."""

from typing import Any

import streamlit as st

from recsys.evaluation.recommender_labels import ALL, TRAINED_ALONE

MODELS = {ALL: "Both models, ready for scenarios"} | {
    word: f"{each.label.capitalize()} alone, to compare" for word, each in TRAINED_ALONE.items()
}
_MEMBERS = (4, 8, 12, 16)


def training() -> dict[str, Any] | None:
    """Draw the settings; gives them when training is to start."""
    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        model = left.radio("What to train", list(MODELS), format_func=MODELS.__getitem__, key="train.model")
        members = right.select_slider(
            "Resamples behind the ranges",
            _MEMBERS,
            value=8,
            key="train.members",
            disabled=model != ALL,
            help="The model is trained again on so many resamples of users. More make ranges steadier, and training longer.",
        )
        right.caption("The same tables and settings give the same model.")
        if st.button("Start training", type="primary", icon=":material/play_arrow:", key="train.start"):
            return {"model": model, "members": int(members)}
    return None
