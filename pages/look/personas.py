"""Personas: which kinds of viewers do we have, and which of them grow?"""

from recsys.app.personas import persona_cards
from recsys.app.shell.page_layout import page

with page("Personas", "Which kinds of viewers do we have, what do they like, and which of them grow?"):
    persona_cards.show()
