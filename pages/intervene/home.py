"""Today: what does this service look like, and what is worth deciding?"""

from recsys.app import components

with components.page("Today", "What does this service look like, and which decisions are worth your time today?"):
    components.home()
