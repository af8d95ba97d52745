"""Phone preview: what does a phone show, with and without a film that we might buy?"""

from recsys.app.preview import preview_view
from recsys.app.shell.page_layout import page

with page("Phone preview", "What does a phone show, with and without a film that we might buy?"):
    preview_view.show()
