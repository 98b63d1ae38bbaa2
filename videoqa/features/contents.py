"""Which videos of a table are there, and which of them are the same bytes."""

import os
from collections.abc import Sequence
from contextlib import closing

from videoqa._ahead import run_ahead
from videoqa._progress import progress_bar
from videoqa.features.cache import FeatureCache

NUM_THREADS = min(4, os.cpu_count() or 1)
NUM_AHEAD = 64


def content_hashes(
    paths: Sequence[str], *, cache: FeatureCache | None = None, progress: bool = True
) -> tuple[dict[str, str], dict[str, Exception]]:
    """Return the sha256 of each file that can be read, and what happened to each other.

    The feature cache remembers the hashes by (path, size, time of change, inode), so that training after an
    audit, or an audit after training, reads no file twice for them.

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


def short_hash(content: str) -> str:
    """Return as much of a sha256 as a model folder keeps of each video."""
    return content[:16]
