"""Tells whether bytes of a video are missing between two of its packets."""

import numpy as np

from videoqa.video.asf_blocks import loses_objects
from videoqa.video.packets import Packets
from videoqa.video.probing import VideoInfo
from videoqa.video.transport_packets import loses_packets

HEADERS_BYTES = 256
"""Headers between two packets may take this much."""
NULL_CHUNK_BYTES = 16
"""An AVI keeps an empty chunk and its place in the index for a picture that stays."""
NEIGHBOURS = 8


def loses_end(info: VideoInfo, packets: Packets) -> bool:
    """Return whether bytes after the last packet of an ASF are damaged; other kinds do not tell."""
    if info.kind != "asf" or not len(packets.starts) or packets.starts[-1] < 0:
        return False
    return loses_objects(info.path, int(packets.starts[-1]))


def lacks_bytes(info: VideoInfo, packets: Packets, place: int) -> bool:
    """Return whether bytes that belong to the video are damaged between packets `place` and `place + 1`.

    Their neighbours are looked at too, since a container without decoding times only lets us estimate these.
    """
    first, last = max(0, place - NEIGHBOURS), min(len(packets.starts) - 1, place + 1 + NEIGHBOURS)
    if info.kind == "mov":
        return False  # its index lists every packet
    if info.kind == "mpegts":
        known = np.flatnonzero(packets.starts >= 0)
        first = known[max(0, int(np.searchsorted(known, first, side="right")) - 1)]
        last = known[min(len(known) - 1, int(np.searchsorted(known, last)))]
        return loses_packets(info.path, int(packets.starts[first]), int(packets.starts[last]))
    if info.kind == "asf" and packets.starts.min() >= 0:
        return loses_objects(info.path, int(packets.starts[first]), int(packets.starts[last]))
    unused = packets.starts[1:] - packets.stops[:-1] - packets.num_bytes_between[1:]
    unused[(packets.starts[1:] < 0) | (packets.starts[:-1] < 0)] = 0
    elsewhere = np.delete(unused, slice(first, last))
    usual = max(0.0, float(np.percentile(elsewhere, 90))) if len(elsewhere) else 0.0
    allowed = HEADERS_BYTES + 2 * usual
    if info.kind == "avi":
        allowed += NULL_CHUNK_BYTES * float(packets.decoded[last] - packets.decoded[first])
    return bool(unused[first:last].max() > allowed)
