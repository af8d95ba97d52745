"""Models: how good are the recommenders, for whom do they fail, and what do projections rest on?"""

from recsys.app import components

with components.page("Models", "How good are the recommenders, for whom do they fail, and what do they say of new movies?"):
    components.models()
