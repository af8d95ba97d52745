"""Presets of simulated services, each hard on a projection in another way."""

from collections.abc import Mapping
from dataclasses import replace

from recsys.simulation.config import ServiceConfig

_ATTRIBUTE_BASED = ServiceConfig(quality_sd=0.15, star_sd=0.5, latent_sd=0.5)
"""What everybody likes about a movie is mostly predicted by its attributes: who made it and when."""

PRESETS: Mapping[str, ServiceConfig] = {
    "demo": ServiceConfig(),
    "told": _ATTRIBUTE_BASED,
    "confounded": replace(_ATTRIBUTE_BASED, considered_share=0.35),
    "satisficing": replace(_ATTRIBUTE_BASED, choice_rule="first good enough"),
    "unfactored": replace(_ATTRIBUTE_BASED, latent_sd=0.0, unfactored_sd=1.0),
    "drifting": replace(_ATTRIBUTE_BASED, drift_per_year=2.0, season_swing=2.5),
}
"""``demo``: much of a movie's quality is in no table, so no projection can know it. ``told``: content carries the information.
``confounded``: people choose among what they are shown, and the famous is shown more. ``satisficing``: the first movie that is
good enough is taken, which is no logit. ``unfactored``: what a user likes beyond genre and language has no low rank.
``drifting``: tastes move fast and the calendar swings widely."""

STAYING = "staying"
UNTUNED: Mapping[str, ServiceConfig] = {
    "considered": replace(_ATTRIBUTE_BASED, considered_share=0.15),
    STAYING: replace(_ATTRIBUTE_BASED, churn_intercept=-50.0, active_at_start_share=1.0),
}
"""Kinds on which no setting was ever chosen. ``considered``: a user is shown a seventh of the catalogue at a time. ``staying``:
nobody ever leaves; a service of which no table tells who subscribes."""
