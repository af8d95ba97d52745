"""Utilities in nats, for blocks of users under one draw of the parameters.

    catalogue   V_ij = θ · s_ij + α_j + c_i + ln a_ij        −inf where the movie is not on the service
    offer       V_ij = θ · s_ij + α_j + c_i                  s and α predicted from what the movie is

with a = ρ where the user has watched the movie, else 1. A catalogue movie's appeal is its appeal today, so a launch that is
still fresh is in it. An offer's is that of a movie that has just come, without the launch curve:
that and ageing come on top, month by month.
"""

import numpy as np
from numpy.typing import ArrayLike

from recsys.choice.model.parameters import ChoiceModel, Draw, Float32Array, Member
from recsys.errors import ScenarioError
from recsys.ids import FloatArray, IntArray

COMMON_RESIDUAL_SHARE = 0.1
"""Part of the variance of cold appeal that all offers of a draw have in common: a slate's errors do not quite cancel out.
An assumption; the rest is each movie's own."""


def offer_vectors(member: Member, codes: Float32Array) -> Float32Array:
    """Vectors of offers in a member's space, from their attributes, float32[n, n_codes].

    Returns
    -------
    float32[n, dim]

    Raises
    ------
    ScenarioError  E_CONTENT: attributes of another catalogue
    """
    _check_width(codes, len(member.cold_map) - 1)
    vectors: Float32Array = codes @ member.cold_map[1:] + member.cold_map[0]
    return vectors


def offer_appeal(choice: ChoiceModel, draw: Draw, codes: Float32Array, noise: ArrayLike | None = None) -> FloatArray:
    """Cold-start appeal of offers: predicted from attributes, as they arrive, with the residual.

    Parameters
    ----------
    codes : float32[n, n_codes]
    noise : float[n], standard normal, keyed by movie and draw; None for the prediction itself (the point estimate)

    Returns
    -------
    float64[n], nats
    """
    _check_width(codes, len(draw.cold_appeal_coefficients) - 1)
    predicted: FloatArray = draw.cold_appeal_coefficients[0] + codes.astype(np.float64) @ draw.cold_appeal_coefficients[1:]
    if noise is None:
        return predicted
    common = np.sqrt(COMMON_RESIDUAL_SHARE) * draw.cold_appeal_shift
    own = np.sqrt(1.0 - COMMON_RESIDUAL_SHARE) * np.asarray(noise, dtype=np.float64)
    appeal: FloatArray = predicted + choice.cold_appeal_residual_sd * (common + own)
    return appeal


def offer_utility(
    choice: ChoiceModel,
    draw: Draw,
    codes: Float32Array,
    users: slice | IntArray,
    *,
    noise: ArrayLike | None = None,
    vectors: Float32Array | None = None,
) -> FloatArray:
    """Utility of offers for some users, before launch curve, ageing and exposure; nobody has watched them yet.

    Parameters
    ----------
    codes : float32[n_offers, n_codes]
    users : rows of users, as a slice or an array
    noise : see :func:`offer_appeal`
    vectors : float32[n, dim], where these users' tastes have moved

    Returns
    -------
    float64[n, n_offers], nats
    """
    member = choice.members[draw.member]
    rows = np.arange(choice.n_users)[users]
    own = member.users[rows] if vectors is None else vectors
    utility: FloatArray = (own @ offer_vectors(member, codes).T).astype(np.float64)
    utility *= draw.score_slope
    utility += offer_appeal(choice, draw, codes, noise)
    utility += draw.outside_constant[rows, None]
    return utility


def nearest_nest(choice: ChoiceModel, content: Float32Array) -> IntArray:
    """Nearest nest of each offer, by cosine of its content to the nests' centroids.

    Returns
    -------
    int64[n]
    """
    _check_width(content, choice.nest_centroids.shape[1])
    nearest: IntArray = np.argmax(_unit(content) @ _unit(choice.nest_centroids).T, axis=1).astype(np.int64)
    return nearest


def _unit(vectors: Float32Array) -> Float32Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32Array = vectors / np.where(length > 0, length, 1).astype(np.float32)
    return unit


def _check_width(content: Float32Array, width: int) -> None:
    if content.ndim != 2 or content.shape[1] != width:
        raise ScenarioError.of(
            "E_CONTENT",
            f"content vectors or attributes are {list(content.shape)}; this run's have width {width}.",
            "Encode the offers with the movie tower and the attributes of the same run.",
        )
