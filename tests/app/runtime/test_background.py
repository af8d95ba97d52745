"""Answers are computed behind the page, once, by one pool for all sessions, and nothing is kept of who has asked."""

import threading
from typing import Any

import pytest

from recsys.app.runtime.background import BackgroundCache, FairExecutor, Pending
from recsys.errors import ScenarioError
from recsys.progress import Progress
from recsys.projection import parallel
from tests import patience


def alone() -> BackgroundCache[object]:
    """A cache with a single worker of its own."""
    return BackgroundCache(FairExecutor(1))


def test_an_answer_is_pending_until_they_are_there_and_is_computed_once():
    cache: BackgroundCache[object] = alone()
    go, calls = threading.Event(), []

    def work() -> int:
        calls.append(1)
        go.wait(patience.SECONDS)
        return 42

    assert isinstance(cache.ask("a", work, session_id="me"), Pending)
    assert isinstance(cache.ask("a", work, session_id="me"), Pending)
    go.set()
    cache.wait(patience.SECONDS)
    assert cache.ask("a", work, session_id="me") == 42
    assert cache.ask("a", work, session_id="you") == 42
    assert len(calls) == 1


def test_a_question_nobody_waits_for_any_more_is_not_worked_out():
    cache: BackgroundCache[object] = alone()
    go, done = threading.Event(), []

    def slow() -> str:
        go.wait(patience.SECONDS)
        return "slow"

    def noted(name: str) -> str:
        done.append(name)
        return name

    cache.ask("blocker", slow, session_id="other")
    cache.ask("first", lambda: noted("first"), session_id="me")
    cache.ask("second", lambda: noted("second"), session_id="me")
    go.set()
    cache.wait(patience.SECONDS)
    assert done == ["second"]


def test_a_question_that_another_session_waits_for_is_kept():
    cache: BackgroundCache[object] = alone()
    go = threading.Event()
    cache.ask("blocker", lambda: str(go.wait(patience.SECONDS)), session_id="other")
    cache.ask("first", lambda: "first", session_id="me")
    cache.ask("first", lambda: "first", session_id="you")
    cache.ask("second", lambda: "second", session_id="me")
    go.set()
    cache.wait(patience.SECONDS)
    assert cache.ask("first", lambda: "worked out again", session_id="you") == "first"


def test_a_refusal_reaches_whoever_asked_and_is_tried_again():
    cache: BackgroundCache[object] = alone()

    go = threading.Event()

    def refuse() -> int:
        go.wait(patience.SECONDS)
        raise ScenarioError.of("E_SEGMENT", "no.", "Ask otherwise.")

    assert isinstance(cache.ask("a", refuse, session_id="me"), Pending)
    go.set()
    cache.wait(patience.SECONDS)
    with pytest.raises(ScenarioError):
        cache.ask("a", refuse, session_id="me")
    cache.ask("a", lambda: 7, session_id="me")
    cache.wait(patience.SECONDS)
    assert cache.ask("a", lambda: 7, session_id="me") == 7


def test_sessions_are_served_in_turn_and_the_latest_task_of_each_first():
    executor, go, done = FairExecutor(1), threading.Event(), []
    started = threading.Event()

    def block() -> None:
        started.set()
        go.wait(patience.SECONDS)

    tasks = [executor.submit("blocker", block)]
    started.wait(patience.SECONDS)
    for session, name in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")]:
        tasks.append(executor.submit(session, lambda name=name: done.append(name)))
    go.set()
    for task in tasks:
        task.result(patience.SECONDS)
    assert done == ["a3", "b1", "c1", "a2", "a1"]


def test_caches_of_one_executor_share_its_workers():
    """Never more than two at work, whichever cache was asked."""
    executor, lock, most = FairExecutor(2), threading.Lock(), [0, 0]
    caches: list[BackgroundCache[object]] = [BackgroundCache(executor) for _ in range(5)]
    both = threading.Barrier(2)

    def work() -> None:
        with lock:
            most[0] += 1
            most[1] = max(most)
        both.wait(patience.SECONDS)
        with lock:
            most[0] -= 1

    for number in range(10):
        caches[number % 5].ask(str(number), work, session_id=str(number))
    for cache in caches:
        cache.wait(patience.SECONDS)
    assert most == [0, 2]


def test_nothing_is_kept_of_sessions_whose_questions_are_answered():
    cache = alone()
    for number in range(200):
        cache.ask(str(number), lambda number=number: number, session_id=f"session {number}")
        cache.wait(patience.SECONDS)
    assert cache.sessions() == 0
    assert len(cache) == 64


def test_a_session_that_never_comes_back_is_forgotten_when_its_question_is_answered():
    cache, go = alone(), threading.Event()
    for number in range(20):
        cache.ask(str(number), lambda: go.wait(patience.SECONDS), session_id=f"session {number}")
    assert cache.sessions() == 20
    go.set()
    cache.wait(patience.SECONDS)
    assert cache.sessions() == 0


