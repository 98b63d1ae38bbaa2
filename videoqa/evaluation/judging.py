"""Predicts and judges rows: calibrated probabilities, familiarity, likely answers, reasons not to rely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from videoqa.evaluation.prediction import Predictions, predict_examples
from videoqa.input_pipeline import Examples
from videoqa.text.vocabulary import Vocabulary
from videoqa.trust.calibration import with_temperature
from videoqa.trust.trust import HIDDEN, Judgement, Thresholds, Trust, reasons_against

if TYPE_CHECKING:
    import keras

UNSEEN = Judgement(("the video could not be read",), None)
"""Of a row whose video failed."""


@dataclass(frozen=True)
class Judged:
    """Predictions and what is thought of them.

    Attributes:
        probabilities: float32 `(num_rows, num_answers)`, calibrated; zeros if the video failed.
        uncalibrated: the same as the model gave them.
        frame_classes: see `Predictions`.
        familiarity: float64 `(num_rows,)` of the clips, in [0, 1]; NaN where it is not known.
        judgements: one per row; of a row whose video failed it is that nothing could be seen.
    """

    probabilities: np.ndarray
    uncalibrated: np.ndarray
    frame_classes: list[np.ndarray] | None
    familiarity: np.ndarray
    judgements: list[Judgement]

    @property
    def is_reliable(self) -> np.ndarray:
        """Whether each answer is reliable, bool `(num_rows,)`."""
        return np.array([not each.why_not for each in self.judgements], bool)

    @property
    def num_likely(self) -> np.ndarray:
        """How many answers each prediction set holds, int64 `(num_rows,)`; 0 where there is none."""
        return np.array([each.num_likely or 0 for each in self.judgements], np.int64)

    @property
    def margins(self) -> np.ndarray:
        """How much more probable the best answer is than the second, in [0, 1], float64 `(num_rows,)`.

        NaN if the video failed.
        """
        best = np.partition(np.pad(self.probabilities.astype(np.float64), ((0, 0), (1, 0))), -2, axis=1)
        return np.where(self.probabilities.any(axis=1), best[:, -1] - best[:, -2], np.nan)

    def second(self, answers: Sequence[str]) -> list[str]:
        """Return the second most probable answer of each row; "" if the video failed or there is none."""
        if len(answers) < 2:
            return [""] * len(self.probabilities)
        second = np.argsort(-self.probabilities, axis=1, kind="stable")[:, 1]
        seen = np.asarray(self.probabilities.any(axis=1)).tolist()
        pairs = zip(second.tolist(), seen, strict=True)
        return [answers[place] if is_seen else "" for place, is_seen in pairs]

    def reasons(self) -> list[str]:
        """Return why each answer is not reliable, joined by "; "."""
        return ["; ".join(each.why_not) for each in self.judgements]

    def likely(self, answers: Sequence[str]) -> list[str]:
        """Return the answers of each prediction set, the most probable first, joined by " | "."""
        order = np.argsort(-self.probabilities, axis=1, kind="stable")
        sets = zip(order.tolist(), self.num_likely.tolist(), strict=True)
        return [" | ".join(answers[answer] for answer in ranked[:number]) for ranked, number in sets]


def predict_and_judge(
    model: "keras.Model",
    examples: Examples,
    trust: Trust | None,
    *,
    questions: Sequence[str] = (),
    vocabulary: Vocabulary | None = None,
    thresholds: Thresholds | Sequence[Thresholds] | None = None,
    num_test_clips: int = 1,
    progress: bool = False,
) -> Judged:
    """Return the judged predictions of rows.

    Args:
        model: takes the inputs of `examples`.
        examples: the rows as arrays.
        trust: of the model; None: it cannot judge.
        questions: of the rows; none for actions.
        vocabulary: of the model; None for actions.
        thresholds: of all rows, or of each; None: the usual ones.
        num_test_clips: windows of each clip.
        progress: show a bar on a terminal.
    """
    found = predict_examples(
        model, examples, num_test_clips=num_test_clips, with_hidden=compares_hidden(trust), progress=progress
    )
    return judge_predictions(
        found, examples, trust, questions=questions, vocabulary=vocabulary, thresholds=thresholds
    )


def compares_hidden(trust: Trust | None) -> bool:
    """Return whether a model compares clips by its last hidden layer."""
    return trust is not None and trust.clips is not None and trust.compares == HIDDEN


def judge_predictions(
    found: Predictions,
    examples: Examples,
    trust: Trust | None,
    *,
    questions: Sequence[str] = (),
    vocabulary: Vocabulary | None = None,
    thresholds: Thresholds | Sequence[Thresholds] | None = None,
    clip_familiarity: np.ndarray | None = None,
) -> Judged:
    """Return the judged predictions of rows that were predicted; arguments as in `predict_and_judge`.

    Args:
        found: with hidden outputs for a model that compares them.
        clip_familiarity: of each clip of `examples`, float64 `(num_clips,)`, of a model that compares
            features; None: it is computed.
    """
    probabilities = found.probabilities
    if trust is not None and trust.temperature is not None:
        probabilities = with_temperature(probabilities, trust.temperature)
    if clip_familiarity is None:
        familiarity = familiarity_of_rows(trust, examples, found.hidden)
    else:
        familiarity = clip_familiarity[examples.clip_index]
    if thresholds is None or isinstance(thresholds, Thresholds):
        thresholds = [thresholds or Thresholds()] * len(probabilities)
    sets = None if trust is None else trust.sets
    num_likely = [None] * len(probabilities) if sets is None else sets.sizes(probabilities).tolist()
    judgements = []
    for place, row in enumerate(probabilities):
        if row.any():
            question = questions[place] if len(questions) else ""
            known = None if np.isnan(familiarity[place]) else float(familiarity[place])
            reasons = reasons_against(
                trust, thresholds[place], row, known, question=question, vocabulary=vocabulary
            )
            judgements.append(Judgement(reasons, num_likely[place]))
        else:
            judgements.append(UNSEEN)
    return Judged(probabilities, found.probabilities, found.frame_classes, familiarity, judgements)


def familiarity_of_rows(trust: Trust | None, examples: Examples, hidden: np.ndarray | None) -> np.ndarray:
    """Return the familiarity of each row's clip, float64 `(num_rows,)`; NaN where it is not known."""
    found = np.full(len(examples), np.nan)
    seen = examples.clip_index >= 0
    if trust is None or trust.clips is None or examples.clips is None or not seen.any():
        return found
    if trust.compares == HIDDEN:
        assert hidden is not None  # it was asked for
        found[seen] = trust.familiarity_of(hidden[seen])
        return found
    clips, of_row = np.unique(examples.clip_index[seen], return_inverse=True)
    familiarity = trust.familiarity_of([examples.clips[clip] for clip in clips])
    assert familiarity is not None  # it compares clips
    found[seen] = familiarity[of_row]
    return found
