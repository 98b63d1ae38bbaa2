"""Makes items in threads, at most a fixed number of items ahead of the consumer."""

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


def read_ahead(items: Generator[Item, None, None], *, num_ahead: int) -> Generator[Item, None, None]:
    """Yield what a generator yields, which runs in a thread, at most `num_ahead` items ahead.

    An exception of the generator is raised in its place. If the consumer stops early, it is closed.
    """
    end: Any = object()
    pool = ThreadPoolExecutor(1, thread_name_prefix="videoqa-read-ahead")
    waiting = deque(pool.submit(next, items, end) for _ in range(num_ahead))
    try:
        while (item := waiting.popleft().result()) is not end:
            waiting.append(pool.submit(next, items, end))
            yield item
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        items.close()


def _outcome(future: "Future[Any]") -> Any:
    """Return the result, or the exception that the function raised."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, Exception):
        return error
    raise error
