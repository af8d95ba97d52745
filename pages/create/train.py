"""Train: what do the tables teach us, and was it worth it?"""

from recsys.app import components

with components.page("Train", "What do the tables teach us, and is it better than showing everyone what is popular?"):
    components.training()
