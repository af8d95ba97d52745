"""Scored choices: hold-out choices with a recommender's scores of every movie for the user of each."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.choice.estimate.taste.parameters import TasteLayout
from recsys.choice.estimate.utility_space import UtilitySpace
from recsys.choice.model.parameters import Float32Array
from recsys.choice.panel.holdout_choices import HoldoutChoices
from recsys.choice.panel.user_clusters import UserClusters
from recsys.ids import IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoredChoices(HoldoutChoices):
    """Choices with the regressors of their utilities."""

    score: Float32Array
    """float32[n_choices, n_movies]"""
    cluster_score: Float32Array
    """float32[n_choices, n_movies]: score of the user's taste cluster, for its mean taste"""
    nest_score: Float32Array
    """float32[n_choices, n_nests]: mean score of each nest's movies"""
    affinity: Float32Array
    """float32[n_affinities, n_choices, n_movies]: how much more of a movie's kind the user watches than others do"""
    cold: NDArray[np.bool_]
    """bool[n_movies]: the score comes from attributes alone"""

    @property
    def layout(self) -> TasteLayout:
        """Places of the parameters that explain these choices."""
        return TasteLayout.of(n_ages=self.n_ages, n_affinities=len(self.affinity), n_movies=self.n_movies)

    def sample(self, rows: IntArray) -> Self:
        """Some of the choices (ascending rows)."""
        return replace(
            super().sample(rows),
            score=self.score[rows],
            cluster_score=self.cluster_score[rows],
            nest_score=self.nest_score[rows],
            affinity=self.affinity[:, rows],
        )


def score_choices(choices: HoldoutChoices, space: UtilitySpace, clusters: UserClusters, nests: IntArray) -> ScoredChoices:
    """Score every movie for the user of each choice.

    Parameters
    ----------
    space : of a recommender that was trained on the views before the choices
    clusters : taste clusters in that space
    nests : int64[n_movies of the history]
    """
    movies = space.movies[choices.movies]
    users = space.users[choices.user]
    centres = space.centres(nests)[choices.movies[choices.nest_starts]]
    return ScoredChoices(
        **vars(choices),
        score=(users @ movies.T).astype(np.float32),
        cluster_score=(clusters.centroids[clusters.assignment[choices.user]] @ movies.T).astype(np.float32),
        nest_score=(users @ centres.T).astype(np.float32),
        affinity=space.affinity.scores(choices.user, choices.movies),
        cold=space.cold[choices.movies],
    )
