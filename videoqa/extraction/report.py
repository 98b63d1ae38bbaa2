"""What became of every clip whose frames were to be kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

STATUSES = ("extracted", "present", "failed")


@dataclass(frozen=True)
class ExtractionReport:
    """One row per distinct clip, in the order of the table.

    Attributes:
        out: folder of the frames.
        rows: `clip` (`<class>/<video>`), `split`, `label` (number), `video`, `start_seconds`, `end_seconds`,
            `status` (one of `STATUSES`), `error` ("" unless failed), `num_frames`, `num_repeated` (that show
            the frame before them again, as the clip has fewer per second) and `num_bytes`.
        classes: the lines of `label.txt`.
        seconds: how long it took.
    """

    out: Path
    rows: pd.DataFrame
    classes: tuple[str, ...]
    seconds: float

    @property
    def failed(self) -> pd.DataFrame:
        """The rows without frames."""
        return self.rows[self.rows["status"] == "failed"]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and the failures, JSON-serializable."""
        good = self.rows[self.rows["status"] != "failed"]
        columns = self.failed[["video", "start_seconds", "end_seconds", "split", "error"]].astype(object)
        return {
            "out": str(self.out),
            "num_classes": len(self.classes),
            "num_clips": len(self.rows),
            **{f"num_{status}": int((self.rows["status"] == status).sum()) for status in STATUSES},
            "num_frames": int(good["num_frames"].sum()),
            "num_repeated": int(good["num_repeated"].sum()),
            "num_bytes": int(good["num_bytes"].sum()),
            "splits": {split: int(count) for split, count in good["split"].value_counts(sort=False).items()},
            "failures": columns.where(columns.notna(), None).to_dict("records"),
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        counts = [int((self.rows["status"] == status).sum()) for status in STATUSES]
        return "{} clips extracted, {} there already, {} failed".format(*counts) + f" ({self.out})"
