"""What the program says when it refuses: a stable code, one sentence, and a remedy.

Findings are collected and raised together, so that a person mends a file once and not once per mistake.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong (``E_…``) or worth knowing (``W_…``) about an input."""

    code: str
    message: str
    """What was found and what is allowed, in one sentence."""
    remedy: str
    """What to do about it."""
    table: str | None = None
    column: str | None = None
    rows: tuple[int, ...] = ()
    """Up to five row numbers, counted from 1 after the header."""

    def as_json(self) -> dict[str, Any]:
        """The finding as the command line prints it."""
        return {**asdict(self), "rows": list(self.rows)}

    def __str__(self) -> str:
        place = ".".join(part for part in (self.table, self.column) if part)
        rows = f" (row {', '.join(map(str, self.rows))})" if self.rows else ""
        return f"{self.code} {place + ': ' if place else ''}{self.message}{rows} {self.remedy}"


class RecsysError(Exception):
    """Refused input: the person can mend it, and the store is as it was before."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        if not findings:
            raise ValueError("an error needs at least one finding")
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))

    @classmethod
    def of(cls, code: str, message: str, remedy: str, **place: Any) -> Self:
        """An error with a single finding; ``place`` is table, column, rows."""
        return cls([Finding(code=code, message=message, remedy=remedy, **place)])

    @property
    def code(self) -> str:
        """Code of the first finding."""
        return self.findings[0].code

    def as_json(self) -> dict[str, Any]:
        """The document that ``--json`` prints with exit status 2."""
        return {"errors": [finding.as_json() for finding in self.findings]}


class DataError(RecsysError):
    """A table, a file or a workspace that cannot be taken in."""


class ArtefactError(RecsysError):
    """A trained run or an export bundle that cannot be trusted."""


class ScenarioError(RecsysError):
    """A question that cannot be asked of this workspace."""
