"""Running ahead: in order, bounded, and over when the consumer is."""

import threading
import time
from collections.abc import Generator
from contextlib import closing

import pytest

from videoqa._prefetch import read_ahead, run_ahead


def test_results_come_in_order_whatever_finishes_first():
    def work(number: int) -> int:
        time.sleep(0.02 if number % 3 == 0 else 0)
        return number * number

    outcomes = run_ahead(work, range(10), num_threads=3, num_ahead=4)
    assert list(outcomes) == [(number, number * number) for number in range(10)]


def test_exceptions_are_results():
    def work(number: int) -> float:
        return 1 / number

    (_, error), (_, value) = run_ahead(work, [0, 2], num_threads=2, num_ahead=2)
    assert isinstance(error, ZeroDivisionError) and value == 0.5


def test_no_more_is_made_than_may_wait():
    made: list[int] = []
    with closing(run_ahead(made.append, range(100), num_threads=4, num_ahead=5)) as outcomes:
        for taken in range(1, 20):
            next(outcomes)
            assert len(made) <= taken + 4


def test_consumer_that_stops_leaves_no_thread_and_no_work():
    made: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.005)
        made.append(number)

    with closing(run_ahead(work, range(1000), num_threads=2, num_ahead=50)) as outcomes:
        next(outcomes)
    assert len(made) < 50
    assert not [thread for thread in threading.enumerate() if "videoqa-ahead" in thread.name]


def test_interrupt_in_a_worker_is_no_result():
    def work(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_ahead(work, [1], num_threads=1, num_ahead=1))


def test_a_generator_is_read_ahead_in_its_order_and_closed() -> None:
    made, closed = [], []

    def items() -> Generator[int, None, None]:
        try:
            for number in range(10):
                made.append(number)
                yield number
        finally:
            closed.append(True)

    assert list(read_ahead(items(), num_ahead=3)) == list(range(10)) and closed == [True]
    made.clear()
    ahead = read_ahead(items(), num_ahead=2)
    assert next(ahead) == 0
    ahead.close()
    assert len(made) <= 4 and closed == [True, True]


def test_what_a_generator_raises_comes_in_its_place() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        raise OSError("gone")

    ahead = read_ahead(items(), num_ahead=2)
    assert next(ahead) == 1
    with pytest.raises(OSError, match="gone"):
        next(ahead)
