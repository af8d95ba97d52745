"""A choice model small enough to follow on paper."""

from typing import Any

import numpy as np

from recsys.choice.estimate.attribute_affinity import AttributeAffinities
from recsys.choice.estimate.utility_space import ScoreReliability
from recsys.choice.model.parameters import ChoiceModel, Draw, Estimate, Member
from recsys.embeddings.features import Feature, FeatureSpace
from recsys.ids import IdMap

PLAIN = ScoreReliability(cold=1.0, cluster=0.0, nest=0.0, affinity=np.zeros(0))
"""Scores as they are."""


def no_affinities(n_users: int, n_movies: int) -> AttributeAffinities:
    """Nobody watches more of anything than others do."""
    nothing = np.zeros(0, dtype=np.int64)
    return AttributeAffinities(
        names=(),
        users=np.zeros((n_users, 0), np.float32),
        movies=np.zeros((n_movies, 0), np.float32),
        codes=nothing,
        attribute=nothing,
    )


def tiny_choice(**changes: Any) -> ChoiceModel:
    """Two users, three movies in two nests, vectors of width 2, content of width 2, two draws on two members.

    User 0 has watched movie 1; movie 2 has left the service.
    """
    members = (
        Member(
            users=np.array([[1, 0], [0, 1]], dtype=np.float32),
            movies=np.array([[1, 0], [0, 1], [0.5, 0.5]], dtype=np.float32),
            cold_map=np.array([[0.25, 0], [1, 0], [0, 1]], dtype=np.float32),
        ),
        Member(
            users=np.array([[0, 2], [2, 0]], dtype=np.float32),
            movies=np.array([[0, 0.5], [0.5, 0], [0.25, 0.25]], dtype=np.float32),
            cold_map=np.array([[0, 0], [0, 0.5], [0.5, 0]], dtype=np.float32),
        ),
    )
    common: dict[str, Any] = {
        "outside_constant": np.array([0.5, -0.5]),
        "launch_curve": np.array([0.75, 0.0]),
        "rewatch": 0.25,
        "depletion": 1.5,
        "churn_intercept": np.array([-2.0, -1.5]),
        "churn_hours_slope": 0.5,
        "cold_appeal_coefficients": np.array([0.5, 1.0, -1.0]),
        "ageing": -0.25,
    }
    draws = (
        Draw(
            member=0,
            score_slope=2.0,
            dissimilarity=0.5,
            appeal=np.array([0.0, 1.0, -1.0]),
            occasions=np.array([10.0, 20.0]),
            cold_appeal_shift=0.0,
            **common,
        ),
        Draw(
            member=1,
            score_slope=2.5,
            dissimilarity=0.75,
            appeal=np.array([0.25, 0.75, -1.0]),
            occasions=np.array([12.0, 18.0]),
            cold_appeal_shift=-1.0,
            **common,
        ),
    )
    model: dict[str, Any] = {
        "user_ids": IdMap(["u0", "u1"]),
        "movie_ids": IdMap(["m0", "m1", "m2"]),
        "members": members,
        "draws": draws,
        "nests": np.array([0, 0, 1]),
        "nest_names": ("Tamil drama", "Hindi comedy"),
        "nest_centroids": np.array([[1, 0], [0, 1]], dtype=np.float32),
        "features": FeatureSpace((Feature(column="genres", names=("Drama", "Comedy")),)),
        "content": np.array([[2, 0], [3, 1], [0, 1]], dtype=np.float32),
        "hours_per_view": np.array([1.5, 2.0, 1.0]),
        "completion": 0.75,
        "available": np.array([True, True, False]),
        "months_on_service": np.array([1_000_000, 0, 3]),
        "watched_indptr": np.array([0, 1, 1]),
        "watched_indices": np.array([1]),
        "cold_appeal_residual_sd": 0.5,
        "support_distance": 0.25,
        "estimates": (
            Estimate(name="score_slope", value=2.0, unit="nats", kind="estimated", source="by hand", standard_error=0.1),
        ),
        "still_there": np.array([0.5, 1.0]),
        "simulated": True,
        "fingerprint": "f",
    }
    return ChoiceModel(**(model | changes))
