"""Estimates from the hold-out recommender, trained before the cutoff: specification of utility, taste, appeals.

Its scores of the hold-out remember nothing of it, so that they earn only what they predict.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.choice.estimate.appeal import AppealEstimates, appeals_from_clusters, appeals_from_users
from recsys.choice.estimate.attribute_affinity import AttributeAffinities, estimate_affinities
from recsys.choice.estimate.taste.parameters import N_AGES
from recsys.choice.estimate.taste.scored_choices import ScoredChoices, score_choices
from recsys.choice.estimate.taste.taste_estimate import TasteEstimate, TasteFit, fit_mode, fit_taste
from recsys.choice.estimate.utility_space import SCALINGS, LengthScaling, UtilitySpace, Vectors, build_utility_space, to_member
from recsys.choice.model.nests import Nests
from recsys.choice.model.parameters import Member, StructuralParameters
from recsys.choice.model.utility import offer_vectors
from recsys.choice.panel.holdout_choices import MOST_CELLS, read_holdout_choices
from recsys.choice.panel.observed_panel import ObservedPanel
from recsys.choice.panel.user_clusters import UserClusters, cluster_users, recentred
from recsys.errors import DataError

_TRIAL_CELLS = 1_200_000
"""Choices times movies that a trial of scaling or nests sees."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ScaledSpace:
    """The recommender's space under one scaling of its vectors, with user clusters in it."""

    scaling: LengthScaling
    space: UtilitySpace
    clusters: UserClusters


@dataclass(frozen=True, eq=False, kw_only=True)
class UtilitySpecification:
    """Selected scaling of vectors and nests: those with the largest likelihood of a sample of the held-out choices."""

    scaled: ScaledSpace
    nests: Nests
    fit: TasteFit
    """Fit to the sample; the search for the estimates begins there"""


@dataclass(frozen=True, eq=False, kw_only=True)
class HoldoutMember:
    """The recommender as a member of an ensemble, with the user clusters in the member's space."""

    member: Member
    clusters: UserClusters


@dataclass(frozen=True, eq=False, kw_only=True)
class MovieAppeals:
    """Appeals of all movies under the point estimate of taste."""

    established: AppealEstimates
    """With each movie's own vector, the launch curve apart: users, after the cutoff"""
    attribute_based: AppealEstimates
    """With vectors predicted from attributes: user clusters, whole history, movies that have left too"""


def affinities_before(panel: ObservedPanel, day: float) -> AttributeAffinities:
    """Attribute affinities of users, from the views before a day."""
    history = panel.history
    known = history.day < day
    return estimate_affinities(panel.features, panel.codes, history.user[known], history.movie[known], history.n_users)


def scaled_spaces(panel: ObservedPanel, vectors: Vectors, *, seed: int) -> tuple[ScaledSpace, ...]:
    """The recommender's space under each scaling that is tried."""
    history = panel.history
    views = np.bincount(history.movie[history.day < panel.cutoff_day], minlength=history.n_movies)
    affinity = affinities_before(panel, panel.cutoff_day)
    spaces = [build_utility_space(*vectors, views, panel.codes, scaling, affinity) for scaling in SCALINGS]
    cells = history.n_periods * history.n_movies
    return tuple(
        ScaledSpace(scaling=scaling, space=space, clusters=cluster_users(space.users, cells, seed=seed))
        for scaling, space in zip(SCALINGS, spaces, strict=True)
    )


def select_specification(
    panel: ObservedPanel, spaces: Sequence[ScaledSpace], options: Sequence[Nests], *, seed: int
) -> UtilitySpecification:
    """Select the scaling with the first nests, then the nests with that scaling, by log-likelihood of a sample.

    Each search begins where the one before it ended; every trial sees the same sample.

    Raises
    ------
    DataError  E_TOO_SMALL: nothing was watched after the cutoff
    """
    trials: list[UtilitySpecification] = []

    def tried(scaled: ScaledSpace, nests: Nests) -> UtilitySpecification:
        choices = scored_holdout(panel, scaled, nests, seed=seed, cells=_TRIAL_CELLS)
        fit = fit_mode(choices, trials[-1].fit if trials else None)
        trials.append(UtilitySpecification(scaled=scaled, nests=nests, fit=fit))
        return trials[-1]

    best = max([tried(scaled, options[0]) for scaled in spaces], key=lambda each: each.fit.log_likelihood)
    # nests whose movies seem to help each other, λ above 1, are none
    return max(
        [best, *(tried(best.scaled, nests) for nests in options[1:])],
        key=lambda each: (each.fit.parameters.dissimilarity <= 1.0, each.fit.log_likelihood),
    )


def estimate_taste(
    panel: ObservedPanel, specification: UtilitySpecification, *, seed: int, rng: np.random.Generator
) -> TasteEstimate:
    """Estimate the parameters of taste from the held-out choices."""
    choices = scored_holdout(panel, specification.scaled, specification.nests, seed=seed)
    return fit_taste(choices, rng=rng, start=specification.fit)


def scored_holdout(
    panel: ObservedPanel, scaled: ScaledSpace, nests: Nests, *, seed: int, cells: int = MOST_CELLS
) -> ScoredChoices:
    """Score the held-out choices, or as many of them as fill ``cells``; the same ones for the same seed.

    Raises
    ------
    DataError  E_TOO_SMALL: there are none
    """
    same = np.random.default_rng(seed)
    choices = read_holdout_choices(
        panel.history, nests.assignment, cutoff_day=panel.cutoff_day, n_ages=N_AGES, rng=same, cells=cells
    )
    if not choices.n_choices:
        raise DataError.of(
            "E_TOO_SMALL", "nothing that was watched after the cutoff can be learnt from.", "Import more.", table="events"
        )
    return score_choices(choices, scaled.space, scaled.clusters, nests.assignment)


def holdout_member(panel: ObservedPanel, specification: UtilitySpecification, taste: TasteEstimate) -> HoldoutMember:
    """Make the recommender a member: reliability of scores is worked into its vectors, so that one slope does for all."""
    scaled = specification.scaled
    member = to_member(scaled.space, scaled.clusters, specification.nests.assignment, panel.codes, taste.score_reliability)
    return HoldoutMember(member=member, clusters=recentred(scaled.clusters, member.users))


def estimate_appeals(
    panel: ObservedPanel, holdout: HoldoutMember, structure: StructuralParameters, *, rng: np.random.Generator
) -> MovieAppeals:
    """Estimate appeals with own and with attribute-based vectors."""
    history, content, day = panel.history, panel.content, panel.cutoff_day
    first = appeals_from_clusters(history, structure, holdout.clusters, holdout.member.movies, content, until_day=day)
    return MovieAppeals(
        established=appeals_from_users(history, structure, holdout.member, content, first=first, cutoff_day=day, rng=rng),
        attribute_based=appeals_from_clusters(
            history, structure, holdout.clusters, offer_vectors(holdout.member, panel.codes), content
        ),
    )
