"""Personas: which kinds of viewers do we have, and which of them grow?"""

from recsys.app import components

with components.page("Personas", "Which kinds of viewers do we have, what do they like, and which of them grow?"):
    components.personas()
