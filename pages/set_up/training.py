"""Train: what do the tables teach us, and was it worth it?"""

from recsys.app.shell.page_layout import page
from recsys.app.training import training_view

with page("Train", "What do the tables teach us, and is it better than showing everyone what is popular?"):
    training_view.show()
