"""Counts the pictures of a video that the decoder could only patch up, or that came out all grey or black."""

import itertools
from dataclasses import dataclass

import av
import numpy as np

from videoqa._counted import counted
from videoqa.video._opencv import FORMATS
from videoqa.video.probing import VideoInfo, decoded_frames, open_container, video_stream
from videoqa.video.readers import NUM_DECODER_THREADS

GRID_STEP = 8
"""Every how many rows and columns a pixel is looked at."""
FLAT_LEVELS, TEXTURED_LEVELS = 4, 16
"""A picture is of one tone if its levels differ by at most the first; above the second it shows something."""
GREY, GREY_WITHIN, BLACK = 128, 8, 20
"""Levels of luma: decoders paint grey what they miss; black lies at 0 or 16."""
SHORTEST_RUN = 2


@dataclass(frozen=True)
class PictureDamage:
    """What is wrong with the pictures of a clip.

    Attributes:
        num_frames: pictures looked at.
        num_damaged: of them marked by the decoder as patched up, or built on one that was, up to the next key
            frame; after a packet that cannot be decoded likewise.
        num_blank: all grey or all black, `SHORTEST_RUN` or more in a row, beside pictures that are not.
        first: index of the first such picture in the video; None: there is none.
    """

    num_frames: int
    num_damaged: int
    num_blank: int
    first: int | None

    @property
    def num_suspect(self) -> int:
        """How many pictures are damaged or blank."""
        return self.num_damaged + self.num_blank

    def __str__(self) -> str:
        parts = []
        if self.num_damaged:
            what = (
                "is damaged or builds on a damaged one"
                if self.num_damaged == 1
                else "are damaged or build on damaged ones"
            )
            parts.append(f"{self.num_damaged} of {counted(self.num_frames, 'frame')} {what}")
        if self.num_blank:
            tone = "all grey or black beside frames that are not"
            verb = "is" if self.num_blank == 1 else "are"
            parts.append(f"{self.num_blank} of {counted(self.num_frames, 'frame')} {verb} {tone}")
        return f"{' and '.join(parts)}, from frame {self.first} on" if parts else "no frame is damaged"


@dataclass(frozen=True)
class LookedAt:
    """Pictures of a video from its first one on.

    Attributes:
        damaged: bool `(num_frames,)`: marked by the decoder, or built on one that was.
        blank: bool `(num_frames,)`: in a run of one tone.
    """

    damaged: np.ndarray
    blank: np.ndarray

    def within(self, first: int = 0, stop: int | None = None) -> PictureDamage:
        """Return the damage of the pictures `[first, stop)`; None: to the last one."""
        damaged, blank = self.damaged[first:stop], self.blank[first:stop] & ~self.damaged[first:stop]
        suspect = np.flatnonzero(damaged | blank)
        return PictureDamage(
            num_frames=len(damaged),
            num_damaged=int(damaged.sum()),
            num_blank=int(blank.sum()),
            first=first + int(suspect[0]) if len(suspect) else None,
        )


def look_at_pictures(info: VideoInfo, stop: int | None = None) -> LookedAt:
    """Return which pictures of a video are damaged, by one pass of PyAV up to `stop`; None: to the end.

    OpenCV does not hand on what the decoder marks. The frames of a folder are checked when it is opened.
    """
    damaged: list[bool] = []
    tones: list[str] = []
    is_spoilt = False
    if info.kind in FORMATS:
        with open_container(info.path, info.kind, NUM_DECODER_THREADS) as container:
            for frame in decoded_frames(container, video_stream(container, info.path)):
                if not isinstance(frame, av.VideoFrame):
                    is_spoilt = True
                    continue
                is_spoilt = frame.is_corrupt or (is_spoilt and not frame.key_frame)
                damaged.append(is_spoilt)
                tones.append(tone_of(planes_of(frame)))
                if len(damaged) == stop:
                    break
    return LookedAt(np.array(damaged, dtype=bool), blank_runs(tones))


def tone_of(planes: list[np.ndarray] | None) -> str:
    """Return "grey" or "black" for planes of that tone alone, "textured" for a picture, else "other"."""
    if planes is None:
        return "other"
    luma, *colours = (plane[::GRID_STEP, ::GRID_STEP] for plane in planes)
    spread, level = int(luma.max()) - int(luma.min()), float(luma.mean())
    if spread > TEXTURED_LEVELS:
        return "textured"
    if spread > FLAT_LEVELS or any(
        np.abs(plane.astype(np.int16) - GREY).max() > FLAT_LEVELS for plane in colours
    ):
        return "other"
    if level <= BLACK:
        return "black"
    return "grey" if abs(level - GREY) <= GREY_WITHIN else "other"


def planes_of(frame: av.VideoFrame) -> list[np.ndarray] | None:
    """Return luma and, where they lie apart, both colours, uint8 `(height, width)` each; views, not copies.

    None for a format that cannot be converted.
    """
    try:
        if (
            not frame.format.name.startswith(("yuv4", "yuvj4", "gray8"))
            or frame.format.components[0].bits != 8
        ):
            frame = frame.reformat(format="yuv444p")
        return [_pixels(plane) for plane in frame.planes[:3]]
    except (av.FFmpegError, ValueError):
        return None


def _pixels(plane: av.video.plane.VideoPlane) -> np.ndarray:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
    return rows[:, : plane.width]


def blank_runs(tones: list[str]) -> np.ndarray:
    """Return which pictures are of one tone in a run where other pictures show something.

    Args:
        tones: "textured", "grey", "black" or "other" of each picture.

    Returns:
        bool `(num_frames,)`. Black counts only between two textured pictures, as films begin and end in it.
    """
    blank = np.zeros(len(tones), dtype=bool)
    runs = [(tone, len(list(run))) for tone, run in itertools.groupby(tones)]
    stop = 0
    for number, (tone, length) in enumerate(runs):
        stop += length
        beside = [runs[place][0] for place in (number - 1, number + 1) if 0 <= place < len(runs)]
        wanted = {"grey": 1, "black": 2}.get(tone)
        if wanted and beside.count("textured") >= wanted and length >= SHORTEST_RUN:
            blank[stop - length : stop] = True
    return blank
