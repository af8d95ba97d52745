"""Differences of answers on the command line, where scenario files may list users."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from recsys.cli import cli


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.xdist_group("train")
def test_one_user_is_not_told_by_two_lists(demo_workspace: Path, tmp_path: Path):
    """Forty-one listed users less forty of them would be one user's hours and money."""
    workspace = shutil.copytree(demo_workspace, tmp_path / "workspace")
    ids = pd.read_parquet(workspace / "tables" / "users.parquet")["user_id"].tolist()

    def asked(n_users: int) -> tuple[int, dict[str, object]]:
        file = tmp_path / "scenario.toml"
        change = f'[[change]]\ntype = "resize_segment"\nsegment = {{ users = {json.dumps(ids[:n_users])} }}\nfactor = 2.0\n'
        file.write_text(f'schema = 1\nname = "listed"\n{change}', encoding="utf-8")
        done = CliRunner().invoke(cli, ["--workspace", str(workspace), "project", str(file), "--json"])
        return done.exit_code, json.loads(done.stdout)

    status, first = asked(40)
    assert status == 0
    for n_users in (41, 39, len(ids) - 19):
        status, refusal = asked(n_users)
        assert status == 2
        assert refusal["errors"][0]["code"] == "E_SMALL_SEGMENT"  # type: ignore[index]
    assert asked(40) == (0, first)
