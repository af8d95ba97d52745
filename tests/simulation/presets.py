"""Kinds of simulated services, each hard on a projection in another way."""

from collections.abc import Mapping
from dataclasses import replace

from recsys.simulation.config import WorldConfig

_TOLD = WorldConfig(quality_sd=0.15, star_sd=0.5, latent_sd=0.5)
"""What everybody likes about a movie is mostly told by who made it and when."""

KINDS: Mapping[str, WorldConfig] = {
    "demo": WorldConfig(),
    "told": _TOLD,
    "confounded": replace(_TOLD, considered_share=0.35),
    "satisficing": replace(_TOLD, choice_rule="first good enough"),
    "unfactored": replace(_TOLD, latent_sd=0.0, unfactored_sd=1.0),
    "drifting": replace(_TOLD, drift_per_year=2.0, season_swing=2.5),
}
"""``demo``: much of a movie's quality is in no table, so no projection can know it. ``told``: content carries the information.
``confounded``: people choose among what they are shown, and the famous is shown more. ``satisficing``: the first movie that is
good enough is taken, which is no logit. ``unfactored``: what a user likes beyond genre and language has no low rank.
``drifting``: tastes move fast and the calendar swings widely."""
