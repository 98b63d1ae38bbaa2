"""Files of pictures that are not read: what they are called, and the command that makes a video of them."""

from pathlib import Path

import av
import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, decode, probe
from videoqa.video.jpegs import encode_jpeg

FOREIGN = {
    "clip.mjpeg": ("mjpeg", "mjpeg", r"a stream of JPEG pictures \(MJPEG\)", "-c copy {}.mkv"),
    "clip.jpg": ("mjpeg", "mjpeg", r"a stream of JPEG pictures \(MJPEG\)", "-c copy {}.mkv"),
    "clip.h263": ("h263", "h263", "a raw H.263 stream", "-c copy {}.mov"),
    "clip.mov": ("h263", "h263", "a raw H.263 stream", "-c copy {}_new.mov"),
    "clip.h261": ("h261", "h261", "a raw H.261 stream", "-an -c:v ffv1 {}.mkv"),
    "clip.swf": ("swf", "flv1", r"a Flash animation \(SWF\)", "-an -c:v ffv1 {}.mkv"),
    "clip.rm": ("rm", "rv20", "a RealMedia file", "-an -c:v ffv1 {}.mkv"),
    "clip.m4v": ("m4v", "mpeg4", "a raw MPEG-4 stream", "-c copy {}.mkv"),
    "clip.mkv": ("m4v", "mpeg4", "a raw MPEG-4 stream", "-c copy {}_new.mkv"),
    "clip.png": ("apng", "apng", "an animated PNG", "-an -c:v ffv1 {}.mkv"),
    "clip.gxf": ("gxf", "mpeg2video", "a GXF file", "-c copy {}.mkv"),
    "clip.nut": ("nut", "mpeg4", "a NUT file", "-c copy {}.mkv"),
    "clip.roq": ("roq", "roqvideo", "a RoQ video", "-an -c:v ffv1 {}.mkv"),
    "clip.YUV": ("rawvideo", "rawvideo", "raw pixels", "-c:v ffv1 {}.mkv"),
}
PIXEL_FORMATS = {"mjpeg": "yuvj420p", "apng": "rgb24", "roqvideo": "yuvj444p"}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_called_what_they_are_with_the_command_for_them(tmp_path: Path, name: str) -> None:
    container, codec, what, options = FOREIGN[name]
    size = {"gxf": (720, 576), "roq": (128, 128)}.get(container, (176, 144))
    with av.open(str(tmp_path / name), "w", format=container) as file:
        stream = file.add_stream(codec, rate=30 if codec == "roqvideo" else 25)
        (stream.width, stream.height), stream.pix_fmt = size, PIXEL_FORMATS.get(codec, "yuv420p")
        for value in (0, 100, 200):
            picture = np.full((size[1], size[0], 3), value, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))
    line = rf"ffmpeg .*-i {tmp_path / name} {options.format(tmp_path / 'clip')}"
    with pytest.raises(DecodingError, match=f"it is {what}, which is not read as it is; .*: {line}"):
        decode(ClipRequest(str(tmp_path / name)), SamplingConfig(8))


def test_a_stream_of_jpegs_is_told_from_a_still_picture(tmp_path: Path) -> None:
    pictures = [encode_jpeg(np.full((48, 64, 3), value, np.uint8), 90) for value in (0, 100, 200)]
    for padding in (b"", b"\0" * 12):
        (tmp_path / "clip.mjpg").write_bytes(padding.join(pictures))
        with pytest.raises(DecodingError, match="a stream of JPEG pictures"):
            probe(tmp_path / "clip.mjpg")
    small = encode_jpeg(np.zeros((16, 16, 3), np.uint8), 90)
    for still in (pictures[0], pictures[0] + small, pictures[0] + b"\0" * 5000, pictures[0][:300], small[:3]):
        (tmp_path / "still.jpg").write_bytes(still)
        with pytest.raises(DecodingError, match="it is a still picture"):
            probe(tmp_path / "still.jpg")


def test_a_picture_for_each_eye_in_one_jpeg_is_a_still_picture(tmp_path: Path) -> None:
    picture = encode_jpeg(np.zeros((48, 64, 3), np.uint8), 90)
    listed = b"\xff\xe2\0\x08MPF\0II"
    (tmp_path / "stereo.jpg").write_bytes(picture[:2] + listed + picture[2:] + picture)
    with pytest.raises(DecodingError, match="it is a still picture"):
        probe(tmp_path / "stereo.jpg")


@pytest.mark.parametrize("letters", ["SMK", "NSV", "BIK", "FWS", "BBCD", "BM", "ID3", "BZh"])
def test_a_text_with_the_first_letters_of_another_kind_is_a_text(tmp_path: Path, letters: str) -> None:
    (tmp_path / "notes.mp4").write_text(f"{letters} and more words")
    with pytest.raises(DecodingError, match="it is text, not a video"):
        probe(tmp_path / "notes.mp4")


def test_a_text_called_as_pixels_is_called_a_text(tmp_path: Path) -> None:
    (tmp_path / "clip.yuv").write_text("no pixels at all, but words")
    with pytest.raises(DecodingError, match="it is text, not a video"):
        probe(tmp_path / "clip.yuv")
