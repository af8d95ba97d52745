"""Scenario: what happens if the audience changes and we buy these movies?"""

from recsys.app import session
from recsys.app.components import answer
from recsys.app.components.frame import page, side_by_side
from recsys.app.inputs import builder

with page("Scenario", "What happens if the audience changes, or we buy these movies, and at what price do we walk away?"):
    basis = session.basis()
    asked, answered = side_by_side()
    with asked:
        scenario = builder.scenario(basis)
    with answered:
        answer.show(basis, scenario)
