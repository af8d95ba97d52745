"""The worlds of a scenario under one draw: today; the changed audience; that with the changed catalogue; that without each offer.

Revenue and hours belong to a world. Every effect is a difference of two worlds, scenario − baseline, so that effects add up.
For rentals a world earns on all its rentals: an offer whose rentals only replace other rentals adds nothing.
"""

from dataclasses import dataclass

from recsys.choice.model.parameters import Float32Array
from recsys.projection import audience_changes as audiences
from recsys.projection.audience_changes import Audience
from recsys.projection.availability import shelf
from recsys.projection.catalogue_changes import Catalogue, extras
from recsys.projection.context import ProjectionContext
from recsys.projection.demand import simulate
from recsys.projection.outcome import Outcome, Shelf
from recsys.projection.parallel import THREADS
from recsys.scenario.scenario import Licences


@dataclass(frozen=True, eq=False, kw_only=True)
class Worlds:
    """Outcomes under one draw, and what is needed to look further into them."""

    draw: int
    today: Outcome
    """Today's audience, today's catalogue."""
    audience: Outcome
    """The changed audience, today's catalogue."""
    both: Outcome
    """The changed audience, the changed catalogue."""
    without: tuple[Outcome, ...]
    """As ``both`` without one offer, in the order of the catalogue's offers; empty where these worlds were not run."""
    users: Float32Array
    shelf: Shelf
    """Of the movies that are not extras, for the changed audience."""


def run(
    context: ProjectionContext,
    draw: int,
    audience: Audience,
    catalogue: Catalogue,
    horizon_months: int,
    *,
    whole: bool = True,
    quick: bool = False,
    licences: Licences = "renewed",
    threads: int = THREADS,
) -> Worlds:
    """All worlds of a scenario under one draw.

    Parameters
    ----------
    whole : whether the worlds without each offer are run whole, appetites found with care; else they are only taken
        from ``both`` quickly, and appetites to a few thousandths
    quick : whether they are taken from ``both`` quickly, too
    licences : what becomes of licences of the catalogue that end within the horizon, in every world alike
    """
    parameters = context.choice.draws[draw]
    own = context.choice.members[parameters.member].users
    tracked = [movie.row for movie in catalogue.tracked]
    alone = len(catalogue.offers) == 1 and not tracked
    """Then the world without the offer is the one of the changed audience."""

    def outcomes(whose: Audience, worlds: list[tuple[int, ...]]) -> tuple[list[Outcome], Float32Array, Shelf]:
        shifted = whose.shifted_rows
        vectors = audiences.vectors(context.choice.members[parameters.member], whose, context.weight)
        standing = shelf(
            context,
            draw,
            users=vectors,
            shifted=shifted,
            tracked=tracked,
            horizon_months=horizon_months,
            licences=licences,
            threads=threads,
        )
        found = simulate(
            standing,
            dissimilarity=parameters.dissimilarity,
            rewatch=parameters.rewatch,
            people=audiences.people(context, whose, parameters, horizon_months),
            extras=extras(context, draw, catalogue, vectors, horizon_months, licences=licences),
            worlds=worlds,
            horizon_months=horizon_months,
            n_left_out=len(catalogue.offers) if whose is audience and (quick or not (whole or alone)) else 0,
            careful=whole,
            by_user=whole,
            threads=threads,
        )
        return found, vectors, standing

    plain = audiences.today(context)
    wanted = [catalogue.after]
    if whole and len(catalogue.offers) + len(catalogue.tracked) > 1:
        wanted += [tuple(k for k in catalogue.after if k != offer) for offer in range(len(catalogue.offers))]
    wanted.append(catalogue.before)
    found, users, standing = outcomes(audience, wanted)
    both, changed = found[0], found[-1]
    unchanged = audiences.same(audience, plain)
    return Worlds(
        draw=draw,
        today=changed if unchanged else outcomes(plain, [catalogue.before])[0][0],
        audience=changed,
        both=both,
        without=(changed,) if alone else tuple(found[1:-1]),
        users=own if not len(audience.shifted_rows) else users,
        shelf=standing,
    )
