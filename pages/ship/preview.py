"""Phone preview: what does a phone show, with and without a film that we might buy?"""

from recsys.app import components

with components.page("Phone preview", "What does a phone show, with and without a film that we might buy?"):
    components.phone_preview()
