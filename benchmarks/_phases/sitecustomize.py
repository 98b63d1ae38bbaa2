"""Notes what the main thread of every Python process is at, for `multiworker_cost.py`; loaded at their start.

A thread looks at the main thread's stack every 5 ms, and writes "time phase" where the phase has changed.
"""

import os
import sys
import threading
import time

LOOK_SECONDS = 0.005
PHASES = {
    "_find_and_load": "importing modules",
    "_load_with_hidden": "importing modules",
    "connect": "waiting for the task",
    "Reporter.barrier": "waiting for the others",
    "Reporter.wait_for_leave": "waiting for the others",
    "from_chief": "taking over worker 0's weights",
    "start_strategy": "making the strategy",
    "prepare": "reading table and features",
    "fingerprint": "reading table and features",
    "build_from_config": "building the model",
    "Training.__init__": "optimizer, callbacks",
    "Training._take_step": "first step, traced",
    "Training._run_steps": "first batch",
}
"""Function -> phase; of several on the stack the innermost counts."""


def _phase(frame) -> str:
    while frame is not None:
        if (name := frame.f_code.co_qualname) in PHASES:
            return PHASES[name]
        frame = frame.f_back
    return "other"


def _look(path: str, main: int) -> None:
    before = ""
    with open(path, "a", encoding="utf-8") as file:
        while True:
            now = _phase(sys._current_frames().get(main))
            if now != before:
                file.write(f"{time.time():.3f} {now}\n")
                file.flush()
                before = now
            time.sleep(LOOK_SECONDS)


if "VIDEOQA_PHASES" in os.environ:
    _path = os.path.join(os.environ["VIDEOQA_PHASES"], str(os.getpid()))
    threading.Thread(target=_look, args=(_path, threading.main_thread().ident), daemon=True).start()
