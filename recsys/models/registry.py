"""Every recommender that can be trained and compared, by name."""

from collections.abc import Mapping

from recsys.models import baselines, blend, factorisation, two_tower
from recsys.models.protocol import Recommender

REGISTRY: Mapping[str, Recommender] = {
    each.name: each for each in (*baselines.RECOMMENDERS, factorisation.RECOMMENDER, two_tower.RECOMMENDER, blend.RECOMMENDER)
}
"""In the order of reports."""
