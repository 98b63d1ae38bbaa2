"""One pass over a film: places of pictures in damaged files, and hard cuts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videoqa.video.decoding import probe
from videoqa.video.film_pass import FilmPass
from videoqa.video.film_times import film_times

DAMAGED_KINDS = {
    "film.mp4": "libx264",
    "film.mkv": "libx264",
    "film.ts": "mpeg2video",
    "film.webm": "libvpx",
    "film.avi": "mpeg4",
    "lossless.avi": "ffv1",
}


def passed(path: str) -> tuple[FilmPass, list[int]]:
    info = probe(path)
    film = FilmPass(info, film_times(info))
    parts = list(film.frames(np.ones(len(film.times), bool), lambda frame: frame))
    return film, [place for part in parts for place in part.frames]


def spoil(path: str, start: float, stop: float, fill: bytes = b"") -> None:
    """Overwrite a part of a file, between two shares of its length."""
    content = bytearray(Path(path).read_bytes())
    first, last = int(start * len(content)), int(stop * len(content))
    noise = np.random.default_rng(1).integers(0, 256, last - first, dtype=np.uint8).tobytes()
    content[first:last] = noise if not fill else fill * (last - first)
    Path(path).write_bytes(content)


@pytest.mark.parametrize("fill", [b"\0", b""], ids=["zeros", "noise"])
@pytest.mark.parametrize(("name", "codec"), DAMAGED_KINDS.items())
def test_pictures_behind_an_undecodable_middle_keep_their_times(
    write_noisy: Callable[..., str], name: str, codec: str, fill: bytes
) -> None:
    path = write_noisy(name, codec, 100)
    whole, places = passed(path)
    assert places == list(range(100)) and whole.damage(0, 100).num_suspect == 0
    spoil(path, 0.4, 0.6, fill)
    film, places = passed(path)
    seconds = film.times[places]
    assert len(places) < 95 and (np.diff(seconds) > 0).all()
    assert (seconds < 0.3 * 4).sum() >= 28 and (seconds > 0.7 * 4).sum() >= 28
    assert abs(seconds[-1] - 3.96) < 0.02


def test_lost_pictures_count_as_damaged(write_noisy: Callable[..., str]) -> None:
    path = write_noisy("film.mp4", "libx264", 100)
    spoil(path, 0.4, 0.6)
    film, places = passed(path)
    lost = sorted(set(range(100)) - set(places))
    assert film.damage(lost[0], lost[-1] + 1).num_damaged == lost[-1] + 1 - lost[0]
    assert film.damage(0, 20).num_suspect == 0 and film.damage(80, 100).num_suspect == 0
    assert film.damage(0, 100).first is not None and film.damage(0, 100).first >= 35  # type: ignore[operator]
    assert not film.is_readable(np.array(lost)).any() and film.is_damaged(np.array(lost)).all()


@pytest.mark.parametrize(
    "name", ["unusual_nonvio_2.mp4", "unusual_nonvio_5.mp4", "ntu_S001C001P001R001A001_rgb.avi"]
)
def test_packets_without_a_picture_of_their_own_are_no_damage(real_data: Path, name: str) -> None:
    film, places = passed(str(real_data / "clips" / name))
    assert places == list(range(len(film.times))) and film.damage(0, len(film.times)).num_suspect == 0


def moving(seed: int, num_frames: int = 20) -> np.ndarray:
    """Return frames of coloured blocks that move: uint8 RGB `(num_frames, 96, 128, 3)`."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = np.kron(blocks, np.ones((16, 16, 1), np.uint8))
    return np.stack([np.roll(picture, place, axis=1) for place in range(num_frames)])


def test_hard_cuts_are_found(write_frames: Callable[..., str]) -> None:
    shots = [moving(seed) for seed in range(4)]
    film, _ = passed(write_frames("film.mp4", "libx264", np.concatenate(shots)))
    assert film.cuts == [20, 40, 60]


def test_what_is_no_hard_cut(write_frames: Callable[..., str]) -> None:
    one, other = moving(1, 60), moving(2, 60)
    flash = one.copy()
    flash[30] = 255
    fade = np.linspace(0, 1, 60)[:, None, None, None]
    faded = (one * (1 - fade) + other * fade).astype(np.uint8)
    shaken = np.stack([np.roll(one[0], 3 * (place % 2), axis=0) for place in range(60)])
    for number, frames in enumerate((one, flash, faded, shaken)):
        film, _ = passed(write_frames(f"{number}.mp4", "libx264", frames))
        assert film.cuts == [], number


def test_cuts_between_drawn_clips_are_found_and_no_others(tmp_path: Path) -> None:
    from videoqa.sample.avi import avi_bytes
    from videoqa.sample.files import draw_jpegs, plan_clips

    jpegs: list[bytes] = []
    starts = []
    scenes = {clip.group.number: clip for clip in plan_clips(50, seed=77)}
    for clip in list(scenes.values())[:8]:
        starts.append(len(jpegs))
        jpegs += draw_jpegs(clip.scene)
    path = tmp_path / "film.avi"
    path.write_bytes(avi_bytes(jpegs, fps=12, width=96, height=96))
    film, places = passed(str(path))
    assert film.cuts == starts[1:] and places == list(range(len(jpegs)))


def test_a_film_may_be_a_folder_of_frames(tmp_path: Path) -> None:
    from videoqa.video._opencv import cv2

    frames = np.concatenate([moving(1), moving(2)])
    for number, frame in enumerate(frames):
        cv2.imwrite(str(tmp_path / f"{number:04d}.jpg"), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    film, places = passed(str(tmp_path))
    assert film.cuts == [20] and places == list(range(40))
