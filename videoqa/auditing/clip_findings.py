"""Findings that need decoding, from each video's record by `video.examining.examine`."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from videoqa._counted import counted
from videoqa.config import SamplingConfig
from videoqa.video.errors import DecodingError
from videoqa.video.examining import WHOLE, Segment, num_blocks, segment_name
from videoqa.video.sampling import grid_indices

STILL_LEVELS, SHORT_STILL_LEVELS = 8.0, 3.5
"""A clip is still if no block changes by more grey levels than this. The second limit is for clips of which
fewer than `ENOUGH_LOOKED` frames were looked at, as little can move in them. Source: `docs/audit.md`."""
ENOUGH_LOOKED = 16
ESTIMATE_SLACK = 0.02
"""Share by which a frame count estimated from duration and rate may be off; a stored count must be exact."""


def error_of(path: str, record: Mapping[str, Any], segment: Segment = WHOLE) -> str | None:
    """Return why the frames of a clip cannot be decoded; None if they can."""
    if "segments" not in record:
        return _text(path, record["failure"])
    failure = record["segments"][segment_name(segment)]["error"]
    if segment == WHOLE:
        failure = record["failure"] or failure
    return None if failure is None else _text(path, failure)


def clip_findings(
    path: str, segment: Segment, record: Mapping[str, Any], sampling: SamplingConfig
) -> Iterator[tuple[str, str]]:
    """Yield the findings, name and detail, of one clip.

    Args:
        path: of the video, as in the row.
        segment: of the video; `WHOLE` for all of it.
        record: of its content, from `examine`, or only `{"failure": ...}` if that was refused.
        sampling: which frames a model would take.
    """
    error = error_of(path, record, segment)
    if error is not None:
        yield ("segment_outside_video" if _is_outside(record, segment) else "undecodable"), error
    if "segments" not in record:
        return
    yield from _header_findings(record["video"])
    for seconds, left_out in record["video"].get("clock_jumps", ()):
        yield "clock_jump", f"at {seconds:.1f} seconds the clock jumps by {left_out:.1f}, which are left out"
    clip = record["segments"][segment_name(segment)]
    if not clip["frames"] or error is not None:
        return
    if clip.get("damage"):
        yield "damaged_frames", clip["damage"]
    grid = grid_indices(clip["frames"], sampling, record["video"]["fps"])
    wanted = len(np.unique(grid))
    if wanted < sampling.num_frames:
        yield (
            "too_few_frames",
            f"{counted(wanted, 'different frame')} can be taken, {sampling.num_frames} are wanted",
        )
    limit = STILL_LEVELS if clip["looked"] >= ENOUGH_LOOKED else SHORT_STILL_LEVELS
    if clip["looked"] > 1 and clip["change"] <= limit:
        blocks = num_blocks(record["video"]["height"], record["video"]["width"])
        yield (
            "still",
            f"no block of 1/{blocks} of the picture changes by more than {clip['change']:.1f} grey levels "
            f"over {counted(clip['looked'], 'frame')}",
        )
    elif clip["frames"] == 1:
        yield "still", "it is one single frame"


def _header_findings(video: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    announced, decoded = video["frames_announced"], video["frames_decoded"]
    if announced is None or announced == decoded:
        return
    if video["is_count_stored"]:
        yield "header_count", f"the header says {counted(announced, 'frame')}, {decoded} were decoded"
    elif abs(announced - decoded) > max(ESTIMATE_SLACK * decoded, 2):
        yield (
            "header_count",
            f"duration and frame rate promise {counted(announced, 'frame')}, {decoded} were decoded",
        )


def _is_outside(record: Mapping[str, Any], segment: Segment) -> bool:
    """Return whether a segment lies outside its video."""
    if segment == WHOLE or "segments" not in record:
        return False
    return "outside" in (record["segments"][segment_name(segment)]["error"] or {})


def _text(path: str, failure: Mapping[str, Any]) -> str:
    """Return the message of a failure, for this path of the content."""
    if "frames_read" not in failure:
        return str(failure["cause"])
    return str(DecodingError(path, failure["cause"], failure["frames_read"], failure["frames_announced"]))
