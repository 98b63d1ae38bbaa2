"""Runs a function over items in threads, at most a fixed number of items ahead of the consumer."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], *, num_threads: int, num_ahead: int
) -> Generator[tuple[Item, Result | Exception], None, None]:
    """Yield each item with the function's result, or the exception it raised, in the order of `items`.

    At most `num_ahead` results wait for the consumer, so memory stays bounded. If the consumer stops early,
    items that have not started are dropped.
    """
    pool = ThreadPoolExecutor(num_threads, thread_name_prefix="videoqa-ahead")
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(function, item)))
            if len(waiting) >= num_ahead:
                done, future = waiting.popleft()
                yield done, _outcome(future)
        while waiting:
            done, future = waiting.popleft()
            yield done, _outcome(future)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(future: "Future[Any]") -> Any:
    """Return the result, or the exception that the function raised."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, Exception):
        return error
    raise error
