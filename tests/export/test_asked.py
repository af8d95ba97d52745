"""How the client's answers are compared with Python's."""

from dataclasses import replace

import numpy as np

from recsys.export.golden_queries import Answer
from tests.export import models
from tests.export.asked import random_questions


def test_a_list_is_wrong_when_a_movie_or_a_score_is():
    asked = random_questions(models.source(), "float32", 4, 0)
    right = [
        [{"id": asked.ids.ids[row], "score": float(score)} for row, score in zip(answer.rows, answer.scores, strict=True)]
        for answer in asked.known
    ]
    assert asked.agreement(right).whole
    swapped = [right[0], [right[1][1], right[1][0], *right[1][2:]], *right[2:]]
    assert asked.agreement(swapped).wrong == [1]
    short = [*right[:3], right[3][:-1]]
    assert asked.agreement(short).wrong == [3]
    best = asked.known[0]
    off = replace(asked, known=[Answer(rows=best.rows, scores=best.scores * np.float32(1 + 2e-5)), *asked.known[1:]])
    assert off.agreement(right).wrong == [0]
    assert str(off.agreement(right)).startswith(
        "3 of 4 lists the same, largest relative error 2.0e-05 (of the score itself 2.0e-05)"
    )
