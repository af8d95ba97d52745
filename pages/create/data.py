"""Data: what does this workspace hold, and how do we bring in our own?"""

from recsys.app import components

with components.page("Data", "What does this workspace hold, what was assumed about it, and how do we bring in our own?"):
    components.data()
