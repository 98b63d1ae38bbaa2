"""The queue of questions: what waits is answered at once, no more wait than may, nobody waits for ever."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from videoqa.web.errors import Busy, Stopping
from videoqa.web.question_queue import QuestionQueue


class Answering:
    """Doubles numbers, and holds the first batch back until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, numbers: list[int]) -> list[Any]:
        self.batches.append(numbers)
        self.has_begun.set()
        self.may_go_on.wait(60)
        return [ValueError("odd") if number % 2 else 2 * number for number in numbers]


def run(answering: Answering, with_queue: Callable[[QuestionQueue[int]], Any]) -> None:
    """Run a coroutine function of a queue for 6 questions, of which 4 are answered at once."""
    queue = QuestionQueue(answering, most_waiting=6, most_at_once=4)
    try:
        asyncio.run(with_queue(queue))
    finally:
        answering.may_go_on.set()
        queue.close()


def test_what_comes_while_it_works_is_answered_in_batches() -> None:
    async def ask(queue: QuestionQueue[int]) -> None:
        first = asyncio.ensure_future(queue.ask([0]))
        await asyncio.to_thread(answering.has_begun.wait, 60)
        others = [asyncio.ensure_future(queue.ask([number])) for number in (2, 4, 6)]
        several = asyncio.ensure_future(queue.ask([8, 10]))
        await asyncio.sleep(0)
        answering.may_go_on.set()
        assert await asyncio.gather(first, *others, several) == [[0], [4], [8], [12], [16, 20]]
        assert queue.batch_sizes == {1: 2, 4: 1}

    answering = Answering()
    run(answering, ask)
    assert answering.batches == [[0], [2, 4, 6, 8], [10]]


def test_questions_that_do_not_fit_are_refused_together() -> None:
    async def ask(queue: QuestionQueue[int]) -> None:
        first = asyncio.ensure_future(queue.ask([0]))
        await asyncio.to_thread(answering.has_begun.wait, 60)
        waiting = asyncio.ensure_future(queue.ask([2, 4, 6, 8, 10]))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="5 questions are waiting"):
            await queue.ask([12, 14])
        answering.may_go_on.set()
        assert await queue.ask([12]) == [24] and len(await waiting) == 5 and await first == [0]

    answering = Answering()
    run(answering, ask)


def test_who_hung_up_is_not_answered_and_an_error_is_the_askers_alone() -> None:
    async def ask(queue: QuestionQueue[int]) -> None:
        first = asyncio.ensure_future(queue.ask([0]))
        await asyncio.to_thread(answering.has_begun.wait, 60)
        gone, odd, even = (asyncio.ensure_future(queue.ask([number])) for number in (2, 3, 4))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        answering.may_go_on.set()
        assert await first == [0] and await even == [8]
        with pytest.raises(ValueError, match="odd"):
            await odd

    answering = Answering()
    run(answering, ask)
    assert answering.batches == [[0], [3, 4]]


def test_a_failure_reaches_all_of_its_batch_and_the_queue_goes_on() -> None:
    def answer(numbers: list[int]) -> list[int]:
        return [1 // number for number in numbers]

    async def ask() -> None:
        with pytest.raises(ZeroDivisionError):
            await queue.ask([1, 0])
        assert await queue.ask([1]) == [1]

    queue = QuestionQueue(answer, most_waiting=6, most_at_once=4)
    asyncio.run(ask())
    queue.close()


def test_what_waits_is_answered_before_it_ends() -> None:
    async def ask(queue: QuestionQueue[int]) -> None:
        asked = [asyncio.ensure_future(queue.ask([number])) for number in (0, 2)]
        await asyncio.to_thread(answering.has_begun.wait, 60)
        answering.may_go_on.set()
        await asyncio.to_thread(queue.close)
        assert await asyncio.gather(*asked) == [[0], [4]]
        with pytest.raises(Stopping):
            await queue.ask([4])

    answering = Answering()
    run(answering, ask)
