"""A pool of processes that do one thing after the other, handed out so that results come in order.

Not one of the library's pools: those hand out work as fast as it is done, however many results wait to be taken, and
memory would grow with them; and when one of their processes dies, nobody knows what it was doing.

Processes are forked where that is safe, which shares what is loaded and costs nothing; elsewhere they start anew.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

# Pieces of work at a time for each process: one that it does, one that waits for it.
_PER_PROCESS = 2
# A process looks so often whether there is still anybody to work for.
_WATCH_SECONDS = 1.0
# What costs a process its life so often isn't tried again.
_MOST_DEATHS = 2

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[T], R]


class DiedTwiceError(Exception):
    """A piece of work cost two processes their lives."""


class _Task(Generic[T, R]):
    """A piece of work; `result` holds what came of it, or the exception, once `is_done`."""

    def __init__(self, item: T) -> None:
        self.item = item
        self.is_handed_out = self.is_done = False
        self.result: R | BaseException | None = None
        self.deaths = 0

    def end(self, result: R | BaseException) -> None:
        """Keep what came of it."""
        self.result, self.is_done = result, True

    def lose(self) -> None:
        """Be tried again, unless its process died before, too."""
        self.deaths += 1
        self.is_handed_out = False
        if self.deaths == _MOST_DEATHS:
            self.end(DiedTwiceError())


class _Process(Generic[T, R]):
    """A process of the pool, and what it is doing."""

    def __init__(self, work: Work[T, R], context: BaseContext) -> None:
        self.connection, theirs = context.Pipe()
        self.task: _Task[T, R] | None = None
        try:
            with _kept_from_interrupts(context):
                self._process = context.Process(  # type: ignore[attr-defined]  # each context has one
                    target=_serve, args=(work, theirs, os.getpid(), gc.get_threshold()), daemon=True
                )
                self._process.start()
        except BaseException:
            self.connection.close()
            raise
        finally:
            theirs.close()

    def begin(self, task: _Task[T, R]) -> None:
        """Hand out a task."""
        self.task, task.is_handed_out = task, True
        with suppress(OSError):  # it died; the next attempt to read from it tells
            self.connection.send(task.item)

    def finish(self) -> bool:
        """Take the result of the task; False where the process has died."""
        task, self.task = self.task, None
        try:
            result = self.connection.recv()
        except (EOFError, OSError):
            self.kill()
            if task is not None:
                task.lose()
            return False
        if task is not None:
            task.end(result)
        return True

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def in_order(
    work: Work[T, R], items: Iterable[T], processes: int, prepare: Callable[[], object]
) -> Generator[R, None, None]:
    """Yield what `work` makes of each item, in order; few items and results wait at any time.

    `prepare` loads what `work` needs; it is called here where the processes then share it. `work` and items can be
    pickled. Raises what `work` raises; DiedTwiceError in the place of an item that costs two processes their lives (the
    second time it is tried alone, as memory may have been scarce); OSError where no process can be started.
    """
    context = _context()
    if context.get_start_method() == "fork":
        prepare()
    pool: list[_Process[T, R]] = []
    tasks: deque[_Task[T, R]] = deque()
    unread = iter(items)
    is_more = True
    try:
        while is_more or tasks:
            _hand_out(tasks, pool, processes, work, context)
            if is_more and len(tasks) < processes * _PER_PROCESS:
                for item in unread:
                    tasks.append(_Task(item))
                    break
                else:
                    is_more = False
            elif tasks[0].is_done:
                result = tasks.popleft().result
                if isinstance(result, BaseException):
                    raise result
                _hand_out(tasks, pool, processes, work, context)
                yield result  # type: ignore[misc]  # it is done
            else:
                busy = {process.connection: process for process in pool if process.task is not None}
                for ready in connection.wait(list(busy)):
                    process = busy[ready]  # type: ignore[index]  # one of those
                    if not process.finish():
                        pool.remove(process)
    finally:
        for process in pool:
            process.kill()


def _hand_out(
    tasks: Iterable[_Task[T, R]], pool: list[_Process[T, R]], processes: int, work: Work[T, R], context: BaseContext
) -> None:
    """Give the next tasks to processes that have none, and start those that are missing."""
    waiting = [task for task in tasks if not (task.is_handed_out or task.is_done)]
    suspects = [task for task in tasks if task.deaths and not task.is_done]
    busy = sum(process.task is not None for process in pool)
    if suspects:
        waiting = [] if busy else suspects[:1]
    for task in waiting[: processes - busy]:
        process = next((process for process in pool if process.task is None), None)
        if process is None:
            process = _Process(work, context)
            pool.append(process)
        process.begin(task)


def _context() -> BaseContext:
    """Return how to start processes: forked where the system is made for it, and no thread in the midst of anything."""
    is_safe = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if is_safe else "spawn")


def _serve(work: Work[T, R], tasks: Any, parent: int, collect: tuple[int, int, int]) -> None:
    """Work in a new process, until there is nobody left to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    gc.set_threshold(*collect)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            item = tasks.recv()
            try:
                result: R | Exception = work(item)
            except Exception as error:  # noqa: BLE001  # it is raised where the result is taken
                error.add_note(traceback.format_exc())
                result = error
            tasks.send(result)


def _end_with(parent: int) -> None:
    """End this process when its parent has been killed."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def _kept_from_interrupts(context: BaseContext) -> Iterator[None]:
    """Start processes that are deaf to Ctrl-C from their first moment: it reaches all processes of a terminal."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    if context.get_start_method() != "fork":
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # which would end the deafness when it is started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
