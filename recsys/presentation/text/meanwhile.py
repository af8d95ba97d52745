"""What goes on beside the changes of a scenario: what else is bought, and who joins."""

from collections.abc import Mapping

from recsys.presentation.text.numbers import compact, count
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
NO_JOINERS = "Nobody is known to have joined in the last year"
"""What going on as usual means where nothing tells of anybody who joined."""


def meanwhile(found: Meanwhile) -> str:
    """What every figure, also of the service as it stands, takes to go on; one sentence on movies, one on people.

    Examples
    --------
    >>> last_year = {"arrivals_last_year": 412, "joined_a_month": 1_400.0, "joined": (), "joined_from": "sign-up dates"}
    >>> meanwhile(Meanwhile(arrivals="as_usual", joining="none", **last_year))
    'We go on buying as we did: 412 movies arrived in the last year. Nobody joins.'
    >>> last_year |= {"arrivals_last_year": 0}
    >>> meanwhile(Meanwhile(arrivals="as_usual", joining="as_usual", **last_year))
    'No movie arrived in the last year, and none arrives. People go on joining as they did: about 1,400 a month.'
    """
    return f"{_movies(found)}. {_people(found)}."


def _movies(found: Meanwhile) -> str:
    if found.arrivals == "none":
        return ARRIVALS["none"]
    if not found.arrivals_last_year:
        return f"{NO_ARRIVALS}, and none arrives"
    movies = "1 movie" if found.arrivals_last_year == 1 else f"{count(found.arrivals_last_year)} movies"
    return f"{ARRIVALS['as_usual']}: {movies} arrived in the last year"


def _people(found: Meanwhile) -> str:
    if found.joining == "none":
        return JOINING["none"]
    if not found.joined_a_month:
        return f"{NO_JOINERS}, and nobody does"
    return f"{JOINING['as_usual']}: about {compact(found.joined_a_month)} a month"
