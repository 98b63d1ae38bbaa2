"""Fills the cache with clips that are not in it, each by one process of those that fill it together."""

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import numpy as np

from videoqa._ahead import run_ahead
from videoqa._progress import progress_bar
from videoqa.config import SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.claims import Claims
from videoqa.features.frame_encoder import FrameEncoder, encode_clip_stream
from videoqa.features.jobs import ClipJob
from videoqa.features.kept_frames import FrameKeeper
from videoqa.video.decoding import DecodedClip

NUM_THREADS = min(4, os.cpu_count() or 1)
"""That decode beside a backbone; twice as many clips may wait for it: what bounds memory."""
WAIT_SECONDS = 0.25
"""Between two looks at clips that other processes are encoding."""

MakeFeatures = Callable[
    [Iterable[ClipJob], Callable[[ClipJob, Exception], None]], Iterator[tuple[ClipJob, np.ndarray]]
]
"""Takes jobs and what to call with one that fails; yields the others, described, with their features."""


def fill_cache(
    jobs: Sequence[ClipJob], cache: FeatureCache, make_features: MakeFeatures, *, progress: bool
) -> None:
    """Make and write the features of `jobs`, or find that another process has.

    A clip that another process is encoding is left for later; at the end its entry is waited for, and made
    here if that process dies.

    Args:
        jobs: jobs of different keys, which become "encoded", "cached" or "failed".
        cache: where the features go.
        make_features: decodes and encodes.
        progress: show a bar on a terminal.

    Raises:
        OSError: the cache cannot be written.
    """
    todo = _own_order(jobs)
    bar = progress_bar(progress=progress, desc="encoding", total=len(jobs), unit="clip")
    with bar, Claims(cache.folder) as claims:

        def fail(job: ClipJob, error: Exception) -> None:
            job.fail(error)
            claims.release(job.key)
            bar.update()

        while todo:
            elsewhere: list[ClipJob] = []
            unclaimed = _unclaimed(todo, cache, claims, elsewhere, bar.update)
            with closing(make_features(unclaimed, fail)) as made:  # type: ignore[type-var]
                for job, features in made:
                    _finish(job, features, cache)
                    claims.release(job.key)
                    bar.update()
            if len(elsewhere) == len(todo):
                time.sleep(WAIT_SECONDS)
            todo = elsewhere


@contextmanager
def features_made_here(
    sampling: SamplingConfig, cache: FeatureCache, encoder: FrameEncoder, num_threads: int | None = None
) -> Iterator[MakeFeatures]:
    """Give what decodes in threads of this process, by default `NUM_THREADS`, and encodes in full batches."""
    threads = num_threads or NUM_THREADS

    def decode(job: ClipJob) -> DecodedClip:
        return job.decode(sampling, cache, encoder.frame_size)

    def make(
        jobs: Iterable[ClipJob], fail: Callable[[ClipJob, Exception], None]
    ) -> Iterator[tuple[ClipJob, np.ndarray]]:
        decoded = run_ahead(decode, jobs, num_threads=threads, num_ahead=2 * threads)
        with closing(decoded):
            yield from encode_clip_stream(_good_clips(decoded, fail), encoder)

    yield make


@contextmanager
def frames_kept_here(
    sampling: SamplingConfig, cache: FeatureCache, keeper: FrameKeeper, num_threads: int | None = None
) -> Iterator[MakeFeatures]:
    """Give what decodes in threads of this process, one for each core by default, and keeps the frames."""
    threads = num_threads or os.cpu_count() or 1

    def decode(job: ClipJob) -> DecodedClip:
        return job.decode(sampling, cache, keeper.frame_size, keep_surplus=keeper.fit.keep_surplus)

    def make(
        jobs: Iterable[ClipJob], fail: Callable[[ClipJob, Exception], None]
    ) -> Iterator[tuple[ClipJob, np.ndarray]]:
        # a long grid of frames takes a hundred megabytes: one more than is being decoded may wait
        decoded = run_ahead(decode, jobs, num_threads=threads, num_ahead=threads + 1)
        with closing(decoded):
            yield from _good_clips(decoded, fail)

    yield make


def _unclaimed(
    jobs: Sequence[ClipJob],
    cache: FeatureCache,
    claims: Claims,
    elsewhere: list[ClipJob],
    count: Callable[[], Any],
) -> Iterator[ClipJob]:
    """Yield the jobs that are now this process's; the others are in the cache meanwhile, or `elsewhere`."""
    for job in jobs:
        entry = cache.read_entry(job.key)
        if entry is None and not claims.take(job.key):
            elsewhere.append(job)
            continue
        # whoever held the claim before may have written the entry since the first look
        entry = entry or cache.read_entry(job.key)
        if entry is None:
            yield job
        else:
            job.settle_as_found(entry)
            claims.release(job.key)
            count()


def _own_order(jobs: Sequence[ClipJob]) -> list[ClipJob]:
    """Return the jobs in an order of this process's own, the clips of one video together.

    So processes that fill one cache side by side seldom meet; the order changes no feature.
    """
    paths = list({job.request.path: None for job in jobs})
    random.SystemRandom().shuffle(paths)
    place = {path: number for number, path in enumerate(paths)}
    return sorted(jobs, key=lambda job: place[job.request.path])


def _good_clips(
    decoded: Iterator[tuple[ClipJob, DecodedClip | Exception]], fail: Callable[[ClipJob, Exception], None]
) -> Iterator[tuple[ClipJob, np.ndarray]]:
    """Yield jobs with their frames; those that failed end here."""
    for job, result in decoded:
        if isinstance(result, Exception):
            fail(job, result)
        else:
            job.describe(result)
            yield job, result.frames


def _finish(job: ClipJob, features: np.ndarray, cache: FeatureCache) -> None:
    if features.dtype != np.uint8 and not np.isfinite(features).all():
        job.fail(ValueError(f"The features of {job.request.path} are not finite in float16."))
        return
    num_bytes = cache.write(job.key, features, job.metadata)
    job.settle("encoded", job.metadata["decoding_status"], num_bytes)
