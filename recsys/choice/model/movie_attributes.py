"""Movie attributes as numeric codes: what taste and appeal are predicted from where nobody has watched yet.

Unlike content vectors, which are learnt from what the catalogue's movies won, these know nothing of success.

A movie that can be heard in several languages is watched by everybody who understands one of them, so the set of its languages is
an attribute of its own: the audience of Tamil and Telugu is the two together, which no mean of the two could be.
"""

import numpy as np
import pandas as pd
from scipy import linalg

from recsys.choice.model.parameters import Float32Array
from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, Feature, FeatureSpace
from recsys.ids import FloatArray, IntArray
from recsys.tables import lists

LANGUAGE_SET = "language_set"
_JOINT = "+"
"""Between the languages of a set; they are in alphabetical order."""
MOST_CODES = 1_500
_FEWEST_MOVIES = (2, 3, 5, 10, 20, 50, 100)
"""Movies that share a value before it has a code: the first of these that keeps codes within :data:`MOST_CODES`."""


def learn(movies: pd.DataFrame, offers: pd.DataFrame) -> FeatureSpace:
    """Learn the attributes of a catalogue, with the sets of languages of the offers to it."""
    table = movies.drop(columns=LANGUAGE_SET, errors="ignore")
    for fewest in _FEWEST_MOVIES:
        found = FeatureSpace.learn(table, MOVIE_COLUMNS_LEFT_OUT, min_count=fewest)
        if found.n_codes <= MOST_CODES:
            break
    sets = sorted({each for known in (movies, offers) if "languages" in known for each in _sets(known["languages"]) if each})
    if len(sets) < 2:
        return found
    return FeatureSpace((*found.features, Feature(column=LANGUAGE_SET, names=tuple(sets))))


def encode(features: FeatureSpace, movies: pd.DataFrame) -> Float32Array:
    """Encode attributes, float32[n_movies, features.n_codes]; an unknown set of languages counts as its largest known part.

    Examples
    --------
    >>> catalogue = pd.DataFrame({"languages": ["Tamil", "Tamil", "Tamil|Telugu", "Telugu"]})
    >>> features = learn(catalogue, catalogue)
    >>> features.features[-1].names
    ('Tamil', 'Tamil+Telugu', 'Telugu')
    >>> encode(features, pd.DataFrame({"languages": ["Telugu|Tamil", "Tamil|Telugu|Hindi"]}))[:, 2:]
    array([[0., 1., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    known = next((feature.names for feature in features.features if feature.column == LANGUAGE_SET), ())
    if known and "languages" in movies:
        named = [each if each in known else _largest_part(each, known) for each in _sets(movies["languages"])]
        movies = movies.assign(**{LANGUAGE_SET: named})
    dense: Float32Array = features.encode(movies).toarray().astype("float32")
    return dense


def step_basis(features: FeatureSpace) -> FloatArray:
    """Basis in which codes have independent effects, float64[n_codes, n_codes].

    Values with a name are steps of their own; a knot of a number is all the steps up to it, so that near numbers are worth about
    the same.

    Examples
    --------
    >>> step_basis(FeatureSpace((Feature(column="star", names=("P", "Q")), Feature(column="year", knots=(1990.0, 2000.0)))))
    array([[1., 0., 0., 0.],
           [0., 1., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 1., 1.]])
    """
    blocks = [np.eye(len(each.names)) if each.names else np.tri(len(each.knots)) for each in features.features]
    return np.asarray(linalg.block_diag(*blocks)) if blocks else np.zeros((0, 0))


def attribute_of_code(features: FeatureSpace) -> IntArray:
    """int64[n_codes]: which attribute each code is of."""
    sizes = [feature.n_codes for feature in features.features]
    return np.repeat(np.arange(len(sizes)), sizes).astype(np.int64)


def languages_of(name: str) -> list[str]:
    """The languages of a set by its name.

    >>> languages_of("Tamil+Telugu")
    ['Tamil', 'Telugu']
    """
    return name.split(_JOINT)


def _sets(languages: pd.Series) -> list[str]:
    return [_JOINT.join(sorted(several)) for several in lists.split(languages)]


def _largest_part(name: str, known: tuple[str, ...]) -> str:
    """The known set that holds most of these languages and no other; none where there is no such set."""
    wanted = set(languages_of(name))
    parts = [each for each in known if set(languages_of(each)) <= wanted]
    return max(parts, key=lambda each: (len(languages_of(each)), each), default="")
