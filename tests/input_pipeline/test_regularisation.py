"""Regularisation: what training windows become, and that it depends on seed, epoch and row alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from videoqa.config import TrainingConfig, run_config_from_options
from videoqa.input_pipeline import Examples, batch_dataset, regularised, training_batches
from videoqa.input_pipeline.regularisation import feature_deviations, kept_frames
from videoqa.training.checks import check_input

NUM_FRAMES = 6


def examples_of(answers: list[int], **more: Any) -> Examples:
    """Return a row for each clip, whose frames hold their own number and, one-hot, that of the clip."""
    clips = np.zeros((len(answers), NUM_FRAMES, 1 + len(answers)), np.float16)
    clips[..., 0] = np.arange(NUM_FRAMES)
    clips[np.arange(len(answers)), :, 1 + np.arange(len(answers))] = 1
    return Examples(clips, np.arange(len(answers)), None, np.array(answers, np.int32), NUM_FRAMES, **more)


def windows_of(examples: Examples, epoch: int = 0, batch_size: int = 4, first_batch: int = 0) -> np.ndarray:
    """Return the windows of an epoch, in its order."""
    options = {"seed": 7, "epoch": epoch, "batch_size": batch_size}
    batches = training_batches(examples, first_batch=first_batch, **options)
    return np.concatenate([batch["inputs"]["features"] for batch in batches])


ALL = TrainingConfig(feature_noise=0.5, frame_dropping=0.4, mixup=0.3)


def test_every_row_has_the_same_window_in_batches_of_any_size_and_after_a_stop() -> None:
    plain = examples_of([0, 0, 0, 1, 1, 2, -1, 1, 0])
    examples = regularised(plain, ALL)
    windows = windows_of(examples)
    np.testing.assert_array_equal(windows, windows_of(examples, batch_size=9))
    np.testing.assert_array_equal(windows[4:], windows_of(examples, first_batch=1))
    ahead = batch_dataset(examples, seed=7, epoch=0, batch_size=4, prefetch_batches=0)
    np.testing.assert_array_equal(windows, np.concatenate([batch["inputs"]["features"] for batch in ahead]))
    assert not np.array_equal(windows, windows_of(examples, epoch=1))
    assert not np.array_equal(windows, windows_of(plain))
    assert plain.clips is examples.clips and float(np.max(plain.clips)) == NUM_FRAMES - 1  # type: ignore[arg-type]


def test_nothing_asked_for_changes_nothing() -> None:
    plain = examples_of([0, 0, 1])
    assert regularised(plain, TrainingConfig()) is plain
    blind = plain.without_clips()
    assert regularised(blind, ALL) is blind
    assert regularised(plain, ALL).select(np.arange(2)).regularisation is None


@pytest.mark.parametrize(
    ("lost", "shown"),
    [
        ([0, 0, 0, 0], [0, 1, 2, 3]),
        ([0, 1, 0, 1], [0, 0, 2, 2]),
        ([1, 1, 0, 0], [2, 2, 2, 3]),
        ([0, 1, 1, 1], [0, 0, 0, 0]),
        ([1, 1, 1, 1], [2, 2, 2, 2]),
        ([1], [0]),
    ],
)
def test_the_frame_before_stands_for_a_lost_one(lost: list[int], shown: list[int]) -> None:
    assert kept_frames(np.array(lost, bool)).tolist() == shown


def test_lost_frames_leave_the_order_as_it_is_shown() -> None:
    """Forwards numbers never fall, backwards they never rise; about the share asked for is lost."""
    backwards = np.arange(200) % 2 == 1
    examples = regularised(examples_of([0] * 200, backwards=backwards), TrainingConfig(frame_dropping=0.4))
    windows = windows_of(examples)
    clips = windows[:, 0, 1:].argmax(1)
    for clip, numbers in zip(clips, windows[..., 0], strict=True):
        steps = np.diff(numbers)
        assert (steps <= 0).all() if backwards[clip] else (steps >= 0).all()
    kept = np.mean([len(set(numbers)) for numbers in windows[..., 0].tolist()])
    assert kept / NUM_FRAMES == pytest.approx(0.6, abs=0.05)


def test_frames_of_pixels_are_lost_too_but_none_behind_the_end_of_a_clip() -> None:
    clips = [np.arange(1, 1 + length, dtype=np.uint8).repeat(12).reshape(-1, 2, 2, 3) for length in (3, 6)]
    plain = Examples(
        clips,
        np.arange(2),
        None,
        np.zeros(2, np.int32),
        6,
        clip_input="clip",
        short_clips="mask",
        with_mask=True,
    )
    (batch,) = training_batches(regularised(plain, ALL), seed=0, epoch=0, batch_size=2)
    frames, mask = batch["inputs"]["clip"][..., 0, 0, 0], batch["inputs"]["mask"]
    assert frames.dtype == np.uint8 and sorted(mask.sum(1)) == [3, 6]
    assert (frames[mask] > 0).all() and not frames[~mask].any()
    assert any(len(set(row.tolist())) < 6 for row in frames)


def partners_in(windows: np.ndarray) -> dict[int, dict[int, float]]:
    """Return, for each window's clip, the shares of all clips in it."""
    shares = {}
    for window in windows[:, 0, 1:]:
        shares[int(window.argmax())] = {int(clip): float(window[clip]) for clip in np.flatnonzero(window)}
    return shares


