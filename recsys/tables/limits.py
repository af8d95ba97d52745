"""Limits of an import: most bytes and files, fewest users, movies and events."""

from dataclasses import dataclass

from recsys.errors import Finding

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of an import; every one of them can be set."""

    file_bytes: int = 8 * GIB
    """Largest single file (20 M events are about 1 GiB of CSV)."""
    decoded_bytes: int = 32 * GIB
    """Most bytes that compressed input may unfold to: a whole zip, or one Parquet table."""
    ratio: float = 200.0
    """Most that a zip's member may unfold by; event logs reach about 20."""
    members: int = 1000
    """Most files in a folder or zip."""
    memory_bytes: int = 1536 * MIB
    """What the database may hold in memory before it spills to the workspace's disk."""
    threads: int = 2
    """Threads of the database."""
    users: int = 20
    """Fewest users to train on."""
    movies: int = 10
    """Fewest movies to train on."""
    events: int = 200
    """Fewest events to train on."""

    def too_small(self, *, users: int, movies: int, events: int) -> list[Finding]:
        """What is too little to train on; users and movies are those with events."""
        counted = (("users with events", users, self.users), ("movies with events", movies, self.movies))
        return [
            Finding(
                code="E_TOO_SMALL",
                message=f"{there} {what}; at least {least} are needed to train.",
                remedy="Take in a longer period.",
                table="events",
            )
            for what, there, least in (*counted, ("events", events, self.events))
            if there < least
        ]


DEFAULT = Limits()
SHOWN_ROWS = 5
"""Rows that a finding names."""
EARLIEST_YEAR = 1870
LONGEST_RUNTIME_MIN = 1000.0
MOST_RUNTIMES_PER_VIEW = 3.0
HEAVY_USER_SHARE = 0.20
FUTURE_TOLERANCE_HOURS = 24.0
"""Local times without a zone are read as UTC and may so lie some hours ahead."""
