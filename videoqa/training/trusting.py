"""What a trained model knows of its limits: fitted to its training and validation rows when it is done."""

from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._counted import counted
from videoqa._progress import say
from videoqa.evaluation.prediction import predict_examples
from videoqa.input_pipeline import Examples
from videoqa.training.preparing import PreparedData
from videoqa.trust.calibration import (
    MIN_ROWS,
    brier_score,
    expected_calibration_error,
    fit_temperature,
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
from videoqa.trust.prediction_sets import FEWEST_VIDEOS, fit_prediction_sets
from videoqa.trust.question_familiarity import fit_question_familiarity
from videoqa.trust.trust import FEATURES, FEWEST_CLIPS, HIDDEN, Trust

if TYPE_CHECKING:
    from videoqa.training.stages import TrainedModel


def fit_trust(data: PreparedData, trained: "TrainedModel", *, progress: bool) -> tuple[Trust, dict[str, Any]]:
    """Return what a model knows of its limits, and figures about its calibration for `metrics.json`.

    Never looks at a test row. What too few rows do not allow is left out, and said.

    Args:
        data: of the run.
        trained: its model.
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
    temperature, calibration, sets = None, {}, None
    if found is not None:
        ids = examples.answer_ids
        if (ids >= 0).sum() >= MIN_ROWS:
            temperature = fit_temperature(found.probabilities, ids)
        calibrated = with_temperature(found.probabilities, temperature or 1.0)
        calibration = _calibration(found.probabilities, calibrated, ids) | {"temperature": temperature}
        sets = fit_prediction_sets(calibrated, ids, rows["group"].tolist())
    clips = _clip_familiarity(data, trained, found.hidden if found else None, by_hidden)
    trust = Trust(clips, HIDDEN if by_hidden else FEATURES, _questions(data), sets, temperature)
    _say_limits(trust, examples.answer_ids, sees_video=config.model.sees_video, progress=progress)
    return trust, calibration


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
        training, chosen = _clips_of(examples, seed)
        unseen = data.split("validation")[1]
        validation = _clips_of(unseen, seed)[0] if len(unseen) else training[:0]
    classes = examples.answer_ids[chosen].tolist() if is_action else None
    groups = rows["group"].iloc[chosen].tolist()
    return fit_clip_familiarity(
        training, validation, groups=groups, classes=classes, hold_out=not by_hidden, num_clips=num_clips,
        seed=seed,
    )  # fmt: skip


def _clips_of(examples: Examples, seed: int) -> tuple[ClipVectors, np.ndarray]:
    """Return the distinct clips of some rows, at most `MOST_CLIPS`, and the first row that shows each."""
    assert examples.clips is not None  # the model sees video
    clips, first = np.unique(examples.clip_index, return_index=True)
    places = _at_most(MOST_CLIPS, len(clips), seed)
    return vectors_of_features([examples.clips[clip] for clip in clips[places]]), first[places]


def _at_most(most: int, number: int, seed: int) -> np.ndarray:
    """Return the places of `most` of `number` things, drawn at random, or of all; int64, increasing."""
    return np.sort(np.random.default_rng(seed).permutation(number)[:most])


def _say_limits(trust: Trust, answer_ids: np.ndarray, *, sees_video: bool, progress: bool) -> None:
    """Print what the model cannot judge or promise, and why; `answer_ids` are those of validation."""
    if trust.temperature is None:
        say(f"Probabilities are not calibrated: {_why_not_calibrated(answer_ids)}.", progress=progress)
    if trust.sets is None or trust.sets.num_videos < FEWEST_VIDEOS:
        videos = 0 if trust.sets is None else trust.sets.num_videos
        say(
            "No set of likely answers can be promised to hold the true one: "
            f"{counted(videos, 'validation video or group', 'validation videos or groups')}; "
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


def _why_not_calibrated(answer_ids: np.ndarray) -> str:
    number = int((answer_ids >= 0).sum())
    if not len(answer_ids):
        return "no validation rows"
    if number < len(answer_ids):
        return (
            f"the model can give the answer of {number} of {counted(len(answer_ids), 'validation row')}; "
            f"{MIN_ROWS} are needed"
        )
    return f"{counted(number, 'validation row')}; {MIN_ROWS} are needed"
