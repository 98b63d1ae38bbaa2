"""Makes the entries that the cache lacks, sharing the clips with other processes that fill it."""

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import numpy as np

from videoqa._prefetch import run_ahead
from videoqa._progress import progress_bar
from videoqa.config import SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.claims import Claims
from videoqa.features.frame_encoder import FrameEncoder, encode_clip_stream
from videoqa.features.jobs import ClipJob
from videoqa.features.kept_frames import FrameKeeper
from videoqa.features.motion import with_flow
from videoqa.video.decoding import DecodedClip

NUM_THREADS = min(4, os.cpu_count() or 1)
"""Threads that decode beside a backbone. At most twice as many clips wait for it, which bounds memory."""
WAIT_SECONDS = 0.25
"""Pause before looking again for clips that other processes are encoding."""

MakeFeatures = Callable[
    [Iterable[ClipJob], Callable[[ClipJob, Exception], None]], Iterator[tuple[ClipJob, np.ndarray]]
]
"""Takes jobs and a callback for failed ones; yields the others, described, with their features."""


def fill_cache(
    jobs: Sequence[ClipJob], cache: FeatureCache, make_features: MakeFeatures, *, progress: bool
) -> None:
    """Make and write the features of `jobs`, unless another process does.

    Clips that other processes are encoding come last: their entries are awaited, or made here if the other
    process dies.

    Args:
        jobs: jobs with different keys, which become "encoded", "cached" or "failed".
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
    """Yield a `MakeFeatures` that decodes in threads, by default `NUM_THREADS`, and encodes full batches.

    The threads that decode a clip also find its flow, if the model sees it.
    """
    threads = num_threads or NUM_THREADS

    def decode(job: ClipJob) -> DecodedClip:
        decoded = job.decode(sampling, cache, encoder.frame_size)
        job.flow = encoder.flow_of(decoded.frames)
        return decoded

    def make(
        jobs: Iterable[ClipJob], fail: Callable[[ClipJob, Exception], None]
    ) -> Iterator[tuple[ClipJob, np.ndarray]]:
        decoded = run_ahead(decode, jobs, num_threads=threads, num_ahead=2 * threads)
        with closing(decoded):
            for job, features in encode_clip_stream(_good_clips(decoded, fail), encoder):
                yield job, with_flow(features, job.flow)

    yield make


@contextmanager
def frames_kept_here(
    sampling: SamplingConfig, cache: FeatureCache, keeper: FrameKeeper, num_threads: int | None = None
) -> Iterator[MakeFeatures]:
    """Yield a `MakeFeatures` that decodes in threads, by default one per core, and keeps the frames."""
    threads = num_threads or os.cpu_count() or 1

    def decode(job: ClipJob) -> DecodedClip:
        return job.decode(sampling, cache, keeper.frame_size, keep_surplus=keeper.fit.keep_surplus)

    def make(
        jobs: Iterable[ClipJob], fail: Callable[[ClipJob, Exception], None]
    ) -> Iterator[tuple[ClipJob, np.ndarray]]:
        # a long grid of frames takes a hundred megabytes, so only one decoded clip may wait
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
    """Yield the jobs this process claims, settle those cached meanwhile, collect the rest in `elsewhere`."""
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
    """Return the jobs in random order, clips of one video together, so that processes seldom meet."""
    paths = list({job.request.path: None for job in jobs})
    random.SystemRandom().shuffle(paths)
    place = {path: number for number, path in enumerate(paths)}
    return sorted(jobs, key=lambda job: place[job.request.path])


def _good_clips(
    decoded: Iterator[tuple[ClipJob, DecodedClip | Exception]], fail: Callable[[ClipJob, Exception], None]
) -> Iterator[tuple[ClipJob, np.ndarray]]:
    """Yield decoded jobs with their frames; call `fail` for the others."""
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
