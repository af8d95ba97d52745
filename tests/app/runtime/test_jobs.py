"""Long work goes on without its page, is found again, and can be stopped."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recsys.app.runtime import jobs, uploads
from recsys.errors import DataError, SystemRefusedError, coded_system_errors
from recsys.scenario import audit_trail
from recsys.workspace import Workspace
from tests import patience
from tests.app.runtime.waiting import ended

LINE = {"stage": "mf", "message": "Learning tastes", "done": 1, "total": 2, "fraction": 0.5, "seconds": 3.0, "eta_seconds": 4.0}


def python(code: str) -> list[str]:
    return ["-c", code]


def with_child(code: str, *arguments: str) -> list[str]:
    """A process that runs another one, as an upload's does."""
    start = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]], close_fds=False)"
    return [*python(start), code, *arguments]


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
    jobs.start(workspace, "train", python("import signal; print('on', flush=True); signal.pause()"))
    patience.until((workspace.root / jobs.JOBS / "train" / "lines").exists)
    with pytest.raises(DataError, match="E_BUSY"):
        jobs.start(workspace, "train", python("pass"))
    jobs.cancel(workspace, "train")
    job = ended(workspace, "train")
    assert job is not None
    assert job.state == "cancelled"
    jobs.clear(workspace, "train")
    assert jobs.find(workspace, "train") is None


def test_a_job_whose_process_is_gone_without_a_word_has_failed(workspace: Workspace):
    """As after the machine was switched off: the lock is free again, whoever has the number of the process now."""
    folder = workspace.root / jobs.JOBS / "train"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"started_at": "2024-01-01T00:00:00+00:00"}))
    (folder / "pid").write_text(str(os.getpid()))
    job = jobs.find(workspace, "train")
    assert job is not None
    assert job.state == "failed"
    jobs.cancel(workspace, "train")


def test_what_outlives_its_killed_parent_is_still_running_and_can_be_cancelled(workspace: Workspace):
    jobs.start(workspace, "train", with_child("import signal; print('on', flush=True); signal.pause()"))
    folder = workspace.root / jobs.JOBS / "train"
    patience.until(lambda: (folder / "lines").exists() and b"on" in (folder / "lines").read_bytes())
    os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    orphan = jobs.find(workspace, "train")
    assert orphan is not None
    assert orphan.state == "running"
    with pytest.raises(DataError, match="E_BUSY"):
        jobs.start(workspace, "train", python("pass"))
    jobs.cancel(workspace, "train")
    stopped = ended(workspace, "train")
    assert stopped is not None
    assert stopped.state == "cancelled"
    jobs.start(workspace, "train", python("print('{}')"))
    assert ended(workspace, "train")


def _fifo(workspace: Workspace) -> Path:
    """Who reads it waits for somebody to write."""
    path = workspace.root / "go"
    os.mkfifo(path)
    return path


def test_a_job_whose_child_answers_after_its_parent_was_killed_is_done(workspace: Workspace):
    go = _fifo(workspace)
    code = """import sys; print('on', flush=True); open(sys.argv[1]).read(); print('{"result": {"run": "a"}}')"""
    jobs.start(workspace, "train", with_child(code, str(go)))
    folder = workspace.root / jobs.JOBS / "train"
    patience.until(lambda: (folder / "lines").exists() and b"on" in (folder / "lines").read_bytes())
    os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    go.write_text("")
    job = ended(workspace, "train")
    assert job is not None
    assert (job.state, job.result) == ("done", {"run": "a"})


def test_of_many_readers_who_start_a_job_at_once_one_does(workspace: Workspace):
    """Each run adds a line to one file."""
    script = "import sys; open(sys.argv[1], 'a').write('ran\\n'); open(sys.argv[2]).read()"
    start, go = threading.Barrier(8), _fifo(workspace)
    refused: list[str] = []

    def reader() -> None:
        start.wait()
        try:
            jobs.start(workspace, "train", [*python(script), str(workspace.root / "runs.txt"), str(go)])
        except DataError as error:
            refused.append(error.code)

    readers = [threading.Thread(target=reader) for _ in range(8)]
    for each in readers:
        each.start()
    for each in readers:
        each.join()
    assert refused == ["E_BUSY"] * 7
    go.write_text("")
    ended(workspace, "train")
    assert (workspace.root / "runs.txt").read_text() == "ran\n"


