"""Personas: clusters of users in embedding space, named from who is in them and what they favour."""

from dataclasses import dataclass

from recsys.ids import FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Persona:
    """One learned segment."""

    name: str
    """Named from its over-represented attributes and genres, for example ``Tamil family drama, tier 2``; unique."""
    size: int
    """Users in it."""
    traits: tuple[tuple[str, str, float], ...]
    """(attribute, value, lift against all users), strongest first."""
    favourites: tuple[str, ...]
    """Ids of the movies that this persona watches more than others do."""
    monthly_active: tuple[tuple[str, int], ...]
    """(``YYYY-MM``, users of it with at least one view), every month of the data."""
    monthly_views: tuple[tuple[str, int], ...]
    monthly_growth_share: float
    """Trend of active users, share a month (0.02 is two per cent a month)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Personas:
    """All personas of a run."""

    personas: tuple[Persona, ...]
    assignment: IntArray
    """int64[n_users]: index into ``personas``."""
    centroids: FloatArray
    """float64[n_personas, dim] in the space of the ``mf`` users."""
