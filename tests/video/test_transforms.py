"""Resizing keeps the aspect, crops at the centre and pads what is too small."""

import numpy as np
import pytest

from videoqa.video.transforms import center_crop, resize_and_crop, resize_with_surplus, stored_size


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((240, 320), (150, 150)),
        ((320, 240), (150, 150)),
        ((150, 150), (150, 150)),
        ((1, 1), (96, 96)),
        ((7, 3000), (96, 96)),
        ((3000, 7), (96, 96)),
        ((360, 640), (90, 160)),
        ((360, 640), (160, 90)),
        ((33, 47), (101, 75)),
    ],
)
def test_the_result_has_the_size_asked_for(shape: tuple[int, int], size: tuple[int, int]) -> None:
    frame = np.full((*shape, 3), 90, dtype=np.uint8)
    result = resize_and_crop(frame, size)
    assert result.shape == (*size, 3) and result.dtype == np.uint8 and result.flags.c_contiguous
    assert (result[size[0] // 2, size[1] // 2] == 90).all()


def test_a_frame_of_the_right_size_is_untouched() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    assert np.array_equal(resize_and_crop(frame, (40, 40)), frame)


def test_the_crop_is_the_middle() -> None:
    frame = np.zeros((40, 100, 3), dtype=np.uint8)
    frame[:, :30] = 10
    frame[:, 30:70] = 20
    frame[:, 70:] = 30
    assert (resize_and_crop(frame, (40, 40)) == 20).all()


def test_shrinking_averages_over_areas() -> None:
    checkers = np.indices((80, 80)).sum(axis=0) % 2 * 200
    frame = np.repeat(checkers[..., None], 3, axis=2).astype(np.uint8)
    assert (resize_and_crop(frame, (20, 20)) == 100).all()


def test_aspect_is_kept_and_the_rest_is_black() -> None:
    frame = np.full((50, 50, 3), 200, dtype=np.uint8)
    result = resize_and_crop(frame, (20, 40))
    assert (result[:, 10:30] == 200).all() and not result[:, :10].any() and not result[:, 30:].any()


def test_flipping_and_resizing_change_places() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (60, 92, 3), dtype=np.uint8)
    flipped = resize_and_crop(np.ascontiguousarray(frame[:, ::-1]), (30, 30))
    difference = np.abs(flipped.astype(int) - resize_and_crop(frame, (30, 30))[:, ::-1])
    assert difference.max() <= 1


@pytest.mark.parametrize("shape", [(240, 320), (241, 323), (320, 240), (33, 47), (7, 300), (112, 112)])
@pytest.mark.parametrize("size", [(112, 112), (33, 33), (24, 40), (41, 25)])
def test_the_centre_of_what_is_kept_is_the_centre_crop(shape: tuple[int, int], size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    kept = resize_with_surplus(frame, size)
    assert center_crop(kept, size).tobytes() == resize_and_crop(frame, size).tobytes()
    assert kept.shape[:2] == stored_size(*shape, size) and kept.flags.c_contiguous
    assert all(want <= have <= 2 * want for have, want in zip(kept.shape[:2], size, strict=True))


def test_the_surplus_of_a_wide_frame_is_kept() -> None:
    frame = np.zeros((240, 320, 3), np.uint8)
    assert resize_with_surplus(frame, (112, 112)).shape == (112, 149, 3)
    assert resize_with_surplus(np.zeros((240, 2400, 3), np.uint8), (112, 112)).shape == (112, 224, 3)
