"""Data: what does this workspace hold, and how do we bring in our own?"""

from recsys.app.components import data
from recsys.app.components.frame import page

with page("Data", "What does this workspace hold, what was assumed about it, and how do we bring in our own?"):
    data.show()
