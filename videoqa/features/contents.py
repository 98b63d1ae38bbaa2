"""Lists the distinct clips of a table and hashes their videos."""

import os
from collections.abc import Sequence
from contextlib import closing

import numpy as np
import pandas as pd

from videoqa._prefetch import run_ahead
from videoqa._progress import progress_bar
from videoqa.features.cache import FeatureCache
from videoqa.video.decoding import ClipRequest

NUM_THREADS = min(4, os.cpu_count() or 1)
NUM_AHEAD = 64


def distinct_requests(table: pd.DataFrame) -> tuple[list[ClipRequest], np.ndarray]:
    """Return the distinct (video, segment) requests of a table and each row's place among them."""
    keys = pd.Series(list(zip(table["video_path"], segments_of(table), strict=True)))
    row_request, distinct = keys.factorize()
    return [ClipRequest(path, *segment) for path, segment in distinct], row_request


def segments_of(table: pd.DataFrame) -> list[tuple[float | None, float | None]]:
    """Return (start_seconds, end_seconds) of each row of a table; None where the table has NaN."""
    seconds = table[["start_seconds", "end_seconds"]].astype(object)
    return list(seconds.where(seconds.notna(), None).itertuples(index=False, name=None))


def content_hashes(
    paths: Sequence[str], *, cache: FeatureCache | None = None, progress: bool = True
) -> tuple[dict[str, str], dict[str, Exception]]:
    """Return the sha256 of each file that can be read, and the exception for each other.

    The feature cache remembers the hashes, so training after an audit (or before) reads no file twice.

    Args:
        paths: distinct paths.
        cache: None: the cache in `$VIDEOQA_HOME`.
        progress: show a bar on a terminal.

    Returns:
        sha256 by path; the exception by path, a `FileNotFoundError` where nothing is there.
    """
    cache = FeatureCache() if cache is None else cache
    hashes: dict[str, str] = {}
    failures: dict[str, Exception] = {}
    outcomes = run_ahead(cache.content_hash, paths, num_threads=NUM_THREADS, num_ahead=NUM_AHEAD)
    with (
        closing(outcomes),
        progress_bar(progress=progress, desc="reading", total=len(paths), unit="video") as bar,
    ):
        for path, outcome in outcomes:
            if isinstance(outcome, (OSError, ValueError)):
                failures[path] = outcome
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                hashes[path] = outcome
            bar.update()
    return hashes, failures


def hashes_of_videos(paths: Sequence[str]) -> dict[str, str]:
    """Return the sha256 of each video that can be read, as `content_hashes` does without a bar."""
    return content_hashes(paths, progress=False)[0]


def short_hash(content: str) -> str:
    """Return the part of a sha256 that a model folder keeps for each video."""
    return content[:16]
