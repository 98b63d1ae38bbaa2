"""Options: which frames of a clip are kept as files, and how."""

from dataclasses import dataclass

from videoqa._checks import check_integer, check_number
from videoqa.config.options import option


@dataclass(frozen=True)
class ExtractionConfig:
    """Which frames of a clip are kept as JPEGs, and how; not part of a model folder.

    Attributes:
        fps: frames per second of a clip: frame k is the one shown k / `fps` seconds after the first.
        short_side: larger frames are shrunk to this many pixels on the shorter side; None: keep the size.
        quality: JPEG quality, 1 to 100.
    """

    fps: float = option(4.0, "frames kept for each second of a clip, by their timestamps")
    short_side: int | None = option(
        None, "shrink larger frames to this many pixels on the shorter side (default: keep their size)"
    )
    quality: int = option(95, "quality of the JPEGs, 1 to 100")

    def __post_init__(self) -> None:
        check_number("fps", self.fps, minimum=0.001, maximum=1000)
        object.__setattr__(self, "fps", float(self.fps))
        if self.short_side is not None:
            check_integer("short_side", self.short_side, minimum=8, maximum=16384)
        check_integer("quality", self.quality, minimum=1, maximum=100)
