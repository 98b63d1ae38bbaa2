"""Says what a file is that is not read as a video, and the one command that makes a video of it."""

import os
import shlex

Command = tuple[str, str]
"""What to type, and the ending of the file that it writes."""
WRAPPED = "ffmpeg -i {file} -c copy {target}", ".mkv"
WRAPPED_AS_MOV = WRAPPED[0], ".mov"
"""Of codecs that Matroska does not take."""
CONVERTED = "ffmpeg -i {file} -an -c:v ffv1 {target}", ".mkv"
"""Without loss; for what no container here takes as it is."""
FROM_PIXELS = (
    (
        "ffmpeg -f rawvideo -pixel_format yuv420p -video_size WIDTHxHEIGHT -framerate FPS -i {file} "
        "-c:v ffv1 {target}"
    ),
    ".mkv",
)
FROM_WEBP = "magick {file} {target}", ".gif"
_MAGIC = (
    (0, b"\x12\x00\x0a", "a raw AV1 stream", WRAPPED),
    (0, b"\x00\x00\x01\xb0", "a raw MPEG-4 stream", WRAPPED),
    (0, b"\x00\x00\x01\x00\x00\x00\x01\x20", "a raw MPEG-4 stream", WRAPPED),
    (0, b"\x00\x00\x01\x20", "a raw MPEG-4 stream", WRAPPED),
    (0, b"\x00\x00\x01\x0f", "a raw VC-1 stream", WRAPPED),
    (0, b"BBCD", "a raw Dirac stream", WRAPPED),
    (0, b".RMF", "a RealMedia file", CONVERTED),
    (0, b"FWS", "a Flash animation (SWF)", CONVERTED),
    (0, b"CWS", "a Flash animation (SWF)", CONVERTED),
    (0, b"ZWS", "a Flash animation (SWF)", CONVERTED),
    (0, b"nut/multimedia container", "a NUT file", WRAPPED),
    (0, b"\xb7\xd8\x00\x20", "a WTV recording", WRAPPED),
    (0, b"\x00\x00\x00\x00\x01\xbc", "a GXF file", WRAPPED),
    (0, b"\x00\x0aSMJPEG", "an SMJPEG file", WRAPPED),
    (0, b"\x84\x10\xff\xff\xff\xff", "a RoQ video", CONVERTED),
    (0, b"NSV", "a Nullsoft video", CONVERTED),
    (0, b"NuppelVideo", "a NuppelVideo recording", CONVERTED),
    (0, b"MythTVVideo", "a MythTV recording", CONVERTED),
    (0, b"SMK", "a Smacker video", CONVERTED),
    (0, b"BIK", "a Bink video", CONVERTED),
    (0, b"KB2", "a Bink video", CONVERTED),
    (4, b"\x11\xaf", "a FLIC animation", CONVERTED),
    (4, b"\x12\xaf", "a FLIC animation", CONVERTED),
    (8, b"AMV ", "an AMV video", CONVERTED),
)
"""Place and first bytes of files that hold pictures, what they are, and the command."""
_RAW_ENDINGS = {
    **dict.fromkeys((".yuv", ".i420", ".yv12", ".nv12", ".uyvy", ".yuyv", ".rgb", ".bgr"), "raw pixels"),
    **dict.fromkeys((".obu", ".av1"), "a raw AV1 stream"),
    **dict.fromkeys((".vvc", ".h266", ".266"), "a raw VVC stream"),
    **{".h261": "a raw H.261 stream", ".h263": "a raw H.263 stream"},
}
"""What a file without bytes of its own to know it by is, by its ending."""
_NOT_VIDEO = (
    (b"\x89PNG", "it is a still picture (PNG)"),
    (b"\xff\xd8\xff", "it is a still picture (JPEG)"),
    (b"BM", "it is a still picture (BMP)"),
    (b"II*\0", "it is a still picture (TIFF)"),
    (b"MM\0*", "it is a still picture (TIFF)"),
    (b"ID3", "it holds sound only (MP3)"),
    (b"\xff\xfb", "it holds sound only (MP3)"),
    (b"fLaC", "it holds sound only (FLAC)"),
    (b"PK\x03\x04", "it is a zip archive"),
    (b"Rar!\x1a\x07", "it is a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive"),
    (b"\x1f\x8b", "it is a gzip archive"),
    (b"BZh", "it is a bzip2 archive"),
    (b"\xfd7zXZ\x00", "it is an xz archive"),
    (b"\x28\xb5\x2f\xfd", "it is a Zstandard archive"),
)
_TEXTS = (
    (b"#EXTM3U", "it is a playlist, and playlists are not followed"),
    (b"ffconcat", "it is a playlist, and playlists are not followed"),
    (b"version https://git-lfs", "it is a Git LFS pointer, not the video itself"),
    (b"<", "it is a web page or XML text, not a video"),
)
_RIFF_TYPES = {b"WAVE": "it holds sound only (WAV)", b"WEBP": "it is a still picture (WebP)"}
JPEG_BYTES = 2**26
"""Read at most to see whether a second picture follows a JPEG."""
LISTED_PICTURES = b"MPF\0"
"""Begins the list of further pictures in a JPEG. Source: CIPA DC-007, section 5."""
PADDING_BYTES = 64
"""At most between pictures, as cameras write them."""