def test_files_of_a_running_import_are_not_cleared_for_the_next_upload(workspace: Workspace):
    kept = uploads.keep(workspace, {"movies.csv": io.BytesIO(b"x")})
    jobs.start(workspace, uploads.JOB, python("import signal; signal.pause()"))
    with pytest.raises(DataError, match="E_BUSY"):
        uploads.keep(workspace, {"movies.csv": io.BytesIO(b"y")})
    assert (kept / "movies.csv").read_bytes() == b"x"
    jobs.cancel(workspace, uploads.JOB)
    ended(workspace, uploads.JOB)


@pytest.mark.parametrize("garbage", [b"", b"\xff\x00", b"[]", b"{}", b'{"started_at"'])
def test_a_damaged_job_is_no_job(workspace: Workspace, garbage: bytes):
    folder = workspace.root / jobs.JOBS / "train"
    folder.mkdir(parents=True)
    (folder / "job.json").write_bytes(garbage)
    assert jobs.find(workspace, "train") is None


def test_a_job_that_is_at_work_is_not_cleared(workspace: Workspace):
    jobs.start(workspace, "train", python("import signal; signal.pause()"))
    jobs.clear(workspace, "train")
    job = jobs.find(workspace, "train")
    assert job is not None
    assert job.state == "running"
    jobs.cancel(workspace, "train")
    ended(workspace, "train")
    jobs.clear(workspace, "train")
    assert jobs.find(workspace, "train") is None


STARTING = """
import json, sys
from pathlib import Path
from recsys.app.runtime import jobs
from recsys.errors import DataError
from recsys.workspace import Workspace
print("ready", flush=True)
for line in sys.stdin:
    root, name = json.loads(line)
    try:
        jobs.start(Workspace(Path(root)), name, ["-c", "import signal; signal.pause()"])
    except DataError as error:
        print(error.code, flush=True)
    else:
        print("started", flush=True)
"""
KILLED = STARTING.replace(
    'print("ready", flush=True)',
    "import os, signal, subprocess\nsubprocess.Popen = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)",
)


Racer = subprocess.Popen[str]


@pytest.fixture(scope="module")
def racers() -> Iterator[tuple[Racer, Racer]]:
    """Two processes that are ready to start what they are told."""

    def racer() -> Racer:
        return subprocess.Popen([sys.executable, "-c", STARTING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    with racer() as first, racer() as second:
        assert [_line(first), _line(second)] == ["ready", "ready"]
        yield first, second


def _line(racer: Racer) -> str:
    assert racer.stdout is not None
    return racer.stdout.readline().rstrip()


@pytest.mark.parametrize("names", [("train", "train"), ("train", "import"), ("demo", "import")])
def test_of_two_processes_that_start_what_writes_to_a_workspace_one_does(
    workspace: Workspace, racers: tuple[Racer, Racer], names: tuple[str, str]
):
    for racer, name in zip(racers, names, strict=True):
        assert racer.stdin is not None
        racer.stdin.write(json.dumps([str(workspace.root), name]) + "\n")
        racer.stdin.flush()
    assert sorted(map(_line, racers)) == ["E_BUSY", "started"]
    (running,) = {name for name in names if jobs.running(workspace, name)}
    jobs.cancel(workspace, running)
    stopped = ended(workspace, running)
    assert stopped is not None
    assert stopped.state == "cancelled"


def test_an_export_runs_beside_a_training(workspace: Workspace):
    jobs.start(workspace, "train", python("import signal; signal.pause()"))
    jobs.start(workspace, "export", python("print('{\"version\": 1}')"))
    exported = ended(workspace, "export")
    assert exported is not None
    assert exported.state == "done"
    jobs.cancel(workspace, "train")
    ended(workspace, "train")


def test_a_start_that_was_killed_after_its_record_is_told_and_can_be_repeated(workspace: Workspace):
    """Between the record and the command."""
    asked = json.dumps([str(workspace.root), "train"])
    started = subprocess.run([sys.executable, "-c", KILLED], check=False, input=asked, text=True)
    assert started.returncode == -signal.SIGKILL
    job = jobs.find(workspace, "train")
    assert job is not None
    assert (job.state, job.progress, job.result) == ("interrupted", None, None)
    assert not jobs.running(workspace, "train")
    jobs.cancel(workspace, "train")
    jobs.start(workspace, "train", python('print(\'{"result": {"run": "a"}}\')'))
    again = ended(workspace, "train")
    assert again is not None
    assert (again.state, again.result) == ("done", {"run": "a"})


def test_an_upload_starts_two_processes(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Each Python adds a line as it starts: the one that answers for the import, and the one whose memory is bounded."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(f"open({str(tmp_path / 'pythons')!r}, 'a').write('one\\n')\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *sys.path]))
    uploads.start_import(workspace, tmp_path / "nothing", None)
    job = ended(workspace, uploads.JOB)
    assert job is not None
    assert [finding.code for finding in job.findings] == ["E_NOT_FOUND"]
    assert (tmp_path / "pythons").read_text() == "one\n" * 2


