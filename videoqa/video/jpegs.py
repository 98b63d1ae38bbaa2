"""Encodes and decodes JPEGs, and reads the size in their header."""

from typing import BinaryIO

import numpy as np

from videoqa._checks import Refusal
from videoqa.video._opencv import cv2

_START, _END = b"\xff\xd8", b"\xff\xd9"
_TAIL_BYTES = 64
_SIZE_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = {0x01, *range(0xD0, 0xD8)}


def encode_jpeg(frame: np.ndarray, quality: int) -> bytes:
    """Return the JPEG of a uint8 RGB frame `(height, width, 3)`.

    Raises:
        ValueError: a frame that is too large for the format.
    """
    if max(frame.shape[:2]) > 65535:
        raise Refusal(f"A JPEG has at most 65,535 pixels a side; the frame is {frame.shape[:2]}.")
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)[1].tobytes()


def decode_jpeg(content: bytes) -> np.ndarray | None:
    """Return a picture as uint8 RGB `(height, width, 3)`, upright; None where it cannot be decoded."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def jpeg_size(path: str) -> tuple[int, int]:
    """Return the height and width in pixels that the header of a JPEG states; nothing is decoded.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no complete JPEG; the message says why.
    """
    with open(path, "rb") as file:
        size = _stated_size(file)
        length = file.seek(0, 2)
        file.seek(max(0, length - _TAIL_BYTES))
        if _END not in file.read():
            raise Refusal(f"is cut short: its {length:,} bytes have no end mark")
    return size


def _stated_size(file: BinaryIO) -> tuple[int, int]:
    if file.read(2) != _START:
        raise Refusal("is no JPEG, whatever its name says")
    while True:
        head = file.read(2)
        while head[1:] == b"\xff":  # padding
            head = head[1:] + file.read(1)
        if len(head) < 2 or head[0] != 0xFF:
            raise Refusal("is a damaged JPEG: its header breaks off")
        if head[1] in _BARE_MARKERS:
            continue
        content = file.read(7)
        if len(content) < 7 or head[1] == 0xDA:
            raise Refusal("is a damaged JPEG: its header breaks off")
        if head[1] in _SIZE_MARKERS:
            return int.from_bytes(content[3:5], "big"), int.from_bytes(content[5:7], "big")
        file.seek(int.from_bytes(content[:2], "big") - 7, 1)
