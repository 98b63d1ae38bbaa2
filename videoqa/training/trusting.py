"""What a trained model knows of its limits: fitted to its training and validation rows when it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._counted import counted
from videoqa._progress import say
from videoqa.evaluation.evaluate import ScoredFolder
from videoqa.evaluation.prediction import predict_examples
from videoqa.input_pipeline import Examples
from videoqa.models.feature_columns import feature_columns
from videoqa.training.preparing import PreparedData
from videoqa.trust.calibration import (
    MIN_ROWS,
    brier_score,
    expected_calibration_error,
    fit_shared_temperature,
    with_temperature,
)
from videoqa.trust.clip_familiarity import (
    MOST_CLIPS,
    ClipFamiliarity,
    ClipVectors,
    fit_clip_familiarity,
    vectors_of_features,
    vectors_of_hidden,
)
from videoqa.trust.prediction_sets import FEWEST_VIDEOS, PredictionSets, fit_prediction_sets
from videoqa.trust.question_familiarity import fit_question_familiarity
from videoqa.trust.trust import FEATURES, FEWEST_CLIPS, HIDDEN, Trust

if TYPE_CHECKING:
    from videoqa.training.stages import TrainedModel


@dataclass(frozen=True)
class HeldOutRows:
    """Rows of the folds of a cross-validation, each answered by a model that never saw its clip.

    Attributes:
        probabilities: of each fold float32 `(num_rows, num_answers)`, uncalibrated, of its model's answers.
        answer_ids: of each fold int `(num_rows,)` among its model's answers; −1 outside them.
        groups: of all rows.
    """

    probabilities: Sequence[np.ndarray]
    answer_ids: Sequence[np.ndarray]
    groups: Sequence[Any]

    @classmethod
    def of(cls, folds: Sequence[ScoredFolder]) -> "HeldOutRows":
        """Return the rows of all folds, each scored on what it held out."""
        scored = [fold.scored for fold in folds]
        return cls(
            [each.uncalibrated for each in scored if each.uncalibrated is not None],
            [each.answer_ids for each in scored if each.answer_ids is not None],
            [group for fold in folds for group in fold.rows["group"]],
        )


def fit_trust(
    data: PreparedData, trained: "TrainedModel", *, held_out: HeldOutRows | None = None, progress: bool
) -> tuple[Trust, dict[str, Any]]:
    """Return what a model knows of its limits, and figures about its calibration for `metrics.json`.

    Never looks at a test row. What too few rows do not allow is left out, and said.

    Args:
        data: of the run.
        trained: its model.
        held_out: rows to calibrate with where there are no validation rows.
        progress: print what cannot be promised.
    """
    config = data.config
    rows, examples = data.split("validation")
    if data.frame_examples is not None and "clip" in trained.model.input:
        examples = data.rows_of("validation", data.frame_examples)
    if not config.model.sees_video:
        examples = examples.without_clips()
    num_test_clips = config.sampling.num_test_clips
    by_hidden = config.model.sees_video and "clip" in trained.model.input
    found = (
        predict_examples(trained.model, examples, num_test_clips=num_test_clips, with_hidden=by_hidden)
        if len(rows)
        else None
    )
    if found is not None:
        held_out = HeldOutRows([found.probabilities], [examples.answer_ids], rows["group"].tolist())
    temperature, sets, calibration = (None, None, {}) if held_out is None else _calibrated(held_out)
    clips = _clip_familiarity(data, trained, found.hidden if found else None, by_hidden)
    trust = Trust(clips, HIDDEN if by_hidden else FEATURES, _questions(data), sets, temperature)
    if found is None and temperature is not None and held_out is not None:
        _say_calibrated(held_out, progress)
    ids = examples.answer_ids if held_out is None else np.concatenate(held_out.answer_ids)
    kind = "validation" if found is not None or held_out is None else "held-out"
    _say_limits(trust, ids, kind, sees_video=config.model.sees_video, progress=progress)
    return trust, calibration


def _calibrated(held_out: HeldOutRows) -> tuple[float | None, PredictionSets | None, dict[str, Any]]:
    """Return the temperature, the prediction sets and the figures about them, fitted to held-out rows."""
    parts = list(zip(held_out.probabilities, held_out.answer_ids, strict=True))
    ids, raw = np.concatenate(held_out.answer_ids), _of_one_width(held_out.probabilities)
    temperature = None
    if ((ids >= 0) & raw.any(axis=1)).sum() >= MIN_ROWS:
        temperature = fit_shared_temperature(parts)
    after = _of_one_width([with_temperature(each, temperature or 1.0) for each in held_out.probabilities])
    figures = _calibration(raw, after, ids) | {"temperature": temperature}
    return temperature, fit_prediction_sets(after, ids, held_out.groups), figures


def _of_one_width(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the rows of all folds; what the model of a fold cannot answer has no probability."""
    width = max(each.shape[1] for each in parts)
    return np.concatenate([np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in parts])


def _say_calibrated(held_out: HeldOutRows, progress: bool) -> None:
    rows, folds = (
        counted(len(each), noun)
        for each, noun in ((held_out.groups, "row"), (held_out.probabilities, "fold"))
    )
    say(
        f"Probabilities and sets of likely answers are calibrated with the {rows} of all {folds}, each "
        "answered by a model that never saw its clip.",
        progress=progress,
    )


