"""A worker process of the audit: reads one request a line, answers one line; started by `workers`."""

import json
import os
import signal
import sys
from typing import Any

from videoqa.video._opencv import cv2
from videoqa.video.errors import DecodingError
from videoqa.video.examining import examine, failure_of


def serve() -> None:
    """Answer requests from stdin until it ends; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing a library prints may mix with answers
        cv2.setNumThreads(1)
        print(json.dumps({"ready": True}), file=answers, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps(answer(request["path"], request["segments"])), file=answers, flush=True)


def answer(path: str, segments: list[list[float | None]]) -> dict[str, Any]:
    """Return what `examine` returns, or the failure alone."""
    try:
        return examine(path, [(start, end) for start, end in segments])
    except DecodingError as error:
        return {"failure": failure_of(error)}
    except (OSError, ValueError, MemoryError) as error:
        return {"failure": {"cause": f"{path}: {error}"}, "passing": True}
