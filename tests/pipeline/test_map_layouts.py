"""What the axes of the audience map can be named after."""

import numpy as np
import pandas as pd

from recsys.evaluation.interactions import interactions
from recsys.pipeline.map_layouts import with_favourite_attributes

MOVIES = pd.DataFrame({"movie_id": list("abcdef"), "genres": ["Drama"] * 3 + ["Horror|Drama"] * 3})


def test_a_favourite_is_what_someone_watches_beyond_the_usual_and_not_what_everyone_watches():
    """All movies are dramas; only the second user watches horror, and the third watches nothing."""
    views = interactions([0, 0, 1, 1], [0, 1, 3, 4], 3, 6)
    found = with_favourite_attributes(pd.DataFrame({"user_id": ["u", "v", "w"]}), MOVIES, views)
    assert found["genres"].iloc[1] == "Horror"
    assert found["genres"].iloc[0] == "Drama"
    assert found["genres"].iloc[2] is None or pd.isna(found["genres"].iloc[2])
    assert "languages" not in found


def test_attributes_that_users_have_of_their_own_are_kept():
    users = pd.DataFrame({"user_id": ["u"], "genres": ["own"]})
    assert with_favourite_attributes(users, MOVIES, interactions([0], [0], 1, 6))["genres"].tolist() == ["own"]
    assert np.shape(with_favourite_attributes(users, MOVIES, interactions([0], [0], 1, 6))) == (1, 2)
