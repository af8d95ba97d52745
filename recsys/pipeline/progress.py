"""Clock of a training: steps of weighted stages as a share of the whole, with the time left."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from recsys.progress import Progress, ReportProgress


class Clock:
    """Turns steps of stages into a share of the whole and a time left.

    Parameters
    ----------
    weights : stage → expected seconds, in the order in which they run; only their proportions matter
    report : gets a line at most every ``every_seconds``, and at the start and end of each stage
    now : seconds, never falling
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        report: ReportProgress,
        *,
        every_seconds: float = 0.2,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._weights = dict(weights)
        self._total = sum(weights.values()) or 1.0
        self._report, self._every, self._now = report, every_seconds, now
        self._start = now()
        self._behind = 0.0
        self._found = 0.0
        """Weight that was done before this process started."""
        self._last = -float("inf")
        self._stage, self._message, self._fraction = "", "", 0.0

    def skip(self, stage: str) -> None:
        """A stage whose result is there already."""
        self._behind += self._weights[stage]
        self._found += self._weights[stage]

    def begin(self, stage: str, message: str) -> ReportProgress:
        """Start a stage; the result is called as it goes on."""
        self._stage, self._message = stage, message
        self._emit(Progress.of(0, 1), always=True)
        return self._emit

    def end(self) -> None:
        """Finish the stage that was begun last."""
        self._emit(Progress.of(1, 1), always=True)
        self._behind += self._weights[self._stage]

    def _emit(self, step: Progress, *, always: bool = False) -> None:
        moment = self._now()
        if not always and moment - self._last < self._every:
            return
        self._last = moment
        behind = self._behind + self._weights[self._stage] * step.fraction
        self._fraction = max(self._fraction, min(behind / self._total, 1.0))
        seconds, worked = moment - self._start, behind - self._found
        left = seconds / worked * (self._total - behind) if worked > 0.02 * self._total else None
        self._report(
            replace(
                step,
                stage=self._stage,
                message=self._message,
                fraction=self._fraction,
                seconds=round(seconds, 3),
                eta_seconds=None if left is None else round(max(left, 0.0), 1),
            )
        )
