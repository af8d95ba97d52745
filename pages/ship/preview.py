"""Phone preview: what does a phone show, with and without a film that we might buy?"""

from recsys.app.components import preview
from recsys.app.components.frame import page

with page("Phone preview", "What does a phone show, with and without a film that we might buy?"):
    preview.show()
