"""Audience map: who watches alike, and who are the people in this corner?"""

from recsys.app.components import maps
from recsys.app.components.frame import page

with page("Audience map", "Who watches alike, and who are the people in this corner of the map?"):
    maps.audience_map()
