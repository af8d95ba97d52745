"""Export: what do phones and the backend get, and can it be trusted?"""

from recsys.app.export import export_view
from recsys.app.shell.page_layout import page

with page("Export", "What do phones and the backend get, and can they trust it?"):
    export_view.show()
