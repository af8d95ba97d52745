"""Runs one command for the app and keeps what it says: ``python -m recsys.app.runtime.job_runner FOLDER COMMAND …``.

It outlives the page and the app that started it. ``FOLDER/lines`` holds the command's standard output, ``FOLDER/log`` its
standard error, ``FOLDER/status`` its exit status once it has ended. A request to terminate is passed on.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType


def main(arguments: list[str]) -> int:
    """Run the command to its end; returns its exit status."""
    folder, command = Path(arguments[0]), arguments[1:]
    with (folder / "lines").open("wb") as lines, (folder / "log").open("wb") as log:
        # the only file that is left open for it is the job's lock, so that the job is held as long as it lives
        child = subprocess.Popen(  # noqa: S603  the app's own command
            command, stdout=lines, stderr=log, stdin=subprocess.DEVNULL, close_fds=False
        )

        def pass_on(number: int, _frame: FrameType | None) -> None:
            child.send_signal(number)

        signal.signal(signal.SIGTERM, pass_on)
        status = child.wait()
    draft = folder / f".status.{os.getpid()}"
    draft.write_text(str(status), encoding="ascii")
    draft.replace(folder / "status")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
