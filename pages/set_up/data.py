"""Data: what does this workspace hold, and how do we bring in our own?"""

from recsys.app.data import data_view
from recsys.app.shell.page_layout import page

with page("Data", "What does this workspace hold, what was assumed about it, and how do we bring in our own?"):
    data_view.show()
