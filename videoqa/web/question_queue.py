"""Questions of all callers, answered in batches by one thread: what waits is answered at once."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from videoqa.web.errors import Busy, Stopping

Question = TypeVar("Question")


class QuestionQueue(Generic[Question]):
    """A bounded queue and the thread that answers what is in it.

    A question waits for the batch before its own and for nothing else: the thread takes what is there. While
    it works more questions come, so that the busier a server is the larger its batches are.

    Args:
        answer: takes questions and returns an answer, or an exception, for each.
        most_waiting: questions that may wait.
        most_at_once: questions in a batch.
    """

    def __init__(
        self,
        answer: Callable[[list[Question]], Sequence[Any]],
        *,
        most_waiting: int,
        most_at_once: int,
    ) -> None:
        self._answer, self._most_waiting, self._most_at_once = answer, most_waiting, most_at_once
        self._waiting: deque[tuple[Question, asyncio.Future[Any]]] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self.batch_sizes: Counter[int] = Counter()
        """Questions in a batch -> how many batches had as many."""
        self._thread = threading.Thread(target=self._run, name="videoqa-answer", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return len(self._waiting)

    async def ask(self, questions: Sequence[Question]) -> list[Any]:
        """Return the answers to questions, which are taken or refused together.

        Raises:
            Busy: they do not fit into the queue.
            Stopping: the queue is closed.
            Exception: of the first question for which `answer` returned one.
        """
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Any]] = [loop.create_future() for _ in questions]
        with self._changed:
            if self._is_closed:
                raise Stopping
            if len(self._waiting) + len(questions) > self._most_waiting:
                raise Busy(f"{len(self._waiting)} questions are waiting.")
            self._waiting.extend(zip(questions, futures, strict=True))
            self._changed.notify()
        answers = await asyncio.gather(*futures) if len(futures) > 1 else [await futures[0]]
        for each in answers:
            if isinstance(each, Exception):
                raise each
        return answers

    def close(self) -> None:
        """Answer what is waiting, then end the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            answers: Sequence[Any]
            try:
                answers = self._answer([question for question, _ in batch])
            except Exception as error:
                answers = [error] * len(batch)
            self.batch_sizes[len(batch)] += 1
            _deliver([future for _, future in batch], answers)

    def _next_batch(self) -> list[tuple[Question, asyncio.Future[Any]]]:
        """Return what waits, as much as is answered at once; an empty list: the queue is closed."""
        batch: list[tuple[Question, asyncio.Future[Any]]] = []
        with self._changed:
            while not batch:
                while not self._waiting:
                    if self._is_closed:
                        return []
                    self._changed.wait()
                while self._waiting and len(batch) < self._most_at_once:
                    question, future = self._waiting.popleft()
                    if not future.done():  # its caller has not hung up
                        batch.append((question, future))
        return batch


def _deliver(futures: list[asyncio.Future[Any]], answers: Sequence[Any]) -> None:
    """Give answers to their callers, with one call into each of their event loops."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for future, answer in zip(futures, answers, strict=True):
        by_loop.setdefault(future.get_loop(), []).append((future, answer))
    for loop, given in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set_results, given)
        except RuntimeError:  # the loop has ended, and with it all who waited
            continue


def _set_results(given: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in given:
        if not future.done():
            future.set_result(answer)
