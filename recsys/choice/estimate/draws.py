"""Complete draws of the parameters: those that all movies share, with the appeals, occasions and odds of leaving they imply.

The point estimate comes first. Its variance components are those of the random draws too, which carry the uncertainty of what is
estimated with them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.choice.estimate import cold_start_appeal
from recsys.choice.estimate.appeal import AppealEstimates
from recsys.choice.estimate.churn import Churn
from recsys.choice.estimate.cold_start_appeal import LEAST_SD, ColdStartAppeal
from recsys.choice.estimate.current_demand import CurrentDemand, user_constants, viewing_occasions
from recsys.choice.estimate.depletion import Depletion, Turnover, estimate_depletion
from recsys.choice.estimate.holdout_recommender import MovieAppeals
from recsys.choice.estimate.outside_share import outside_constant
from recsys.choice.estimate.parameter_draws import SharedParameters
from recsys.choice.estimate.regression.variance_components import VarianceComponents
from recsys.choice.model.parameters import Draw, Member
from recsys.choice.panel.audience_design import launch_at_end
from recsys.choice.panel.current_audience import CurrentAudience
from recsys.choice.panel.observed_panel import ObservedPanel
from recsys.ids import FloatArray

_FEWEST_KNOWN = 3
_FEWEST_TO_TRANSLATE = 20
"""Movies known both today and over the whole history before the second says anything of those that have left."""
_UNKNOWN_RESIDUAL_SD = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class DrawInputs:
    """Inputs that all draws have in common."""

    panel: ObservedPanel
    audience: CurrentAudience
    rate_if_there: FloatArray
    """float64[n_users], views a month of each user while they can watch: also of those who have lapsed and may come back"""
    expected_shares: FloatArray
    """float64[n_movies]: share of today's views that each movie can expect"""
    appeals: MovieAppeals
    churn: Churn
    turnover: Turnover


@dataclass(frozen=True, eq=False, kw_only=True)
class PointDraw:
    """Draw 0, the point estimate, with the regression of appeal on attributes behind it."""

    draw: Draw
    cold_start: ColdStartAppeal | None
    """None where too few movies are known"""
    monthly_loss: float
    """Share of what people choose from that a month of today's viewing uses up."""

    @property
    def residual_sd(self) -> float:
        """Spread of true appeals round their prediction from attributes, nats."""
        return self.cold_start.residual_sd if self.cold_start else _UNKNOWN_RESIDUAL_SD

    @property
    def ageing_error(self) -> float | None:
        """Standard error of ageing; None where it is assumed."""
        return self.cold_start.ageing_error if self.cold_start else None

    @property
    def variances(self) -> VarianceComponents | None:
        """Variance components of the attributes."""
        return self.cold_start.variances if self.cold_start else None


def point_draw(inputs: DrawInputs, member: Member, shared: SharedParameters) -> PointDraw:
    """Make draw 0: the point estimate of everything, under the first member."""
    demand = CurrentDemand(inputs.audience, member, shared.structure)
    appeals = _appeals_today(inputs, demand)
    cold_start = _fit_cold_start(inputs, demand, appeals, None)
    coefficients = cold_start.coefficients if cold_start else _no_coefficients(inputs)
    churn = inputs.churn.intercept, inputs.churn.slope
    draw, depletion = _draw(inputs, 0, demand, shared, appeals, coefficients, churn)
    return PointDraw(draw=draw, cold_start=cold_start, monthly_loss=depletion.monthly_loss)


def random_draw(  # noqa: PLR0917
    inputs: DrawInputs,
    index: int,
    member: Member,
    shared: SharedParameters,
    variances: VarianceComponents | None,
    rng: np.random.Generator,
) -> Draw:
    """Draw everything once from the distribution of the estimates.

    Parameters
    ----------
    index : of the member in the ensemble
    shared : the draw of the parameters that all movies share
    variances : those of the point estimate
    """
    demand = CurrentDemand(inputs.audience, member, shared.structure)
    available = inputs.audience.available
    appeals = _appeals_today(inputs, demand)
    noise = inputs.appeals.established.standard_error * rng.standard_normal(len(appeals))
    appeals = appeals + np.where(available, noise - noise[available].mean(), noise)
    cold_start = _fit_cold_start(inputs, demand, appeals, variances)
    coefficients = cold_start.sample(rng) if cold_start else _no_coefficients(inputs)
    churn = inputs.churn.sample(rng)
    return _draw(inputs, index, demand, shared, appeals, coefficients, churn, rng.standard_normal())[0]


