"""What models, metrics and checks are called on the screen, and what they mean to somebody who buys movies."""

from typing import NamedTuple

from recsys.evaluation.recommender_labels import LABELS


class Metric(NamedTuple):
    """A figure of accuracy or of lists."""

    label: str
    meaning: str
    exact: str
    better: int
    """1 where more is better, -1 where less is, 0 where it depends"""


BASELINES = frozenset(name for name, each in LABELS.items() if each.baseline)
"""Simple rules that trained models have to beat."""

METRICS = {
    "hit_rate": Metric("Find something", "of users find something in the list that they then watched", "hit rate", 1),
    "recall": Metric("Found", "of what they then watched is in the list, of what would fit", "recall over min(k, relevant)", 1),
    "ndcg": Metric("Ranking quality", "of the best possible order, early places counting more", "truncated nDCG", 1),
    "mrr": Metric("First find", "1 over the place of the first movie that they then watched", "mean reciprocal rank", 1),
    "coverage": Metric("Catalogue shown", "of the catalogue is shown to somebody", "catalogue coverage", 1),
    "serendipity": Metric(
        "Pleasant surprises", "of places hold what they then watched and popularity would not have shown", "Ge et al. 2010", 1
    ),
    "diversity": Metric("Variety", "how unlike each other the movies of a list are", "mean 1 − cosine of attributes", 0),
    "popularity_lift": Metric("More popular", "than what the user had watched", "popularity lift", -1),
    "genres_divergence": Metric("Genres off", "how far the mix of genres is from the user's own", "Steck's KL, nats", -1),
    "languages_divergence": Metric(
        "Languages off", "how far the mix of languages is from the user's own", "Steck's KL, nats", -1
    ),
}
CHECKS = {
    "similar_movies_near": "Similar movies are near",
    "language_respected": "Language is respected",
    "not_only_popular": "Not only what is popular",
    "own_taste_followed": "Own taste is followed",
}
SLICES = {
    "persona": "persona",
    "activity_decile": "how much users had watched",
    "language": "language of users",
    "movie_language": "language of movies",
    "movie_age": "age of movies",
}
PREDICTORS = {
    "genre_mean": "mean of its genres",
    "neighbours": "movies like it",
    "ridge": "attributes (ridge)",
    "boosting": "attributes (boosted trees)",
    "ridge_and_boosting": "both together",
    "early_views": "first views alone",
}


def model(name: str) -> str:
    """A model's name in a sentence.

    Examples
    --------
    >>> model("mf"), model("something_new")
    ('matrix factorisation', 'something new')
    """
    return LABELS[name].label if name in LABELS else name.replace("_", " ")


def metric(name: str) -> str:
    """A metric with its places, as the title of an axis.

    Examples
    --------
    >>> metric("recall@20"), metric("mrr")
    ('Found in a list of 20', 'First find')
    """
    stem, _, places = name.partition("@")
    label = METRICS[stem].label if stem in METRICS else stem
    return f"{label} in a list of {places}" if places else label