def test_a_session_that_changes_its_mind_has_one_question_waiting():
    cache, go = alone(), threading.Event()
    cache.ask("blocker", lambda: go.wait(patience.SECONDS), session_id="other")
    for number in range(100):
        cache.ask(str(number), lambda number=number: number, session_id="me")
    assert cache.sessions() == 2
    assert len(cache) == 2
    go.set()
    cache.wait(patience.SECONDS)


def test_a_question_that_is_dropped_while_it_is_asked_is_to_be_asked_anew():
    """Its session asks something else between its entry and its place in the queue."""

    class Interrupted(FairExecutor):
        def submit(self, *arguments: Any) -> Any:
            if not asked:
                asked.append("second")
                cache.ask("second", lambda: 2, session_id="me")
            return super().submit(*arguments)

    asked: list[str] = []
    cache: BackgroundCache[object] = BackgroundCache(Interrupted(1))
    pending = cache.ask("first", lambda: 1, session_id="me")
    assert isinstance(pending, Pending)
    assert pending.done
    cache.wait(patience.SECONDS)
    assert cache.ask("second", lambda: 3, session_id="me") == 2


def test_progress_of_an_answer_that_was_dropped_is_not_kept():
    cache = alone()
    cache.reporter("gone")(Progress.of(1, 2))
    assert cache.progress_of("gone").done == 0


def test_polling_asks_for_nothing_but_whether_it_is_there():
    cache, go, calls = alone(), threading.Event(), []

    def work() -> int:
        calls.append(1)
        cache.reporter("a")(Progress.of(3, 9))
        go.wait(patience.SECONDS)
        return 1

    pending = cache.ask("a", work, session_id="me")
    assert isinstance(pending, Pending)
    assert not pending.done
    go.set()
    cache.wait(patience.SECONDS)
    assert pending.done
    assert pending.progress == Progress.of(3, 9)
    assert len(calls) == 1


def test_a_caller_alone_computes_on_every_core(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parallel, "THREADS", 3)
    three = threading.Barrier(3)
    assert parallel.map_parallel(range(3), lambda _: three.wait(patience.SECONDS) >= 0, threads=3) == [True] * 3


def test_a_helper_leaves_when_another_caller_begins_to_compute(monkeypatch: pytest.MonkeyPatch):
    """On two cores: the first two tasks are at work together until the other caller is there; the rest is left to the caller."""
    monkeypatch.setattr(parallel, "THREADS", 2)
    both, other_is_in, end = threading.Barrier(3), threading.Event(), threading.Event()

    def other() -> None:
        both.wait(patience.SECONDS)
        with parallel.one_core():
            other_is_in.set()
            end.wait(patience.SECONDS)

    def step(number: int) -> int:
        if number < 2:
            both.wait(patience.SECONDS)
            other_is_in.wait(patience.SECONDS)
        return threading.get_ident()

    thread = threading.Thread(target=other)
    thread.start()
    by = parallel.map_parallel(range(20), step, threads=2)
    end.set()
    thread.join()
    assert len(set(by[:2])) == 2
    assert set(by[2:]) == {threading.get_ident()}


def test_the_apps_workers_share_the_cores_with_what_they_start(monkeypatch: pytest.MonkeyPatch):
    """Two at work on two cores: each computes by itself."""
    monkeypatch.setattr(parallel, "THREADS", 2)
    executor, both, ended = FairExecutor(2), threading.Barrier(2), threading.Barrier(2)

    def work() -> bool:
        both.wait(patience.SECONDS)
        by = parallel.map_parallel(range(20), lambda _: threading.get_ident(), threads=2)
        ended.wait(patience.SECONDS)
        return set(by) == {threading.get_ident()}

    tasks = [executor.submit(name, work) for name in "ab"]
    assert [task.result(patience.SECONDS) for task in tasks] == [True, True]


def test_results_and_refusals_of_map_parallel_come_in_the_order_of_the_tasks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parallel, "THREADS", 4)
    assert parallel.map_parallel(range(100), lambda n: n * n, threads=4) == [n * n for n in range(100)]

    def refuse(number: int) -> None:
        raise ScenarioError.of(f"E_{number}", "no.", "No.")

    with pytest.raises(ScenarioError, match="E_0"):
        parallel.map_parallel(range(4), refuse, threads=4)


def test_more_sessions_than_answers_are_kept_get_theirs_each_computed_once():
    cache, go, calls = BackgroundCache[object](FairExecutor(1), kept=4), threading.Event(), list[int]()

    def work(number: int) -> int:
        go.wait(patience.SECONDS)
        calls.append(number)
        return number

    pending = [cache.ask(str(number), lambda number=number: work(number), session_id=str(number)) for number in range(12)]
    assert not any(asked.done for asked in pending if isinstance(asked, Pending))
    go.set()
    cache.wait(patience.SECONDS)
    assert sorted(calls) == list(range(12))
    assert len(cache) == 4
