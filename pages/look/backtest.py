"""Proof: would these projections have been right about movies that have already come?"""

from recsys.app.components import proof
from recsys.app.components.frame import page

with page("Proof", "Would these projections have been right about the movies that have already come?"):
    proof.show()
