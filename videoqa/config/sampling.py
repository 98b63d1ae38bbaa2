"""Options: which frames of a clip the model sees."""

from dataclasses import dataclass

from videoqa._checks import Refusal, check_choice, check_flag, check_integer, check_number
from videoqa.config.choices import CROPS, SHORT_CLIPS
from videoqa.config.options import option

MOST_GRID_FRAMES = 100_000


@dataclass(frozen=True)
class SamplingConfig:
    """Which frames of a clip the model sees.

    Attributes:
        num_frames: frames that the model sees of a clip.
        frame_step: the grid is every `frame_step`-th frame; a window is `num_frames` neighbours in the grid.
            Without `frame_step` and `frames_per_second`, a window is `num_frames` evenly spaced frames of the
            whole clip.
        frames_per_second: an alternative to `frame_step`. Grid frame k is the frame shown
            k / `frames_per_second` seconds after the clip's first frame. A clip with a lower frame rate has
            frames repeated in its grid.
        max_grid_frames: longest grid of a clip.
        short_clips: what to do with a clip whose grid is shorter than `num_frames`: "repeat" its frames
            evenly, "skip" it (it is counted, and wrong in scores), "loop" it from its start, or "mask" the
            missing frames (conv_lstm only).
        num_test_clips: scoring and asking average the probabilities of this many evenly spaced windows; 1:
            the centre window.
        crop: the part of a resized frame to keep: "center" or "random". Random crops change each time that
            training from frames reads an example; scoring and asking always use the centre.
        flip: mirror half of the training windows left to right.
    """

    num_frames: int = option(20, "frames per clip")
    frame_step: int | None = option(
        None,
        "take every N-th frame and a window of neighbours (default: regular frames of the whole clip; with "
        "conv_lstm 1)",
    )
    frames_per_second: float | None = option(
        None,
        "take X frames of each second, by their timestamps, and a window of neighbours: an alternative to "
        "--frame-step (default: none; with c3d 4)",
    )
    max_grid_frames: int = option(
        512, "longest frame grid kept of one clip with --frame-step or --frames-per-second"
    )
    short_clips: str = option("repeat", "what becomes of clips with fewer frames than a window")
    num_test_clips: int = option(1, "evenly spaced windows that are averaged when a model is scored or asked")
    crop: str = option("center", "which part of a resized frame is kept; 'random' in training from frames")
    flip: bool = option(False, "mirror half of the training windows left to right")

    def __post_init__(self) -> None:
        check_integer("num_frames", self.num_frames, minimum=1, maximum=512)
        if self.frame_step is not None:
            check_integer("frame_step", self.frame_step, minimum=1)
        if self.frames_per_second is not None:
            self._check_frames_per_second()
        check_integer(
            "max_grid_frames", self.max_grid_frames, minimum=self.num_frames, maximum=MOST_GRID_FRAMES
        )
        check_choice("short_clips", self.short_clips, SHORT_CLIPS)
        check_integer("num_test_clips", self.num_test_clips, minimum=1, maximum=100)
        check_choice("crop", self.crop, CROPS)
        check_flag("flip", self.flip)
        self._check_needs_grid()

    @property
    def takes_windows(self) -> bool:
        """Whether a window is a part of a longer frame grid, not the whole clip."""
        return self.frame_step is not None or self.frames_per_second is not None

    def _check_frames_per_second(self) -> None:
        check_number("frames_per_second", self.frames_per_second, minimum=0.001, maximum=1000)
        object.__setattr__(self, "frames_per_second", float(self.frames_per_second))  # type: ignore[arg-type]
        if self.frame_step is not None:
            requirement = f"be left out with frame_step={self.frame_step}"
            advice = "Each says which frames the grid has: give one of them."
            raise Refusal("frames_per_second", requirement, self.frames_per_second, advice)

    def _check_needs_grid(self) -> None:
        """Refuse options of windows if one window is the whole clip."""
        advice = "Give one of them, as in frame_step=1: without it one window is the whole clip."
        for name, usual in (("short_clips", "repeat"), ("num_test_clips", 1)):
            value = getattr(self, name)
            if not self.takes_windows and value != usual:
                requirement = f"be {usual!r} without frame_step or frames_per_second"
                raise Refusal(name, requirement, value, advice)
