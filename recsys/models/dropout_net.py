"""DropoutNet for movies: one network that takes a movie's factors where they exist and its content where they do not.

While it is trained, every movie is shown twice, once with its factors and once with zeros in their place, and asked for the
factors both times; errors count by what they do to users' scores. A rival of the two-tower model's id dropout and of the ridge.

References
----------
Volkovs, Yu, Poutanen (2017), DropoutNet: addressing cold start in recommender systems.
"""

import warnings

import numpy as np
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from recsys.ids import FloatArray, IntArray

HIDDEN = 128
EPOCHS = 80


def predict_factors(users: FloatArray, movies: FloatArray, content: FloatArray, known: IntArray, *, seed: int) -> FloatArray:
    """Predicted factors of every movie from content alone, by a network trained with factors dropped out.

    Parameters
    ----------
    users : float64[n_users, dim]
    movies : float64[n_movies, dim], of which only the rows ``known`` are looked at
    content : float64[n_movies, n_codes]
    known : rows of movies to learn from
    seed : starts the network

    Returns
    -------
    float64[n_movies, dim]
    """
    gram = users.T @ users / len(users)
    # |root·(y − ŷ)|² is the mean squared error of the users' scores
    root = linalg.cholesky(gram + 1e-6 * np.trace(gram) / len(gram) * np.eye(len(gram)))
    target = movies[known] @ root.T
    scale = max(float(target.std()), 1e-12)
    target = target / scale
    with_factors, without = np.hstack([target, content[known]]), np.hstack([np.zeros_like(target), content[known]])
    network = MLPRegressor(hidden_layer_sizes=(HIDDEN,), alpha=1e-3, max_iter=EPOCHS, early_stopping=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # EPOCHS is a limit, not a fault
        network.fit(np.vstack([with_factors, without]), np.vstack([target, target]))
    told = network.predict(np.hstack([np.zeros((len(content), target.shape[1])), content])).reshape(len(content), -1) * scale
    factors: FloatArray = linalg.solve_triangular(root, told.T).T
    return factors
