"""Tells by the packets of a transport stream whether it runs on, loses some, or begins anew.

Source: ISO/IEC 13818-1, section 2.4.3 (packets, their counts and marks).
"""

from dataclasses import dataclass

PACKET_SIZES, STAMP_BYTES = (188, 192, 204), 4
"""Cameras put a time stamp before each packet of a transport stream, which makes it 192 bytes."""
SYNC = 0x47
TABLE_OF_PROGRAMMES, LAST_TABLE, NO_PROGRAMME = 0, 0x1F, 0x1FFF
"""Kinds of packets: the first table, the last kind that tables have, and what only fills the stream."""
LAST_COUNT = 15
"""Packets of one kind are counted from 0 to 15 again and again."""


@dataclass(frozen=True)
class _Header:
    """The head of a packet with a payload.

    Attributes:
        start: byte of the file.
        kind: number of its stream or table (PID); `NO_PROGRAMME` after the last packet, if bytes follow.
        count: from 0 to `LAST_COUNT`.
        begins_unit: whether a picture, a piece of sound or a table begins with it.
        starts_clock: whether it says that the clock starts anew.
        gap: bytes before it that are no packet; below 0: how much of the packet before is missing.
    """

    start: int
    kind: int
    count: int = 0
    begins_unit: bool = False
    starts_clock: bool = False
    gap: int = 0


def loses_packets(path: str, start: int, stop: int) -> bool:
    """Return whether packets of a transport stream from byte `start` to `stop` are broken or missing.

    Where a muxer begins anew, the packet before it may be cut off, and all counts start from 0: neither is a
    loss.
    """
    headers = _headers(path, start, stop)
    restarts = _restarts(headers)
    counts: dict[int, int] = {}
    for place, header in enumerate(headers):
        if header.gap > 0 or (header.gap < 0 and place not in restarts):
            return True
        if place in restarts:
            counts = {}
        before = counts.setdefault(header.kind, header.count)
        if header.count not in (before, (before + 1) % (LAST_COUNT + 1)):
            return True
        counts[header.kind] = header.count
    return not headers


def begins_anew(path: str, start: int, stop: int, *, known_from: int) -> bool:
    """Return whether a muxer begins anew from byte `start` to `stop`, as where pieces were joined.

    The packets from byte `known_from` on, which is before `start`, tell how far each kind had been counted.
    """
    near = _headers(path, start, stop)  # none if the piece begins inside a packet
    if near and not any(_may_restart(header) for header in near):
        return False  # the few bytes read so far are enough, and some files have many places to look at
    headers = _headers(path, known_from, stop)
    return any(start < headers[place].start <= stop for place in _restarts(headers))


def _may_restart(header: _Header) -> bool:
    return header.starts_clock or (header.kind == TABLE_OF_PROGRAMMES and header.count == 0)


def _restarts(headers: list[_Header]) -> set[int]:
    """Return the places of the headers with which a muxer begins anew.

    There a packet says that the clock starts anew, or tables are written first, and the counts of all kinds
    of packets break off and go on from 0. A muxer that writes 0 everywhere does not count: it tells nothing.
    """
    found = {place for place, header in enumerate(headers) if header.starts_clock}
    for place in (place for place, header in enumerate(headers) if _may_restart(header)):
        first = place
        while first > 0 and headers[first - 1].kind <= LAST_TABLE and headers[first - 1].count == 0:
            first -= 1
        before = {header.kind: header.count for header in headers[:first]}
        after: dict[int, _Header] = {}
        for header in headers[first:]:
            after.setdefault(header.kind, header)
        all_begin = all(header.count == 0 and header.begins_unit for header in after.values())
        some_break_off = any(before.get(kind, LAST_COUNT) != LAST_COUNT for kind in after)
        muxer_counts = any(header.count for header in headers[:first])
        if all_begin and some_break_off and muxer_counts and len(after) > 2:
            found.add(first)
    return found


def _headers(path: str, start: int, stop: int) -> list[_Header]:
    """Return the heads of the packets with a payload; no head if packets cannot be told apart."""
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read(stop - start + PACKET_SIZES[-1])
    sizes = [size for size in PACKET_SIZES if _is_in_packets(data, size)]
    if not sizes and _is_in_packets(data[STAMP_BYTES:], PACKET_SIZES[1]):
        data, start, sizes = data[STAMP_BYTES:], start + STAMP_BYTES, [PACKET_SIZES[1]]
    headers, at, gap = [], 0, 0
    while sizes and at < len(data) - 3:
        if data[at] != SYNC:
            found = _next_start(data, at - sizes[0] + 1, sizes[0])
            at, gap = found, gap + found - at
            continue
        header = _header(data[at : at + 6], start + at, gap)
        if header is not None:
            headers.append(header)
            gap = 0
        at += sizes[0]
    return headers if gap <= 0 else [*headers, _Header(start + len(data), NO_PROGRAMME, gap=gap)]


def _header(head: bytes, start: int, gap: int) -> _Header | None:
    """Return what the first bytes of a packet say; None if it has no payload."""
    kind, flags = (head[1] & 0x1F) << 8 | head[2], head[3]
    if kind == NO_PROGRAMME or not flags & 0x10:
        return None
    has_marks = bool(flags & 0x20) and len(head) > 5 and head[4] > 0
    starts_clock = has_marks and head[5] & 0x90 == 0x90
    return _Header(start, kind, flags & 0x0F, bool(head[1] & 0x40), starts_clock, gap)


def _next_start(data: bytes, start: int, size: int) -> int:
    """Return where packets of a size go on, searched from a byte on; the end if nowhere."""
    at = data.find(SYNC, start)
    while at >= 0 and not _is_in_packets(data[at : at + 3 * size], size):
        at = data.find(SYNC, at + 1)
    return at if at >= 0 else len(data)


def _is_in_packets(data: bytes, size: int) -> bool:
    """Return whether each of the first three packets of a size begins as it should."""
    return set(data[: 3 * size : size]) <= {SYNC}
