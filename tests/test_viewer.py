"""The viewer installs and answers without TensorFlow, from its own pins."""

import json
import subprocess
import venv
from pathlib import Path

import pytest

from tests import patience

ROOT = Path(__file__).parents[1]
SCENARIO = """
schema = 1
name = "a bigger audience"
[[change]]
type = "resize_segment"
segment = { all = true }
factor = 1.1
"""


@pytest.mark.slow
@pytest.mark.train
def test_the_viewers_pins_are_enough_to_project_and_to_load_every_page(tmp_path: Path, demo_workspace: Path):
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements-viewer.lock")], check=True, timeout=patience.SECONDS)
    (tmp_path / "s.toml").write_text(SCENARIO)
    here = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    without = subprocess.run([python, "-c", "import tensorflow"], capture_output=True, check=False)
    assert without.returncode != 0
    command = [python, "-c", "from recsys.cli import main; main()", "--workspace", str(demo_workspace)]
    done = subprocess.run(
        [*command, "project", str(tmp_path / "s.toml"), "--json"], env=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["audience_effect"]["hours"]["p50"] > 0
