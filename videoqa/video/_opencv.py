"""OpenCV, imported only after its FFmpeg backend has been told to open nothing but local video files."""

import os

FORMATS = {
    "mov": "mov",
    "avi": "avi",
    "matroska": "matroska",
    "gif": "gif",
    "mpeg": "mpeg",
    "mpegvideo": "mpegvideo",
    "mpegts": "mpegts",
    "asf": "asf",
    "flv": "flv",
    "ogg": "ogg",
    "ivf": "ivf",
    "yuv4mpegpipe": "yuv4mpegpipe",
}
"""Container kind -> the one FFmpeg demuxer that may open it: no playlists, no image sequences, no devices."""


def _restrict_ffmpeg() -> None:
    """Set the whitelists OpenCV's FFmpeg reads at every opening, keeping what the user has set besides."""
    ours = f"protocol_whitelist;file|format_whitelist;{','.join(FORMATS.values())}"
    theirs = os.environ.get("OPENCV_FFMPEG_CAPTURE_OPTIONS", "")
    if ours not in theirs:
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"{theirs}|{ours}" if theirs else ours
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


_restrict_ffmpeg()

import cv2  # noqa: E402  (the environment has to be set first)

__all__ = ["FORMATS", "cv2"]
