"""Frames look as a player shows them, whichever decoder reads them: turned, mirrored, of square pixels."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from videoqa.config import ExtractionConfig, ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import clip_key_parts, frames_key_parts
from videoqa.video._opencv import cv2
from videoqa.video.decoding import ClipRequest, DecodingError, decode
from videoqa.video.examining import examine
from videoqa.video.frame_export import export_frames
from videoqa.video.probing import probe
from videoqa.video.readers import READERS

HEIGHT, WIDTH = 48, 64


@pytest.fixture
def write_shown(tmp_path: Path) -> Callable[..., str]:
    """Return a function that encodes three frames of four grey quarters and returns the path.

    `turn` is counterclockwise in degrees, `mirror` left to right after it, `pixel` the pixel aspect.
    """

    def write(name: str = "clip.mp4", turn: int = 0, *, mirror: bool = False, pixel: str = "") -> str:
        path = str(tmp_path / name)
        quarters = np.kron(
            np.array([[40, 100], [160, 220]], np.uint8), np.ones((HEIGHT // 2, WIDTH // 2), np.uint8)
        )
        with av.open(path, "w") as container:
            stream = container.add_stream("mpeg4" if name.endswith("avi") else "libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            if pixel:
                stream.codec_context.sample_aspect_ratio = Fraction(pixel)
            if turn or mirror:
                stream.set_display_rotation(turn, hflip=mirror)
            for _ in range(3):
                frame = av.VideoFrame.from_ndarray(np.stack([quarters] * 3, axis=-1), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


def quarters_of(frame: np.ndarray) -> list[list[int]]:
    """Return the levels of the four quarters, to the nearest 20."""
    top, left = frame.shape[0] // 4, frame.shape[1] // 4
    return [[int(round(frame[y, x, 0] / 20) * 20) for x in (left, 3 * left)] for y in (top, 3 * top)]


def test_the_limit_of_pixels_is_that_of_the_frames_as_shown(
    write_shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_shown(pixel="2")
    monkeypatch.setenv("VIDEOQA_MAX_PIXELS", str(2 * WIDTH * HEIGHT))
    assert probe(path).width == 2 * WIDTH
    monkeypatch.setenv("VIDEOQA_MAX_PIXELS", str(2 * WIDTH * HEIGHT - 1))
    with pytest.raises(
        DecodingError, match="its frames have 6,144 pixels each, more than the limit of 6,143"
    ):
        probe(path)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_all_eight_orientations(write_shown: Callable[..., str], turn: int, mirror: bool) -> None:
    path = write_shown(turn=turn, mirror=mirror)
    turned = np.rot90([[40, 100], [160, 220]], turn // 90)
    expected = (turned[:, ::-1] if mirror else turned).tolist()
    info = probe(path)
    for reader in READERS.values():
        frames = [retrieve() for _, retrieve in reader(info)]
        assert [quarters_of(frame) for frame in frames] == [expected] * 3
        assert {frame.shape for frame in frames} == {(info.height, info.width, 3)}
    assert (info.height, info.width) == ((WIDTH, HEIGHT) if turn % 180 else (HEIGHT, WIDTH))


@pytest.mark.parametrize(
    ("name", "pixel", "turn", "size"),
    [
        ("a.mp4", "4/3", 0, (48, 85)),
        ("a.mkv", "10/11", 0, (48, 58)),
        ("a.avi", "2", 0, (48, 128)),
        ("a.ts", "16/15", 0, (48, 68)),
        ("a.mp4", "4/3", 90, (85, 48)),
        ("a.mp4", "1/2", 270, (32, 48)),
        ("a.mp4", "200/201", 0, (48, 64)),  # as good as square
        ("a.mp4", "4000", 0, (48, 64)),  # absurd
    ],
)
def test_pixels_that_are_not_square(
    write_shown: Callable[..., str], tmp_path: Path, name: str, pixel: str, turn: int, size: tuple[int, int]
) -> None:
    path = write_shown(name, turn, pixel=pixel)
    info = probe(path)
    assert (info.height, info.width) == size
    expected = np.rot90([[40, 100], [160, 220]], turn // 90).tolist()
    readers = READERS if info.decoder_name == "opencv" else ("pyav",)  # OpenCV opens no .ts as short as this
    for reader in readers:
        for _, retrieve in READERS[reader](info):
            assert retrieve().shape == (*size, 3) and quarters_of(retrieve()) == expected
    assert decode(ClipRequest(path), SamplingConfig(2)).frames.shape == (2, *size, 3)
    (tmp_path / "frames").mkdir()
    export_frames(ClipRequest(path), tmp_path / "frames", ExtractionConfig(short_side=None))
    assert cv2.imread(str(tmp_path / "frames" / "0000.jpg")).shape == (*size, 3)
    video = examine(path)["video"]
    assert (video["height"], video["width"]) == size
    is_square = size == (HEIGHT, WIDTH)
    assert video["pixel_aspect"] == pytest.approx(1 if is_square else float(Fraction(pixel)), rel=1e-3)


def test_only_frames_that_change_get_another_cache_key(
    write_shown: Callable[..., str], tmp_path: Path
) -> None:
    cache, sampling, model = FeatureCache(tmp_path), SamplingConfig(2), ModelConfig(backbone="tiny")

    def keys(**shown: object) -> list[object]:
        request = ClipRequest(write_shown(**shown))
        parts = [
            clip_key_parts(request, sampling, model, cache, identity={}),
            frames_key_parts(request, sampling, (32, 32), cache, with_surplus=False),
        ]
        return [{name: part[name] for name in part if name != "content_sha256"} for part in parts]

    plain = keys(name="plain.mp4")
    assert "presentation" not in str(plain)
    assert keys(name="turned.mp4", turn=90) == keys(name="near.mp4", pixel="200/201") == plain
    for number, shown in enumerate([{"mirror": True}, {"turn": 90, "mirror": True}, {"pixel": "4/3"}]):
        assert all(new != old for new, old in zip(keys(name=f"{number}.mp4", **shown), plain, strict=True))


@pytest.mark.real_data
def test_a_mirrored_and_an_anamorphic_file(real_data: Path) -> None:
    folder = real_data / "field"
    plain, mirrored = (
        decode(ClipRequest(str(folder / "mirrored" / name)), SamplingConfig(8)).frames
        for name in ("plain.mp4", "hflip.mp4")
    )
    assert np.array_equal(mirrored, plain[:, :, ::-1])
    reference = cv2.cvtColor(cv2.imread(str(folder / "mirrored" / "ref_hflip.png")), cv2.COLOR_BGR2RGB)
    assert np.abs(mirrored[0].astype(int) - reference).mean() < 3
    stretched = decode(ClipRequest(str(folder / "anamorphic" / "sar.mp4")), SamplingConfig(8)).frames
    assert stretched.shape == (8, 240, 427, 3)


@pytest.mark.real_data
def test_phone_videos_held_three_ways(real_data: Path) -> None:
    shapes = {}
    for turn in ("0", "180", "270"):
        path = str(real_data / "awkward" / f"decord_video_{turn}.mov")
        by_reader = [[retrieve() for _, retrieve in READERS[name](probe(path))] for name in READERS]
        assert np.array_equal(by_reader[0], by_reader[1]) and len(by_reader[0]) == 3
        clip = decode(ClipRequest(path), SamplingConfig(3))
        assert np.array_equal(clip.frames, by_reader[0])
        shapes[turn] = clip.frames.shape[1:3]
    assert shapes == {"0": (320, 568), "180": (320, 568), "270": (568, 320)}
