"""Folders of numbered JPEGs read as clips, and those that are refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodedClip, DecodingError, choose_decoder, decode
from videoqa.video.examining import examine

STEP = 8


@pytest.fixture
def write_folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a folder of grey frames, frame k of level `STEP * k`."""

    def write(num_frames: int = 12, place: str = "clip") -> Path:
        folder = tmp_path / place
        folder.mkdir(parents=True)
        for number in range(num_frames):
            cv2.imwrite(str(folder / f"{number:04d}.jpg"), np.full((24, 32, 3), STEP * number, np.uint8))
        return folder

    return write


def decode_all(folder: Path, num_frames: int = 12, **options: object) -> DecodedClip:
    return decode(ClipRequest(str(folder)), SamplingConfig(num_frames), **options)


def test_frames_come_in_order_with_times_of_the_usual_rate(write_folder):
    clip = decode_all(write_folder(), 5, frame_size=(16, 16))
    assert np.rint(clip.frames.mean(axis=(1, 2, 3)) / STEP).tolist() == [0, 3, 6, 8, 11]
    assert clip.frames.shape == (5, 16, 16, 3) and clip.frames.dtype == np.uint8
    assert np.allclose(clip.timestamps_seconds, [0, 0.12, 0.24, 0.32, 0.44])
    assert (clip.frame_count, clip.fps, clip.status) == (12, 25, "ok")
    assert clip.decoder.startswith("jpeg_folder ")


def test_the_rate_is_that_of_the_extraction(write_folder, tmp_path):
    folder = write_folder(place="set/train/run/one")
    (tmp_path / "set" / "extraction.json").write_text(json.dumps({"fps": 4.0}))
    assert decode_all(folder).fps == 4
    part = decode(ClipRequest(str(folder), 1, 2), SamplingConfig(4))
    assert part.indices.tolist() == [4, 5, 6, 7]
    (tmp_path / "set" / "extraction.json").write_text("{")
    assert decode_all(folder).fps == 25


def test_colours_are_rgb_and_other_files_are_left_out(tmp_path):
    cv2.imwrite(str(tmp_path / "0000.jpg"), np.full((24, 32, 3), (250, 10, 10), np.uint8))  # blue in BGR
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "cover.jpg").write_bytes(b"x")
    frame = decode_all(tmp_path, 1).frames[0]
    assert frame[..., 2].mean() > 200 > 50 > frame[..., 0].mean()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 20)


def other_size(path: Path) -> None:
    cv2.imwrite(str(path), np.zeros((24, 40, 3), np.uint8))


def garbled(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\x00" * 200 + content[-2:])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Path.unlink, "its frames have a hole: 0003.jpg is missing, 0011.jpg is there"),
        (cut, "0003.jpg is cut short: its .* bytes have no end mark"),
        (other_size, "its frames differ in size: 0003.jpg is 40 x 24 pixels, the first 32 x 24"),
        (garbled, "0003.jpg is a damaged JPEG"),
        (lambda path: path.write_bytes(b""), "0003.jpg is no JPEG"),
        (lambda path: path.write_text("no picture"), "0003.jpg is no JPEG"),
    ],
)
def test_a_folder_that_is_no_whole_clip_is_refused_whatever_is_sampled(write_folder, change, message):
    folder = write_folder()
    change(folder / "0003.jpg")
    for call in (lambda: decode_all(folder, 1), lambda: choose_decoder(folder), lambda: examine(str(folder))):
        with pytest.raises(DecodingError, match=f"clip.*{message}"):
            call()


def test_a_hole_at_the_start_and_an_empty_place_in_an_extraction(write_folder, tmp_path):
    folder = write_folder(3, "set/train/run/one")
    (folder / "0000.jpg").unlink()
    with pytest.raises(DecodingError, match="a hole: 0000.jpg is missing"):
        decode_all(folder)
    (tmp_path / "set" / "extraction.json").write_text("{}")
    empty = write_folder(0, "set/train/run/two")
    with pytest.raises(DecodingError, match="it holds no frame: no 0000.jpg"):
        decode_all(empty)


def test_another_number_of_frames_than_listed(write_folder, tmp_path):
    folder = write_folder(place="set/test/run/one")
    (tmp_path / "set" / "label.txt").write_text("run\n")
    (tmp_path / "set" / "train.txt").write_text("")
    (tmp_path / "set" / "test.txt").write_text("run/one 0 13\n")
    with pytest.raises(
        DecodingError, match=r"it holds 12 frames, and 13 stand in the list .*12 of 13 announced"
    ):
        decode_all(folder)
    (tmp_path / "set" / "test.txt").write_text("run/one 0 12\n")
    assert decode_all(folder).frame_count == 12


def test_a_folder_without_frames_is_a_directory_as_ever(tmp_path):
    (tmp_path / "img_1.jpg").write_text("x")
    with pytest.raises(ValueError, match="`path` must be a file; this is a directory.*0000.jpg, 0001.jpg"):
        decode_all(tmp_path)


def test_what_the_audit_sees(write_folder):
    seen = examine(str(write_folder()), [(0.0, 0.2)])
    assert (seen["video"]["frames_decoded"], seen["video"]["frames_announced"]) == (12, 12)
    assert seen["failure"] is None and seen["segments"]["0.0-0.2"]["frames"] == 5
    assert len(seen["thumbnails"]) == 3
