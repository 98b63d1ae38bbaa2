"""Tells at which packet of an MPEG-2 stream the decoder starts anew, which loses a picture it still holds.

Source: ISO/IEC 13818-2, sections 6.2.2.1 and 6.2.2.3 (sequence header, its extension).
"""

import av

HEADER, EXTENSION = b"\x00\x00\x01\xb3", b"\x00\x00\x01\xb5"
SEARCHED_BYTES = 256
"""The header with both its tables takes 140, and the extension follows."""


class SequenceWatch:
    """Says of each packet, in the order of the file, whether pictures of another form begin with it."""

    def __init__(self) -> None:
        self._form: tuple[int, ...] = ()

    def changes(self, packet: av.Packet) -> bool:
        """Return whether size, aspect or colours differ from those of the packets before."""
        form = _form(bytes(memoryview(packet)[:SEARCHED_BYTES]))
        before, self._form = self._form, form or self._form
        return bool(before and form and form != before)


def _form(data: bytes) -> tuple[int, ...]:
    """Return numbers that are equal for pictures of one form; none if no sequence begins in the bytes."""
    start = data.find(HEADER) + len(HEADER)
    if start < len(HEADER) or start + 4 > len(data):
        return ()
    width, height = data[start] << 4 | data[start + 1] >> 4, (data[start + 1] & 0x0F) << 8 | data[start + 2]
    form = (width, height, data[start + 3] >> 4)
    extension = data.find(EXTENSION, start) + len(EXTENSION)
    if extension < len(EXTENSION) or extension + 3 > len(data):
        return form
    is_progressive = data[extension + 1] >> 3 & 1 if _rows(height, 16) != _rows(height, 32) else 0
    return (*form, data[extension + 1] & 0x07, data[extension + 2] >> 5, is_progressive)


def _rows(height: int, multiple: int) -> int:
    """Return the rows of a picture that are stored."""
    return -(-height // multiple) * multiple
