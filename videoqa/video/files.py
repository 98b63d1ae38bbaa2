"""Tells by its first bytes what a file is, so that only local video files reach a decoder."""

import os
import re
from pathlib import Path
from typing import BinaryIO

from videoqa._checks import Refusal, check_file
from videoqa.video.errors import DecodingError
from videoqa.video.foreign_files import why_not_video

SNIFFED_BYTES = 2048
NUM_SYNC_BYTES = 9
"""Packets of a transport stream that have to be seen where the file begins inside one."""
_URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]+://")
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
_MAGIC = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x00\x00\x01\xb3", "mpegvideo"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"FLV\x01", "flv"),
    (b"OggS", "ogg"),
    (b"DKIF", "ivf"),
    (b"YUV4MPEG2", "yuv4mpegpipe"),
    (b"\x1f\x07\x00", "dv"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "mxf"),
)


def check_video_file(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Return the absolute path of a local video file and its container kind, one of `FORMATS`.

    Raises:
        FileNotFoundError: nothing is there (patterns of picture sequences are not expanded).
        ValueError: a URL, a directory or no regular file.
        DecodingError: empty, or no known video container.
    """
    text = os.fsdecode(path)
    refuse_url("path", text)
    advice = "Patterns of picture sequences are not read; make a video of them." if "%" in text else ""
    if os.path.isdir(text):
        advice = "A folder is read as a clip where it holds frames called 0000.jpg, 0001.jpg, ..."
    found = check_file("path", Path(text), advice)
    absolute = os.path.abspath(text)
    try:
        with open(found, "rb") as file:
            head = file.read(SNIFFED_BYTES)
    except OSError as error:
        raise DecodingError(absolute, f"the file cannot be read ({error.strerror})") from error
    kind = _container_kind(head)
    if kind is None:
        raise DecodingError(absolute, why_not_video(head, absolute))
    return absolute, kind


def refuse_url(name: str, path: str | os.PathLike[str]) -> None:
    """Refuse an address of the web where a file is wanted.

    Args:
        name: the argument.
        path: what was given.

    Raises:
        ValueError: saying that videos must be downloaded first.
    """
    text = os.fsdecode(path)
    if _URL.match(text):
        raise Refusal(name, "be a local file", text, "Download the video first; URLs are not fetched.")


def cut_short(path: str, kind: str) -> str | None:
    """Return in words how a file is truncated, by its own structure; None if it is not."""
    size = os.path.getsize(path)
    if kind not in _EXPECTED_SIZES:
        return None
    with open(path, "rb") as file:
        try:
            expected = _EXPECTED_SIZES[kind](file, size)
        except IndexError:
            return f"the file is cut short: it has {size:,} bytes"
    if expected is None or expected <= size:
        return None
    return f"the file is cut short: {size:,} bytes of {expected:,}"


def broken_gif(path: str) -> str | None:
    """Return in words where the blocks of a GIF break off; None if they end as they should.

    A GIF announces no frame count, so only its blocks show whether it is whole. A missing last byte (the
    trailer) is forgiven.
    """
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 14:
        return f"the GIF is cut short: it has {len(data):,} bytes"
    position = 13 + _color_table_size(data[10])
    while position < len(data) and data[position] != 0x3B:
        if data[position] == 0x21:
            position += 2
        elif data[position] == 0x2C and position + 10 < len(data):
            position += 11 + _color_table_size(data[position + 9])
        else:
            return f"the GIF is corrupt at byte {position:,}"
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1
    if position > len(data):
        return f"the GIF is cut short: its {len(data):,} bytes end within a frame"
    return None


def _color_table_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _container_kind(head: bytes) -> str | None:
    if head[4:8] in _MP4_BOXES:
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"AVIX"):
        return "avi"
    if _is_transport_stream(head):
        return "mpegts"
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    return found or _raw_stream_kind(head)


def _is_transport_stream(head: bytes) -> bool:
    """Return whether packets of a transport stream follow each other, perhaps after a part of one.

    Recorders cut at any byte. As a letter stands where a packet begins, more packets have to show the further
    the first one is from the start.
    """
    for packet_size, offset in ((188, 0), (192, 4), (204, 0)):
        if head[offset : offset + 3 * packet_size : packet_size] == b"GGG":
            return True
        for start in range(packet_size):
            marks = head[start::packet_size]
            if len(marks) >= NUM_SYNC_BYTES and set(marks) == {0x47} and set(head) != {0x47}:
                return True
    return False


def _raw_stream_kind(head: bytes) -> str | None:
    """Return the kind of a picture stream without a container, H.264 or HEVC, by its parameter sets.

    Source: ITU-T H.264, table 7-1, and H.265, table 7-1.
    """
    if not head.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01")):
        return None
    units = [unit[:2] for unit in head.split(b"\x00\x00\x01")[1:]]
    if {b"\x40\x01", b"\x42\x01"} <= set(units):
        return "hevc"
    return "h264" if any(unit[:1] in (b"\x27", b"\x47", b"\x67") for unit in units) else None


def _mov_size(file: BinaryIO, size: int) -> int | None:
    """Return where the last top-level box that starts inside the file ends."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:
            return None
        position += length
    return position


def _avi_size(file: BinaryIO, size: int) -> int | None:
    """Return where the first (mostly the only) RIFF chunk ends, by its header."""
    return int.from_bytes(file.read(8)[4:], "little") + 8


def _matroska_size(file: BinaryIO, size: int) -> int | None:
    """Return where the segment ends; None if its size is left open."""
    file.seek(4)
    header_length, _ = _ebml_number(file)
    file.seek(header_length, os.SEEK_CUR)
    if file.read(4) != b"\x18\x53\x80\x67":
        return None
    length, unknown = _ebml_number(file)
    return None if unknown else file.tell() + length


def _ebml_number(file: BinaryIO) -> tuple[int, bool]:
    """Read one EBML length, and whether it is the value that means "unknown"."""
    first = file.read(1)[0]
    num_bytes = 9 - first.bit_length()
    value = int.from_bytes(bytes([first & (0xFF >> num_bytes)]) + file.read(num_bytes - 1), "big")
    return value, value == (1 << 7 * num_bytes) - 1


_EXPECTED_SIZES = {"mov": _mov_size, "avi": _avi_size, "matroska": _matroska_size}
