"""Models: how good are the recommenders, for whom do they fail, and what do projections rest on?"""

from recsys.app.components import models
from recsys.app.components.frame import page

with page("Models", "How good are the recommenders, for whom do they fail, and what do they say of new movies?"):
    models.show()
