"""Tells whether a stream may hold interlaced frames, by FFmpeg's findings and the H.264 sequence header."""

import av

_PROGRESSIVE = 1
_UNKNOWN = 0
_ALWAYS = ("mpeg2video", "dvvideo", "vc1", "wmv3")
"""Codecs that may switch to interlaced frames at any time; so rare that they always count as interlaced."""
_PROFILES_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


def may_be_interlaced(context: av.video.codeccontext.VideoCodecContext) -> bool:
    """Return whether frames of a stream may be interlaced, as far as its headers tell."""
    if context.codec.name in _ALWAYS or context.field_order not in (_UNKNOWN, _PROGRESSIVE):
        return True
    return context.codec.name == "h264" and h264_allows_fields(context.extradata or b"")


def h264_allows_fields(extradata: bytes) -> bool:
    """Return whether an H.264 sequence header allows interlaced frames (`frame_mbs_only_flag` is 0).

    Args:
        extradata: the decoder configuration of MP4 and Matroska, or start-code separated units.

    Returns:
        Whether it does; False if no sequence header can be read.

    Source: ITU-T H.264, section 7.3.2.1.1, and ISO/IEC 14496-15, section 5.2.4.1.
    """
    try:
        return _Bits(_sequence_header(extradata)).allows_fields()
    except IndexError:
        return False


def _sequence_header(extradata: bytes) -> bytes:
    """Return the first sequence parameter set, without the unit's first byte and escape bytes."""
    if extradata[0] == 1:
        unit = extradata[8 : 8 + int.from_bytes(extradata[6:8], "big")]
    else:
        units = extradata.split(b"\x00\x00\x01")
        unit = next((unit for unit in units if unit and unit[0] & 31 == 7), b"")
    return unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")


class _Bits:
    """A sequence parameter set read bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def allows_fields(self) -> bool:
        profile = self._read(8)
        self._read(16)
        self._number()
        if profile in _PROFILES_WITH_CHROMA:
            self._skip_chroma_and_scaling()
        self._number()
        self._skip_picture_order()
        self._number()
        self._read(1)
        self._number()
        self._number()
        return self._read(1) == 0

    def _skip_chroma_and_scaling(self) -> None:
        chroma_format = self._number()
        if chroma_format == 3:
            self._read(1)
        self._number()
        self._number()
        self._read(1)
        if self._read(1):
            for index in range(12 if chroma_format == 3 else 8):
                if self._read(1):
                    self._skip_scaling_list(16 if index < 6 else 64)

    def _skip_scaling_list(self, size: int) -> None:
        last = following = 8
        for _ in range(size):
            if following:
                following = (last + self._signed_number()) % 256
            last = following or last

    def _skip_picture_order(self) -> None:
        order_type = self._number()
        if order_type == 0:
            self._number()
        elif order_type == 1:
            self._read(1)
            self._number()
            self._number()
            for _ in range(self._number()):
                self._number()

    def _read(self, num_bits: int) -> int:
        value = 0
        for position in range(self._position, self._position + num_bits):
            value = value << 1 | (self._data[position >> 3] >> (7 - (position & 7)) & 1)
        self._position += num_bits
        return value

    def _number(self) -> int:
        """Read an Exp-Golomb number."""
        num_zeros = 0
        while self._read(1) == 0:
            num_zeros += 1
        return (1 << num_zeros) - 1 + self._read(num_zeros)

    def _signed_number(self) -> int:
        number = self._number()
        return (number + 1) // 2 if number % 2 else -(number // 2)
