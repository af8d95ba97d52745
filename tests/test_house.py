"""The house stands as drawn: rooms, pages, pins, and a viewer that needs no TensorFlow."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.callers import Module, Walk, read, script

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "pages").rglob("*.py"))
VIEWER = ("app", "projection", "scenario", "decision", "backtest", "presentation", "export.bundle")
EXAMPLES = (*sorted((ROOT / "exports" / "examples").glob("*.py")), ROOT / "exports" / "README.md")


@cache
def modules() -> dict[str, Module]:
    return read(ROOT, ["recsys", "tests"])


def test_pins_have_hashes_and_name_no_host():
    for name in ("requirements.lock", "requirements-viewer.lock"):
        text = (ROOT / name).read_text()
        packages = re.findall(r"^[a-z0-9][^ =]*==", text, flags=re.MULTILINE)
        assert len(packages) > 50
        assert text.count("--hash=sha256:") >= len(packages)
        assert "://" not in text
        assert "--index-url" not in text


def test_the_viewers_pins_hold_no_tensorflow():
    assert not re.search(r"^(tensorflow|tf-keras|tensorflowjs|keras)\b", (ROOT / "requirements-viewer.lock").read_text(), re.M)


def test_no_page_script_lies_directly_in_pages():
    """Scripts there could be opened around the router."""
    assert PAGES
    assert not list((ROOT / "pages").glob("*.py"))


def test_the_viewer_imports_without_tensorflow_and_so_does_a_training_before_a_model_is_fitted():
    """TensorFlow is barred from the process: importing it would raise."""
    code = "import sys\n"
    code += "for name in ('tensorflow', 'tf_keras', 'tensorflow_recommenders', 'tensorflowjs'): sys.modules[name] = None\n"
    code += "import importlib, pkgutil\n"
    code += f"for name in {VIEWER}:\n"
    code += "    package = importlib.import_module(f'recsys.{name}')\n"
    code += "    for found in pkgutil.walk_packages(getattr(package, '__path__', []), package.__name__ + '.'):\n"
    code += "        importlib.import_module(found.name)\n"
    code += "import recsys.pipeline.train, recsys.pipeline.demo\n"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_everything_has_a_caller_that_is_no_test():
    """From the command line, the pages and the documented examples, with whatever they start by its name."""
    walk = Walk({name: module for name, module in modules().items() if name.split(".")[0] == "recsys"}, registers=["recsys.cli"])
    walk.run("recsys.cli")
    walk.reach("recsys.cli", "main")
    walk.start(map(script, (ROOT / "streamlit_app.py", *PAGES, *EXAMPLES)))
    assert walk.imported > {"recsys.pipeline.worker", "recsys.tables.sandbox", "recsys.app.runtime.serve"}
    assert list(walk.unreached()) == []


def test_benchmarks_import_what_is_there():
    """They are run by hand: nothing else would tell that what they measure has moved."""
    known = modules()
    missing = [
        f"{name}: {source}.{part}"
        for name, module in known.items()
        if name.startswith("tests.benchmarks.")
        for found in module.imports.values()
        for source, part in found
        if source in known and part and f"{source}.{part}" not in known
        if part not in known[source].definitions and part not in known[source].imports
    ]
    gone = [
        f"{name}: {source}"
        for name, module in known.items()
        for found in module.imports.values()
        for source, _ in found
        if source.split(".")[0] in ("recsys", "tests") and source not in known
    ]
    assert missing + gone == []
