"""Errors: findings with a stable code, one sentence and a remedy.

Findings are collected and raised together, so that a person mends a file once and not once per mistake.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


class SystemRefusedError(RecsysError):
    """A refusal by the operating system: a full disk, no permission, too little memory; or a person, by an interruption."""


_KINDS: dict[str, tuple[tuple[int, ...], str]] = {
    "E_DISK": (
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENODEV, errno.ENXIO),
        "Make room, or mend the disk, and start it again.",
    ),
    "E_READ_ONLY": ((errno.EROFS,), "Name a place that can be written to, for example with --workspace."),
    "E_PERMISSION": ((errno.EACCES, errno.EPERM), "Have its owner allow it, or name another place."),
    "E_PATH": ((errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP), "Name another place."),
    "E_MEMORY": ((errno.ENOMEM,), "Close other programs, or take a machine with more memory."),
    "E_INTERRUPTED": ((errno.EINTR,), "Start it again; what had been finished before is as it was."),
}
_BY_NUMBER = {number: code for code, (numbers, _) in _KINDS.items() for number in numbers}
_LIBRARIES = ("duckdb", "_duckdb", "pyarrow", "safetensors_rust")
"""Libraries that name system errors in words alone."""


def system_refusal(error: BaseException) -> SystemRefusedError | None:
    """The coded form of an error that is the system's own, however a library has wrapped it; None where it is none."""
    if isinstance(error, KeyboardInterrupt) or (type(error) is RuntimeError and str(error) == "Query interrupted"):  # DuckDB's
        return _of_system("E_INTERRUPTED", "it was interrupted")
    if isinstance(error, MemoryError):
        return _of_system("E_MEMORY", "there is not enough memory")
    number = error.errno if isinstance(error, OSError) and error.errno in _BY_NUMBER else _error_number(error)
    if number is not None:
        name = getattr(error, "filename", None)
        return _of_system(
            _BY_NUMBER[number], (f"{os.fsdecode(name)}: " if isinstance(name, str | bytes) else "") + _words(number)
        )
    return system_refusal(error.__cause__) if error.__cause__ else None


@contextmanager
def coded_system_errors() -> Iterator[None]:
    """Convert the system's own errors into coded refusals; every other error passes as it is.

    Raises
    ------
    SystemRefusedError  E_DISK, E_READ_ONLY, E_PERMISSION, E_PATH, E_MEMORY, E_INTERRUPTED
    """
    try:
        yield
    except RecsysError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        refusal = system_refusal(error)
        if refusal is None:
            raise
        raise refusal from error


def _of_system(code: str, what: str) -> SystemRefusedError:
    return SystemRefusedError.of(code, f"{what}.", _KINDS[code][1])


def _words(number: int) -> str:
    return os.strerror(number)[:1].lower() + os.strerror(number)[1:]


def _error_number(error: BaseException) -> int | None:
    """Number of a system error that a library names in words alone; None where it names none."""
    if type(error).__module__.split(".")[0] not in _LIBRARIES and type(error) is not OSError:
        return None
    text = str(error)
    return next((number for number in _BY_NUMBER if os.strerror(number) in text or f"code: {number}," in text), None)
