"""A scenario as a question to the simulator: its audience, its catalogue and the months ahead, resolved once.

Whatever holds for a whole scenario (its horizon, what becomes of licences, the season) comes into the simulation here and
nowhere else. :meth:`Question.under` prepares it for one draw of the parameters; :class:`PreparedQuestion` then simulates any
counterfactuals, each a set of the tracked movies that it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recsys.choice.model.parameters import Draw, Float32Array
from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection import availability, cannibalisation, demand
from recsys.projection import catalogue_changes as catalogues
from recsys.projection.audience_changes import Audience
from recsys.projection.catalogue_changes import Catalogue
from recsys.projection.context import ProjectionContext
from recsys.projection.demand import Detail, Precision
from recsys.projection.outcome import Availability, Outcome, People, TrackedMovies
from recsys.projection.parallel import THREADS
from recsys.scenario.scenario import Arrivals, Joining, Licences, Scenario


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """A scenario whose audience and catalogue have been resolved against a service."""

    context: ProjectionContext
    audience: Audience
    """The changed audience."""
    catalogue: Catalogue
    horizon_months: int
    licences: Licences
    """What becomes of licences of the catalogue that end within the horizon, in every counterfactual alike."""
    arrivals: Arrivals
    """Whether movies that no change names arrive within the horizon, in every counterfactual alike."""
    joining: Joining
    """Whether people join within the horizon, in every counterfactual alike."""

    @classmethod
    def of(cls, context: ProjectionContext, scenario: Scenario) -> "Question":
        """Resolve a scenario.

        Raises
        ------
        ScenarioError  E_SEGMENT, E_SMALL_SEGMENT, E_MOVIE, E_PARAM, as :func:`recsys.projection.audience_changes.changed` and
            :func:`recsys.projection.catalogue_changes.changed`
        """
        return cls(
            context=context,
            audience=audiences.changed(context, scenario.audience),
            catalogue=catalogues.changed(context, scenario.catalogue, scenario.horizon_months),
            horizon_months=scenario.horizon_months,
            licences=scenario.licences,
            arrivals=scenario.arrivals,
            joining=scenario.joining,
        )

    def for_todays_audience(self) -> "Question":
        """The same question about the audience of the data."""
        return replace(self, audience=audiences.current(self.context))

    @property
    def changes_audience(self) -> bool:
        """Whether its audience differs from that of the data."""
        return not audiences.same(self.audience, audiences.current(self.context))

    def under(self, draw: int, *, threads: int = THREADS) -> "PreparedQuestion":
        """Prepare the question for one draw of the parameters; 0 is the point estimate."""
        context, catalogue = self.context, self.catalogue
        parameters = context.choice.draws[draw]
        users = audiences.user_vectors(context.choice.members[parameters.member], self.audience, context.weight)
        return PreparedQuestion(
            context=context,
            catalogue=catalogue,
            draw=draw,
            horizon_months=self.horizon_months,
            users=users,
            availability=availability.over_horizon(
                context,
                draw,
                users=users,
                shifted=self.audience.shifted_rows,
                set_apart=catalogue.changed_rows,
                horizon_months=self.horizon_months,
                licences=self.licences,
                arrivals=self.arrivals,
                threads=threads,
            ),
            people=audiences.people(context, self.audience, parameters, self.horizon_months, joining=self.joining),
            tracked_movies=catalogues.tracked_movies(
                context,
                draw,
                catalogue,
                users,
                self.horizon_months,
                licences=self.licences,
                replenished=availability.replenished(context, self.arrivals),
            ),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class PreparedQuestion:
    """A question under one draw of the parameters: everything that the simulator needs to know."""

    context: ProjectionContext
    catalogue: Catalogue
    draw: int
    horizon_months: int
    users: Float32Array
    """[n_users, dim], in the space of the draw's member, shifts of taste included."""
    availability: Availability
    people: People
    tracked_movies: TrackedMovies

    @property
    def parameters(self) -> Draw:
        """The draw of the parameters."""
        return self.context.choice.draws[self.draw]

    def with_season(self, season: FloatArray | None) -> "PreparedQuestion":
        """The same with another factor on everyone's occasions in each month, float64[horizon]; None is 1 throughout."""
        return replace(self, people=replace(self.people, season=season))

    def with_appeal(self, nats: FloatArray) -> "PreparedQuestion":
        """The same with the utility of each tracked movie raised by so many nats, float64[n_tracked]."""
        raised = self.tracked_movies.utility + nats[:, None]
        return replace(self, tracked_movies=replace(self.tracked_movies, utility=raised))

    def tracking(self, positions: Sequence[int]) -> "PreparedQuestion":
        """The same with these tracked movies only, in this order."""
        return replace(self, tracked_movies=self.tracked_movies.only(positions))

    def simulate(
        self,
        counterfactuals: Sequence[Sequence[int]],
        *,
        n_left_out: int = 0,
        precision: Precision = "exact",
        detail: Detail = "by_user",
        threads: int = THREADS,
    ) -> list[Outcome]:
        """Simulate demand in each counterfactual (:func:`recsys.projection.demand.simulate`).

        Parameters
        ----------
        counterfactuals : for each, the positions of the tracked movies that it has; the one with most of them first
        """
        return demand.simulate(
            self.availability,
            dissimilarity=self.parameters.dissimilarity,
            rewatch=self.parameters.rewatch,
            depletion=self.parameters.depletion,
            people=self.people,
            tracked_movies=self.tracked_movies,
            counterfactuals=counterfactuals,
            horizon_months=self.horizon_months,
            n_left_out=n_left_out,
            precision=precision,
            detail=detail,
            threads=threads,
        )

    def hours_lost(self, *, after: Outcome, before: Sequence[Outcome], threads: int = THREADS) -> FloatArray:
        """Hours that each catalogue movie has more in each of ``before`` than in ``after``, float64[n_before, n_movies]
        (:func:`recsys.projection.cannibalisation.hours_lost`)."""
        return cannibalisation.hours_lost(
            self.context,
            self.draw,
            users=self.users,
            availability=self.availability,
            set_apart=self.catalogue.changed_rows,
            after=after,
            before=before,
            threads=threads,
        )
