"""Parameters of a simulated service: every figure of its data-generating process, with its unit."""

from dataclasses import dataclass
from typing import Literal

from recsys.errors import DataError, Finding

ChoiceRule = Literal["nested logit", "first good enough"]


@dataclass(frozen=True, kw_only=True)
class ServiceConfig:
    """Parameters of a simulated regional streaming service. The same configuration gives the same bytes."""

    n_users: int = 6_000
    """Users who have signed up by the end of the history. User k is the same person whatever this is."""
    n_movies: int = 800
    """Movies that were on the service at some time in the history."""
    n_offers: int = 24
    """Movies on offer at the end of the history."""
    months: int = 12
    """Length of the history."""
    seed: int = 7
    start: str = "2025-01"
    """First month of the history, YYYY-MM."""
    people_per_user: float = 1_000.0
    """People whom each user stands for: money, and the fees that sellers ask, are those of a service of millions."""

    # Audience
    existing_share: float = 0.72
    """Share of users who signed up before the history begins; the others arrive all along it."""
    second_language_share: float = 0.45
    """Share of users who also watch a second language."""
    occasions_per_month: float = 11.0
    """Median viewing occasions a month of a user, whether or not something is watched."""
    occasions_sd: float = 0.5
    """Spread of ln occasions between users."""
    activity_sd: float = 0.2
    """Spread of ln activity of a user from one half-month to the next."""

    # Taste, all in nats of utility
    outside_constant: float = -4.2
    """Added to the utility of every movie of a service of 800 movies; smaller catalogues get more, see ``appeal_constant``."""
    outside_constant_sd: float = 0.5
    """Spread between users."""
    second_language_penalty: float = 0.9
    foreign_language_penalty: float = 3.4
    dubbed_penalty: float = 0.5
    """For watching a dubbed version in a language that one understands."""
    quality_sd: float = 0.6
    """Spread of what everybody likes about a movie and nobody tabulates."""
    new_release: float = 0.5
    """What everybody likes more about a movie of the year; falls to 37 % with every three years of age when it arrives."""
    star_sd: float = 0.35
    """Spread of the drawing power of stars."""
    genre_taste: float = 1.1
    """Weight of genre tastes (persona and person)."""
    genre_person_sd: float = 0.45
    """Spread of genre tastes between users of one persona."""
    latent_sd: float = 0.7
    """Spread of the part of taste that no attribute tells, but part of which follows star and director."""
    launch_boost: float = 1.0
    """Extra utility of a movie that has just arrived."""
    launch_decay_months: float = 1.5
    """Time in which that boost falls to 37 %."""
    rewatch: float = 0.08
    """Rewatch factor (ρ): what a movie once watched keeps of exp(V)."""
    dissimilarity: float = 0.6
    """λ of every nest (language × cluster of genres)."""
    unfactored_sd: float = 0.0
    """Spread of what each user sees in each movie and nothing else tells: no few factors hold it."""
    choice_rule: ChoiceRule = "nested logit"
    """How an occasion is decided: :mod:`recsys.simulation.choice_sets` or :mod:`recsys.simulation.satisficing_choice`."""
    good_enough: float = 0.0
    """First good enough: utility, above the constant of all movies, at which every second movie that is looked at will do."""
    good_enough_sd: float = 0.3
    """First good enough: width of that threshold."""
    patience: float = 0.05
    """First good enough: movies of 800 looked at before one gives up, as a share of the catalogue."""
    considered_share: float = 1.0
    """Share of the catalogue that a user gets to see in a half-month; below 1 the service shows what is famous."""
    fame_slope: float = 1.2
    """Log-odds of being shown rise by so much with each standard deviation of fame."""
    season_swing: float = 1.0
    """How far activity follows the calendar; 1 as in :data:`recsys.simulation.half_months.SEASON`, 0 not at all."""
    drift_per_year: float = 0.6
    """How far the tastes of the young in tier-2 cities move in a year; everybody else moves a little."""

    # Catalogue
    licence_share: float = 0.6
    """Share of movies whose licence fee is known to the buyer's records."""

    # Subscriptions (plan ``monthly``)
    churn_intercept: float = -0.75
    """Log-odds of leaving after a month with nothing watched, city tier 2."""
    churn_hours_slope: float = 1.0
    """Fall of these log-odds for each unit of ln(1 + hours watched in the month)."""
    return_share: float = 0.05
    """Share of lapsed subscribers who come back in a month."""
    active_at_start_share: float = 0.75
    """Share of subscribers from before the history who are paying when it begins."""

    # Offers
    fee_noise_sd: float = 0.6
    """Spread of ln(fee) round the offer's approximate value: some are bargains, some are not."""
    fee_level: float = 0.65
    """Fee asked for an approximate value of 1."""

    def __post_init__(self) -> None:
        findings = [
            Finding(
                code="E_RANGE",
                message=f"{name} is {getattr(self, name)}; it can be {low} to {high}.",
                remedy=f"Choose {name} in that range.",
                column=name,
            )
            for name, low, high in _LIMITS
            if not low <= getattr(self, name) <= high
        ]
        if findings:
            raise DataError(findings)

    @property
    def n_periods(self) -> int:
        """Half-months of the history."""
        return 2 * self.months


_LIMITS: tuple[tuple[str, float, float], ...] = (
    ("n_users", 1, 2_000_000),
    ("n_movies", 24, 50_000),
    ("n_offers", 0, 500),
    ("months", 1, 60),
    ("seed", 0, 2**63 - 1),
    ("people_per_user", 1.0, 1e6),
    ("considered_share", 0.01, 1.0),
    ("season_swing", 0.0, 5.0),
    ("dissimilarity", 0.05, 1.0),
    ("rewatch", 0.0, 1.0),
)
