"""Pictures of a clip, also for browsers that cannot play it; decoded in a process beside the server."""

import asyncio
import json
import shutil
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoqa._child import AnsweringProcess, answers_pipe
from videoqa.web.errors import Busy, TookTooLong

PROGRAM = "from videoqa.web.labeling_frames import work; work()"
NUM_FRAMES = 24
LONG_SIDE = 640
QUALITY = 85
DECODING_SECONDS = 60.0
MOST_STRIPS = 200
"""Strips that are kept; the one that was looked at longest ago goes first."""
MOST_WAITING = 32
"""Clips that wait to be decoded; further callers are asked to come again."""


class CannotShow(Exception):
    """A clip that cannot be decoded; says why."""


@dataclass(frozen=True)
class Strip:
    """Frames of a clip.

    Attributes:
        folder: has them as `0.jpg`, `1.jpg`, ...
        seconds: when each is shown, in the video; None: not known.
        frame_seconds: how long one frame of the video is shown; None: not known.
    """

    folder: Path
    seconds: tuple[float | None, ...]
    frame_seconds: float | None


class FrameStrips:
    """Decodes clips, one at a time, and keeps some.

    It decodes in a thread of its own, so that a slow clip holds up no answer.

    Args:
        folder: private folder for the pictures.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._decoding = ThreadPoolExecutor(1)
        self._keeping = threading.Lock()
        self._strips: OrderedDict[str, Strip] = OrderedDict()
        self._process: AnsweringProcess | None = None
        self._num_waiting = self._num_made = 0
        self._is_closed = False

    async def strip(self, name: str, path: str, start: float | None, end: float | None) -> Strip:
        """Return the frames of a clip.

        Args:
            name: under which they are kept.
            path: of the video.
            start, end: seconds; None: from its start, to its end.

        Raises:
            CannotShow: it cannot be decoded.
            Busy: many are waiting.
            TookTooLong: it was given up.
        """
        if (found := self.kept(name)) is not None:
            return found
        if self._num_waiting >= MOST_WAITING:
            raise Busy("Many clips are being decoded.")
        self._num_waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._decoding, self._made, name, path, start, end)
        finally:
            self._num_waiting -= 1

    def kept(self, name: str) -> Strip | None:
        """Return frames that are kept; None: they are not."""
        with self._keeping:
            found = self._strips.get(name)
            if found is not None:
                self._strips.move_to_end(name)
            return found

    def close(self) -> None:
        """End the process; nothing is decoded any more."""
        with self._keeping:
            self._is_closed = True
            if self._process is not None:
                self._process.end()
        self._decoding.shutdown(cancel_futures=True)

    def _made(self, name: str, path: str, start: float | None, end: float | None) -> Strip:
        """Return the frames of a clip, which another caller may have had decoded meanwhile."""
        if (found := self.kept(name)) is not None:
            return found
        strip = self._decode(path, start, end)
        with self._keeping:
            self._strips[name] = strip
            while len(self._strips) > MOST_STRIPS:
                _, old = self._strips.popitem(last=False)
                shutil.rmtree(old.folder, ignore_errors=True)
        return strip

    def _decode(self, path: str, start: float | None, end: float | None) -> Strip:
        process = self._running()
        self._num_made += 1
        folder = self._folder / f"strip-{self._num_made}"
        folder.mkdir(mode=0o700)
        request = {"path": path, "start": start, "end": end, "folder": str(folder)}
        answer = process.ask(request, seconds=DECODING_SECONDS)
        if answer is None or "failure" in answer:
            shutil.rmtree(folder, ignore_errors=True)
        if answer is None:
            if process.timed_out:
                raise TookTooLong(f"Decoding took longer than {DECODING_SECONDS:.0f} seconds.")
            raise CannotShow(f"The decoder died ({process.end()}).")
        if "failure" in answer:
            raise CannotShow(answer["failure"])
        return Strip(folder, tuple(answer["seconds"]), answer["frame_seconds"])

    def _running(self) -> AnsweringProcess:
        """Return the process that decodes, started anew if it died."""
        with self._keeping:
            if self._is_closed:
                raise CannotShow("The server is being stopped.")
            if self._process is None or not self._process.is_alive:
                self._process = AnsweringProcess(PROGRAM)
            return self._process


def work() -> None:
    """Run the process: each line of stdin names a clip."""
    with answers_pipe() as answers:
        for line in sys.stdin:
            print(json.dumps(_pictures(json.loads(line))), file=answers, flush=True)


def _pictures(request: dict[str, Any]) -> dict[str, Any]:
    """Write the pictures of a clip; return when they are shown, or why they cannot be made."""
    from videoqa._checks import UserError
    from videoqa.config import SamplingConfig
    from videoqa.video.decoding import ClipRequest, decode
    from videoqa.video.errors import DecodingError
    from videoqa.video.jpegs import encode_jpeg

    try:
        asked = ClipRequest(request["path"], request["start"], request["end"])
        clip = decode(asked, SamplingConfig(num_frames=NUM_FRAMES), long_side=LONG_SIDE)
        places = dict.fromkeys(clip.indices.tolist())  # a short clip has frames repeated
        first = [clip.indices.tolist().index(index) for index in places]
        for number, place in enumerate(first):
            Path(request["folder"], f"{number}.jpg").write_bytes(encode_jpeg(clip.frames[place], QUALITY))
    except DecodingError as error:
        return {"failure": f"It cannot be decoded: {error.cause}."}
    except OSError as error:  # whose text names the file
        return {"failure": f"{error.strerror or 'Its file cannot be read'}."}
    except (UserError, MemoryError) as error:
        return {"failure": str(error) or "There is not enough memory for it."}
    seconds = [float(clip.timestamps_seconds[place]) for place in first]
    shown = [value if value == value else None for value in seconds]
    return {"seconds": shown, "frame_seconds": 1 / clip.fps if clip.fps > 0 else None}
