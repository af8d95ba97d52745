"""Movies map: which movies share an audience, and where do the offers fall?"""

from recsys.app import components

with components.page("Movies map", "Which movies share an audience, and where among them do the offers fall?"):
    components.movies_map()
