"""Export: what do phones and the backend get, and can it be trusted?"""

from recsys.app.components import export
from recsys.app.components.frame import page

with page("Export", "What do phones and the backend get, and can they trust it?"):
    export.show()
