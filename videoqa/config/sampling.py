"""Which frames of a clip the model sees."""

from dataclasses import dataclass

from videoqa._checks import check_integer
from videoqa.config.options import option


@dataclass(frozen=True)
class SamplingConfig:
    """Which frames of a clip the model sees.

    Attributes:
        num_frames: frames per clip.
        frame_step: None: `num_frames` regular frames of the whole clip; an integer: the grid is every
            `frame_step`-th frame and a window of `num_frames` neighbours is taken from it.
        max_grid_frames: the longest grid kept of one clip when `frame_step` is given.
    """

    num_frames: int = option(20, "frames per clip")
    frame_step: int | None = option(
        None, "take every N-th frame and a window of neighbours (default: regular frames of the whole clip)"
    )
    max_grid_frames: int = option(512, "longest frame grid kept of one clip with --frame-step")

    def __post_init__(self) -> None:
        check_integer("num_frames", self.num_frames, minimum=1, maximum=512)
        if self.frame_step is not None:
            check_integer("frame_step", self.frame_step, minimum=1)
        check_integer("max_grid_frames", self.max_grid_frames, minimum=self.num_frames)
