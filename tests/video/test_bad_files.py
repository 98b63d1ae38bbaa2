"""Whatever is no whole local video gets one clear error, and nothing else is ever opened."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from videoqa.cli.main import main
from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, choose_decoder, decode
from videoqa.video.examining import examine
from videoqa.video.probing import probe


def decode_path(path: object) -> object:
    return decode(ClipRequest(str(path)), SamplingConfig(8), frame_size=(32, 32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"the file is empty \(0 bytes\)\.$"),
        (
            b"Dear diary, today I renamed a text.\n" * 9,
            "it is text, not a video, and begins with b'Dear diary",
        ),
        (b"ffconcat version 1.0\nfile clip.avi\n", "it is a playlist, and playlists are not followed"),
        (b"#EXTM3U\n#EXTINF:1,\nclip.avi\n", "it is a playlist, and playlists are not followed"),
        (b"<!DOCTYPE html><html>404</html>", "it is a web page or XML text"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), r"it is a still picture \(PNG\)"),
        (b"\xff\xd8\xff\xe0" + bytes(64), r"it is a still picture \(JPEG\)"),
        (b"ID3\x04" + bytes(64), r"it holds sound only \(MP3\)"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64), r"it holds sound only \(WAV\)"),
        (b"RIFF\x24\x00\x00\x00sfbk" + bytes(64), "it is no video but a RIFF file of type b'sfbk'"),
        (bytes(range(128, 256)), "its first bytes are those of no known video format"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(20), "the container cannot be read"),
        (
            b"\x00\x00\x00\x18ftypisom" + bytes(12) + b"\x00\x01\x00\x00mdat" + bytes(99),
            "the file is cut short",
        ),
        (b"\x1a\x45\xdf\xa3", "the file is cut short|the container cannot be read"),
        (b"GIF89a", "the GIF is cut short"),
        (b"RIFF\x24\x00\x00\x00AVI ", "the file is cut short"),
    ],
)
def test_files_that_are_no_video(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    (tmp_path / "clip.avi").write_bytes(b"")
    for call in (decode_path, probe, choose_decoder):
        with pytest.raises(DecodingError, match=message) as caught:
            call(path)
        assert caught.value.path == str(path) and str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["missing.mp4", "no folder/clip.mp4"])
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="`path` must be an existing file. Received: path="):
        decode_path(tmp_path / name)


def test_a_picture_sequence_pattern(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"frame{number:02d}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(FileNotFoundError, match="Patterns of picture sequences are not read"):
        decode_path(tmp_path / "frame%02d.png")


@pytest.mark.parametrize("url", ["http://localhost/clip.mp4", "rtsp://camera/1", "file:///tmp/clip.mp4"])
def test_a_url(url: str) -> None:
    with pytest.raises(ValueError, match="`path` must be a local file. .* URLs are not fetched"):
        decode_path(url)


def test_a_directory_and_a_pipe(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`path` must be a file; this is a directory"):
        decode_path(tmp_path)
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(ValueError, match="`path` must be a file; this is not a regular file"):
        decode_path(tmp_path / "pipe.mp4")


@pytest.mark.parametrize("name", ["sound.mp4", "sound.mkv", "sound.avi"])
def test_sound_without_pictures(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mp2" if name.endswith("avi") else "aac", rate=44100)
        for start in range(0, 44100, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), format="s16", layout="stereo")
            frame.sample_rate, frame.pts = 44100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(DecodingError, match="it holds sound only, no video stream"):
        decode_path(path)


@pytest.mark.parametrize(
    ("name", "codec", "tag", "unknown", "said"),
    [
        ("clip.mp4", "libx264", b"avc1", b"zzzz", "'zzzz'"),
        ("clip.avi", "mpeg4", b"FMP4", b"ZZZZ", "'ZZZZ'"),
        ("clip.mkv", "libx264", b"V_MPEG4/ISO/AVC", b"V_ZZZZ4/ISO/AVC", "'V_ZZZZ4/ISO/AVC'"),
    ],
)
def test_an_unknown_codec_is_named(
    write_encoded: Callable[..., str], name: str, codec: str, tag: bytes, unknown: bytes, said: str
) -> None:
    path = Path(write_encoded(name, codec, [0, 40, 80]))
    path.write_bytes(path.read_bytes().replace(tag, unknown))
    for call in (decode_path, probe, examine):
        with pytest.raises(DecodingError, match=f"its video codec {said} is not known to FFmpeg"):
            call(str(path))


@pytest.mark.real_data
def test_a_sheet_of_an_unknown_codec_is_refused_without_a_traceback(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = real_data / "field" / "unknown_codec" / "fourcc.mp4"
    assert main(["sheet", str(clip), "--out", str(tmp_path / "sheet.png")]) == 2
    assert "its video codec 'zzzz' is not known" in capsys.readouterr().err


def test_opencv_prints_nothing_of_a_file_that_it_cannot_open(tmp_path: Path) -> None:
    (tmp_path / "clip.ts").write_bytes((b"\x47" + bytes(187)) * 20)
    code = f"from videoqa.video._opencv import open_capture; open_capture({str(tmp_path / 'clip.ts')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == done.stdout == ""
