"""What an answer rests on, as one JSON-ready object."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from videoqa.answering.asked import Asked
from videoqa.answering.explaining import heat_maps
from videoqa.evaluation.evidence import Evidence
from videoqa.features.frame_encoder import FrameEncoder
from videoqa.video.jpegs import decode_jpeg
from videoqa.web.known_clips import KnownClip

NUM_FRAMES = 3
HEAT_DIGITS, DIGITS = 3, 6


def evidence_of(asked: Asked, clip: KnownClip, encoder: FrameEncoder | None) -> dict[str, Any]:
    """Return why the most probable answer to a question is given, and not the runner-up.

    Args:
        asked: the question and what the model reads of the clip.
        clip: has the frames that the model saw.
        encoder: has the backbone; None: of a model without one, which shows no places.

    Returns:
        "answer" and "against"; "words" with "word" and "contribution"; "moments" with "start_seconds",
        "end_seconds" and "contribution", one after the other from the clip's start to its end; "frames", at
        most three that count most, with "frame" (its number), "seconds" and "heat" (rows of numbers in
        [0, 1]; None without a backbone).

    Raises:
        UnknownClip: the clip was deleted.
    """
    evidence = asked.find_evidence()
    places = evidence.most_important(NUM_FRAMES)
    heat: Sequence[np.ndarray | None] = [None] * len(places)
    if encoder is not None and evidence.against and places:
        frames = np.stack([_frame(clip, place) for place in places])
        heat = heat_maps(asked, encoder, evidence, places, frames)
    return {
        "answer": evidence.answer,
        "against": evidence.against,
        "words": [{"word": word, "contribution": round(value, DIGITS)} for word, value in evidence.words],
        "moments": _moments(evidence, clip.duration_seconds),
        "frames": [
            {
                "frame": place,
                "seconds": evidence.timestamps_seconds[place],
                "heat": None if each is None else np.round(each.astype(float), HEAT_DIGITS).tolist(),
            }
            for place, each in zip(places, heat, strict=True)
        ],
    }


def _moments(evidence: Evidence, duration_seconds: float) -> list[dict[str, float]]:
    """Return the clip cut half-way between the frames that the model saw, and what each part contributes."""
    times = evidence.timestamps_seconds
    if not times:
        return []
    borders = [0.0, *[(one + other) / 2 for one, other in zip(times, times[1:], strict=False)]]
    ends = [*borders[1:], max(duration_seconds, times[-1])]
    return [
        {"start_seconds": start, "end_seconds": end, "contribution": round(value, DIGITS)}
        for start, end, value in zip(borders, ends, evidence.contributions, strict=True)
    ]


def _frame(clip: KnownClip, number: int) -> np.ndarray:
    """Return a frame as the model saw it, but for the JPEG, uint8 RGB `(height, width, 3)`."""
    frame = decode_jpeg(clip.frame_jpeg(number))
    assert frame is not None, "the worker wrote it"
    return frame
