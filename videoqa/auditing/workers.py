"""Examines videos in several processes; if one dies, only its current video fails."""

import json
import queue
import signal
import sys
import threading
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from videoqa._child import AnsweringProcess, answers_pipe
from videoqa.video._opencv import cv2
from videoqa.video.errors import DecodingError
from videoqa.video.examining import Segment, examine, failure_of

Task = tuple[str, str, Sequence[Segment]]
"""A content, a path with this content, and the segments to examine."""


def examine_all(tasks: Iterable[Task], num_workers: int) -> Generator[tuple[str, dict[str, Any]], None, None]:
    """Yield each task's content with the result of `answer`, as they finish.

    If the worker died, the result is a failure that says so. When the consumer stops, or Ctrl-C stops it, the
    workers are killed at once.
    """
    workers = _Workers()
    threads = ThreadPoolExecutor(num_workers, thread_name_prefix="videoqa-audit")
    try:
        running = {
            threads.submit(workers.examine, path, segments): content for content, path, segments in tasks
        }
        for done in as_completed(running):
            yield running.pop(done), done.result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        workers.kill()
        threads.shutdown(wait=True)


class _Workers:
    """A pool of processes, started when no idle one is left."""

    def __init__(self) -> None:
        self._resting: queue.SimpleQueue[AnsweringProcess] = queue.SimpleQueue()
        self._all: list[AnsweringProcess] = []
        self._lock = threading.Lock()
        self._killed = False

    def examine(self, path: str, segments: Sequence[Segment]) -> dict[str, Any]:
        """Return a worker's answer; one that dies is not used again."""
        try:
            worker = self._resting.get_nowait()
        except queue.Empty:
            worker = self._start()
        answer = worker.ask({"path": path, "segments": list(segments)})
        if answer is None:
            how = worker.end()
            return {
                "failure": {"cause": f"{path}: the process that decoded it died ({how})"},
                "passing": True,
            }
        self._resting.put(worker)
        return answer

    def kill(self) -> None:
        """End every worker."""
        with self._lock:
            self._killed = True
            for worker in self._all:
                worker.end()

    def _start(self) -> AnsweringProcess:
        with self._lock:
            if self._killed:
                raise RuntimeError("The workers were stopped.")
            worker = AnsweringProcess("from videoqa.auditing.workers import serve; serve()")
            self._all.append(worker)
        if not worker.receive():
            raise RuntimeError(f"A process of the audit cannot start:\n{worker.last_words()}")
        return worker


def serve() -> None:
    """Run a worker process: answer each line of stdin with a line, until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    with answers_pipe() as answers:
        cv2.setNumThreads(1)
        print(json.dumps({"ready": True}), file=answers, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps(answer(request["path"], request["segments"])), file=answers, flush=True)


def answer(path: str, segments: list[list[float | None]]) -> dict[str, Any]:
    """Return the result of `examine`, or only the failure."""
    try:
        return examine(path, [(start, end) for start, end in segments])
    except DecodingError as error:
        return {"failure": failure_of(error)}
    except (OSError, ValueError, MemoryError) as error:
        return {"failure": {"cause": f"{path}: {error}"}, "passing": True}
