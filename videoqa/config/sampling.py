"""Which frames of a clip the model sees."""

from dataclasses import dataclass

from videoqa._checks import Refusal, check_choice, check_flag, check_integer
from videoqa.config.choices import CROPS, SHORT_CLIPS
from videoqa.config.options import option


@dataclass(frozen=True)
class SamplingConfig:
    """Which frames of a clip the model sees.

    Attributes:
        num_frames: frames per clip.
        frame_step: None: `num_frames` regular frames of the whole clip; an integer: the grid is every
            `frame_step`-th frame and a window of `num_frames` neighbours is taken from it.
        max_grid_frames: the longest grid kept of one clip when `frame_step` is given.
        short_clips: what becomes of a clip whose grid is shorter than `num_frames`: "repeat" its frames
            evenly, "skip" it (counted; wrong where it is to be scored), "loop" it from its start, or "mask"
            what is missing (conv_lstm only).
        num_test_clips: windows of each clip, evenly spaced, whose probabilities are averaged when a model is
            scored or asked; 1: the centre window.
        crop: "center", or "random" in training from frames.
        flip: mirror half of the training windows left to right.
    """

    num_frames: int = option(20, "frames per clip")
    frame_step: int | None = option(
        None,
        "take every N-th frame and a window of neighbours (default: regular frames of the whole clip; with "
        "c3d and conv_lstm 1)",
    )
    max_grid_frames: int = option(512, "longest frame grid kept of one clip with --frame-step")
    short_clips: str = option("repeat", "what becomes of clips with fewer frames than a window")
    num_test_clips: int = option(1, "evenly spaced windows that are averaged when a model is scored or asked")
    crop: str = option("center", "which part of a resized frame is kept; 'random' in training from frames")
    flip: bool = option(False, "mirror half of the training windows left to right")

    def __post_init__(self) -> None:
        check_integer("num_frames", self.num_frames, minimum=1, maximum=512)
        if self.frame_step is not None:
            check_integer("frame_step", self.frame_step, minimum=1)
        check_integer("max_grid_frames", self.max_grid_frames, minimum=self.num_frames)
        check_choice("short_clips", self.short_clips, SHORT_CLIPS)
        check_integer("num_test_clips", self.num_test_clips, minimum=1, maximum=100)
        check_choice("crop", self.crop, CROPS)
        check_flag("flip", self.flip)
        self._check_needs_grid()

    def _check_needs_grid(self) -> None:
        """Refuse windows where the grid is the window."""
        advice = "Give frame_step, as in frame_step=1: without it one window is the whole clip."
        for name, usual in (("short_clips", "repeat"), ("num_test_clips", 1)):
            value = getattr(self, name)
            if self.frame_step is None and value != usual:
                raise Refusal(name, f"be {usual!r} without frame_step", value, advice)
