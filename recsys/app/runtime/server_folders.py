"""Folders of the server that a page may read: none, unless whoever starts the app names some.

Whoever reaches the app would otherwise read, through the error it gets, what any file of the server holds.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from recsys.errors import DataError

VARIABLE = "RECSYS_IMPORT_ROOTS"
"""Environment variable with the folders, joined as in ``PATH``."""
HOW = "Whoever starts the app allows a folder: `recsys app --import-root FOLDER`."


def allowed() -> tuple[Path, ...]:
    """The folders, with links followed."""
    return tuple(Path(root).expanduser().resolve() for root in os.environ.get(VARIABLE, "").split(os.pathsep) if root)


def joined(roots: Sequence[Path]) -> str:
    """The folders as the environment variable carries them.

    Raises
    ------
    DataError  E_PARAM: a folder's name holds the sign that joins them
    """
    odd = [root for root in roots if os.pathsep in str(root)]
    if odd:
        raise DataError.of("E_PARAM", f"{str(odd[0])!r} holds {os.pathsep!r}, which joins folders.", "Rename the folder.")
    return os.pathsep.join(str(root.expanduser().resolve()) for root in roots)


def within(text: str) -> Path:
    """The path that a page asks for, with links and ``..`` followed, where it and the files in it lie in an allowed folder.

    Raises
    ------
    DataError  E_PERMISSION: outside, whether there is anything or not; E_PARAM: not a path
    """
    try:
        asked = Path(text.strip()).expanduser().resolve()
        lies_within = any(asked.is_relative_to(root) for root in allowed())
        stray = lies_within and _holds_a_way_out(asked)
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError.of("E_PARAM", f"{text.strip()[:80]!r} is not a path.", "Check the path.") from error
    if not lies_within or stray:
        raise DataError.of("E_PERMISSION", f"{text.strip()[:200]!r} is not in a folder that this app may read.", HOW)
    return asked


def _holds_a_way_out(folder: Path) -> bool:
    """Whether a link in it leads out of the allowed folders."""
    links = (entry for entry in folder.rglob("*") if entry.is_symlink()) if folder.is_dir() else ()
    return any(not any(link.resolve().is_relative_to(root) for root in allowed()) for link in links)
