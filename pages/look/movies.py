"""Movies map: which movies share an audience, and where do the offers fall?"""

from recsys.app.maps import map_view
from recsys.app.shell.page_layout import page

with page("Movies map", "Which movies share an audience, and where among them do the offers fall?"):
    map_view.movies_map()
