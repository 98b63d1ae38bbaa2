"""The frames of a clip that a model is shown: those that our model sees, as JPEG with their times."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from videoqa._checks import Refusal
from videoqa.config import SamplingConfig, field_names
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.sampling import window_starts_spread

QUALITY = 85


@dataclass(frozen=True)
class ClipFrames:
    """Frames of a clip: each as a data URL with its time in the video, seconds, in order."""

    seconds: tuple[float, ...]
    urls: tuple[str, ...]

    def content(self, words: str) -> list[dict[str, Any]]:
        """Return a message's parts: what the frames are, each frame behind its time, and `words`."""
        number = len(self.urls)
        parts: list[dict[str, Any]] = [_text(f"These are {number} frames of one video clip, in order.")]
        if number == 1:
            parts = [_text("This is one frame of a video clip.")]
        for place, (time, url) in enumerate(zip(self.seconds, self.urls, strict=True), start=1):
            parts.append(_text(f"Frame {place} of {number}, at {time:.2f} s:"))
            parts.append({"type": "image_url", "image_url": {"url": url}})
        return [*parts, _text(words)]


def sampling_of(about: Mapping[str, Any], num_frames: int | None) -> SamplingConfig:
    """Return which frames are shown: as the tasks' model was configured, else as by default.

    Args:
        about: of the file of tasks; its "sampling", if it has one, is that of a model's configuration.
        num_frames: instead of the configured number; None: that.

    Raises:
        ValueError: "sampling" is none.
    """
    recorded = about.get("sampling") or {}
    if not isinstance(recorded, Mapping) or not set(recorded) <= set(field_names(SamplingConfig)):
        raise Refusal("tasks", "hold the sampling of a model under 'sampling', if anything", recorded)
    sampling = SamplingConfig(**recorded)
    if num_frames is None:
        return sampling
    return replace(sampling, num_frames=num_frames, max_grid_frames=max(num_frames, sampling.max_grid_frames))


def clip_frames(request: ClipRequest, sampling: SamplingConfig, long_side: int) -> ClipFrames:
    """Return the frames of a clip that a model with this sampling sees when it is asked, each once.

    They are shown whole: not cropped to a square, nor shrunk to the size that our model takes.

    Args:
        request: the clip.
        sampling: which frames.
        long_side: pixels to which larger frames are shrunk.

    Raises:
        FileNotFoundError, ValueError, DecodingError: as `decode` does.
    """
    clip = decode(request, replace(sampling, short_clips="repeat"), long_side=long_side)
    number = len(clip.frames)
    starts = [0]
    if sampling.takes_windows:
        starts = window_starts_spread(number, sampling.num_frames, sampling.num_test_clips).tolist()
    places = sorted({place for start in starts for place in range(start, start + sampling.num_frames)})
    places = [place for place in places if place < number]
    _, first = np.unique(clip.indices[places], return_index=True)
    chosen = [places[place] for place in first.tolist()]
    times = tuple(float(clip.timestamps_seconds[place]) for place in chosen)
    return ClipFrames(times, tuple(data_url(clip.frames[place]) for place in chosen))


def data_url(frame: np.ndarray) -> str:
    """Return a frame, uint8 RGB `(height, width, 3)`, as a data URL with a JPEG."""
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(frame, QUALITY)).decode("ascii")


def _text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}
