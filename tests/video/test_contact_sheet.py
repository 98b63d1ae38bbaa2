"""The contact sheet shows every frame once, in reading order."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videoqa.cli.main import main
from videoqa.config import SamplingConfig
from videoqa.video._opencv import cv2
from videoqa.video.contact_sheet import TILE_LONG_SIDE, contact_sheet, encode_image, save_image
from videoqa.video.decoding import ClipRequest, decode


def colours(num_frames: int, height: int, width: int) -> np.ndarray:
    frames = np.zeros((num_frames, height, width, 3), dtype=np.uint8)
    frames[..., 0] = 10 * np.arange(1, num_frames + 1)[:, None, None]
    return frames


def test_frames_stand_in_reading_order_at_their_aspect() -> None:
    sheet = contact_sheet(colours(7, 120, 480), np.arange(7.0), columns=3)
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 3
    reds = [10 * number for number in range(1, 8)]
    for position, red in enumerate(reds):
        rows, cols = np.where((sheet == (red, 0, 0)).all(axis=2))
        assert len(rows) == 60 * 240
        assert (rows.min() * 3 // sheet.shape[0], cols.min() * 3 // sheet.shape[1]) == divmod(position, 3)


def test_labels_are_drawn_and_small_or_few_frames_fit() -> None:
    sheet = contact_sheet(np.full((2, 1, 1, 3), 255, np.uint8), np.array([0.0, 1.5]))
    assert (sheet < 100).any()
    assert sheet.shape[1] < 200


@pytest.mark.parametrize(
    ("frames", "timestamps", "columns", "message"),
    [
        (np.zeros((0, 4, 4, 3), np.uint8), [], 5, "`frames` must be a uint8 array"),
        (np.zeros((2, 4, 4, 3), np.float32), [0, 1], 5, "`frames` must be a uint8 array"),
        (
            np.zeros((2, 4, 4, 3), np.uint8),
            [0],
            5,
            "`timestamps_seconds` must hold one time for each of the 2",
        ),
        (np.zeros((2, 4, 4, 3), np.uint8), [0, 1], 0, "`columns` must be an integer of at least 1"),
    ],
)
def test_bad_input(frames: np.ndarray, timestamps: list[float], columns: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        contact_sheet(frames, np.array(timestamps), columns)


def test_a_saved_picture_reads_back_in_rgb(tmp_path: Path) -> None:
    image = np.zeros((5, 6, 3), dtype=np.uint8)
    image[..., 0], image[0, 0, 2] = 200, 100
    path = save_image(tmp_path / "ünicode sheet.png", image)
    again = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(again[..., ::-1], image)
    assert [item.name for item in tmp_path.iterdir()] == ["ünicode sheet.png"]


def test_where_a_picture_cannot_be_saved(tmp_path: Path) -> None:
    image = np.zeros((5, 6, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="`path` must end in one of .png"):
        save_image(tmp_path / "sheet.txt", image)
    with pytest.raises(FileNotFoundError, match="`path` must lie in an existing folder"):
        save_image(tmp_path / "missing" / "sheet.png", image)


def test_a_picture_as_bytes() -> None:
    image = np.zeros((5, 6, 3), dtype=np.uint8)
    assert encode_image(image, ".PNG").startswith(b"\x89PNG")
    assert encode_image(image, ".jpg").startswith(b"\xff\xd8")
    with pytest.raises(ValueError, match="`suffix` must be one of '.png'"):
        encode_image(image, ".svg")


@pytest.mark.parametrize(("height", "width"), [(480, 720), (900, 300), (100, 200)])
def test_frames_shrunk_while_decoding_give_the_same_picture(
    write_frames: Callable[..., str], height: int, width: int
) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (3, height, width, 3), dtype=np.uint8)
    request = ClipRequest(write_frames("clip.mkv", "ffv1", frames))
    whole = decode(request, SamplingConfig(3))
    small = decode(request, SamplingConfig(3), long_side=TILE_LONG_SIDE)
    assert max(small.frames.shape[1:3]) == min(TILE_LONG_SIDE, max(height, width))
    sheets = [contact_sheet(clip.frames, clip.timestamps_seconds) for clip in (whole, small)]
    assert np.array_equal(*sheets)


def test_a_sheet_of_large_frames_takes_little_memory(
    write_frames: Callable[..., str], tmp_path: Path
) -> None:
    path = write_frames("clip.avi", "mpeg4", np.zeros((20, 1080, 1920, 3), np.uint8))
    tracemalloc.start()  # numpy counts here, FFmpeg does not
    assert main(["sheet", path, "--out", str(tmp_path / "sheet.png")]) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1080 * 1920 * 3  # 20 frames are in the picture


def test_a_sheet_of_a_name_spelled_otherwise(
    write_frames: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(write_frames("clip.mkv", "ffv1", np.zeros((3, 16, 16, 3), np.uint8)))
    out = tmp_path / "sheet.png"
    assert main(["sheet", str(path.with_name("CLIP")), "--out", str(out)]) == 0 and out.exists()
    meant = f"{str(path.with_name('CLIP'))!r} is taken to mean {str(path)!r}"
    assert f"spelling (letter case, video ending): {meant}" in capsys.readouterr().err
    assert main(["sheet", str(path.with_name("CLIP")), "--out", str(path)]) == 2
    assert "`out` must not be a file that is read" in capsys.readouterr().err
    path.with_name("clip.avi").touch()
    assert main(["sheet", str(path.with_name("clip")), "--out", str(out)]) == 2
    assert "`video` must name one file" in capsys.readouterr().err
