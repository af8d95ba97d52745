"""Audience map: who watches alike, and who are the people in this corner?"""

from recsys.app.maps import map_view
from recsys.app.shell.page_layout import page

with page("Audience map", "Who watches alike, and who are the people in this corner of the map?"):
    map_view.audience_map()
