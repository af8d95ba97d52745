"""Scenario: what happens if the audience changes and we buy these movies?"""

from recsys.app.runtime import open_workspace
from recsys.app.scenario import builder, projection_view
from recsys.app.shell.page_layout import page, side_by_side

with page("Scenario", "What happens if the audience changes, or we buy these movies, and at what price do we walk away?"):
    context = open_workspace.projection_context()
    asked, answered = side_by_side()
    with asked:
        scenario = builder.scenario(context)
    with answered:
        projection_view.show(context, scenario)
