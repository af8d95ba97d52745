"""The command line: ``recsys --workspace DIR COMMAND``, each command with ``--json``."""


def main() -> None:
    """Entry point."""
