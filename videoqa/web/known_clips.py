"""The clips that a server knows: what the model reads of each and the frames it saw, for a while."""

import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from videoqa.answering.asked import SampledClip
from videoqa.web.clip_worker import GRID, jpeg_path
from videoqa.web.errors import UnknownClip

MOST_CLIPS = 5_000
MOST_BYTES_ON_DISK = 4_000_000_000
MOST_BYTES_IN_MEMORY = 128_000_000
LONGEST_SWEEP_SECONDS = 60.0


@dataclass(frozen=True)
class KnownClip:
    """A clip that can be asked about.

    Attributes:
        id: sha256 of its bytes, 64 hexadecimal digits.
        name: as its sender called it.
        duration_seconds: how long it lasts.
        timestamps_seconds: of the different frames that the model saw, increasing.
        notes: warnings about it, one sentence each.
        num_frames: of those frames.
        grid_seconds: of each frame of the grid that the model reads.
        folder: has all that is kept of it.
        num_bytes: of the files in it.
    """

    id: str
    name: str
    duration_seconds: float
    timestamps_seconds: tuple[float, ...]
    notes: tuple[str, ...]
    num_frames: int
    grid_seconds: tuple[float, ...] = field(repr=False)
    folder: Path = field(repr=False)
    num_bytes: int = field(repr=False)

    def frame_jpeg(self, number: int) -> bytes:
        """Return a frame as the model saw it, as JPEG.

        Raises:
            IndexError: there is no frame of this number.
            UnknownClip: the clip was deleted.
        """
        if not 0 <= number < self.num_frames:
            raise IndexError(f"frame {number} of {self.num_frames}")
        try:
            return jpeg_path(self.folder, number).read_bytes()
        except FileNotFoundError as error:
            raise UnknownClip(self.id) from error


class KnownClips:
    """Clips by their id; threads may use it at the same time.

    A clip is deleted when it was not used for a while, and earlier where there are too many.

    Args:
        keep_seconds: how long a clip stays that is not used.
        forgotten: called with the id of each clip that was deleted.
        most_bytes_in_memory: what of their grids is kept in memory; the rest is read again from the disk.
    """

    def __init__(
        self,
        keep_seconds: float,
        forgotten: Callable[[str], None],
        *,
        most_bytes_in_memory: int = MOST_BYTES_IN_MEMORY,
    ) -> None:
        self._keep_seconds, self._forgotten = keep_seconds, forgotten
        self._most_bytes = most_bytes_in_memory
        self._lock = threading.Lock()
        self._clips: OrderedDict[str, tuple[KnownClip, float]] = OrderedDict()
        self._num_bytes = 0
        self._sampled: OrderedDict[str, SampledClip] = OrderedDict()
        self._num_bytes_in_memory = 0
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name="videoqa-forget", daemon=True)
        self._sweeper.start()

    def __len__(self) -> int:
        return len(self._clips)

    @property
    def num_bytes(self) -> int:
        """Bytes that the clips take on the disk."""
        return self._num_bytes

    def get(self, clip_id: str) -> KnownClip | None:
        """Return a clip, which counts as its use; None: it is not known."""
        with self._lock:
            found = self._clips.pop(clip_id, None)
            if found is None:
                return None
            self._clips[clip_id] = (found[0], time.monotonic())
            return found[0]

    def add(self, clip: KnownClip) -> None:
        """Keep a clip that is not known yet; others go where there are too many."""
        with self._lock:
            self._clips[clip.id] = (clip, time.monotonic())
            self._num_bytes += clip.num_bytes
            gone = []
            while len(self._clips) > 1 and (
                len(self._clips) > MOST_CLIPS or self._num_bytes > MOST_BYTES_ON_DISK
            ):
                gone.append(self._forget(next(iter(self._clips))))
        self._delete(gone)

    def sampled(self, clip: KnownClip) -> SampledClip:
        """Return what the model reads of a clip.

        Raises:
            UnknownClip: the clip was deleted.
        """
        with self._lock:
            found = self._sampled.pop(clip.id, None)
            if found is not None:
                self._sampled[clip.id] = found
                return found
        try:
            grid = np.load(clip.folder / GRID, mmap_mode="r", allow_pickle=False)
            if grid.dtype != np.uint8:  # frames stay on the disk; features are small
                grid = np.array(grid)
        except FileNotFoundError as error:
            raise UnknownClip(clip.id) from error
        found = SampledClip(grid, clip.grid_seconds)
        with self._lock:
            if clip.id in self._clips and clip.id not in self._sampled:
                self._sampled[clip.id] = found
                self._num_bytes_in_memory += grid.nbytes
            while self._num_bytes_in_memory > self._most_bytes and len(self._sampled) > 1:
                _, dropped = self._sampled.popitem(last=False)
                self._num_bytes_in_memory -= dropped.grid.nbytes
        return found

    def forget_unused(self) -> None:
        """Delete the clips that were not used for longer than they are kept."""
        oldest = time.monotonic() - self._keep_seconds
        gone = []
        with self._lock:
            while self._clips and next(iter(self._clips.values()))[1] < oldest:
                gone.append(self._forget(next(iter(self._clips))))
        self._delete(gone)

    def close(self) -> None:
        """Delete no more clips; the folder goes as a whole."""
        self._closed.set()
        self._sweeper.join()

    def _forget(self, clip_id: str) -> KnownClip:
        clip, _ = self._clips.pop(clip_id)
        self._num_bytes -= clip.num_bytes
        dropped = self._sampled.pop(clip_id, None)
        if dropped is not None:
            self._num_bytes_in_memory -= dropped.grid.nbytes
        return clip

    def _delete(self, clips: list[KnownClip]) -> None:
        for clip in clips:
            shutil.rmtree(clip.folder, ignore_errors=True)
            self._forgotten(clip.id)

    def _sweep(self) -> None:
        while not self._closed.wait(min(self._keep_seconds / 4, LONGEST_SWEEP_SECONDS)):
            self.forget_unused()
