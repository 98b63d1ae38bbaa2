"""Answers questions about clips in one batch, whoever asked them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videoqa.answering.asked import SampledClip
from videoqa.answering.video_qa import Answer, VideoQA, notes_on_judging
from videoqa.evaluation.halves import Halves
from videoqa.evaluation.judging import Judged, compares_hidden, judge_predictions
from videoqa.evaluation.prediction import Predictions, places_seen, predict_examples
from videoqa.input_pipeline import Examples
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


def answer_inquiries(
    loaded: VideoQA, inquiries: Sequence[Inquiry], halves: Halves | None = None
) -> list[Answer]:
    """Return the answer to each of at least one inquiry, from one batched prediction.

    They equal the answers to each alone, but for the rounding of sums.

    Args:
        loaded: the model.
        inquiries: of any callers.
        halves: of the model: what the first makes of a clip is computed once and kept with the clip.

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
    num_test_clips, trust = loaded.folder.config.sampling.num_test_clips, loaded.folder.trust
    if halves is None:
        found = predict_examples(
            loaded.model, examples, num_test_clips=num_test_clips, with_hidden=compares_hidden(trust)
        )
    else:
        found = _predict_by_halves(halves, [each.clip for each in inquiries], examples, num_test_clips)
    judged = judge_predictions(
        found, examples, trust, questions=questions, thresholds=[each.thresholds for each in inquiries],
        vocabulary=loaded.folder.vocabulary, clip_familiarity=_familiarity(loaded, list(clips.values())),
    )  # fmt: skip
    times: dict[int, tuple[float, ...]] = {}
    for row, each in enumerate(inquiries):
        if id(each.clip) not in times:
            marks = each.clip.timestamps_seconds
            seen = places_seen(examples, row, num_test_clips=num_test_clips) if marks else ()
            times[id(each.clip)] = tuple(dict.fromkeys(marks[place] for place in seen))
    return [_answer(loaded, each, judged, row, times[id(each.clip)]) for row, each in enumerate(inquiries)]


def _predict_by_halves(
    halves: Halves, clips: list[SampledClip], examples: Examples, num_test_clips: int
) -> Predictions:
    """Return the predictions of rows about `clips`, after reading those that were not read before."""
    new = {id(clip): row for row, clip in enumerate(clips) if not clip.has_vectors}
    if new:
        rows = np.array(sorted(new.values()))
        for row, vectors in zip(rows, halves.vectors(examples, rows, num_test_clips), strict=True):
            clips[row].keep_vectors(vectors)
    assert examples.token_ids is not None  # its model reads questions
    return halves.predict([clip.vectors for clip in clips], examples.token_ids)


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
