"""The page of every frame: what it holds, from which frames, and in how much memory."""

import base64
import hashlib
import html
import json
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.jpegs import decode_jpeg


def frames_of(path: Path | str) -> list[tuple[int, float | None, np.ndarray]]:
    """Return number, time and picture of each frame of a page."""
    text = Path(path).read_text("utf-8")
    found = re.search(r'<script id="frames" type="application/json">(.*?)</script>', text)
    assert found is not None
    rows = json.loads(found[1])
    return [(number, seconds, decode_jpeg(base64.b64decode(jpeg))) for number, seconds, jpeg in rows]


def numbers_seen(path: Path | str) -> list[int]:
    """Return the numbers that the frames of `write_numbered` carry, as near as a JPEG keeps them."""
    return [round(float(picture[-8:, :, 0].mean())) for _, _, picture in frames_of(path)]


def test_every_frame_is_there_with_number_and_time(
    write_numbered: Callable[..., str], tmp_path: Path
) -> None:
    page = videoqa.frame_page(write_numbered(range(0, 200, 4)), out=tmp_path / "page.html")
    assert (page.num_frames, page.num_shown, page.step) == (50, 50, 1)
    frames = frames_of(page.path)
    assert [number for number, _, _ in frames] == list(range(50))
    assert [seconds for _, seconds, _ in frames] == pytest.approx([n / 10 for n in range(50)])
    assert numbers_seen(page.path) == pytest.approx(list(range(0, 200, 4)), abs=2)


def test_a_part_of_a_video(write_numbered: Callable[..., str], tmp_path: Path) -> None:
    clip = write_numbered(range(50))
    page = videoqa.frame_page(clip, out=tmp_path / "page.html", start_seconds=1.05, end_seconds=2)
    assert [number for number, _, _ in frames_of(page.path)] == list(range(11, 20))
    assert page.num_frames == 9
    page = videoqa.frame_page(clip, out=tmp_path / "page.html", start_seconds=2, end_seconds=5, max_frames=10)
    assert [number for number, _, _ in frames_of(page.path)] == list(range(20, 50, 3))


@pytest.mark.parametrize(("most", "step"), [(100, 1), (50, 1), (49, 2), (25, 2), (7, 8), (1, 50)])
def test_of_a_long_clip_one_frame_in_so_many_is_shown(
    write_numbered: Callable[..., str], tmp_path: Path, most: int, step: int, capfd
) -> None:
    clip, out = write_numbered(range(50)), str(tmp_path / "page.html")
    assert main(["sheet", clip, "--html", "--out", out, "--max-frames", str(most)]) == 0
    assert [number for number, _, _ in frames_of(out)] == list(range(0, 50, step))
    said = capfd.readouterr().out
    assert f"written to {out}." in said
    assert (f"Of the clip's 50 frames one in {step} is shown" in said) == (step > 1)
    counted = f"One frame in {step} is shown: {len(range(0, 50, step))} of the clip's 50"
    assert (counted in html.unescape(Path(out).read_text())) == (step > 1)


def test_a_header_that_announces_too_few_frames_costs_none(
    write_numbered: Callable[..., str], tmp_path: Path
) -> None:
    clip = Path(write_numbered(range(50)))
    data = bytearray(clip.read_bytes())
    for name in (b"avih", b"strh"):  # frames stand 16 bytes into the one, 32 into the other
        place = data.index(name) + 8 + (16 if name == b"avih" else 32)
        data[place : place + 4] = (20).to_bytes(4, "little")
    clip.write_bytes(data)
    page = videoqa.frame_page(clip, out=tmp_path / "page.html", max_frames=20)
    assert page.num_frames == 50 and page.num_shown <= 20
    assert [number for number, _, _ in frames_of(page.path)] == list(range(0, 50, page.step))


def test_large_frames_are_shrunk_one_by_one(write_frames: Callable[..., str], tmp_path: Path) -> None:
    clip = write_frames("clip.avi", "mpeg4", np.zeros((14, 1080, 1920, 3), np.uint8))
    tracemalloc.start()  # numpy counts here, FFmpeg does not
    page = videoqa.frame_page(clip, out=tmp_path / "page.html")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert page.num_shown == 14 and peak < 8 * 1080 * 1920 * 3
    assert {picture.shape for _, _, picture in frames_of(page.path)} == {(270, 480, 3)}


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["uneven", "pause", "mirrored", "anamorphic", "transport_stream"])
def test_times_and_turns_are_those_of_decode(real_data: Path, tmp_path: Path, folder: str) -> None:
    for clip in sorted(file for file in (real_data / "field" / folder).iterdir() if file.suffix != ".md")[:2]:
        decoded = decode(ClipRequest(str(clip)), SamplingConfig(frame_step=1, num_frames=1), long_side=480)
        page = videoqa.frame_page(clip, out=tmp_path / "page.html", max_frames=512)
        shown = {number: (seconds, picture) for number, seconds, picture in frames_of(page.path)}
        common = [n for n, index in enumerate(decoded.indices.tolist()) if index in shown]
        assert common
        for place in common[:: max(1, len(common) // 5)]:
            seconds, picture = shown[int(decoded.indices[place])]
            assert seconds == pytest.approx(decoded.timestamps_seconds[place], abs=1e-6)
            frame = decoded.frames[place]
            assert picture.shape == frame.shape
            assert np.abs(picture.astype(int) - frame).mean() < 12, "the same but for the JPEG"


def test_the_page_needs_nothing_else_and_shows_no_name_as_html(
    write_numbered: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = Path(write_numbered(range(3))).rename(tmp_path / "<b>a&b @title@.avi")
    page = videoqa.frame_page(clip)
    assert page.path == Path("<b>a&b @title@-frames.html")
    text = page.path.read_text("utf-8")
    assert "<b>" not in text and text.count("&lt;b&gt;a&amp;b @title@.avi") == 2
    assert not re.search(r"(src|href)=|https?:|url\(|import ", text.replace('img id="picture" alt=""', ""))
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script is not None
    allowed = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'" in text
    )
    for key in ("ArrowLeft", "ArrowRight", "Home", "End", '" "'):
        assert key in script[1]


def test_what_is_refused(write_numbered: Callable[..., str], tmp_path: Path, capfd) -> None:
    clip = write_numbered(range(3))
    with pytest.raises(ValueError, match="`out` must be a file ending in .html"):
        videoqa.frame_page(clip, out=tmp_path / "page.png")
    with pytest.raises(FileNotFoundError, match="`out` must lie in an existing folder"):
        videoqa.frame_page(clip, out=tmp_path / "missing" / "page.html")
    with pytest.raises(ValueError, match="`max_frames` must be an integer of at least 1"):
        videoqa.frame_page(clip, max_frames=0)
    with pytest.raises(ValueError, match="start_seconds"):
        videoqa.frame_page(clip, out=tmp_path / "page.html", start_seconds=20)
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(videoqa.DecodingError):
        videoqa.frame_page(tmp_path / "no.mp4", out=tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    for words, message in (
        (["--html", "--num-frames", "4"], "`--num-frames` must be left out with --html"),
        (["--out", "a.png", "--max-frames", "4"], "`--max-frames` must be left out of the picture of a clip"),
        ([], "videoqa sheet VIDEO --out sheet.png"),
    ):
        assert main(["sheet", clip, *words]) == 2
        assert message in capfd.readouterr().err
