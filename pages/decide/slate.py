"""Slate: which of these offers do we buy within the budget, and at what price do we walk away?"""

from recsys.app.runtime import open_workspace
from recsys.app.shell.page_layout import page, side_by_side
from recsys.app.slate import slate_form as form
from recsys.app.slate import slate_search
from recsys.app.slate import slate_view as found

with page("Slate", "Which of the offers on the table do we buy within the budget, and where do we walk away?"):
    context = open_workspace.projection_context()
    with_audience = form.audience_choice(context)
    on_table = form.offers_on_table(context)
    asked, answered = side_by_side()
    with asked:
        question = form.slate(context, on_table, with_audience=with_audience)
        if question:
            slate_search.ask(question)
    with answered:
        found.show(context)
