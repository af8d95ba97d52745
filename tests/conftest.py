"""What every test shares: how hypothesis searches.

By default the examples are the same on every run. ``HYPOTHESIS_PROFILE=nightly`` searches longer, from a new seed each time.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", derandomize=True, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", derandomize=False, deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
