"""Tells what each long step of a video's clock is: a pause, lost pictures, joined pieces, or a jump."""

from dataclasses import dataclass

import numpy as np

from videoqa.video.missing_bytes import lacks_bytes
from videoqa.video.packets import Packets
from videoqa.video.probing import VideoInfo
from videoqa.video.transport_packets import begins_anew

LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_OF_BROADCASTS = 3600.0, 10.0
"""A longer step of the clock is a jump, unless the file shows what it is. Source: `max_frame_duration` of
FFmpeg's player."""
BROADCAST_KINDS = ("mpegts", "mpeg")
"""Kinds whose clock may start anew anywhere."""
MOST_REORDERED = 20
"""A picture may be shown earlier than the one before it in the file, by so many pictures at most."""
COUNTED_KINDS = ("mpegvideo", "yuv4mpegpipe", "h264", "hevc")
"""Kinds without any times: pictures come at the rate of the header."""
HOLE_SHARE, LONG_STEPS = 0.1, 3
"""Bytes may be missing at a step that takes this share of a video, and at least as many usual steps."""
PACKETS_BEFORE = 32
"""Counts of a transport stream are known after so many pictures."""


@dataclass(frozen=True, eq=False)
class ClockSteps:
    """What the long steps of a clock are.

    Attributes:
        clock: float64 `(n,)`, seconds of each packet in decoding order.
        restarts: int64 `(num_restarts,)`, increasing, places of the packets with which a joined piece begins.
        pauses: float64 `(num_pauses, 2)`, seconds by the clock, of pauses that are longer than usual.
        hole: `(start, end)` in seconds from the first packet of a part whose bytes are damaged; None if there
            is none.
        longest_pause_seconds: of a pause of which nothing shows that it is one.
    """

    clock: np.ndarray
    restarts: np.ndarray
    pauses: np.ndarray
    hole: tuple[float, float] | None
    longest_pause_seconds: float

    def jumps(self, times: np.ndarray) -> np.ndarray:
        """Return after which of increasing times, float64 seconds, the clock jumps, int64 `(num_jumps,)`."""
        places = np.flatnonzero(np.diff(times) > self.longest_pause_seconds)
        shared = np.minimum(times[places + 1, None], self.pauses[:, 1]) - np.maximum(
            times[places, None], self.pauses[:, 0]
        )
        return places[~(shared > np.diff(times)[places, None] / 2).any(axis=1)]


def clock_steps(info: VideoInfo, packets: Packets) -> ClockSteps:
    """Return what the long steps of a video's clock are, by its packets and the bytes between them."""
    clock, longest = _clock(packets), longest_pause_seconds(info)
    if info.kind in COUNTED_KINDS:
        back = joins = np.empty(0, np.int64)
    else:
        back = _going_back(packets, clock)
        joins = _joins(info, packets, clock, back)
    restarts = np.union1d(back, joins + 1)
    steps = np.diff(clock)
    steps[restarts - 1] = 0
    over = np.flatnonzero(steps > longest)
    is_pause = np.array([_is_pause(info, packets, clock, int(place)) for place in over], bool)
    steps[over[~is_pause]] = 0
    return ClockSteps(
        clock=clock,
        restarts=restarts,
        pauses=np.stack([clock[over[is_pause]], clock[over[is_pause] + 1]], axis=1),
        hole=_hole(info, packets, clock, steps),
        longest_pause_seconds=longest,
    )


def longest_pause_seconds(info: VideoInfo) -> float:
    """Return how long a step of the clock may be if nothing shows what it is."""
    return LONGEST_PAUSE_OF_BROADCASTS if info.kind in BROADCAST_KINDS else LONGEST_PAUSE_SECONDS


def _clock(packets: Packets) -> np.ndarray:
    """Return float64 seconds of each packet in decoding order; where none are said, the next packet's."""
    ticks = packets.decoded if np.isfinite(packets.decoded).any() else packets.stored
    known = np.flatnonzero(np.isfinite(ticks))
    if not len(known):
        return np.zeros(len(ticks))
    following = known[np.minimum(np.searchsorted(known, np.arange(len(ticks))), len(known) - 1)]
    return ticks[following] * packets.tick_seconds


def _going_back(packets: Packets, clock: np.ndarray) -> np.ndarray:
    """Return the places of the packets with which the clock goes back, as in joined pieces."""
    steps = np.diff(clock)
    if not (steps > 0).any():
        return np.empty(0, np.int64)
    reordered = 1 if np.isfinite(packets.decoded).any() else MOST_REORDERED
    return np.flatnonzero(steps < -reordered * float(np.median(steps[steps > 0]))) + 1


def _joins(info: VideoInfo, packets: Packets, clock: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Return after which packets the clock goes forward because the next piece begins, int64 `(num_joins,)`.

    Only a transport stream tells a join from a pause: its muxer begins anew.
    """
    steps = np.diff(clock)
    steps[back - 1] = 0
    if info.kind != "mpegts" or not (steps > 0).any():
        return np.empty(0, np.int64)
    long = np.flatnonzero(steps >= LONG_STEPS * float(np.median(steps[steps > 0])))
    is_join = [_is_join(info, packets, clock, int(place)) for place in long]
    return long[np.array(is_join, bool)]


def _is_join(info: VideoInfo, packets: Packets, clock: np.ndarray, place: int) -> bool:
    start, stop = int(packets.starts[place]), int(packets.starts[place + 1])
    known_from = int(packets.starts[max(0, place - PACKETS_BEFORE)])
    if not 0 <= known_from <= start < stop or _goes_on(packets, clock, place):
        return False
    return begins_anew(info.path, start, stop, known_from=known_from)


def _is_pause(info: VideoInfo, packets: Packets, clock: np.ndarray, place: int) -> bool:
    """Return whether a step longer than usual is a pause, as other streams or packets run on."""
    if _goes_on(packets, clock, place):
        return True
    is_short = clock[place + 1] - clock[place] <= LONGEST_PAUSE_SECONDS
    return info.kind == "mpegts" and is_short and not lacks_bytes(info, packets, place)


def _goes_on(packets: Packets, clock: np.ndarray, place: int) -> bool:
    """Return whether packets of other streams lie all over a step, as sound does during a pause."""
    eighths = np.linspace(clock[place], clock[place + 1], 9)[1:-1]
    return bool((np.histogram(packets.others_seconds, eighths)[0] > 0).all())


def _hole(
    info: VideoInfo, packets: Packets, clock: np.ndarray, steps: np.ndarray
) -> tuple[float, float] | None:
    """Return the seconds between which there are no pictures because bytes are damaged; None in a pause.

    Args:
        steps: float64 `(n - 1,)`, of the clock in seconds; 0 where it does not count.
    """
    if not (steps > 0).any():
        return None
    least = max(HOLE_SHARE * float(steps.sum()), LONG_STEPS * float(np.median(steps[steps > 0])))
    for place in np.flatnonzero(steps >= least):
        if lacks_bytes(info, packets, int(place)):
            start = float(clock[place] - clock[0])
            return start, start + float(steps[place])
    return None
