"""The process beside a server that decodes and encodes clips: what callers send is read here alone."""

import io
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from videoqa._checks import Refusal, UserError
from videoqa._child import answers_pipe
from videoqa._collector import leave_out_tensorflow
from videoqa._files import write_bytes
from videoqa._keras_plots import leave_out_plots
from videoqa._version import __version__
from videoqa.answering.video_qa import check_long_enough
from videoqa.config import RunConfig, run_config_from_json
from videoqa.evaluation.prediction import places_seen
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import clip_features_and_frames
from videoqa.features.frame_encoder import FrameEncoder
from videoqa.features.jobs import times_of
from videoqa.features.known_damage import clip_damages
from videoqa.input_pipeline import Examples
from videoqa.video.decoding import ClipRequest, DecodedClip, DecodingError, decode, probe
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.timeline import stored_timestamps, video_seconds

GRID = "grid.npy"
"""Name of the file in a clip's folder that holds what the model reads."""
QUALITY = 90
NICENESS = 5
"""Answers come first where both processes want the processor."""
ALARM_SECONDS = 10.0
"""After the wall clock of the server: ends a clip whose server was killed."""
UNSETTLED_SECONDS = 86_400


def jpeg_path(folder: Path, number: int) -> Path:
    """Return the file of a frame as the model saw it."""
    return folder / f"{number}.jpg"


class ClipWorker:
    """Makes of a video what the model reads of it, and pictures of what it saw.

    Args:
        config: of the model, with a frozen backbone.
        identity: what the backbone has to be; None: it is not checked.
        home: of the feature cache that is shared; None: there is none.
        private: folder for a cache that keeps nothing.
    """

    def __init__(
        self, config: RunConfig, identity: dict[str, Any] | None, home: str | None, private: str
    ) -> None:
        self._sampling, self._model = config.sampling, config.model
        self._cache = None if home is None else FeatureCache(home)
        self._no_cache = FeatureCache(private)
        self._encoder = FrameEncoder(config.model) if config.model.has_backbone else None
        if self._encoder is None:
            return
        if identity is not None and self._encoder.identity != identity:
            raise Refusal("The weights of the backbone were changed since the model was loaded. Start again.")
        self._encoder(np.zeros((1, *self._encoder.frame_size, 3), np.uint8))  # builds and compiles it

    def make(self, path: str, folder: Path) -> dict[str, Any]:
        """Write what the model reads of a video, and JPEGs of the frames it saw, into a folder.

        Args:
            path: the video.
            folder: an empty one.

        Returns:
            "duration_seconds"; "grid_seconds", of each frame of the grid, and "seen_seconds", of each JPEG;
            "notes", one sentence each.

        Raises:
            ValueError, DecodingError: no video, or not one for this model.
            OSError: the disk is full.
        """
        # Its path is gone soon and its content has been seen: nothing is worth remembering about this file,
        # and nothing is about one that seems to have just been changed.
        later = time.time() + UNSETTLED_SECONDS
        os.utime(path, (later, later))
        request = ClipRequest(path)
        grid, decoded = self._grid(request)
        check_long_enough(len(grid), self._sampling)
        seconds = times_of(decoded)
        places = self._places_seen(grid, seconds)
        (damage,) = clip_damages([request], self._no_cache)
        _write_grid(folder / GRID, grid)
        for number, place in enumerate(places):
            write_bytes(jpeg_path(folder, number), encode_jpeg(decoded.frames[place], QUALITY))
        return {
            "duration_seconds": _duration(path, decoded),
            "grid_seconds": seconds,
            "seen_seconds": [seconds[place] for place in places],
            "notes": [f"The clip seems damaged: {damage}."] if damage.num_suspect else [],
        }

    def _grid(self, request: ClipRequest) -> tuple[np.ndarray, DecodedClip]:
        """Return what the model reads, as `VideoQA.sample_file` makes it, and the decoded frames."""
        if self._encoder is None:
            decoded = decode(request, self._sampling, frame_size=self._model.frame_size)
            return decoded.frames, decoded
        grid, decoded = clip_features_and_frames(
            request, self._sampling, encoder=self._encoder, cache=self._cache
        )
        if not np.isfinite(grid).all():
            raise Refusal("The features of this clip are not finite in float16.")
        return grid, decoded

    def _places_seen(self, grid: np.ndarray, seconds: Sequence[float | None]) -> list[int]:
        """Return the first place in the grid of each different frame that the model sees."""
        examples = Examples(
            [grid] if self._model.sees_video else None,
            np.zeros(1, np.int64),
            None,
            np.zeros(1, np.int32),
            self._sampling.num_frames,
            short_clips=self._sampling.short_clips,
        )
        seen = places_seen(examples, 0, num_test_clips=self._sampling.num_test_clips).tolist()
        return list({seconds[place]: place for place in reversed(seen)}.values())[::-1]


def serve() -> None:
    """Run the process: the first line of stdin says what the model needs, each later one names a clip."""
    for number in (signal.SIGINT, signal.SIGTERM):  # when to end is the server's business
        signal.signal(number, signal.SIG_IGN)
    leave_out_tensorflow()
    leave_out_plots()
    with answers_pipe() as answers:
        start = json.loads(sys.stdin.readline())
        config = run_config_from_json(start["config"])
        worker = ClipWorker(config, start["identity"], start["home"], start["private"])
        if hasattr(os, "nice"):  # not before: on a busy machine a start would take minutes
            os.nice(NICENESS)
        print(json.dumps({"ready": __version__}), file=answers, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            _ring_after(request["seconds"] + ALARM_SECONDS)
            answer = _answer(worker, request["path"], Path(request["folder"]))
            _ring_after(0)
            print(json.dumps(answer), file=answers, flush=True)


def _answer(worker: ClipWorker, path: str, folder: Path) -> dict[str, Any]:
    """Return what `make` returns, or why it failed."""
    try:
        return worker.make(path, folder)
    except DecodingError as error:
        counts = error.frames_read, error.frames_announced
        return {"failure": "decoding", "message": error.cause, "counts": counts}
    except (UserError, MemoryError) as error:
        return {"failure": "refused", "message": str(error) or "There is not enough memory for this clip."}
    except OSError as error:
        return {"failure": "storing", "message": error.strerror or str(error), "errno": error.errno}


def _ring_after(seconds: float) -> None:
    """Let the system end this process after so many seconds; 0: let it live."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _write_grid(path: Path, grid: np.ndarray) -> None:
    buffer = io.BytesIO()  # numpy's own writing does not say that a disk is full
    np.save(buffer, np.ascontiguousarray(grid), allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def _duration(path: str, decoded: DecodedClip) -> float:
    info = probe(path)
    timestamps = stored_timestamps(info)
    if len(timestamps):
        return video_seconds(info, timestamps)
    return decoded.frame_count / decoded.fps if decoded.fps > 0 else 0.0
