"""Has clips decoded and encoded in a process beside the server, which is watched and started again."""

import dataclasses
import errno
import logging
import os
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal
from videoqa._child import AnsweringProcess
from videoqa.config import RunConfig
from videoqa.video.errors import DecodingError
from videoqa.web.errors import TookTooLong

START_SECONDS = 300.0
"""Wall clock for the start of the process: TensorFlow is loaded and a backbone compiled."""
MOST_LINES_SHOWN = 30
_log = logging.getLogger(__name__)


class ClipEncoder:
    """One process that encodes clips, one after the other; one thread at a time may use it.

    Args:
        config: of the model, with a frozen backbone.
        identity: what its backbone has to be; None: it is not checked.
        home: of the feature cache that is shared; None: there is none.
        private: the server's folder.
        clip_seconds: wall clock for one clip.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        identity: dict[str, Any] | None,
        home: str | None,
        private: Path,
        clip_seconds: float,
    ) -> None:
        self._start = {
            "config": dataclasses.asdict(config),
            "identity": identity,
            "home": home,
            "private": str(private),
        }
        self._clip_seconds = clip_seconds
        self._is_ready = False
        self._process: AnsweringProcess | None = None
        self.num_starts = 0
        """How often the process was started."""
        self._begin()

    def wait_until_ready(self) -> None:
        """Return when the process can take a clip.

        Raises:
            RuntimeError: it cannot start; the message is what it printed.
        """
        if self._process is None:
            self._begin()
        if self._is_ready:
            return
        assert self._process is not None
        if self._process.receive(seconds=START_SECONDS) is None:
            printed = self._process.last_words()
            self._end()
            raise RuntimeError(f"The process that encodes clips cannot start:\n{printed}")
        self._is_ready = True

    def encode(self, video: Path, folder: Path, name: str) -> dict[str, Any]:
        """Let the process write what the model reads of a video into a folder; see `ClipWorker.make`.

        Args:
            video: the file.
            folder: an empty one; what a failure leaves in it is the caller's business.
            name: what the video is called in messages.

        Raises:
            TookTooLong: it took longer than `clip_seconds`; the process was killed.
            DecodingError: it is no video, or the process died of it.
            ValueError: it is no video for this model.
            OSError: it cannot be kept, for example because the disk is full.
            RuntimeError: the process cannot start, tried twice.
        """
        if self._process is not None and not self._process.is_alive:
            self._end()  # it ended by no clip's doing
        try:
            self.wait_until_ready()
        except RuntimeError:  # it ended while it started: once more
            self.wait_until_ready()
        process = self._process
        assert process is not None
        request = {"path": str(video), "folder": str(folder), "seconds": self._clip_seconds}
        answer = process.ask(request, seconds=self._clip_seconds)
        if answer is None:
            printed = process.last_words()
            how = self._end()
            self._begin()  # so that the next clip finds it ready
            if process.timed_out:
                raise TookTooLong(
                    f"Decoding and encoding this clip took more than {self._clip_seconds:g} seconds."
                )
            _log.error("A clip ended the process that encodes (%s):\n%s", how, _last_lines(printed))
            raise DecodingError(name, f"the process that decoded it died ({how})")
        if "failure" in answer:
            raise _failure(answer, name, str(video))
        return answer

    def close(self) -> None:
        """End the process."""
        self._end()

    def _begin(self) -> None:
        self._process = AnsweringProcess("from videoqa.web.clip_worker import serve; serve()")
        self._is_ready = False
        self.num_starts += 1
        self._process.send(self._start)

    def _end(self) -> str:
        process, self._process = self._process, None
        return "" if process is None else process.end()


def _failure(answer: dict[str, Any], name: str, path: str) -> Exception:
    """Return the error that the process reported; callers know their file by its name, not by its path."""
    message = str(answer["message"]).replace(path, name)
    if answer["failure"] == "decoding":
        return DecodingError(name, message, *answer["counts"])
    if answer["failure"] == "refused":
        return Refusal(message)
    number = answer["errno"] or errno.EIO
    return OSError(number, f"The clip cannot be kept: {os.strerror(number)}")


def _last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-MOST_LINES_SHOWN:])
