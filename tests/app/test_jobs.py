"""Long work goes on without its page, is found again, and can be stopped."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.app import jobs
from recsys.errors import DataError
from recsys.workspace import Workspace
from tests import patience
from tests.app.waiting import ended

LINE = {"stage": "mf", "message": "Learning tastes", "done": 1, "total": 2, "fraction": 0.5, "seconds": 3.0, "eta_seconds": 4.0}


def python(code: str) -> list[str]:
    return ["-c", code]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_a_job_that_never_was_is_not_found(workspace: Workspace):
    assert jobs.find(workspace, "train") is None


def test_a_job_tells_its_progress_and_its_answer(workspace: Workspace):
    answer = {"result": {"run": "abc"}}
    jobs.start(workspace, "train", python(f"print({json.dumps(json.dumps(LINE))}); print({json.dumps(json.dumps(answer))})"))
    job = ended(workspace, "train")
    assert job is not None
    assert (job.state, job.result) == ("done", {"run": "abc"})
    assert job.progress is not None
    assert (job.progress.message, job.progress.fraction, job.progress.eta_seconds) == ("Learning tastes", 0.5, 4.0)


def test_an_answer_may_be_one_document_of_many_lines(workspace: Workspace):
    jobs.start(workspace, "export", python("import json; print(json.dumps({'version': '1', 'files': {}}, indent=1))"))
    job = ended(workspace, "export")
    assert job is not None
    assert job.result == {"version": "1", "files": {}}


def test_a_refused_job_gives_its_findings(workspace: Workspace):
    finding = {"code": "E_TITLE", "message": "blank.", "remedy": "Fill.", "table": "movies", "column": "title", "rows": [3]}
    jobs.start(workspace, "import", python(f"import sys; print({json.dumps(json.dumps({'errors': [finding]}))}); sys.exit(2)"))
    job = ended(workspace, "import")
    assert job is not None
    assert job.state == "refused"
    assert job.findings[0].code == "E_TITLE"
    assert job.findings[0].rows == (3,)


def test_a_job_that_breaks_says_what_it_said_last(workspace: Workspace):
    jobs.start(workspace, "train", python("raise RuntimeError('out of luck')"))
    job = ended(workspace, "train")
    assert job is not None
    assert job.state == "failed"
    assert "out of luck" in job.log


def test_a_running_job_is_not_started_twice_and_can_be_cancelled(workspace: Workspace):
    jobs.start(workspace, "train", python("import time; print('on', flush=True); time.sleep(60)"))
    _until((workspace.root / jobs.JOBS / "train" / "lines").exists)
    with pytest.raises(DataError, match="E_BUSY"):
        jobs.start(workspace, "train", python("pass"))
    time.sleep(0.3)
    jobs.cancel(workspace, "train")
    job = ended(workspace, "train")
    assert job is not None
    assert job.state == "cancelled"
    jobs.forget(workspace, "train")
    assert jobs.find(workspace, "train") is None


def test_a_job_whose_process_is_gone_without_a_word_has_failed(workspace: Workspace):
    """As after the machine was switched off: a process of that number may live, but it is another one."""
    folder = workspace.root / jobs.JOBS / "train"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"pid": 1, "born": "-1", "started_at": "2024-01-01T00:00:00+00:00"}))
    job = jobs.find(workspace, "train")
    assert job is not None
    assert job.state == "failed"


def _until(holds: Callable[[], bool], seconds: float = patience.SECONDS) -> None:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
