"""Names and labels of the recommenders, without TensorFlow: what documents, commands and the screen call each of them.

The code of a recommender is registered under the same name in :mod:`recsys.models.registry`, which pages must not import.
"""

from dataclasses import dataclass

from recsys.run_files import FACTORISATION, TWO_TOWER

REFERENCE = "popularity"
"""Recommender with which the others are compared, user by user."""
ALL = "all"
"""Word of ``recsys train --model`` for every recommender that a run needs to answer scenarios."""


@dataclass(frozen=True, kw_only=True)
class RecommenderLabel:
    """What a recommender is called."""

    name: str
    """In JSON documents, and of its folder in a run."""
    label: str
    """In a sentence on the screen."""
    baseline: bool = False
    """Whether it is a simple rule that a trained model has to beat."""
    train_word: str | None = None
    """Word of ``recsys train --model`` that trains it alone; None where it is not trained and stored by itself."""


RECOMMENDERS = (
    RecommenderLabel(name=REFERENCE, label="what is popular", baseline=True),
    RecommenderLabel(name="recent_popularity", label="what is popular lately", baseline=True),
    RecommenderLabel(name="segment_popularity", label="what is popular among the like", baseline=True),
    RecommenderLabel(name="content_knn", label="movies of the same kind", baseline=True),
    RecommenderLabel(name="ease", label="watched together (EASE)", baseline=True),
    RecommenderLabel(name=FACTORISATION, label="matrix factorisation", train_word="mf"),
    RecommenderLabel(name=TWO_TOWER, label="two-tower", train_word="two-tower"),
    RecommenderLabel(name="blend", label="blend"),
)
"""Every recommender that ``recsys evaluate`` compares."""

COLD_START_METHODS = (
    RecommenderLabel(name="content_map", label="content to taste"),
    RecommenderLabel(name="two_tower_and_news", label="two-tower and first views"),
    RecommenderLabel(name="content_map_and_first_viewers", label="content and first viewers"),
    RecommenderLabel(name="ridge", label="attributes to taste (ridge)"),
    RecommenderLabel(name="dropout_net", label="DropoutNet's network"),
    RecommenderLabel(name="genre_popularity", label="popularity of its genres", baseline=True),
    RecommenderLabel(name="own_genres", label="popularity of the user's genres", baseline=True),
    RecommenderLabel(name="told_popularity", label="the audience foretold", baseline=True),
    RecommenderLabel(name="first_viewers", label="first viewers alone"),
    RecommenderLabel(name="first_views", label="first views alone", baseline=True),
)
"""Further predictors of ``recsys evaluate --cold``, which rank movies that nobody has watched."""

LABELS = {each.name: each for each in (*RECOMMENDERS, *COLD_START_METHODS)}
TRAINED_ALONE = {each.train_word: each for each in RECOMMENDERS if each.train_word is not None}
"""Word of ``recsys train --model`` → recommender."""


def train_words() -> tuple[str, ...]:
    """Words that ``recsys train --model`` takes.

    Examples
    --------
    >>> train_words()
    ('mf', 'two-tower', 'all')
    """
    return (*TRAINED_ALONE, ALL)


def recommender_names(listed: str) -> tuple[str, ...]:
    """Names in a list joined by commas, in the order of :data:`RECOMMENDERS`, each once; what is no name stays, at the end.

    Examples
    --------
    >>> recommender_names("blend, two-tower,mf,blend")
    ('mf', 'two_tower', 'blend')
    """
    words = dict.fromkeys(word for part in listed.split(",") if (word := part.strip()))
    names = [TRAINED_ALONE[word].name if word in TRAINED_ALONE else word for word in words]
    order = {each.name: place for place, each in enumerate(RECOMMENDERS)}
    return tuple(sorted(names, key=lambda name: order.get(name, len(order))))
