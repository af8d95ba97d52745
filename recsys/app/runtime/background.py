"""Answers take seconds, so they are worked out behind the page, one at a time, the latest question first."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
KEPT = 64
Tell = Callable[[int, int], None]
"""Steps done, and how many there are."""


class BackgroundCache(Generic[Answer]):
    """Answers by key, worked out in the background and kept.

    A question that somebody no longer waits for is dropped unless work on it has begun. An answer that failed raises when it is
    asked for, and is tried again afterwards.
    """

    def __init__(self, *, workers: int = 1, kept: int = KEPT) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ranges")
        self._kept = kept
        self._asked: OrderedDict[str, Future[Answer]] = OrderedDict()
        self._done: dict[str, tuple[int, int]] = {}
        self._waiting: dict[str, str] = {}
        self._lock = threading.Lock()

    def ask(self, key: str, work: Callable[[], Answer], *, reader: str) -> Answer | None:
        """The answer, or None while it is being worked out.

        Parameters
        ----------
        key : names the question
        work : answers it; called at most once while the answer is kept
        reader : who asks; an earlier question of the same reader that has not begun is dropped

        Raises
        ------
        whatever ``work`` raised
        """
        with self._lock:
            self._drop_earlier(reader, key)
            future = self._asked.get(key)
            if future is None or future.cancelled():
                self._done.pop(key, None)
                future = self._pool.submit(work)
                self._asked[key] = future
            self._asked.move_to_end(key)
            self._waiting[reader] = key
            while len(self._asked) > self._kept:
                dropped, oldest = self._asked.popitem(last=False)
                self._done.pop(dropped, None)
                oldest.cancel()
            if not future.done():
                return None
            if future.exception() is not None:
                del self._asked[key]
        return future.result()

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer that was found on the way to another one."""
        future: Future[Answer] = Future()
        future.set_result(answer)
        with self._lock:
            self._asked.setdefault(key, future)

    def teller(self, key: str) -> Tell:
        """By which the work on a question tells how far it is."""

        def tell(done: int, of: int) -> None:
            self._done[key] = (done, of)

        return tell

    def progress(self, key: str) -> tuple[int, int] | None:
        """Steps done and how many there are; None where work has not begun, or does not tell."""
        return self._done.get(key)

    def wait(self, timeout_seconds: float) -> None:
        """Wait until nothing is being worked out (for tests).

        Raises
        ------
        TimeoutError  something still is
        """
        with self._lock:
            waiting = [future for future in self._asked.values() if not future.cancelled()]
        for future in waiting:
            future.exception(timeout=timeout_seconds)

    def _drop_earlier(self, reader: str, key: str) -> None:
        earlier = self._waiting.get(reader)
        if earlier is None or earlier == key or earlier in {k for r, k in self._waiting.items() if r != reader}:
            return
        future = self._asked.get(earlier)
        if future is not None and future.cancel():
            del self._asked[earlier]