@pytest.mark.parametrize("said", ["one\u2028two\x85three\x7ffour", "x" * 200_000], ids=["separators", "long"])
def test_an_answer_may_hold_what_separates_lines_elsewhere_and_be_long(workspace: Workspace, said: str):
    answer = json.dumps({"result": {"said": said}}, ensure_ascii=False)
    (workspace.root / "answer").write_text(f"{json.dumps(LINE)}\n{answer}\n", encoding="utf-8")
    jobs.start(workspace, "train", python(f"print(open({str(workspace.root / 'answer')!r}, encoding='utf-8').read(), end='')"))
    job = ended(workspace, "train")
    assert job is not None
    assert (job.state, job.result) == ("done", {"said": said})


def test_a_job_that_is_only_just_starting_is_cancelled(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """Somebody else cancels between its record and its command, as another session may."""
    begun, popen = threading.Event(), subprocess.Popen
    canceller = threading.Thread(target=lambda: (begun.wait(patience.SECONDS), jobs.cancel(workspace, "train")))

    def slow(*args: Any, **kwargs: Any) -> object:
        begun.set()
        canceller.join(0.2)
        return popen(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", slow)
    canceller.start()
    jobs.start(workspace, "train", python("import signal; signal.pause()"))
    canceller.join()
    job = ended(workspace, "train")
    assert job is not None
    assert job.state == "cancelled"


def test_what_stands_in_the_place_of_a_job_is_refused_with_a_code(workspace: Workspace):
    (workspace.root / jobs.JOBS).mkdir()
    (workspace.root / jobs.JOBS / "train").write_text("no folder")
    with pytest.raises(SystemRefusedError, match="E_PATH"), coded_system_errors():
        jobs.start(workspace, "train", python(""))


def test_an_upload_does_not_clear_one_that_is_being_written(workspace: Workspace):
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 0:
                uploads.keep(workspace, {"movies.csv": io.BytesIO(b"theirs")})
            return super().read(size)

    mine = uploads.keep(workspace, {"movies.csv": Slow(b"mine"), "views.csv": io.BytesIO(b"mine too")})
    assert {path.name: path.read_bytes() for path in mine.iterdir()} == {"movies.csv": b"mine", "views.csv": b"mine too"}
    later = uploads.keep(workspace, {"movies.csv": io.BytesIO(b"later")})
    assert list(later.parent.iterdir()) == [later]


def test_an_import_of_a_folder_whose_name_is_no_text_is_told(workspace: Workspace, tmp_path: Path):
    folder = tmp_path / os.fsdecode(b"d\xff")
    folder.mkdir()
    (folder / os.fsdecode(b"s\xff.toml")).write_bytes(b"")
    uploads.start_import(workspace, folder, None)
    job = ended(workspace, uploads.JOB)
    assert job is not None
    assert (job.state, [finding.code for finding in job.findings]) == ("refused", ["E_UNKNOWN_FORMAT"]), job.log


def test_what_was_done_to_a_name_that_is_no_text_is_done_with_a_warning(workspace: Workspace):
    (warning,) = audit_trail.note(workspace, "import", os.fsdecode(b"d\xff: movies"), by="me")
    assert warning.code == "W_AUDIT"
