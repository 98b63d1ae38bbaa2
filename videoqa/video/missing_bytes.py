"""Tells whether bytes of a video are missing between two of its packets."""

import numpy as np

from videoqa.video.packets import Packets
from videoqa.video.probing import VideoInfo

HEADERS_BYTES = 256
"""Headers between two packets may take this much."""
NULL_CHUNK_BYTES = 16
"""An AVI keeps an empty chunk and its place in the index for a picture that stays."""
NEIGHBOURS = 8
PACKET_SIZES, STAMP_BYTES = (188, 192, 204), 4
"""Cameras put a time stamp before each packet of a transport stream, which makes it 192 bytes."""
NO_PROGRAMME = 0x1FFF


def lacks_bytes(info: VideoInfo, packets: Packets, place: int) -> bool:
    """Return whether bytes that belong to the video are damaged between packets `place` and `place + 1`.

    Their neighbours are looked at too, since a container without decoding times only lets us estimate these.
    """
    first, last = max(0, place - NEIGHBOURS), min(len(packets.starts) - 1, place + 1 + NEIGHBOURS)
    if info.kind == "mov":
        return False  # its index lists every packet
    if info.kind == "mpegts":
        return _loses_transport_packets(info.path, int(packets.starts[first]), int(packets.starts[last]))
    unused = packets.starts[1:] - packets.stops[:-1] - packets.num_bytes_between[1:]
    unused[(packets.starts[1:] < 0) | (packets.starts[:-1] < 0)] = 0
    elsewhere = np.delete(unused, slice(first, last))
    usual = max(0.0, float(np.percentile(elsewhere, 90))) if len(elsewhere) else 0.0
    allowed = HEADERS_BYTES + 2 * usual
    if info.kind == "asf":
        allowed += _block_bytes(packets.starts)
    if info.kind == "avi":
        allowed += NULL_CHUNK_BYTES * float(packets.decoded[last] - packets.decoded[first])
    return bool(unused[first:last].max() > allowed)


def _block_bytes(starts: np.ndarray) -> int:
    """Return the size of the blocks in which an ASF lies: the last one before a pause may be nearly empty."""
    return int(np.gcd.reduce(np.diff(np.unique(starts[starts >= 0]))))


def _is_in_packets(data: bytes, size: int) -> bool:
    """Return whether each of the first three packets of a size begins as it should."""
    return set(data[: 3 * size : size]) <= {0x47}


def _loses_transport_packets(path: str, start: int, stop: int) -> bool:
    """Return whether packets of a transport stream between two bytes are broken, or some are missing."""
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read(stop - start + PACKET_SIZES[-1])
    sizes = [size for size in PACKET_SIZES if _is_in_packets(data, size)]
    if not sizes and _is_in_packets(data[STAMP_BYTES:], PACKET_SIZES[1]):
        data, sizes = data[STAMP_BYTES:], [PACKET_SIZES[1]]
    if not sizes:
        return True
    counts: dict[int, int] = {}
    for at in range(0, len(data) - 3, sizes[0]):
        if data[at] != 0x47:
            return True
        programme = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        has_payload, count = data[at + 3] & 0x10, data[at + 3] & 0x0F
        if programme == NO_PROGRAMME or not has_payload:
            continue
        before = counts.setdefault(programme, count)
        if count not in (before, (before + 1) % 16):
            return True
        counts[programme] = count
    return False
