"""Slate: which of these offers do we buy within the budget, and at what price do we walk away?"""

from recsys.app import choosing, components, inputs, session

with components.page("Slate", "Which of the offers on the table do we buy within the budget, and where do we walk away?"):
    basis = session.basis()
    with_audience = inputs.whom(basis)
    on_table = inputs.on_the_table(basis)
    asking, answer = components.side_by_side()
    with asking:
        question = inputs.slate(basis, on_table, with_audience=with_audience)
        if question:
            choosing.ask(question)
    with answer:
        components.slate(basis)
