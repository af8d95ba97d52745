"""Models: how good are the recommenders, for whom do they fail, and what do projections rest on?"""

from recsys.app.models import models_view
from recsys.app.shell.page_layout import page

with page("Models", "How good are the recommenders, for whom do they fail, and what do they say of new movies?"):
    models_view.show()
