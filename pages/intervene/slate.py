"""Slate: which of these offers do we buy within the budget, and at what price do we walk away?"""

from recsys.app import choosing, components, inputs, session

with components.page("Slate", "Which of the offers on the table do we buy within the budget, and where do we walk away?"):
    basis = session.basis()
    asking, answer = components.side_by_side(table=True)
    with asking:
        question = inputs.slate(basis)
        if question:
            choosing.ask(question)
    with answer:
        components.slate(basis)
