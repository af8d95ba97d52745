"""Export: what do phones and the backend get, and can it be trusted?"""

from recsys.app import components

with components.page("Export", "What do phones and the backend get, and can they trust it?"):
    components.export()
