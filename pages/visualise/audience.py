"""Audience map: who watches alike, and who are the people in this corner?"""

from recsys.app import components

with components.page("Audience map", "Who watches alike, and who are the people in this corner of the map?"):
    components.audience_map()
