"""Bundles that the tests of this room share, each made once."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recsys.export import bundle, signature, tfjs
from tests import patience
from tests.export import models

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "exports" / "client"
DTYPES = ("float32", "float16", "uint8")


@pytest.fixture
def weights_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports in this test start no TensorFlow and hold graphs without a topology."""
    monkeypatch.setattr(tfjs, "write", models.write_weights_only)


@pytest.fixture(scope="session")
def channels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of channels whose graphs have no topology: ``float32``, ``float16``, ``uint8``, and ``other`` of another model."""
    root = tmp_path_factory.mktemp("channels")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfjs, "write", models.write_weights_only)
        for dtype in DTYPES:
            bundle.publish(models.source(), root / dtype, dtype=dtype, recall_loss_limit=0.2)
        bundle.publish(models.source(seed=1, run="run-2"), root / "other")
    return root


@dataclass(frozen=True)
class Signer:
    """A publisher's key, and its public half as receivers have it."""

    path: Path
    private: Ed25519PrivateKey
    public: str


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    path = tmp_path_factory.mktemp("keys") / "export.pem"
    public = signature.make_key(path)
    return Signer(path, signature.load_private(path), public)


@pytest.fixture
def version(channels: Path, tmp_path: Path) -> Path:
    """A copy of a bundle to spoil: the float32 one's version folder."""
    latest = bundle.status(channels / "float32")
    assert latest is not None
    return Path(shutil.copytree(latest.folder, tmp_path / latest.version))


@pytest.fixture
def other_version(channels: Path) -> Path:
    """A bundle of another model, not to be touched."""
    latest = bundle.status(channels / "other")
    assert latest is not None
    return latest.folder


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of channels as ``recsys export`` makes them, by TensorFlow (one for each type), and two for loading."""
    return _convert(tmp_path_factory.getbasetemp() / "converted")


@cache
def _convert(root: Path) -> Path:
    """Once a process, also where another folder's tests have the fixture too."""
    for dtype in DTYPES:
        bundle.publish(models.source(), root / dtype, dtype=dtype, recall_loss_limit=0.2)
    models.write_channels_without_graphs(root)
    return root


@pytest.fixture(scope="session")
def node() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Node in the client's folder; where Node or the client's packages are missing the test is skipped, in CI it fails."""
    missing = None
    if shutil.which("node") is None:
        missing = "there is no Node"
    elif not (CLIENT / "node_modules").is_dir():
        missing = "the client's packages are not installed: run `npm ci` in exports/client"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"stdin": subprocess.DEVNULL, **options} if "input" not in options else options
        return subprocess.run(
            ["node", *arguments], cwd=CLIENT, capture_output=True, text=True, check=False, timeout=patience.SECONDS, **options
        )

    return run


@pytest.fixture(scope="session")
def client_reports(node: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., list[dict[str, Any]]]:
    """Reports of the client's verifier on many folders, by one process; ``options`` are those of its ``inspect``, by folder."""

    def reports(folders: list[Path], options: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
        asked = [{"folder": str(folder), **more} for folder, more in zip_longest(folders, options, fillvalue={})]
        done = node("testing/reports.js", input=json.dumps(asked))
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    return reports
