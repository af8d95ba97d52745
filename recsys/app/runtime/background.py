"""Background computation: one bounded pool of workers for all sessions, and answers kept by key."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recsys.progress import Progress, ReportProgress
from recsys.projection.parallel import THREADS, one_core

Answer = TypeVar("Answer")
KEPT = 64
NOT_BEGUN = Progress.of(0, 0)


class FairExecutor:
    """A thread pool that serves sessions in turn, and of one session the latest task first.

    Parameters
    ----------
    workers : tasks that run at the same time
    """

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="background")
        self._waiting: OrderedDict[str, list[tuple[Future[Any], Callable[[], Any]]]] = OrderedDict()
        self._lock = threading.Lock()

    def submit(self, session_id: str, work: Callable[[], Answer], future: Future[Answer] | None = None) -> Future[Answer]:
        """Queue a task of a session. The future, a new one unless given, can be cancelled until the task begins."""
        future = Future() if future is None else future
        with self._lock:
            self._waiting.setdefault(session_id, []).append((future, work))
        self._pool.submit(self._run_next)
        return future

    def _run_next(self) -> None:
        with self._lock:
            session_id, tasks = self._waiting.popitem(last=False)
            future, work = tasks.pop()
            if tasks:
                self._waiting[session_id] = tasks
        if not future.set_running_or_notify_cancel():
            return
        try:
            with one_core():
                answer = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(answer)


@dataclass(eq=False, kw_only=True)
class _Entry(Generic[Answer]):
    future: Future[Answer] = field(default_factory=Future)
    sessions: set[str] = field(default_factory=set)
    """Sessions that wait for it; none once it is computed."""
    computed: bool = False
    progress: Progress = NOT_BEGUN


@dataclass(frozen=True, eq=False, kw_only=True)
class Pending:
    """An answer that is still being computed: what a page polls, at the cost of a look-up by key."""

    cache: "BackgroundCache[Any]"
    key: str

    @property
    def done(self) -> bool:
        """Whether it is worth while to ask again: there is an answer, or nobody computes it any longer."""
        return not self.cache.pending(self.key)

    @property
    def progress(self) -> Progress:
        """How far the computation is; :data:`NOT_BEGUN` before it reports."""
        return self.cache.progress_of(self.key)


class BackgroundCache(Generic[Answer]):
    """Answers by key, computed by a :class:`FairExecutor` and kept, the least recently used dropped first.

    What is still to be computed is never dropped for want of room, however many sessions wait: each waits for one answer.

    A question that no session waits for any longer is dropped unless its computation has begun. A failed answer raises when it
    is asked for, and is computed again afterwards. Nothing is kept of a session whose question is answered.

    Parameters
    ----------
    executor : computes; the one that all caches of the app share by default
    kept : answers kept
    """

    def __init__(self, executor: FairExecutor | None = None, *, kept: int = KEPT) -> None:
        self._executor = executor or shared_executor()
        self._kept = kept
        self._entries: OrderedDict[str, _Entry[Answer]] = OrderedDict()
        self._waiting: dict[str, str] = {}
        self._lock = threading.Lock()

    def ask(self, key: str, work: Callable[[], Answer], *, session_id: str) -> Answer | Pending:
        """The answer, or a handle on it while it is computed.

        Parameters
        ----------
        key : identifies the question
        work : computes the answer; called at most once while the answer is kept
        session_id : who asks; an earlier question of the same session that has not begun is dropped

        Raises
        ------
        whatever ``work`` raised
        """
        with self._lock:
            self._drop_earlier(session_id, key)
            entry = self._entries.get(key)
            new = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry()
            self._entries.move_to_end(key)
            if not entry.computed:
                entry.sessions.add(session_id)
                self._waiting[session_id] = key
            self._evict()
        if new:
            self._executor.submit(session_id, partial(self._compute, key, entry, work), entry.future)
        if (
            entry.future.cancelled() or not entry.future.done()
        ):  # cancelled: it was dropped meanwhile, and whoever polls asks anew
            return Pending(cache=self, key=key)
        if entry.future.exception() is not None:
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
        return entry.future.result()

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer that was found on the way to another one."""
        future: Future[Answer] = Future()
        future.set_result(answer)
        with self._lock:
            self._entries.setdefault(key, _Entry(future=future, computed=True))
            self._evict()

    def pending(self, key: str) -> bool:
        """Whether the answer is queued or being computed."""
        with self._lock:
            entry = self._entries.get(key)
            return entry is not None and not entry.future.done()

    def reporter(self, key: str) -> ReportProgress:
        """The function with which the computation of an answer reports its progress."""

        def report(step: Progress) -> None:
            with self._lock:
                if (entry := self._entries.get(key)) is not None:
                    entry.progress = step

        return report

    def progress_of(self, key: str) -> Progress:
        """How far a computation is; :data:`NOT_BEGUN` before it reports."""
        with self._lock:
            entry = self._entries.get(key)
            return entry.progress if entry is not None else NOT_BEGUN

    def sessions(self) -> int:
        """Number of sessions of which something is kept: those that wait for an answer."""
        with self._lock:
            return len(self._waiting)

    def __len__(self) -> int:
        """Number of answers kept or being computed."""
        with self._lock:
            return len(self._entries)

    def wait(self, timeout_seconds: float) -> None:
        """Wait until nothing is being computed (for tests).

        Raises
        ------
        TimeoutError  something still is
        """
        with self._lock:
            waiting = [entry.future for entry in self._entries.values()]
        for future in waiting:
            future.exception(timeout=timeout_seconds)

    def _evict(self) -> None:
        computed = [key for key, entry in self._entries.items() if entry.computed]
        for key in computed[: max(len(computed) - self._kept, 0)]:
            del self._entries[key]

    def _drop_earlier(self, session_id: str, key: str) -> None:
        earlier = self._waiting.get(session_id)
        if earlier is None or earlier == key:
            return
        del self._waiting[session_id]
        entry = self._entries.get(earlier)
        if entry is not None:
            entry.sessions.discard(session_id)
            if not entry.sessions and entry.future.cancel():
                del self._entries[earlier]

    def _compute(self, key: str, entry: _Entry[Answer], work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        finally:
            with self._lock:
                self._leave(key, entry)
                if self._entries.get(key) is entry:
                    self._entries.move_to_end(key)
                self._evict()

    def _leave(self, key: str, entry: _Entry[Answer]) -> None:
        """Nobody waits for this entry any longer."""
        entry.computed = True
        for session_id in entry.sessions:
            if self._waiting.get(session_id) == key:
                del self._waiting[session_id]
        entry.sessions.clear()


@st.cache_resource
def shared_executor() -> FairExecutor:
    """The executor of the whole app: as many workers as the machine has cores for."""
    return FairExecutor(max(2, THREADS))


def session_id() -> str:
    """Identifier of the browser tab that this run of a page belongs to."""
    running = get_script_run_ctx()
    return running.session_id if running else "nobody"
