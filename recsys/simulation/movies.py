"""The catalogue of a simulated service: attributes that the tables hold, and latent ones that only the simulator knows.

Columns are in one order everywhere: movies listed in the tables, then offers, then those that only arrive after the history.

Arrivals are evenly spread, and the movies on the service at the start have ages and rests of licence as in the long run
(a stationary renewal process), so that about as many movies expire in a month as arrive.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.simulation import invented_names, population
from recsys.simulation.config import ServiceConfig
from recsys.simulation.keyed_rng import choice, exponential, normal, stream, uniform

LIFETIME_MONTHS = (6, 12, 18, 24, 36)
LIFETIME_SHARES = (0.15, 0.35, 0.30, 0.15, 0.05)
"""Licences by length. The longest are the service's own: it keeps them, and the tables give no end."""
OWN_MONTHS = 36
NEVER = 10**6
LATENT_DIM = 6
NEW_SHARE = 0.45
NEW_OFFERS_SHARE = 0.7
"""Share of movies that come to the service in the year of their release or the next; more among offers."""
STARS_PER_LANGUAGE = 14
DIRECTORS_PER_LANGUAGE = 10
TAMIL_FAMILY_OFFERS = 6
THRILLER_OFFERS = 4
"""Offers for the young of Telugu and Kannada."""

_OFFER_NUMBERS = 10_000_000
_FUTURE_NUMBERS = 20_000_000


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All movies of a simulated service, by column."""

    n_listed: int
    n_offers: int
    movie_id: tuple[str, ...]
    title: tuple[str, ...]
    language: IntArray
    """Index into ``population.LANGUAGES``: the original."""
    dubbed: NDArray[np.bool_]
    """bool[n, n_languages]"""
    genres: FloatArray
    """float64[n, n_genres], rows sum to 1, the first genre has most."""
    first_genre: IntArray
    year: IntArray
    runtime_min: IntArray
    star: tuple[str, ...]
    director: tuple[str, ...]
    arrives: IntArray
    """Half-month in which it comes to the service; may be negative. Meaningless for offers."""
    expires: IntArray
    """First half-month in which it is gone; :data:`NEVER` for the service's own."""

    # What only the simulator knows
    number: IntArray
    """Counter of its random numbers."""
    quality: FloatArray
    """Nats that everybody adds."""
    latent: FloatArray
    """float64[n, LATENT_DIM]"""

    @property
    def n_movies(self) -> int:
        """All columns."""
        return len(self.movie_id)

    @property
    def offers(self) -> slice:
        """Columns of the offers."""
        return slice(self.n_listed, self.n_listed + self.n_offers)

    @property
    def nest(self) -> IntArray:
        """Nest of each movie: its language and the cluster of its first genre."""
        clusters = len(population.GENRES) // population.GENRES_PER_CLUSTER
        return self.language * clusters + self.first_genre // population.GENRES_PER_CLUSTER

    def on_service(self, period: int) -> IntArray:
        """Columns available in a half-month, sorted by nest. Offers are never among them."""
        there = (self.arrives <= period) & (period < self.expires)
        there[self.offers] = False
        columns = np.flatnonzero(there)
        return columns[np.argsort(self.nest[columns], kind="stable")]


def catalogue(config: ServiceConfig, *, future_months: int = 0) -> Catalogue:
    """Draw the catalogue of a service, with the arrivals of some months after its history.

    How far one looks ahead changes nothing about the movies before.
    """
    arrives, expires = _availability(config, future_months)
    n_future = len(arrives) - config.n_movies
    number = np.concatenate(
        [
            np.arange(config.n_movies),
            _OFFER_NUMBERS + np.arange(config.n_offers),
            _FUTURE_NUMBERS + np.arange(n_future),
        ]
    )
    end = config.n_periods
    arrives = np.concatenate([arrives[: config.n_movies], np.full(config.n_offers, end), arrives[config.n_movies :]])
    expires = np.concatenate([expires[: config.n_movies], np.full(config.n_offers, end), expires[config.n_movies :]])
    key = stream(config.seed, "movies")

    def drawn(purpose: int) -> FloatArray:
        return uniform(key, number, purpose)

    language = choice(population.CATALOGUE_SHARES, key, number, 0)
    genre_list = _genre_list(config, number)
    _set_featured_offers(config, language, genre_list)
    genres = _genre_weights(genre_list)
    star = np.floor(STARS_PER_LANGUAGE * drawn(1) ** 1.6).astype(np.int64)
    director = np.floor(DIRECTORS_PER_LANGUAGE * drawn(2) ** 1.3).astype(np.int64)
    star_key, director_key = stream(config.seed, "stars"), stream(config.seed, "directors")
    dims = np.arange(LATENT_DIM)
    latent = (
        0.65 * normal(star_key, language[:, None], star[:, None], dims)
        + 0.45 * normal(director_key, language[:, None], director[:, None], dims)
        + 0.61 * normal(key, number[:, None], 100 + dims)
    )
    arrival_year = int(config.start[:4]) + np.floor_divide(int(config.start[5:]) - 1 + np.floor_divide(arrives, 2), 12)
    new = drawn(4) < np.where((number >= _OFFER_NUMBERS) & (number < _FUTURE_NUMBERS), NEW_OFFERS_SHARE, NEW_SHARE)
    lag = np.where(new, np.floor(1.4 * drawn(5)), np.floor(1.0 + 6.0 * exponential(key, number, 5)))
    quality = (
        config.quality_sd * normal(key, number, 3)
        + config.star_sd * normal(star_key, language, star, 999)
        + config.new_release * np.exp(-lag / 3.0)
    )
    thriller_like = np.isin(genre_list[:, 0], (1, 2, 3))
    return Catalogue(
        n_listed=config.n_movies,
        n_offers=config.n_offers,
        movie_id=(
            *(f"m{k:05d}" for k in range(config.n_movies)),
            *(f"offer-{k + 1:03d}" for k in range(config.n_offers)),
            *(f"later-{k:05d}" for k in range(n_future)),
        ),
        title=tuple(invented_names.titles(config.seed, "movies", [population.LANGUAGES[k] for k in language])),
        language=language,
        dubbed=_dubbed(config, number, language),
        genres=genres,
        first_genre=genre_list[:, 0],
        year=np.maximum(arrival_year - lag.astype(np.int64), 1960),
        runtime_min=np.clip(np.round(np.where(thriller_like, 126, 141) + 15 * normal(key, number, 6)), 84, 195).astype(np.int64),
        star=_names(config, "star", language, star, STARS_PER_LANGUAGE),
        director=_names(config, "director", language, director, DIRECTORS_PER_LANGUAGE),
        arrives=arrives,
        expires=expires,
        number=number,
        quality=quality,
        latent=latent,
    )


