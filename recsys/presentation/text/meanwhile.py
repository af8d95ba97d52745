"""What goes on beside the changes of a scenario: what else is bought, and who joins."""

from collections.abc import Mapping

from recsys.presentation.text.numbers import count
from recsys.projection.result import Meanwhile
from recsys.scenario.scenario import Arrivals, Joining

ARRIVALS: Mapping[Arrivals, str] = {
    "as_usual": "We go on buying as we did",
    "none": "We buy nothing else",
}
JOINING: Mapping[Joining, str] = {
    "as_usual": "People go on joining as they did",
    "none": "Nobody joins",
}
NO_ARRIVALS = "No movie arrived in the last year"
"""What going on as usual means where nothing arrived."""


def meanwhile(found: Meanwhile) -> str:
    """What every figure, also of the service as it stands, takes to go on; one sentence on movies, one on people.

    Examples
    --------
    >>> meanwhile(Meanwhile(arrivals="as_usual", arrivals_last_year=412, joining="none"))
    'We go on buying as we did: 412 movies arrived in the last year. Nobody joins.'
    >>> meanwhile(Meanwhile(arrivals="as_usual", arrivals_last_year=0, joining="as_usual"))
    'No movie arrived in the last year, and none arrives. People go on joining as they did.'
    """
    return f"{_movies(found)}. {JOINING[found.joining]}."


def _movies(found: Meanwhile) -> str:
    if found.arrivals == "none":
        return ARRIVALS["none"]
    if not found.arrivals_last_year:
        return f"{NO_ARRIVALS}, and none arrives"
    movies = "1 movie" if found.arrivals_last_year == 1 else f"{count(found.arrivals_last_year)} movies"
    return f"{ARRIVALS['as_usual']}: {movies} arrived in the last year"
