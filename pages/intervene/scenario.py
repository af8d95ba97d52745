"""Scenario: what happens if the audience changes and we buy these movies?"""

from recsys.app import components, inputs, session

with components.page(
    "Scenario", "What happens if the audience changes, or we buy these movies, and at what price do we walk away?"
):
    basis = session.basis()
    builder, result = components.side_by_side()
    with builder:
        scenario = inputs.scenario(basis)
    with result:
        components.answer(basis, scenario)
