"""Keeps decoded frames on disk for models that learn from frames, and reads them as memory maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import frames_key_parts
from videoqa.features.space import forecast_frame_bytes
from videoqa.video.decoding import ClipRequest
from videoqa.video.transforms import FrameFit


class FrameKeeper:
    """Takes the place of a `FrameEncoder` when the frames themselves are kept.

    Args:
        model: gives the frame size.
        sampling: with `crop="random"` more than the centre crop is kept.
    """

    def __init__(self, model: ModelConfig, sampling: SamplingConfig) -> None:
        self.model = model
        self.fit = FrameFit(model.frame_size, sampling.crop == "random")  # type: ignore[arg-type]

    @property
    def frame_size(self) -> tuple[int, int]:
        """Height and width in pixels of the frames that a model gets."""
        return self.fit.size

    def key_parts(
        self, request: ClipRequest, sampling: SamplingConfig, cache: FeatureCache, view: str
    ) -> dict[str, Any]:
        """Return what a clip's kept frames depend on; `view` is ignored, as frames are mirrored when read."""
        return frames_key_parts(request, sampling, self.frame_size, cache, with_surplus=self.fit.keep_surplus)

    def forecast_bytes(self, requests: Sequence[ClipRequest], sampling: SamplingConfig) -> int:
        """Return about how many bytes the frames of `requests` take on the disk."""
        return forecast_frame_bytes(requests, sampling, self.fit)


class FramesOnDisk(Sequence[np.ndarray]):
    """Frames of clips, uint8 RGB `(grid, height, width, 3)` each, memory-mapped when they are asked for.

    Clips do not stay mapped: a process may map only some ten thousand files.

    Attributes:
        lengths: frames of each clip, int64 `(num_clips,)`.
    """

    def __init__(self, num_clips: int) -> None:
        self._places: list[tuple[str, int, tuple[int, ...]] | None] = [None] * num_clips
        self.lengths = np.zeros(num_clips, np.int64)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> Any:
        place = self._places[index]
        assert place is not None, "take() was not called for this clip"
        path, offset, shape = place
        try:
            return np.memmap(path, np.uint8, "r", offset, shape)
        except (FileNotFoundError, ValueError) as error:
            raise OSError(
                f"The kept frames {path} were removed or cut during the run ({error}). Do not prune the "
                "cache while it is used, then run again."
            ) from error

    def take(self, index: int, frames: Any) -> bool:
        """Note the file of a clip's frames, given by the cache as a memory map; False if `frames` is None."""
        if frames is None:
            return False
        self._places[index] = (str(frames.filename), frames.offset, frames.shape)
        self.lengths[index] = len(frames)
        return True
