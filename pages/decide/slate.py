"""Slate: which of these offers do we buy within the budget, and at what price do we walk away?"""

from recsys.app import choosing, session
from recsys.app.components import slate as found
from recsys.app.components.frame import page, side_by_side
from recsys.app.inputs import slate as form

with page("Slate", "Which of the offers on the table do we buy within the budget, and where do we walk away?"):
    basis = session.basis()
    with_audience = form.whom(basis)
    on_table = form.on_the_table(basis)
    asked, answered = side_by_side()
    with asked:
        question = form.slate(basis, on_table, with_audience=with_audience)
        if question:
            choosing.ask(question)
    with answered:
        found.show(basis)
