"""Tells which packets of an MPEG-4 video bring a picture, and which repeat the one before ("not coded")."""

from collections.abc import Iterable

VOP = b"\x00\x00\x01\xb6"
VOL = range(0x20, 0x30)
"""Last bytes of the start codes of a video object layer."""


class PictureCounter:
    """Says of each packet of an MPEG-4 stream, in the order of the file, whether it brings a picture.

    A packet may hold two pictures; the next one is then an empty place for the second ("packed bitstream").

    Args:
        extradata: the stream's header.

    Source: ISO/IEC 14496-2, sections 6.2.3 (video object layer) and 6.2.5 (video object plane).
    """

    def __init__(self, extradata: bytes) -> None:
        self._num_time_bits = _num_time_bits(extradata)
        self._num_ahead = 0

    def brings_picture(self, packet: bytes) -> bool:
        """Return whether a picture is shown from the time of this packet on."""
        self._num_time_bits = _num_time_bits(packet) or self._num_time_bits
        num_pictures = self._num_ahead + sum(self._is_coded(plane) for plane in packet.split(VOP)[1:])
        self._num_ahead = max(0, num_pictures - 1)
        return num_pictures > 0

    def _is_coded(self, plane: bytes) -> bool:
        bits = _bits(plane[:16])
        start = bits.find("0", 2) + 2  # picture type, whole seconds, a mark
        coded = start + (self._num_time_bits or 0) + 1
        return not self._num_time_bits or coded >= len(bits) or bits[coded] == "1"


def _num_time_bits(data: bytes) -> int | None:
    """Return how many bits the time within a second takes; None where `data` has no video object layer."""
    start = data.find(b"\x00\x00\x01")
    while 0 <= start < len(data) - 4 and data[start + 3] not in VOL:
        start = data.find(b"\x00\x00\x01", start + 3)
    bits = _bits(data[start + 4 : start + 40]) if 0 <= start < len(data) - 4 else ""
    place = 9
    version = 1
    try:
        if bits[place] == "1":
            version = int(bits[place + 1 : place + 5], 2)
            place += 7
        place += 1
        place += 20 if bits[place : place + 4] == "1111" else 4  # the shape of a pixel
        place += 1
        if bits[place - 1] == "1":
            place += 4
            place += 79 if bits[place - 1] == "1" else 0
        place += 6 if bits[place : place + 2] == "11" and version != 1 else 2
        resolution = int(bits[place + 1 : place + 17], 2)
    except (IndexError, ValueError):
        return None
    return max(1, (resolution - 1).bit_length())


def _bits(data: Iterable[int]) -> str:
    return "".join(f"{byte:08b}" for byte in data)
