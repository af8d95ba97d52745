"""Today: what does this service look like, and what is worth deciding?"""

from recsys.app.components import home
from recsys.app.components.frame import page

with page("Today", "What does this service look like, and which decisions are worth your time today?"):
    home.show()
