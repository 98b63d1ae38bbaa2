"""`ClipJob`: one distinct clip to be cached, its outcome, and the metadata of its entry."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal
from videoqa._version import __version__
from videoqa.config import SamplingConfig
from videoqa.features.cache import CacheEntry, FeatureCache
from videoqa.features.cache_keys import FLIPPED
from videoqa.features.report import COLUMNS
from videoqa.video.decoding import ClipRequest, DecodedClip, DecodingError, decode


@dataclass
class ClipJob:
    """One distinct clip.

    Attributes:
        request: the clip.
        parts: from `cache_keys.clip_key_parts`, until the clip is done.
        key: of its cache entry; "" if unknown.
        status: one of `report.STATUSES`; "" until it is known.
        error: why it failed.
        decoding_status: of the `DecodedClip`.
        num_bytes: of its cache entry.
        metadata: of its cache entry.
        flow: what stands beside the features; None: nothing.
    """

    request: ClipRequest
    parts: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    status: str = ""
    error: str = ""
    decoding_status: str = ""
    num_bytes: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    flow: np.ndarray | None = None

    def fail(self, error: Exception) -> None:
        """Mark the clip as failed, with the error's message, and its type if the error is unexpected."""
        expected = isinstance(error, (DecodingError, OSError, ValueError))
        self.status = "failed"
        self.error = str(error) if expected else f"{type(error).__name__}: {error}"

    def settle(self, status: str, decoding_status: str, num_bytes: int) -> None:
        """Mark the clip as done and drop what only encoding needed."""
        self.status, self.decoding_status, self.num_bytes = status, decoding_status, num_bytes
        self.parts, self.metadata, self.flow = {}, {}, None

    def settle_as_found(self, entry: CacheEntry) -> None:
        """Mark the clip as cached before."""
        self.settle("cached", entry.metadata.get("decoding_status", ""), entry.num_bytes)

    def settle_as_copy(self, made: "ClipJob") -> None:
        """Take over the outcome of a job with the same key."""
        if made.status == "failed":
            self.status, self.error = "failed", made.error
        else:
            self.settle("cached", made.decoding_status, made.num_bytes)

    def decode(
        self,
        sampling: SamplingConfig,
        cache: FeatureCache,
        frame_size: tuple[int, int],
        *,
        keep_surplus: bool = False,
    ) -> DecodedClip:
        """Return the clip's frames, mirrored if its key says so.

        Raises:
            ValueError: the file was changed since the key was made.
        """
        decoded = decode(self.request, sampling, frame_size=frame_size, keep_surplus=keep_surplus)
        if cache.content_hash(self.request.path) != self.parts["content_sha256"]:
            raise Refusal(f"{self.request.path} was changed while it was read. Run again.")
        if self.parts.get("view") == FLIPPED:
            return replace(decoded, frames=np.ascontiguousarray(decoded.frames[:, :, ::-1]))
        return decoded

    def describe(self, decoded: DecodedClip) -> None:
        """Set the metadata."""
        self.metadata = {
            "source": os.path.abspath(self.request.path),
            "frames_wanted": len(decoded.frames),
            "frames_obtained": len(np.unique(decoded.indices)),
            "frame_count": int(decoded.frame_count),
            "timestamps_seconds": times_of(decoded),
            "decoding_status": decoded.status,
            "decoder": decoded.decoder,
            "made_from": self.parts,
            "videoqa_version": __version__,
        }


def times_of(decoded: DecodedClip) -> list[Any]:
    """Return the seconds at which the frames of a clip are shown, JSON-ready; None where it is not known."""
    return [float(t) if math.isfinite(t) else None for t in decoded.timestamps_seconds]


def distinct_jobs(requests: Sequence[ClipRequest]) -> tuple[list[ClipJob], np.ndarray]:
    """Return one job per distinct request, in order, and the job of each request, int64 `(num_requests,)`."""
    places: dict[ClipRequest, int] = {}
    clip_index = [places.setdefault(request, len(places)) for request in requests]
    return [ClipJob(request) for request in places], np.array(clip_index, np.int64)


def rows_of(jobs: Sequence[ClipJob]) -> pd.DataFrame:
    """Return the rows of an `EncodingReport`."""
    rows = [
        (
            *(os.fspath(job.request.path), job.request.start_seconds, job.request.end_seconds, job.key),
            *(job.status, job.error, job.decoding_status, job.num_bytes),
        )
        for job in jobs
    ]
    seconds = {"start_seconds": "float64", "end_seconds": "float64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(seconds)
