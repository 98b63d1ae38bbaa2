"""`EncodingReport`: the outcome of every clip that was to be encoded."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from videoqa._counted import counted
from videoqa.config import SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import VIEW

if TYPE_CHECKING:
    from videoqa.features.frame_encoder import FrameEncoder
    from videoqa.features.kept_frames import FrameKeeper

STATUSES = ("encoded", "cached", "failed")
COLUMNS = (
    *("path", "start_seconds", "end_seconds", "key"),
    *("status", "error", "decoding_status", "num_bytes"),
)


@dataclass(frozen=True)
class EncodingReport:
    """One row per distinct clip, in the order of the requests.

    Attributes:
        rows: `path`, `start_seconds` and `end_seconds` (NaN: the clip's own start and end), `key`, `status`
            (one of `STATUSES`), `error` ("" unless failed), `decoding_status` ("ok", "short_header", ...; ""
            when failed) and `num_bytes` in the cache.
        clip_index: int64 `(num_requests,)`, the row of each request that was given.
        seconds: how long it took.
        cache: where the features are.
        sampling, encoder, view: what they were made with.
    """

    rows: pd.DataFrame
    clip_index: np.ndarray
    seconds: float
    cache: FeatureCache
    sampling: SamplingConfig
    encoder: "FrameEncoder | FrameKeeper" = field(repr=False)
    view: str = VIEW

    @property
    def num_encoded(self) -> int:
        """Clips decoded, and run through the backbone if there is one, in this run."""
        return self._count("encoded")

    @property
    def num_cached(self) -> int:
        """Clips that were cached before, or whose content equals that of an encoded clip."""
        return self._count("cached")

    @property
    def num_failed(self) -> int:
        """Clips without features; `rows.error` says why."""
        return self._count("failed")

    @property
    def good(self) -> pd.DataFrame:
        """The rows that have features."""
        return self.rows[self.rows["status"] != "failed"]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and the failures, JSON-serializable."""
        failed = self.rows[self.rows["status"] == "failed"]
        columns = failed[["path", "start_seconds", "end_seconds", "error"]].astype(object)
        return {
            "num_videos": int(self.rows["path"].nunique()),
            "num_clips": len(self.rows),
            "num_encoded": self.num_encoded,
            "num_cached": self.num_cached,
            "num_failed": self.num_failed,
            "failures": columns.where(columns.notna(), None).to_dict("records"),
            "seconds": round(self.seconds, 3),
            "cache": str(self.cache.folder),
            "cache_bytes": int(self.good.drop_duplicates("key")["num_bytes"].sum()),
        }

    def __str__(self) -> str:
        counts = f"{self.num_encoded} encoded, {self.num_cached} already cached, {self.num_failed} failed"
        return f"{counted(len(self.rows), 'clip')} in {self.seconds:.1f} s: {counts} ({self.cache.folder})"

    def _count(self, status: str) -> int:
        return int((self.rows["status"] == status).sum())
