"""Proof: would these projections have been right about movies that have already come?"""

from recsys.app import components

with components.page("Proof", "Would these projections have been right about the movies that have already come?"):
    components.proof()
