"""Train: what do the tables teach us, and was it worth it?"""

from recsys.app.components import train
from recsys.app.components.frame import page

with page("Train", "What do the tables teach us, and is it better than showing everyone what is popular?"):
    train.show()