def why_not_video(head: bytes, path: str) -> str:
    """Return in words what a file is, and what to do with it.

    Args:
        head: its first bytes, some 2,000.
        path: absolute.
    """
    if not head:
        return "the file is empty (0 bytes)"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    is_text = printable > 0.95 * len(head) and b"\0" not in head
    what, command = _foreign_video(head, path, is_text)
    if what:
        return f"it is {what}, which is not read as it is; make another file of it: {_line(command, path)}"
    if head[:4] == b"RIFF":
        return _RIFF_TYPES.get(head[8:12], f"it is no video but a RIFF file of type {head[8:12]!r}")
    for magic, cause in _TEXTS if is_text else (*_NOT_VIDEO, *_TEXTS):
        if head.startswith(magic):
            return cause
    if is_text:
        return f"it is text, not a video, and begins with {head[:24]!r}"
    return f"its first bytes are those of no known video format: {head[:16]!r}"


def _line(command: Command, path: str) -> str:
    """Return the line to type; it never writes over the file that it reads."""
    root, ending = os.path.splitext(path)[0], command[1]
    target = f"{root}{ending}" if f"{root}{ending}" != path else f"{root}_new{ending}"
    return command[0].format(file=shlex.quote(path), target=shlex.quote(target))


def _foreign_video(head: bytes, path: str, is_text: bool) -> tuple[str, Command]:
    """Return what video a file is, "" if none, and the command that makes a readable one of it."""
    if is_text:  # it may begin with the same letters
        return "", WRAPPED
    for start, magic, what, command in _MAGIC:
        if head[start:].startswith(magic):
            return what, command
    if head.startswith(b"\x89PNG") and b"acTL" in head.partition(b"IDAT")[0]:
        return "an animated PNG", CONVERTED
    if head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X" and head[20:21] and head[20] & 2:
        return "an animated WebP", FROM_WEBP
    if head.startswith(b"\xff\xd8\xff") and _is_jpeg_stream(path):
        return "a stream of JPEG pictures (MJPEG)", WRAPPED
    if _is_vvc(head):
        return "a raw VVC stream", WRAPPED
    if head[:2] == b"\0\0" and len(head) > 3 and head[2] & 0xFC == 0x80 and head[3] & 3 == 2:
        return "a raw H.263 stream", WRAPPED_AS_MOV  # ITU-T H.263, 5.1: its start code and two fixed bits
    what = _RAW_ENDINGS.get(os.path.splitext(path)[1].lower(), "")
    commands = {
        "raw pixels": FROM_PIXELS,
        "a raw H.261 stream": CONVERTED,
        "a raw H.263 stream": WRAPPED_AS_MOV,
    }
    return what, commands.get(what, WRAPPED)


def _is_vvc(head: bytes) -> bool:
    """Return whether a stream begins with a parameter set of VVC. Source: ITU-T H.266, table 5."""
    for start in (b"\0\0\0\1\0", b"\0\0\1\0"):
        if head.startswith(start):
            return head[len(start) : len(start) + 1] in (b"\x61", b"\x69", b"\x71", b"\x79", b"\xa1")
    return False


def _is_jpeg_stream(path: str) -> bool:
    """Return whether another picture of the same size follows the first, which does not list it.

    Cameras write such a list (MPF), for one where they take a picture for each eye.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(JPEG_BYTES)
    except OSError:
        return False
    scan, size = _jpeg_header(data, 0)
    if LISTED_PICTURES in data[:scan]:
        return False
    end = data.find(b"\xff\xd9", scan)
    start = data.find(b"\xff\xd8\xff", end, end + PADDING_BYTES)
    return 0 < scan < end < start and _jpeg_header(data, start)[1] == size


def _jpeg_header(data: bytes, start: int) -> tuple[int, bytes]:
    """Return where the first scan of a JPEG begins, 0 if nowhere, and its height and width as stored."""
    position, size = start + 2, b""
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            size = data[position + 5 : position + 9]
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xDA:
            return position, size
    return 0, size
