"""Progress of long work: one value and one signature for every computation, worker, job and command that reports it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far some work is. A worker writes it as one line of JSON on standard output."""

    stage: str = ""
    """Name of the stage, for programs."""
    message: str = ""
    """What is being done, for people."""
    done: int
    total: int
    """Steps of this stage; a total of 0 is not known yet."""
    fraction: float
    """Of the whole work, in [0, 1]; never falls."""
    seconds: float = 0.0
    """Since this process started on it."""
    eta_seconds: float | None = None
    """Seconds left; None while nothing is known."""

    @classmethod
    def of(cls, done: int, total: int, *, stage: str = "", message: str = "") -> Self:
        """Progress of work that is one stage.

        Examples
        --------
        >>> Progress.of(3, 4, stage="mf").fraction
        0.75
        """
        share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        return cls(stage=stage, message=message, done=done, total=total, fraction=share)

    @classmethod
    def share(cls, message: str, fraction: float) -> Self:
        """Progress of work that counts no steps, but knows the share that is done."""
        return cls(message=message, done=round(100 * fraction), total=100, fraction=fraction)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self | None:
        """The progress that :meth:`as_line` wrote, parsed; None where the document is another one.

        Examples
        --------
        >>> line = Progress.of(1, 2, message="Learning")
        >>> Progress.read(json.loads(line.as_line())) == line
        True
        """
        try:
            eta = document.get("eta_seconds")
            return cls(
                stage=str(document.get("stage", "")),
                message=str(document.get("message", "")),
                done=int(document.get("done", 0)),
                total=int(document.get("total", 0)),
                fraction=min(max(float(document["fraction"]), 0.0), 1.0),
                seconds=float(document.get("seconds", 0.0)),
                eta_seconds=None if eta is None else float(eta),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def as_line(self) -> str:
        """One line of JSON, without its end."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)


ReportProgress = Callable[[Progress], None]
"""Called as the work goes on."""


def silent(_progress: Progress) -> None:
    """For callers who do not watch."""
