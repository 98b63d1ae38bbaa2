"""Answers questions about clips in one batch, whoever asked them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videoqa.answering.asked import SampledClip
from videoqa.answering.video_qa import Answer, VideoQA, notes_on_judging
from videoqa.evaluation.judging import Judged, predict_and_judge
from videoqa.evaluation.prediction import places_seen
from videoqa.trust.trust import FEATURES, Thresholds


@dataclass(frozen=True, eq=False)
class Inquiry:
    """One checked question about one clip.

    Attributes:
        clip: its frames; inquiries about one clip share the object.
        question: text; any for an action model.
        unknown_words: of the question, from `VideoQA.unknown_words`.
        notes: warnings about the clip, one sentence each.
        thresholds: below which the answer is not reliable.
        top_k: length of `alternatives`.
    """

    clip: SampledClip
    question: str
    unknown_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    thresholds: Thresholds = Thresholds()
    top_k: int = 5


def answer_inquiries(loaded: VideoQA, inquiries: Sequence[Inquiry]) -> list[Answer]:
    """Return the answer to each of at least one inquiry, from one batched prediction.

    They equal the answers to each alone, but for the rounding of sums.

    Raises:
        ValueError: a clip that is too short for a model that skips such.
    """
    clips = {id(each.clip): each.clip for each in inquiries}
    places = {key: place for place, key in enumerate(clips)}
    questions = [each.question for each in inquiries]
    examples = loaded.examples(
        [clip.grid for clip in clips.values()],
        questions,
        np.array([places[id(each.clip)] for each in inquiries], np.int64),
    )
    num_test_clips = loaded.folder.config.sampling.num_test_clips
    judged = predict_and_judge(
        loaded.model, examples, loaded.folder.trust, questions=questions,
        thresholds=[each.thresholds for each in inquiries], vocabulary=loaded.folder.vocabulary,
        num_test_clips=num_test_clips, clip_familiarity=_familiarity(loaded, list(clips.values())),
    )  # fmt: skip
    times: dict[int, tuple[float, ...]] = {}
    for row, each in enumerate(inquiries):
        if id(each.clip) not in times:
            marks = each.clip.timestamps_seconds
            seen = places_seen(examples, row, num_test_clips=num_test_clips) if marks else ()
            times[id(each.clip)] = tuple(dict.fromkeys(marks[place] for place in seen))
    return [_answer(loaded, each, judged, row, times[id(each.clip)]) for row, each in enumerate(inquiries)]


def _familiarity(loaded: VideoQA, clips: list[SampledClip]) -> np.ndarray | None:
    """Return the familiarity of each clip, float64 `(num_clips,)`; None: the model compares no features."""
    trust = loaded.folder.trust
    if trust is None or trust.clips is None or trust.compares != FEATURES:
        return None
    return np.array([clip.familiarity(trust) for clip in clips])


def _answer(
    loaded: VideoQA, inquiry: Inquiry, judged: Judged, row: int, timestamps_seconds: tuple[float, ...]
) -> Answer:
    probabilities, judgement = judged.probabilities[row], judged.judgements[row]
    order = np.argsort(-probabilities, kind="stable")
    ranked = tuple((loaded.answers[index], float(probabilities[index])) for index in order[: inquiry.top_k])
    notes = inquiry.notes
    if inquiry.unknown_words:
        notes += (f"Words never seen in training: {', '.join(inquiry.unknown_words)}.",)
    return Answer(
        *ranked[0],
        ranked,
        inquiry.unknown_words,
        notes + notes_on_judging(loaded.folder),
        timestamps_seconds,
        judgement.why_not,
        tuple(loaded.answers[index] for index in order[: judgement.num_likely or 0]),
        None if np.isnan(judged.familiarity[row]) else float(judged.familiarity[row]),
    )
