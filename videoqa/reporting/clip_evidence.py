"""Finds what the answers to the clips of a report rest on, and the bars that show it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from videoqa._text_normalization import normalize_answer
from videoqa.evaluation.evidence import Evidence, find_evidence
from videoqa.features.encoding import clip_features
from videoqa.features.frame_encoder import FrameEncoder
from videoqa.input_pipeline import Examples
from videoqa.reporting.clips import ShownClip, request_of
from videoqa.saving import ModelFolder
from videoqa.video.decoding import DecodingError


def with_evidence(clips: Sequence[ShownClip], model: ModelFolder, num_test_clips: int) -> list[ShownClip]:
    """Return the clips with the evidence for their answers: against the right one where they are wrong.

    A model that reads frames, for which each moment costs a pass through all of its layers, and one that sees
    no video give none, and neither does a clip that cannot be read.
    """
    if not (model.config.model.sees_video and model.config.model.has_backbone):
        return list(clips)
    if not any(clip.frames for clip in clips):
        return list(clips)
    network, encoder = model.build(), FrameEncoder(model.encoder_config)
    return [
        dataclasses.replace(clip, evidence=_evidence(clip, model, network, encoder, num_test_clips))
        if clip.frames
        else clip
        for clip in clips
    ]


def _evidence(
    clip: ShownClip, model: ModelFolder, network: Any, encoder: FrameEncoder, num_test_clips: int
) -> Evidence | None:
    sampling, vocabulary, answers = model.config.sampling, model.vocabulary, model.answers.answers
    try:
        grid, times = clip_features(request_of(clip.row), sampling, encoder=encoder)
    except (DecodingError, OSError, ValueError):
        return None
    question = clip.row["question"]
    example = Examples(
        [grid],
        np.zeros(1, np.int64),
        None if vocabulary is None else vocabulary.encode([question]),
        np.zeros(1, np.int32),
        sampling.num_frames,
        short_clips=sampling.short_clips,
        num_flow=model.config.model.num_flow,
        with_mask=model.config.model.facts.needs_mask,
    )
    questions = None if model.trust is None else model.trust.questions
    known = [normalize_answer(answer) for answer in answers]
    pair = [normalize_answer(clip.row[name]) for name in ("predicted_answer", "answer")]
    compared = None if clip.row["correct"] or not set(pair) <= set(known) else tuple(map(known.index, pair))
    return find_evidence(
        network,
        example,
        answers,
        timestamps_seconds=times,
        pair=compared,  # type: ignore[arg-type]
        rivals=() if questions is None else questions.answers_to(question),
        num_test_clips=num_test_clips,
    )


def evidence_bars(evidence: Evidence) -> list[tuple[float, float, str]]:
    """Return top, height and kind ("for" or "against") of a bar per frame, where 0 to 2 goes downwards."""
    largest = max(map(abs, evidence.contributions), default=0.0)
    heights = [value / largest if largest else 0.0 for value in evidence.contributions]
    return [(1 - max(height, 0), abs(height), "for" if height >= 0 else "against") for height in heights]
