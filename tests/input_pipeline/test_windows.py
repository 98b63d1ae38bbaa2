"""What an example shows of its clip: the window's ends, short clips, crops, flips."""

import numpy as np
import pytest

from videoqa.input_pipeline import Examples, num_batches, training_batches

ROWS = np.arange(60)


def examples_of(lengths: list[int], num_frames: int = 4, **options) -> Examples:
    """Return examples of a clip each, whose frames `(6, 9)` say where they are: frame, top, left."""
    places = [np.arange(20), np.arange(6), np.arange(9)]
    whole = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1).astype(np.uint8)
    return Examples(
        [whole[:length] for length in lengths],
        np.arange(len(lengths)),
        None,
        np.zeros(len(lengths), np.int32),
        num_frames,
        clip_input="clip",
        **options,
    )


def test_both_ends_of_a_clip_are_reached_and_an_exact_one_is_used() -> None:
    starts = examples_of([7] * 60).random_windows(ROWS, seed=0, epoch=0).starts
    assert set(starts) == {0, 1, 2, 3}
    exact = examples_of([4, 7])
    clip = exact.model_inputs(np.array([0]), exact.random_windows(np.array([0, 1]), 0, 0).starts[:1])["clip"]
    assert clip[0, :, 0, 0, 0].tolist() == [0, 1, 2, 3]


def test_windows_drawn_beside_crops_and_flips_start_where_they_would_without() -> None:
    plain = examples_of([9] * 60).random_windows(ROWS, 3, 1)
    more = examples_of([9] * 60, frame_size=(4, 4), random_crop=True, flip=True).random_windows(ROWS, 3, 1)
    assert plain.corners is None and plain.flipped is None
    assert np.array_equal(plain.starts, more.starts)
    first = [int(np.random.default_rng([3, 1, row]).integers(0, 6)) for row in range(60)]
    assert plain.starts.tolist() == first


def test_crops_reach_every_corner_and_half_are_flipped() -> None:
    examples = examples_of([4] * 60, frame_size=(4, 4), random_crop=True, flip=True)
    windows = examples.random_windows(ROWS, 0, 0)
    assert set(windows.corners[:, 0]) == {0, 1, 2} and set(windows.corners[:, 1]) == set(range(6))
    assert 20 <= windows.flipped.sum() <= 40
    clip = examples.model_inputs(ROWS, windows)["clip"]
    assert clip.shape == (60, 4, 4, 4, 3)
    for row in ROWS:
        tops, lefts = clip[row, 0, :, 0, 1].tolist(), clip[row, 0, 0, :, 2].tolist()
        top, left = windows.corners[row].tolist()
        assert tops == list(range(top, top + 4))
        assert (lefts[::-1] if windows.flipped[row] else lefts) == list(range(left, left + 4))
    again = examples.random_windows(ROWS[7:9], 0, 0)
    assert np.array_equal(again.corners, windows.corners[7:9])
    assert not np.array_equal(examples.random_windows(ROWS, 0, 1).corners, windows.corners)


def test_without_windows_crops_are_centred() -> None:
    examples = examples_of([5], frame_size=(4, 4), random_crop=True, flip=True)
    clip = examples.model_inputs(np.array([0]), examples.center_starts(np.array([0])))["clip"]
    assert clip[0, 0, 0, 0].tolist() == [0, 1, 2]


def test_a_short_clip_goes_round() -> None:
    examples = examples_of([3, 9], num_frames=7, short_clips="loop")
    clip = examples.model_inputs(np.array([0, 1]), np.array([0, 2]))["clip"]
    assert clip[0, :, 0, 0, 0].tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert clip[1, :, 0, 0, 0].tolist() == [2, 3, 4, 5, 6, 7, 8]
    assert examples.random_windows(np.array([0]), 0, 0).starts.tolist() == [0]


def test_what_a_short_clip_lacks_is_masked() -> None:
    examples = examples_of([3, 9], num_frames=5, short_clips="mask", with_mask=True)
    inputs = examples.model_inputs(np.array([0, 1]), examples.random_windows(np.array([0, 1]), 0, 0))
    assert inputs["mask"].dtype == bool
    assert inputs["mask"].tolist() == [[True, True, True, False, False], [True] * 5]
    assert inputs["clip"][0, 3:].max() == 0 and inputs["clip"][0, 2, 0, 0, 0] == 2


def test_flips_of_features_take_the_other_view() -> None:
    features = np.arange(12, dtype=np.float16).reshape(1, 12, 1).repeat(60, axis=0)
    examples = Examples(
        features, ROWS, None, np.zeros(60, np.int32), 4, flip=True, flipped_clips=list(-features)
    )
    windows = examples.random_windows(ROWS, 0, 0)
    shown = examples.model_inputs(ROWS, windows)["features"]
    for row, start, flipped in zip(ROWS, windows.starts, windows.flipped, strict=True):
        sign = -1 if flipped else 1
        assert (sign * shown[row, :, 0]).tolist() == list(range(start, start + 4))
    assert shown.dtype == np.float32 and 15 < windows.flipped.sum() < 45


@pytest.mark.parametrize(("drop", "sizes"), [(False, [4, 4, 2]), (True, [4, 4])])
def test_the_last_incomplete_batch_is_dropped_where_asked(drop: bool, sizes: list[int]) -> None:
    batches = training_batches(examples_of([5] * 10), seed=0, epoch=0, batch_size=4, drop_remainder=drop)
    assert [len(batch["answer_ids"]) for batch in batches] == sizes
    assert num_batches(10, 4, drop) == len(sizes)
