"""Optical flow: a drawn square that moves, sums worked out by hand, and the same bits everywhere."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from videoqa.config import FLOW_COLUMNS, FLOW_DIRECTIONS
from videoqa.features.motion import reversed_features, without_flow
from videoqa.video.optical_flow import SCALE, SHORT_SIDE, clip_flow, small_grey, summed_flow

RIGHT, DOWN, LENGTH, DIRECTIONS = 0, 1, 2, slice(3, 11)
MIDDLE = 5
"""Row of the cell in the middle; row 0 is the whole frame."""
PIXEL = SCALE / SHORT_SIDE
BOUND = PIXEL / 2
"""Flow is found at half the pixels, to a quarter of one there."""


def texture(size: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (size, size), np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 1.5), None, 0, 255, cv2.NORM_MINMAX)


def drawn(left: int, top: int, ground: np.ndarray | None = None) -> np.ndarray:
    """Return a frame of 72 x 72 pixels with a square of 24 x 24, by default on grey."""
    frame = np.full((72, 72), 100, np.uint8) if ground is None else ground.copy()
    frame[top : top + 24, left : left + 24] = texture(24, 1)
    return np.repeat(frame[..., None], 3, axis=2)


def sums(*frames: np.ndarray) -> np.ndarray:
    """Return the forward block of the second frame, a row for the whole and one for each cell."""
    return clip_flow(np.stack(frames))[1, :FLOW_COLUMNS].reshape(10, 11)


@pytest.mark.parametrize(
    ("move", "direction"), [((3, 0), 0), ((3, 3), 1), ((0, 3), 2), ((-3, 0), 4), ((0, -3), 6)]
)
def test_a_square_that_moves_by_three_pixels(move: tuple[int, int], direction: int) -> None:
    """In the middle cell, which it fills, everything moves; the whole frame moves by a ninth of that."""
    found = sums(drawn(24, 24), drawn(24 + move[0], 24 + move[1]))
    assert found[MIDDLE, RIGHT] == pytest.approx(move[0] * PIXEL, abs=BOUND)
    assert found[MIDDLE, DOWN] == pytest.approx(move[1] * PIXEL, abs=BOUND)
    assert found[MIDDLE, LENGTH] == pytest.approx(np.hypot(*move) * PIXEL, abs=BOUND)
    assert found[MIDDLE, DIRECTIONS].argmax() == found[0, DIRECTIONS].argmax() == direction
    np.testing.assert_allclose(found[:, DIRECTIONS].sum(axis=1), found[:, LENGTH], rtol=1e-5)
    np.testing.assert_allclose(found[1:].mean(axis=0), found[0], atol=1e-6)


def test_the_movement_of_the_camera_is_taken_out() -> None:
    """The ground moves by two pixels and the square stays: to the camera it moves the other way."""
    ground = texture(80, 2)
    found = sums(drawn(24, 24, ground[4:76, 4:76]), drawn(24, 24, ground[4:76, 2:74]))
    assert np.abs(found[1, [RIGHT, DOWN]]).max() < BOUND
    assert found[MIDDLE, RIGHT] == pytest.approx(-2 * PIXEL, abs=BOUND)


def test_mirrored_frames_give_mirrored_flow() -> None:
    frames = np.stack([drawn(24, 24), drawn(27, 24)])
    found, mirrored = sums(*frames), sums(*frames[:, :, ::-1])
    columns = np.r_[0, 3, 2, 1, 6, 5, 4, 9, 8, 7]
    expected = found[columns] * np.where(np.arange(11) == RIGHT, -1, 1)
    expected[:, DIRECTIONS] = expected[:, DIRECTIONS][:, (4 - np.arange(8)) % 8]
    np.testing.assert_allclose(mirrored, expected, atol=BOUND)


@pytest.mark.parametrize(
    ("moved", "directions"),
    [
        ((0.3, 0.0), {0: 0.3}),
        ((0.0, -0.3), {6: 0.3}),
        ((-0.2, 0.2), {3: 0.2 * 2**0.5}),
        ((0.3 * np.cos(np.pi / 8), 0.3 * np.sin(np.pi / 8)), {0: 0.15, 1: 0.15}),
    ],
)
def test_sums_of_a_flow_worked_out_by_hand(moved: tuple[float, float], directions: dict[int, float]) -> None:
    """6 x 9 pixels in cells of 2 x 3: half of the last cell moves, by shares of 6 pixels."""
    flow = np.zeros((6, 9, 2), np.float32)
    flow[4, 6:] = np.array(moved) * 6
    expected = np.zeros(11)
    expected[:3] = [*moved, np.hypot(*moved)]
    for direction, length in directions.items():
        expected[3 + direction] = length
    found = summed_flow(flow + np.float32([0.5, -2])).reshape(10, 11)
    np.testing.assert_allclose(found[9], expected / 2 * SCALE, atol=1e-5)
    np.testing.assert_allclose(found[0], expected / 18 * SCALE, atol=1e-5)
    assert np.abs(found[1:9]).max() < 1e-5


def test_a_clip_played_backwards_is_the_reverse_with_its_blocks_exchanged() -> None:
    ground = texture(72, 2)
    frames = np.stack([drawn(20 + 3 * number, 24 - number, ground) for number in range(5)])
    found = clip_flow(frames)
    assert not found[0, :FLOW_COLUMNS].any() and not found[-1, FLOW_COLUMNS:].any()
    assert found[1:, :FLOW_COLUMNS].any(axis=1).all() and found[:-1, FLOW_COLUMNS:].any(axis=1).all()
    assert clip_flow(frames[::-1]).tobytes() == reversed_features(found, FLOW_COLUMNS).tobytes()
    with_others = np.concatenate([frames[:, 0, 0, :1], found], axis=1)
    assert without_flow(with_others, FLOW_COLUMNS).any(axis=0).sum() == 1


def test_one_frame_and_a_repeated_one_do_not_move() -> None:
    frame = drawn(10, 10, texture(72, 2))
    assert clip_flow(frame[None]).tolist() == [[0.0] * 2 * FLOW_COLUMNS]
    assert not clip_flow(np.stack([frame] * 3)).any()


@pytest.mark.parametrize(
    ("size", "small"), [((150, 150), (72, 72)), ((16, 32), (72, 144)), ((320, 180), (128, 72))]
)
def test_frames_of_every_size_are_brought_to_one_short_side(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    assert small_grey(frames[0]).shape == small
    assert np.isfinite(clip_flow(frames)).all()


def test_flow_is_the_same_bits_at_any_number_of_threads() -> None:
    ground = texture(72, 2)
    clips = [np.stack([drawn(n, m, ground) for n in range(0, 40, 5)]) for m in range(0, 48, 8)]
    before, found = cv2.getNumThreads(), []
    try:
        for number in (1, 2, 5):
            cv2.setNumThreads(number)
            with ThreadPoolExecutor(number) as pool:
                found.append(b"".join(each.tobytes() for each in pool.map(clip_flow, clips)))
    finally:
        cv2.setNumThreads(before)
    assert len(set(found)) == 1


def test_the_number_of_columns_is_that_of_the_sums() -> None:
    assert (
        FLOW_COLUMNS == (1 + 9) * (3 + FLOW_DIRECTIONS) == len(summed_flow(np.zeros((3, 4, 2), np.float32)))
    )
