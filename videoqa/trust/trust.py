"""`Trust`: all that a model folder keeps to judge its own answers, and the judgement of one row."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videoqa._checks import Refusal, check_choice, check_number
from videoqa._counted import counted
from videoqa._files import write_bytes
from videoqa._manifest import check_regular, read_json, write_json
from videoqa.text.vocabulary import Vocabulary
from videoqa.trust.clip_familiarity import (
    ClipFamiliarity,
    ClipVectors,
    vectors_of_features,
    vectors_of_hidden,
)
from videoqa.trust.prediction_sets import PredictionSets
from videoqa.trust.question_familiarity import QuestionFamiliarity

TRUST, FAMILIARITY = "trust.json", "familiarity.npz"
MOST_BYTES, MOST_UNPACKED_BYTES = 2**20, 4 * 2**20
FEATURES, HIDDEN = "features", "hidden"
MIN_FAMILIARITY, MIN_PROBABILITY = 0.01, 0.5
FEWEST_CLIPS = 20
"""With fewer held-out clips a familiar clip is called unfamiliar more often than one time in twenty."""


@dataclass(frozen=True)
class Trust:
    """What a model knows of its limits.

    Attributes:
        clips: compares clips with the training clips; None: there were too few, or the model sees none.
        compares: `FEATURES` of the backbone, or the outputs of the `HIDDEN` layer, for a model that learned
            from frames.
        questions: compares questions with the training questions; None for actions.
        sets: the prediction sets; None: there was no validation row.
        temperature: divides the logarithms of the probabilities; None: there were too few validation rows to
            calibrate with.
    """

    clips: ClipFamiliarity | None
    compares: str
    questions: QuestionFamiliarity | None
    sets: PredictionSets | None
    temperature: float | None

    def familiarity_of(self, clips: Sequence[np.ndarray] | np.ndarray) -> np.ndarray | None:
        """Return the familiarity of clips, float64 `(num_clips,)` in [0, 1]; None if it cannot be told.

        Args:
            clips: features `(num_frames, dim)` of each clip, or the outputs of the hidden layer, see
                `compares`.
        """
        return None if self.clips is None else self.clips.familiarity(self.vectors_of(clips))

    def vectors_of(self, clips: Sequence[np.ndarray] | np.ndarray) -> ClipVectors:
        """Return what is compared of clips, see `familiarity_of`.

        Of features it is the first columns, as many as were fitted: the backbone's usual ones. The cells of a
        grid and the flow come behind them.
        """
        if self.compares == FEATURES:
            usual = None if self.clips is None else len(self.clips.space.center)
            return vectors_of_features([clip[:, :usual] for clip in clips])
        return vectors_of_hidden(np.asarray(clips))

    def save(self, folder: Path) -> None:
        """Write `trust.json`, without the temperature, and `familiarity.npz` if clips can be compared."""
        questions = None if self.questions is None else self.questions.to_dict()
        sets = None if self.sets is None else vars(self.sets)
        write_json(folder / TRUST, {"compares": self.compares, "questions": questions, "sets": sets})
        if self.clips is not None:
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **self.clips.arrays())  # type: ignore[arg-type]
            write_bytes(folder / FAMILIARITY, buffer.getvalue())


def load_trust(folder: Path, temperature: float | None) -> Trust | None:
    """Return what `Trust.save` wrote; None for a folder of an earlier version.

    Raises:
        ValueError: another file, naming it.
    """
    path = folder / TRUST
    if not path.exists():
        return None
    content, clips = read_json(path), _load_clips(folder / FAMILIARITY)
    try:
        check_choice("compares", content["compares"], (FEATURES, HIDDEN))
        questions, sets = _object(content, "questions"), _object(content, "sets")
        return Trust(
            clips,
            content["compares"],
            None if questions is None else QuestionFamiliarity.from_dict(questions),
            None if sets is None else PredictionSets.from_dict(sets),
            temperature,
        )
    except KeyError as error:
        raise Refusal(f"{path} lacks {error}. Copy the folder again.") from error
    except ValueError as error:
        raise Refusal(f"{path}: {error} Copy the folder again.") from error


def _object(content: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return a field that is an object or null."""
    found = content[name]
    if found is not None and not isinstance(found, dict):
        raise Refusal(name, "be a JSON object", type(found).__name__)
    return found


def _load_clips(path: Path) -> ClipFamiliarity | None:
    if not path.exists():
        return None
    check_regular(path, MOST_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(each.file_size for each in archive.infolist())
        if size > MOST_UNPACKED_BYTES:
            raise Refusal(f"unpacked it has {size:,} bytes")
        with np.load(path, allow_pickle=False) as arrays:
            return ClipFamiliarity.from_arrays(arrays)
    except Exception as error:  # a damaged archive raises many kinds
        raise Refusal(f"{path} cannot be read: {str(error).rstrip('.')}. Copy the folder again.") from error


@dataclass(frozen=True)
class Thresholds:
    """Below which an answer is not reliable.

    Attributes:
        min_familiarity: of the clip, in [0, 1].
        min_probability: of the answer, in [0, 1]; None: `MIN_PROBABILITY` if the model is calibrated, else 0.
    """

    min_familiarity: float = MIN_FAMILIARITY
    min_probability: float | None = None

    def __post_init__(self) -> None:
        check_number("min_familiarity", self.min_familiarity, minimum=0, maximum=1)
        if self.min_probability is not None:
            check_number("min_probability", self.min_probability, minimum=0, maximum=1)

    def least_probability(self, trust: Trust | None) -> float:
        """Return the least probability of a reliable answer of a model."""
        if self.min_probability is not None:
            return self.min_probability
        return MIN_PROBABILITY if trust is not None and trust.temperature is not None else 0.0


@dataclass(frozen=True)
class Judgement:
    """What is thought of one answer.

    Attributes:
        why_not: why it is not reliable, each a clause without a full stop; empty: it is reliable.
        num_likely: how many answers, the most probable first, are in the prediction set; None: not known.
    """

    why_not: tuple[str, ...]
    num_likely: int | None


def reasons_against(
    trust: Trust | None,
    thresholds: Thresholds,
    probabilities: np.ndarray,
    familiarity: float | None,
    *,
    question: str = "",
    vocabulary: Vocabulary | None = None,
) -> tuple[str, ...]:
    """Return why one answer, the most probable one, is not reliable, each a clause; empty: it is.

    Args:
        trust: of the model; None: an earlier version wrote it, which cannot judge.
        thresholds: below which it is not reliable.
        probabilities: calibrated, float `(num_answers,)`.
        familiarity: of the clip, in [0, 1]; None: not known.
        question, vocabulary: of a question model.
    """
    least = thresholds.least_probability(trust)
    reasons = []
    if trust is not None and trust.clips is not None and familiarity is not None:
        if familiarity < thresholds.min_familiarity:
            reasons.append(
                f"this clip is unlike the {counted(trust.clips.num_clips, 'clip')} this model was trained on"
            )
    best = int(probabilities.argmax())
    if trust is not None and trust.questions is not None and vocabulary is not None:
        if why := trust.questions.why_not(question, vocabulary, best):
            reasons.append(why)
    if probabilities[best] < least:
        little = "a little " if round(100 * float(probabilities[best])) >= 100 * least else ""
        reasons.append(f"its best guess has {little}less than {100 * least:g} % probability")
    return tuple(reasons)
