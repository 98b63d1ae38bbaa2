"""OpenCV, imported only after its FFmpeg backend has been told to open nothing but local video files."""

import os
import tempfile
from collections.abc import Sequence

FORMATS = (
    *("mov", "avi", "matroska", "gif", "mpeg", "mpegvideo", "mpegts", "asf", "flv", "ogg", "ivf"),
    *("yuv4mpegpipe", "h264", "hevc", "dv", "mxf"),
)
"""Container kinds, each also its FFmpeg demuxer's name: no playlists, image sequences or devices."""


def _restrict_ffmpeg() -> None:
    """Set the whitelists that OpenCV's FFmpeg reads at every opening; the user's own options stay."""
    ours = f"protocol_whitelist;file|format_whitelist;{','.join(FORMATS)}"
    theirs = os.environ.get("OPENCV_FFMPEG_CAPTURE_OPTIONS", "")
    if ours not in theirs:
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"{theirs}|{ours}" if theirs else ours
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # what it cannot open is said by our own errors


_restrict_ffmpeg()

import cv2  # noqa: E402  (the environment has to be set first)

__all__ = ["FORMATS", "cv2", "open_capture"]


def open_capture(path: str, parameters: Sequence[int] = ()) -> cv2.VideoCapture:
    """Return OpenCV's reader of a video file.

    A name that is not UTF-8 would crash the process, so that such a file is opened through a link.

    Args:
        path: of the file.
        parameters: of `cv2.VideoCapture`, property and value in turn.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        ending = os.path.splitext(path)[1]
        with tempfile.TemporaryDirectory(prefix="videoqa-") as folder:
            link = os.path.join(folder, f"video{ending if ending.isascii() else ''}")
            os.symlink(os.path.abspath(path), link)
            return cv2.VideoCapture(link, cv2.CAP_FFMPEG, list(parameters))
    return cv2.VideoCapture(path, cv2.CAP_FFMPEG, list(parameters))
