"""Chooses the clips that a report shows, and makes pictures of their frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from videoqa._progress import progress_bar
from videoqa._text_normalization import normalize_answer
from videoqa.config import SamplingConfig
from videoqa.evaluation.evidence import Evidence
from videoqa.evaluation.row_marks import FAILED
from videoqa.video.contact_sheet import TILE_LONG_SIDE, encode_image, make_tiles
from videoqa.video.decoding import ClipRequest, DecodingError, decode

NUM_CLIPS = 6
NUM_FRAMES = 5


@dataclass(frozen=True)
class ShownClip:
    """One row of `predictions.csv` with its frames.

    Attributes:
        row: column -> cell.
        frames: time in seconds and JPEG of some frames; none if they could not be read.
        note: why there are none.
        evidence: what the answer rests on; None: it was not looked for, or could not be found.
    """

    row: dict[str, Any]
    frames: Sequence[tuple[float, bytes]]
    note: str = ""
    evidence: Evidence | None = None


def surest_wrong(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the wrong rows with the highest probability, one per video."""
    return _surest(predictions[(predictions["status"] != FAILED) & ~predictions["correct"]])


def surest_right(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the right rows with the highest probability, one per video, that the blind model gets wrong."""
    blind, gold = (predictions[name].map(normalize_answer) for name in ("blind_answer", "answer"))
    return _surest(predictions[(predictions["status"] != FAILED) & predictions["correct"] & (blind != gold)])


def most_unfamiliar(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the least familiar clips, one per video; none if familiarity is not known."""
    if "familiarity" not in predictions:
        return predictions.head(0)
    familiarity = pd.to_numeric(predictions["familiarity"], errors="coerce")
    known = predictions[familiarity.notna() & (predictions["status"] != FAILED)]
    ordered = known.loc[familiarity[known.index].sort_values(kind="stable").index]
    return ordered.drop_duplicates("video_id").head(NUM_CLIPS)


def _surest(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["probability", "question_id"], ascending=[False, True], kind="stable")
    return ordered.drop_duplicates("video_id").head(NUM_CLIPS)


def show_clips(rows: pd.DataFrame, *, progress: bool = False) -> list[ShownClip]:
    """Return each row with five evenly spaced frames, or with a note if they cannot be read."""
    bar = progress_bar(rows.to_dict("records"), progress=progress, desc="pictures", unit="clip", leave=False)
    return [_show(row) for row in bar]


def _show(row: dict[str, Any]) -> ShownClip:
    path = row.get("video_path", "")
    if not path:
        return ShownClip(row, (), "The predictions do not say where the video lies.")
    try:
        clip = decode(request_of(row), SamplingConfig(num_frames=NUM_FRAMES), long_side=TILE_LONG_SIDE)
    except (DecodingError, OSError, ValueError) as error:
        return ShownClip(row, (), f"The video cannot be shown. {error}")
    images = [encode_image(tile, ".jpg") for tile in make_tiles(clip.frames)]
    return ShownClip(row, list(zip(clip.timestamps_seconds.tolist(), images, strict=True)))


def request_of(row: dict[str, Any]) -> ClipRequest:
    """Return what the row of a table of predictions shows."""
    segment = (_seconds(row.get(name, "")) for name in ("start_seconds", "end_seconds"))
    return ClipRequest(row["video_path"], *segment)


def _seconds(cell: str) -> float | None:
    return float(cell) if cell else None