def _calibration(raw: np.ndarray, calibrated: np.ndarray, ids: np.ndarray) -> dict[str, Any]:
    correct = (raw.argmax(axis=1) == ids) & raw.any(axis=1)
    return {
        "num_rows": len(ids),
        "expected_calibration_error_before": expected_calibration_error(raw.max(axis=1), correct),
        "expected_calibration_error": expected_calibration_error(calibrated.max(axis=1), correct),
        "brier_score_before": brier_score(raw, ids),
        "brier_score": brier_score(calibrated, ids),
    }


def _questions(data: PreparedData) -> Any:
    if data.vocabulary is None:
        return None
    rows, examples = data.split("train")
    return fit_question_familiarity(
        rows["question"].tolist(),
        examples.answer_ids.tolist(),
        rows["group"].tolist(),
        tokenize=data.vocabulary.tokenize,
        seed=data.config.training.seed,
    )


def _clip_familiarity(
    data: PreparedData, trained: "TrainedModel", hidden: np.ndarray | None, by_hidden: bool
) -> ClipFamiliarity | None:
    """Return the familiarity fitted on the clips of the two splits; None if the model sees none."""
    config = data.config
    if not config.model.sees_video:
        return None
    rows, examples = data.split("train")
    seed, is_action = config.training.seed, data.vocabulary is None
    num_clips = len(rows) if by_hidden else len(np.unique(examples.clip_index))
    if by_hidden:
        if data.frame_examples is not None:
            examples = data.rows_of("train", data.frame_examples)
        chosen, number = _at_most(MOST_CLIPS, len(rows), seed), config.sampling.num_test_clips
        some = examples.select(chosen)
        found = predict_examples(trained.model, some, num_test_clips=number, with_hidden=True)
        assert found.hidden is not None  # it was asked for
        training = vectors_of_hidden(found.hidden)
        validation = training[:0] if hidden is None else vectors_of_hidden(hidden)
    else:
        usual = feature_columns(config.model).usual
        training, chosen = _clips_of(examples, usual, seed)
        unseen = data.split("validation")[1]
        validation = _clips_of(unseen, usual, seed)[0] if len(unseen) else training[:0]
    classes = examples.answer_ids[chosen].tolist() if is_action else None
    groups = rows["group"].iloc[chosen].tolist()
    return fit_clip_familiarity(
        training, validation, groups=groups, classes=classes, hold_out=not by_hidden, num_clips=num_clips,
        seed=seed,
    )  # fmt: skip


def _clips_of(examples: Examples, usual: int, seed: int) -> tuple[ClipVectors, np.ndarray]:
    """Return the distinct clips of some rows, at most `MOST_CLIPS`, and the first row that shows each.

    They are compared by the `usual` features alone: as many as ever, whatever stands beside them.
    """
    assert examples.clips is not None  # the model sees video
    clips, first = np.unique(examples.clip_index, return_index=True)
    places = _at_most(MOST_CLIPS, len(clips), seed)
    features = [examples.clips[clip][:, :usual] for clip in clips[places]]
    return vectors_of_features(features), first[places]


def _at_most(most: int, number: int, seed: int) -> np.ndarray:
    """Return the places of `most` of `number` things, drawn at random, or of all; int64, increasing."""
    return np.sort(np.random.default_rng(seed).permutation(number)[:most])


def _say_limits(trust: Trust, answer_ids: np.ndarray, kind: str, *, sees_video: bool, progress: bool) -> None:
    """Print what the model cannot judge or promise, and why; `answer_ids` are of rows of this `kind`."""
    if trust.temperature is None:
        say(f"Probabilities are not calibrated: {_why_not_calibrated(answer_ids, kind)}.", progress=progress)
    if trust.sets is None or trust.sets.num_videos < FEWEST_VIDEOS:
        videos = 0 if trust.sets is None else trust.sets.num_videos
        say(
            "No set of likely answers can be promised to hold the true one: "
            f"{counted(videos, f'{kind} video or group', f'{kind} videos or groups')}; "
            f"{FEWEST_VIDEOS} are needed.",
            progress=progress,
        )
    if not sees_video:
        return
    if trust.clips is None:
        say("Unfamiliar clips cannot be told: too few clips to compare with.", progress=progress)
    elif (number := trust.clips.num_held_out) < FEWEST_CLIPS:
        say(
            f"Only {counted(number, 'held-out clip')} to compare with: about 1 in {number + 1} familiar "
            "clips will be called unfamiliar.",
            progress=progress,
        )


def _why_not_calibrated(answer_ids: np.ndarray, kind: str) -> str:
    number = int((answer_ids >= 0).sum())
    if not len(answer_ids):
        return f"no {kind} rows"
    if number < len(answer_ids):
        return (
            f"the model can give the answer of {number} of {counted(len(answer_ids), f'{kind} row')}; "
            f"{MIN_ROWS} are needed"
        )
    return f"{counted(number, f'{kind} row')}; {MIN_ROWS} are needed"
