#!/usr/bin/env python3
"""Set the project up and run it, with nothing but Python 3.11 or 3.12, Node 20 or newer, and git.

    python3 dev.py app      set up, build the demo workspace if there is none, open the app
    python3 dev.py test     set up, then every check and every test, browser and JavaScript included
    python3 dev.py check    set up, then formatting, lint, types, import rules and the fast tests
    python3 dev.py nightly  as test, with long random searches, long drills and every benchmark in a small form
    python3 dev.py viewer   the app without TensorFlow, on a workspace that exists
    python3 dev.py setup    set up only
    python3 dev.py lock     pin the dependencies again (needs uv)

The Makefile calls this file. It uses the standard library only, since it runs before anything is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CLIENT = ROOT / "exports" / "client"
SUPPORTED = ((3, 11), (3, 12))
FAST = "not slow and not train and not browser and not js and not nightly"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    """Run the command named on the command line."""
    commands = {"setup": setup, "app": app, "viewer": viewer, "check": check, "test": test, "nightly": nightly, "lock": lock}
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in commands:
        print(__doc__)
        return 2
    os.chdir(ROOT)
    return commands[name](sys.argv[2:]) or 0


def setup(_arguments: list[str] | None = None) -> int:
    """The environment with everything in it, made again only when the pinned versions change."""
    environment(ROOT / ".venv", ROOT / "requirements.lock")
    return 0


def app(arguments: list[str]) -> int:
    """Open the app; build the demo workspace first where there is no workspace."""
    setup()
    workspace = Path(os.environ.get("RECSYS_WORKSPACE", ROOT / "data" / "workspace"))
    if not (workspace / "current").exists():
        say(f"No workspace in {workspace}: building the simulated demo (about three minutes on two cores).")
        run(tool("recsys"), "--workspace", str(workspace), "demo")
    return run(tool("recsys"), "--workspace", str(workspace), "app", *arguments, check=False)


def viewer(arguments: list[str]) -> int:
    """The app in an environment that holds no TensorFlow."""
    home = ROOT / ".venv-viewer"
    environment(home, ROOT / "requirements-viewer.lock")
    return run(tool("recsys", home), "app", *arguments, check=False)


def check(arguments: list[str]) -> int:
    """Formatting, lint, types, import rules, fast tests."""
    effort("fast")
    setup()
    static_checks()
    return run(tool("pytest"), "-q", "-n", "2", "--dist", "worksteal", "-m", FAST, *arguments, check=False)


def test(arguments: list[str]) -> int:
    """Everything that CI runs."""
    return every_test("ci", "-m", "not nightly", *arguments)


def nightly(arguments: list[str]) -> int:
    """Everything that CI runs, searched for long and at random, and every benchmark in a small form."""
    return every_test("nightly", *arguments)


def every_test(profile: str, *arguments: str) -> int:
    """The checks and all tests, as hard as a profile of ``tests/effort.py`` tries."""
    effort(profile)
    setup()
    client()
    os.environ["RECSYS_CHROMIUM"] = chromium()
    static_checks()
    return run(tool("pytest"), "-q", "-n", "2", "--dist", "loadgroup", "--durations=15", *arguments, check=False)


def effort(profile: str) -> None:
    """Set how hard the tests that follow try, and let their processes keep what Python has compiled.

    Where the environment forbids bytecode, as images of containers do, every process compiles the project again: each of
    pytest's then takes 13 seconds to find the tests, in place of 7.5.
    """
    os.environ["HYPOTHESIS_PROFILE"] = profile
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def lock(_arguments: list[str]) -> int:
    """Pin every dependency with hashes and without addresses, for both environments."""
    common = ["uv", "pip", "compile", "-q", "--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"]
    common += ["--generate-hashes", "--no-header", "--no-annotate"]
    everything = [part for extra in ("train", "postgres", "dev", "build") for part in ("--extra", extra)]
    run(*common, *everything, "-o", "requirements.lock", "pyproject.toml")
    return run(*common, "--extra", "build", "-c", "requirements.lock", "-o", "requirements-viewer.lock", "pyproject.toml")


def environment(home: Path, pins: Path) -> None:
    """A virtual environment with exactly the pinned versions and this project."""
    python = supported_python()
    wanted = hashlib.sha256(pins.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + python.encode()).hexdigest()
    stamp = home / ".setup-stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"Setting up {home.name} from {pins.name} (once, and again when the pins change).")
    if python == sys.executable:
        venv.create(home, with_pip=True, clear=not stamp.exists())
    else:
        run(python, "-m", "venv", *([] if stamp.exists() else ["--clear"]), str(home))
    pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--require-hashes", "-r", str(pins))
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write_text(wanted)


def supported_python() -> str:
    """Path of a Python that TensorFlow 2.19 and this project run on."""
    if sys.version_info[:2] in SUPPORTED and sys.prefix == sys.base_prefix:
        return sys.executable
    for name in (sys.executable, "python3.11", "python3.12", "python3"):
        path = shutil.which(name)
        probe = "import sys; print(sys.version_info[:2] in ((3, 11), (3, 12)), getattr(sys, '_base_executable', sys.executable))"
        if path:
            answer = subprocess.run([path, "-c", probe], capture_output=True, text=True, check=False)
            verdict, _, executable = answer.stdout.strip().partition(" ")
            if answer.returncode == 0 and verdict == "True":
                return executable
    sys.exit("This project needs Python 3.11 or 3.12 (TensorFlow 2.19 has no build for others). Install one and run this again.")


def client() -> None:
    """The JavaScript client's packages, at their pinned versions."""
    node = shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout if node else ""
    if not version or int(version.lstrip("v").split(".")[0]) < 20:
        sys.exit(f"The JavaScript client's tests need Node 20 or newer; found {version.strip() or 'none'}.")
    pins = CLIENT / "package-lock.json"
    stamp = CLIENT / "node_modules" / ".setup-stamp"
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        run("npm", "ci", "--no-audit", "--no-fund", cwd=CLIENT)
        stamp.write_text(wanted)


def chromium() -> str:
    """Path of a Chromium for the browser tests; installed through the system's packages where we are root."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        say("No Chromium found: installing it with apt-get.")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get", "update", "-qq", env=quiet)
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-core", env=quiet)
        found = shutil.which("chromium")
    if not found:
        advice = "Install Chromium (Debian: `apt-get install chromium`; Fedora: `dnf install chromium`)."
        if os.environ.get("CI"):
            sys.exit(f"CI needs a browser. {advice}")
        say(f"No Chromium: the browser tests will be skipped. {advice}")
    return found or ""


def static_checks() -> None:
    """What needs no data, all of it at once: formatting, lint, types, import rules."""
    ruff = tool("ruff")
    commands = (
        [ruff, "format", "--check", "--quiet", "."],
        [ruff, "check", "--quiet", "."],
        [tool("mypy")],
        [tool("lint-imports")],
    )
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for command in commands]
    said = [check.communicate()[0] for check in started]
    print(*said, sep="", end="", flush=True)
    if any(check.returncode for check in started):
        sys.exit(1)


def tool(name: str, home: Path = ROOT / ".venv") -> str:
    """Path of an installed command."""
    return str(home / "bin" / name)


def run(*command: str, check: bool = True, **options: object) -> int:
    """Run a command in the foreground; its failure is ours."""
    finished = subprocess.run(command, check=False, **options)  # type: ignore[call-overload]
    if check and finished.returncode:
        sys.exit(finished.returncode)
    return int(finished.returncode)


def say(sentence: str) -> None:
    """One line for the person at the keyboard."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
