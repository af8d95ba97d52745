"""Movies map: which movies share an audience, and where do the offers fall?"""

from recsys.app.components import maps
from recsys.app.components.frame import page

with page("Movies map", "Which movies share an audience, and where among them do the offers fall?"):
    maps.movies_map()