def _availability(config: ServiceConfig, future_months: int) -> tuple[IntArray, IntArray]:
    """Half-months of arrival and expiry: of what is there at the start, then of the evenly spread arrivals."""
    key = stream(config.seed, "stays")
    lifetimes, shares = 2 * np.array(LIFETIME_MONTHS), np.array(LIFETIME_SHARES)
    mean_months = float(lifetimes @ shares) / 2
    n_start = round(config.n_movies * mean_months / (mean_months + config.months))
    n_arriving = config.n_movies - n_start
    k = np.arange(n_start)
    lifetime = lifetimes[choice(lifetimes * shares, key, k, 0)]
    start_arrives = -np.floor(uniform(key, k, 1) * lifetime).astype(np.int64)
    start_expires = np.where(lifetime == 2 * OWN_MONTHS, NEVER, start_arrives + lifetime)
    periods = 2 * (config.months + future_months)
    k = np.arange(-(-periods * n_arriving // config.n_periods))
    lifetime = lifetimes[choice(shares, key, k, 2)]
    later_arrives = k * config.n_periods // max(n_arriving, 1)
    later_expires = np.where(lifetime == 2 * OWN_MONTHS, NEVER, later_arrives + lifetime)
    return np.concatenate([start_arrives, later_arrives]), np.concatenate([start_expires, later_expires])


def _genre_list(config: ServiceConfig, number: IntArray) -> IntArray:
    """int64[n, 3]: first to third genre, -1 where there is none."""
    key = stream(config.seed, "genres")
    shares = np.array(population.GENRE_SHARES)
    race = exponential(key, number[:, None], np.arange(len(shares))) / shares
    ranked = np.argsort(race, axis=1)[:, :3]
    count = 1 + choice((0.3, 0.5, 0.2), key, number, 50)
    ranked[np.arange(3) >= count[:, None]] = -1
    return ranked


def _set_featured_offers(config: ServiceConfig, language: IntArray, genre_list: IntArray) -> None:
    """Make the first offers the ones that the demo is about: Tamil family films, and thrillers where the young audience grows."""
    family, thriller = population.GENRES.index("Family"), population.GENRES.index("Thriller")
    first = config.n_movies
    for offer in range(min(config.n_offers, TAMIL_FAMILY_OFFERS + THRILLER_OFFERS)):
        if offer < TAMIL_FAMILY_OFFERS:
            language[first + offer], genre = population.LANGUAGES.index("Tamil"), family
        else:
            language[first + offer] = population.LANGUAGES.index(population.GROWING_LANGUAGES[offer % 2])
            genre = thriller
        rest = [g for g in genre_list[first + offer].tolist() if g not in (genre, -1)]
        genre_list[first + offer] = [genre, *rest[:2], -1, -1][:3]


def _genre_weights(genre_list: IntArray) -> FloatArray:
    by_count = np.array([[1.0, 0.0, 0.0], [0.65, 0.35, 0.0], [0.5, 0.3, 0.2]])
    weights = by_count[(genre_list >= 0).sum(axis=1) - 1]
    genres = np.zeros((len(genre_list), len(population.GENRES)))
    rows, places = np.nonzero(genre_list >= 0)
    genres[rows, genre_list[rows, places]] = weights[rows, places]
    return genres


def _dubbed(config: ServiceConfig, number: IntArray, language: IntArray) -> NDArray[np.bool_]:
    """Three movies in ten are dubbed, into one or two languages with large audiences."""
    key = stream(config.seed, "dubs")
    shares = np.array(population.AUDIENCE_SHARES)
    race = exponential(key, number[:, None], np.arange(len(shares))) / shares
    race[np.arange(len(number)), language] = np.inf
    ranks = np.argsort(np.argsort(race, axis=1), axis=1)
    count = np.where(uniform(key, number, 50) < 0.3, 1 + (uniform(key, number, 51) < 0.3), 0)
    return np.asarray(ranks < count[:, None])


def _names(config: ServiceConfig, role: str, language: IntArray, who: IntArray, count: int) -> tuple[str, ...]:
    pools = [invented_names.people(config.seed, role, name, count) for name in population.LANGUAGES]
    return tuple(pools[a][b] for a, b in zip(language.tolist(), who.tolist(), strict=True))
