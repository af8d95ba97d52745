"""Today: what does this service look like, and what is worth deciding?"""

from recsys.app.shell.page_layout import page
from recsys.app.today import overview

with page("Today", "What does this service look like, and which decisions are worth your time today?"):
    overview.show()
