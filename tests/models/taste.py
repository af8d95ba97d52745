"""A service small enough for a test, with tastes that a recommender can find and popularity cannot.

Movies come in groups by language; users watch mostly in their own language and, within it, mostly one genre. All movies of a
group are about equally popular, so that whoever ignores taste ranks at random.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from recsys.evaluation.interactions import interactions

LANGUAGES = ("Tamil", "Telugu", "Hindi")
GENRES = ("Drama", "Comedy")


@dataclass(frozen=True, eq=False)
class Taste:
    users: pd.DataFrame
    movies: pd.DataFrame
    seen: sparse.csr_array
    later: sparse.csr_array


def taste(n_users: int = 240, n_movies: int = 72, views_each: int = 14, seed: int = 0) -> Taste:
    """Views of ``n_users``; four in five to learn from, the rest to find."""
    rng = np.random.default_rng(seed)
    user, movie = np.arange(n_users), np.arange(n_movies)
    same_language = (user % 3)[:, None] == (movie % 3)[None, :]
    same_genre = (user // 3 % 2)[:, None] == (movie // 3 % 2)[None, :]
    weight = np.where(same_language, np.where(same_genre, 12.0, 3.0), 0.3)
    watched = np.stack([rng.choice(n_movies, views_each, replace=False, p=row / row.sum()) for row in weight])
    kept = np.zeros(watched.shape, dtype=bool)
    kept[:, : round(0.8 * views_each)] = True
    rows = np.repeat(user, views_each).reshape(watched.shape)
    users = pd.DataFrame(
        {
            "user_id": [f"u{k:04d}" for k in user],
            "language": [LANGUAGES[k % 3] for k in user],
            "age": 18.0 + user % 50,
        }
    )
    movies = pd.DataFrame(
        {
            "movie_id": [f"m{k:04d}" for k in movie],
            "title": [f"Story {k}" for k in movie],
            "year": 1990.0 + movie % 30,
            "genres": [f"{GENRES[k // 3 % 2]}|All" for k in movie],
            "languages": [LANGUAGES[k % 3] for k in movie],
        }
    )
    return Taste(
        users=users,
        movies=movies,
        seen=interactions(rows[kept], watched[kept], n_users, n_movies),
        later=interactions(rows[~kept], watched[~kept], n_users, n_movies),
    )