def test_windows_are_mixed_with_those_of_the_same_answer() -> None:
    answers = [0, 0, 0, 1, 1, 2, -1, -1]
    examples = regularised(examples_of(answers), TrainingConfig(mixup=1.0))
    seen: dict[int, set[int]] = {clip: set() for clip in range(8)}
    for epoch in range(12):
        for clip, shares in partners_in(windows_of(examples, epoch)).items():
            seen[clip] |= set(shares)
            assert 0.5 <= shares[clip] <= 1 and sum(shares.values()) == pytest.approx(1, abs=1e-6)
    assert seen == {
        **dict.fromkeys((0, 1, 2), {0, 1, 2}), 3: {3, 4}, 4: {3, 4},
        5: {5}, 6: {6}, 7: {7},  # an answer given once; two answers outside the list, which may differ
    }  # fmt: skip


def test_only_answers_to_the_same_question_are_mixed() -> None:
    tokens = np.array([[3, 4], [3, 4], [5, 0], [5, 0]], np.int32)
    asked = replace(examples_of([0, 0, 0, 0]), token_ids=tokens)
    examples = regularised(asked, TrainingConfig(mixup=1.0))
    for epoch in range(6):
        for clip, shares in partners_in(windows_of(examples, epoch)).items():
            assert set(shares) == ({0, 1} if clip < 2 else {2, 3})


def test_each_clip_is_mixed_in_its_own_direction() -> None:
    """The first clip is shown forwards, the other backwards with the opposite answer, which is the same."""
    examples = regularised(examples_of([0, 0], backwards=np.array([False, True])), TrainingConfig(mixup=1.0))
    numbers = np.arange(NUM_FRAMES, dtype=np.float32)
    for window in windows_of(examples):
        forwards, reverse = window[0, 1], window[0, 2]
        assert min(forwards, reverse) > 0
        np.testing.assert_allclose(window[:, 0], forwards * numbers + reverse * numbers[::-1], atol=1e-5)


def test_a_mirrored_clip_is_mixed_with_one_that_has_its_answer_in_the_mirror() -> None:
    """Left and right change places there: a mixture of a clip and one mirrored would have two answers."""
    plain = replace(
        examples_of([0, 0, 0, 1, 1, 1]), flip=True, mirrored_ids=np.array([1, 1, 2, 0, 0, 0], np.int32)
    )
    assert plain.clips is not None
    mirrored = [np.concatenate([clip[:, :1] + 100, clip[:, 1:]], axis=1) for clip in plain.clips]
    examples = regularised(replace(plain, flipped_clips=mirrored), TrainingConfig(mixup=1.0))
    for epoch in range(6):
        windows = windows_of(examples, epoch)
        np.testing.assert_allclose(windows[:, 0, 0] % 100, 0, atol=1e-4)  # both mirrored, or none
        for clip, shares in partners_in(windows).items():
            assert set(shares) <= ({2} if clip == 2 else {0, 1} if clip < 2 else {3, 4, 5})


def test_noise_is_in_units_of_each_features_deviation_over_the_training_clips() -> None:
    clips = np.array([[[1, 5], [3, 5]], [[1, 5], [3, 5]], [[900, 0], [900, 9]]], np.float16)
    validation_too = Examples(clips, np.arange(3), None, np.zeros(3, np.int32), 2)
    rows = np.tile([0, 1], 500)
    training = validation_too.select(rows)
    np.testing.assert_array_equal(feature_deviations(training), np.array([1, 0], np.float32))
    windows = windows_of(regularised(training, TrainingConfig(feature_noise=0.5)))
    noise = windows - clips[0].astype(np.float32)
    assert (noise[..., 1] == 0).all()
    assert noise[..., 0].std() == pytest.approx(0.5, rel=0.05) and abs(noise[..., 0].mean()) < 0.05


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"feature_noise": 0.1, "train_backbone": True}, "`feature_noise` must be 0 for a model that learns"),
        ({"mixup": 0.2, "architecture": "c3d", "task": "action"}, "`mixup` must be 0 .*Frames can be lost"),
        ({"frame_dropping": 0.2, "video_branch": "none"}, "`frame_dropping` must be 0 .* that sees no video"),
    ],
)
def test_what_the_model_would_not_see_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_input(run_config_from_options(options))


def test_frames_can_be_lost_where_a_model_learns_from_them() -> None:
    for options in ({"backbone": "tiny", "train_backbone": True}, {"architecture": "c3d", "task": "action"}):
        check_input(run_config_from_options({**options, "frame_dropping": 0.2}))
