"""Personas: which kinds of viewers do we have, and which of them grow?"""

from recsys.app.components import personas
from recsys.app.components.frame import page

with page("Personas", "Which kinds of viewers do we have, what do they like, and which of them grow?"):
    personas.show()
