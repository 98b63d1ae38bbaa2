"""Reads the packets of a video without decoding them: their times, their places in the file, their sizes."""

from dataclasses import dataclass

import av
import numpy as np

from videoqa.video.not_coded import PictureCounter
from videoqa.video.probing import VideoInfo, is_cover_picture, open_container, video_stream


@dataclass(frozen=True, eq=False)
class Packets:
    """The packets of a video stream that hold bytes, in the order of the file; n of them.

    Attributes:
        stored, decoded: float64 `(n,)`, ticks at which to show (pts) and to decode (dts) it; nan: not said.
        has_picture: bool `(n,)`, whether a picture is shown from then on.
        starts, stops: int64 `(n,)`, bytes of the file; -1: not said.
        num_bytes_between: int64 `(n,)`, bytes of other streams between the packet before and this one.
        last_ticks: how long the picture shown last stays, by its packet or by empty chunks after it; 0: not
            said.
        others_seconds: float64 `(m,)`, times of the packets of other streams, in the order of the file.
        tick_seconds: seconds of one tick.
        start_ticks: of the stream, by the container.
        late_seconds: how long after the start of the container the stream starts.
        bytes_read: where the last readable packet of any stream ends.
        num_listed: packets with bytes in the container's index.
        is_complete: whether the file could be read to its end.
    """

    stored: np.ndarray
    decoded: np.ndarray
    has_picture: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    num_bytes_between: np.ndarray
    last_ticks: int
    others_seconds: np.ndarray
    tick_seconds: float
    start_ticks: int
    late_seconds: float
    bytes_read: int
    num_listed: int
    is_complete: bool


def read_packets(info: VideoInfo) -> Packets:
    """Return the packets of a video file, up to where it breaks off.

    Raises:
        DecodingError: the container cannot be opened.
    """
    with open_container(info.path, info.kind) as container:
        stream = video_stream(container, info.path)
        counter = PictureCounter(stream.codec_context.extradata or b"") if info.codec == "mpeg4" else None
        found = _PacketReader(container, stream.index, counter)
        is_complete = found.read(container)
        rows, last_ticks = found.rows, found.last_ticks
        if counter is not None and rows:  # a decoder repeats the picture at the end
            rows[-1] = (*rows[-1][:2], found.is_last_shown, *rows[-1][3:])
        if info.kind == "avi" and rows:
            last_ticks = 1 + num_null_chunks(info.path, rows[-1][3] + rows[-1][4], stream.index)
        stored, decoded, shown, starts, sizes, betweens = zip(*rows, strict=True) if rows else ((),) * 6
        return Packets(
            stored=np.array(stored, np.float64),
            decoded=np.array(decoded, np.float64),
            has_picture=np.array(shown, bool),
            starts=np.array(starts, np.int64),
            stops=np.array(starts, np.int64) + np.array(sizes, np.int64),
            num_bytes_between=np.array(betweens, np.int64),
            last_ticks=last_ticks,
            others_seconds=np.array(found.others_seconds),
            tick_seconds=float(stream.time_base or 1),
            start_ticks=stream.start_time or 0,
            late_seconds=_late_seconds(container, stream),
            bytes_read=found.bytes_read,
            num_listed=_num_listed(info, stream),
            is_complete=is_complete,
        )


class _PacketReader:
    """Notes of each packet of a file what `Packets` needs.

    Attributes:
        rows: of each packet of the video stream: ticks at which to show and to decode it, whether a picture
            is shown from then on, where it starts and its bytes, and those of other streams before it.
        others_seconds: times of the packets of other streams.
        bytes_read: where the last packet of any stream ends.
        last_ticks: how long the picture shown last stays, by its packet; 0: not said.
        is_last_shown: whether the last packet of the video stream is to be shown.
    """

    def __init__(
        self, container: av.container.InputContainer, stream_index: int, counter: PictureCounter | None
    ) -> None:
        self.rows: list[tuple[float, float, bool, int, int, int]] = []
        self.others_seconds: list[float] = []
        self.bytes_read = self.last_ticks = 0
        self.is_last_shown = True
        self._stream_index, self._counter = stream_index, counter
        self._timed = {each.index for each in (*container.streams.audio, *container.streams.video)}
        self._num_between, self._latest = 0, -np.inf

    def read(self, container: av.container.InputContainer) -> bool:
        """Note the packets, and return whether the file could be read to its end."""
        packets = container.demux()
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                return False
            except IndexError:  # PyAV's at the end of a file in which streams appeared meanwhile
                return True
            if packet is None:
                return True
            self.bytes_read = max(self.bytes_read, (packet.pos or 0) + packet.size)
            if packet.stream_index != self._stream_index:
                self._note_other(packet)
            elif packet.size:
                self._note(packet)

    def _note_other(self, packet: av.Packet) -> None:
        self._num_between += packet.size
        if packet.dts is not None and packet.stream_index in self._timed:
            self.others_seconds.append(float(packet.dts * packet.time_base))

    def _note(self, packet: av.Packet) -> None:
        self.is_last_shown = not packet.is_discard
        has_picture = self.is_last_shown and (
            self._counter is None or self._counter.brings_picture(bytes(packet))
        )
        start, stored = -1 if packet.pos is None else packet.pos, _tick(packet.pts)
        row = (stored, _tick(packet.dts), has_picture, start, packet.size, self._num_between)
        self.rows.append(row)
        self._num_between = 0
        if not stored < self._latest:
            self.last_ticks, self._latest = packet.duration or 0, stored


def num_null_chunks(path: str, start: int, stream_index: int) -> int:
    """Return how many empty chunks of a stream follow in an AVI; each says that the last picture stays."""
    own, count = f"{stream_index:02d}".encode(), 0
    with open(path, "rb") as file:
        file.seek(start + start % 2)
        while len(head := file.read(8)) == 8 and (head[:2].isdigit() or head[:4] == b"JUNK"):
            size = int.from_bytes(head[4:], "little")
            count += head[:2] == own and size == 0
            file.seek(size + size % 2, 1)
    return count


def _num_listed(info: VideoInfo, stream: av.video.stream.VideoStream) -> int:
    return sum(entry.size > 0 for entry in stream.index_entries) if info.kind in ("mov", "avi") else 0


def _late_seconds(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> float:
    """Return how long after the sound the pictures start; 0 if several programmes have clocks."""
    programmes = [each for each in container.streams.video if not is_cover_picture(each)]
    if stream.start_time is None or container.start_time is None or len(programmes) > 1:
        return 0.0
    return max(0.0, float(stream.start_time * (stream.time_base or 0)) - container.start_time / av.time_base)


def _tick(value: int | None) -> float:
    return np.nan if value is None else value
