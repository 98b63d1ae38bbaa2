"""Builds Motion-JPEG .avi files. Frames are compressed alone, so a reversed clip differs in order only."""

import struct
from collections.abc import Sequence

HAS_INDEX = 0x10
KEY_FRAME = 0x10


def avi_bytes(jpegs: Sequence[bytes], *, fps: float, width: int, height: int) -> bytes:
    """Return the bytes of a silent MJPG .avi file whose frames are `jpegs`, in order.

    Source: Microsoft's "AVI RIFF File Reference" (AVIMAINHEADER, AVISTREAMHEADER, BITMAPINFOHEADER, idx1).
    """
    scale, rate = 1000, round(fps * 1000)
    largest = max(len(jpeg) for jpeg in jpegs)
    main = struct.pack("<10I16x", round(1e6 / fps), 0, 0, HAS_INDEX, len(jpegs), 0, 1, largest, width, height)
    lengths = (0, len(jpegs), largest, 0xFFFFFFFF, 0)
    stream = struct.pack(
        "<4s4sIHHIIIIIIIIHHHH", b"vids", b"MJPG", 0, 0, 0, 0, scale, rate, *lengths, 0, 0, width, height
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    header = _list(
        b"hdrl", _chunk(b"avih", main) + _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", picture))
    )
    chunks = [_chunk(b"00dc", jpeg) for jpeg in jpegs]
    index, offset = [], 4
    for jpeg, chunk in zip(jpegs, chunks, strict=True):
        index.append(struct.pack("<4sIII", b"00dc", KEY_FRAME, offset, len(jpeg)))
        offset += len(chunk)
    body = header + _list(b"movi", b"".join(chunks)) + _chunk(b"idx1", b"".join(index))
    return _chunk(b"RIFF", b"AVI " + body)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(name: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", name + content)
