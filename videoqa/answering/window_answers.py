"""The answers to questions about windows of a film, many windows at once."""

from dataclasses import dataclass

import numpy as np

from videoqa._counted import counted
from videoqa.answering.video_qa import VideoQA
from videoqa.answering.watched import DAMAGED, FAILED, OK, WatchedWindow
from videoqa.evaluation.judging import Judged, predict_and_judge
from videoqa.features.film_clips import WindowClip
from videoqa.trust.trust import Thresholds

NUM_ALTERNATIVES = 5


@dataclass(frozen=True)
class Questions:
    """What is asked of each window, and below which familiarity and probability an answer is not believed."""

    texts: list[str]
    thresholds: Thresholds


def answered_windows(
    loaded: VideoQA, group: list[list[WindowClip]], questions: Questions
) -> list[list[WatchedWindow]]:
    """Return the answers about several regular windows, each with its shots.

    Args:
        loaded: the model.
        group: the clips of each regular window.
        questions: all are asked about each clip.

    Returns:
        For each regular window one answer for each of its clips and each question.
    """
    shown = [clip for clips in group for clip in clips if clip.clip is not None and _is_enough(loaded, clip)]
    judged = _judged(loaded, [clip.clip for clip in shown if clip.clip is not None], questions)
    first_row = {id(clip): place * len(questions.texts) for place, clip in enumerate(shown)}
    return [
        [
            _failed(loaded, clip, question)
            if judged is None or id(clip) not in first_row
            else _window(loaded, clip, question, judged, first_row[id(clip)] + place)
            for clip in clips
            for place, question in enumerate(questions.texts)
        ]
        for clips in group
    ]


def _judged(loaded: VideoQA, clips: list[np.ndarray], questions: Questions) -> Judged | None:
    """Return the judged answers, those about one clip in a row; None without clips."""
    folder, texts = loaded.folder, questions.texts
    if not clips:
        return None
    examples = loaded.examples(clips, texts * len(clips), np.repeat(np.arange(len(clips)), len(texts)))
    return predict_and_judge(
        loaded.model, examples, folder.trust, questions=texts * len(clips), thresholds=questions.thresholds,
        vocabulary=folder.vocabulary, num_test_clips=folder.config.sampling.num_test_clips,
    )  # fmt: skip


def _is_enough(loaded: VideoQA, clip: WindowClip) -> bool:
    """Return whether a clip is as long as the model needs it."""
    sampling = loaded.folder.config.sampling
    assert clip.clip is not None
    return sampling.short_clips != "skip" or len(clip.clip) >= sampling.num_frames


def _failed(loaded: VideoQA, clip: WindowClip, question: str) -> WatchedWindow:
    """Return a window about which nothing can be said."""
    num_frames = loaded.folder.config.sampling.num_frames
    cause = clip.cause or f"it has fewer than the {num_frames} frames that the model needs"
    span = clip.window.start_seconds, clip.window.end_seconds
    return WatchedWindow(*span, question, "", None, None, False, (cause,), status=FAILED, error=cause)


def _window(loaded: VideoQA, clip: WindowClip, question: str, judged: Judged, row: int) -> WatchedWindow:
    """Return the answer to one question about one window."""
    probabilities, judgement = judged.probabilities[row], judged.judgements[row]
    order = np.argsort(-probabilities, kind="stable")
    ranked = tuple((loaded.answers[index], float(probabilities[index])) for index in order[:NUM_ALTERNATIVES])
    why_not = judgement.why_not
    if clip.num_damaged_shown:
        why_not = (f"{counted(clip.num_damaged_shown, 'frame')} to be shown cannot be read whole", *why_not)
    is_damaged = clip.damage.num_suspect > 0
    return WatchedWindow(
        clip.window.start_seconds,
        clip.window.end_seconds,
        question,
        *ranked[0],
        None if np.isnan(judged.familiarity[row]) else float(judged.familiarity[row]),
        is_reliable=not why_not,
        why_not=why_not,
        alternatives=ranked,
        likely=tuple(loaded.answers[index] for index in order[: judgement.num_likely or 0]),
        status=DAMAGED if is_damaged else OK,
        error=str(clip.damage) if is_damaged else "",
    )