def _draw(  # noqa: PLR0917
    inputs: DrawInputs,
    index: int,
    demand: CurrentDemand,
    shared: SharedParameters,
    appeals: FloatArray,
    coefficients: FloatArray,
    churn: tuple[FloatArray, float],
    depletion_z: float = 0.0,
) -> tuple[Draw, Depletion]:
    rate, structure = inputs.rate_if_there, shared.structure
    inclusive = demand.inclusive_values(appeals)
    expected = np.where(inputs.audience.rate > 0, inputs.audience.rate, rate)
    constant = user_constants(inclusive, outside_constant(inclusive, expected, shared.outside_share))
    occasions = viewing_occasions(rate, inclusive, constant)
    depletion = estimate_depletion(
        demand, inputs.panel.history, inputs.turnover, appeal=appeals, constant=constant, occasions=occasions, z=depletion_z
    )
    draw = Draw(
        member=index,
        score_slope=structure.slope,
        dissimilarity=structure.dissimilarity,
        appeal=single(appeals),
        outside_constant=single(constant),
        occasions=single(occasions),
        launch_curve=single(structure.launch),
        rewatch=structure.rewatch,
        depletion=depletion.factor,
        churn_intercept=single(churn[0]),
        churn_hours_slope=churn[1],
        cold_appeal_coefficients=single(coefficients[:-1]),
        ageing=float(coefficients[-1]),
        cold_appeal_shift=shared.cold_appeal_shift,
    )
    return draw, depletion


def _appeals_today(inputs: DrawInputs, demand: CurrentDemand) -> FloatArray:
    """Appeals, float64[n_movies], that give each movie the share of views it can expect, launch included.

    The outside constant alone sets the level: established movies on the service have a mean appeal of 0.
    """
    established, available = inputs.appeals.established.appeal, inputs.audience.available
    launch = launch_at_end(inputs.panel.history, demand.structure)
    found = demand.invert_shares(inputs.expected_shares, established + launch)
    appeals: FloatArray = found - np.where(available, (found - launch)[available].mean(), established[available].mean())
    return appeals


def _fit_cold_start(
    inputs: DrawInputs, demand: CurrentDemand, appeals: FloatArray, variances: VarianceComponents | None
) -> ColdStartAppeal | None:
    """Regress appeal on attributes, for movies whose vector is predicted from these too, and on time there."""
    panel, established = inputs.panel, inputs.appeals.established
    here = inputs.audience.available & np.isfinite(established.unshrunk_error)
    if here.sum() < _FEWEST_KNOWN:
        return None
    target = appeals - launch_at_end(panel.history, demand.structure)
    target = target + demand.cold_vector_offset(appeals, panel.codes) + established.unshrunk - established.appeal
    target, error = with_departed(target, established.unshrunk_error, here, inputs.appeals.attribute_based)
    use = np.isfinite(error)
    return cold_start_appeal.fit(
        panel.features,
        panel.codes[use],
        panel.history.months_there()[use],
        target[use],
        error[use],
        least_sd=max(established.content_sd, LEAST_SD),
        variances=variances,
    )


def _no_coefficients(inputs: DrawInputs) -> FloatArray:
    return np.zeros(2 + inputs.panel.codes.shape[1])


def with_departed(
    target: FloatArray, error: FloatArray, here: NDArray[np.bool_], attribute_based: AppealEstimates
) -> tuple[FloatArray, FloatArray]:
    """Appeals of today's movies, and of those that have left, from what user clusters watched of both.

    Returns
    -------
    Appeals and their errors, float64[n_movies]; errors are inf where nothing is known
    """
    unshrunk, unshrunk_error = attribute_based.unshrunk, attribute_based.unshrunk_error
    both = here & np.isfinite(unshrunk_error)
    gone = ~here & np.isfinite(unshrunk_error)
    target, error = target.copy(), np.where(here, error, np.inf)
    if both.sum() < _FEWEST_TO_TRANSLATE or not np.ptp(unshrunk[both]) > 0:
        return target, error
    slope, level = np.polyfit(unshrunk[both], target[both], 1)
    away = float(np.std(target[both] - level - slope * unshrunk[both]))
    target[gone] = level + slope * unshrunk[gone]
    error[gone] = np.hypot(away, slope * unshrunk_error[gone])
    return target, error


def single(array: FloatArray) -> FloatArray:
    """The values that float32 can hold, which is how they are stored."""
    out: FloatArray = np.asarray(array, dtype=np.float32).astype(np.float64)
    out.setflags(write=False)
    return out
