"""Makes the missing features or frames of clips in the cache, and reads them back."""

import logging
import math
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._prefetch import run_ahead
from videoqa._progress import progress_bar, say
from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import CacheEntry, FeatureCache
from videoqa.features.cache_keys import VIEW, clip_key, key_of
from videoqa.features.cached_otherwise import note_on_other_features
from videoqa.features.filling import NUM_THREADS, features_made_here, fill_cache, frames_kept_here
from videoqa.features.frame_encoder import BATCH_SIZE, FrameEncoder, encode_clip
from videoqa.features.jobs import ClipJob, distinct_jobs, rows_of
from videoqa.features.kept_frames import FrameKeeper, FramesOnDisk
from videoqa.features.ray_encoding import features_made_on_ray
from videoqa.features.report import EncodingReport
from videoqa.video.decoding import ClipRequest, DecodedClip, decode
from videoqa.video.limits import limits_now

__all__ = ["EncodingReport", "FrameEncoder", "clip_features", "clip_key", "encode_clips", "load_features"]

NUM_LOOK_UPS_AHEAD = 64
RUNNERS = {"processes": features_made_here, "ray": features_made_on_ray}
"""`runner` -> the function that makes missing features."""
_LOAD_ATTEMPTS = 3
_log = logging.getLogger(__name__)


def encode_clips(
    requests: Sequence[ClipRequest],
    sampling: SamplingConfig,
    model: ModelConfig,
    *,
    cache: FeatureCache | None = None,
    progress: bool = True,
    batch_size: int = BATCH_SIZE,
    encoder: FrameEncoder | FrameKeeper | None = None,
    runner: str = "processes",
    view: str = VIEW,
    decode_workers: int | None = None,
) -> EncodingReport:
    """Make sure that the cache holds the features of every clip, and report on each.

    For a model that learns from frames, the frames themselves are kept. Repeated clips and copies of the same
    content are encoded once. If everything is cached, no frame is decoded and TensorFlow is not imported. A
    clip is written as soon as its last frame is encoded, so a killed run loses only the clips in the current
    batch and those decoded ahead.

    Args:
        requests: the clips.
        sampling: which frames of each.
        model: names the backbone, its weights, layer and frame size.
        cache: None: the cache in `$VIDEOQA_HOME`.
        progress: show bars on a terminal.
        batch_size: frames per run of the backbone, when `encoder` is None.
        encoder: an encoder to reuse; its backbone replaces the one `model` names.
        runner: "processes": this process makes the features, and others may fill the same cache; "ray":
            processes of a Ray cluster do, with the backbone of `model`. This process always keeps frames.
        view: `cache_keys.VIEW`, or `cache_keys.FLIPPED`: features of the frames mirrored left to right.
        decode_workers: threads that decode; None: `NUM_THREADS` beside a backbone, else one per core.

    Returns:
        The report; a video that cannot be decoded is a row with status "failed" and its error.

    Raises:
        ValueError: too little space on the disk, or `encoder` and `model` have different frame sizes.
        OSError: the cache cannot be written, or the disk is full; what was written stays valid.
    """
    started = time.perf_counter()
    limits_now()  # a bad one is refused once here, not once per clip
    cache = FeatureCache() if cache is None else cache
    if encoder is None:
        encoder = (
            FrameKeeper(model, sampling) if model.learns_from_frames else FrameEncoder(model, batch_size)
        )
    if encoder.frame_size != model.frame_size:
        requirement = f"take frames of the model's frame_size {model.frame_size}"
        raise Refusal("encoder", requirement, encoder.frame_size)
    jobs, clip_index = distinct_jobs(requests)
    _look_up(jobs, sampling, cache, encoder, view, progress)
    missing: dict[str, ClipJob] = {}
    for job in jobs:
        if not job.status:
            missing.setdefault(job.key, job)
    if missing:
        if isinstance(encoder, FrameEncoder):
            note = note_on_other_features([job.parts for job in missing.values()], cache)
            say(note, progress=progress and bool(note))
        _encode(list(missing.values()), sampling, cache, encoder, runner, decode_workers, progress)
    for job in jobs:
        if not job.status:
            job.settle_as_copy(missing[job.key])
    seconds = time.perf_counter() - started
    return EncodingReport(rows_of(jobs), clip_index, seconds, cache, sampling, encoder, view)


def load_features(report: EncodingReport) -> np.ndarray | list[np.ndarray] | FramesOnDisk:
    """Return the features of a report's good clips, in the order of its rows.

    An entry that was removed or damaged since then is made again.

    Returns:
        float16 `(num_clips, num_frames, feature_dim)`; with windows, whose grids differ in length, a list of
        float16 `(grid, feature_dim)`; if frames are kept, `FramesOnDisk`.

    Raises:
        OSError: entries keep vanishing, or can no longer be made.
    """
    good, cache, encoder = report.good, report.cache, report.encoder
    collected: _Collected | FramesOnDisk
    if isinstance(encoder, FrameKeeper):
        collected = FramesOnDisk(len(good))
    else:
        collected = _Collected(len(good), stacked=not report.sampling.takes_windows)
    keys, todo = good["key"].tolist(), list(range(len(good)))
    for _ in range(_LOAD_ATTEMPTS):
        todo = [place for place in todo if not collected.take(place, cache.read(keys[place]))]
        if not todo:
            return collected if isinstance(collected, FramesOnDisk) else collected.features
        requests = [_request(row) for row in good.iloc[todo].itertuples()]
        again = encode_clips(
            requests, report.sampling, encoder.model, cache=cache, encoder=encoder, view=report.view
        )
        if again.rows["key"].tolist() != [keys[place] for place in todo]:
            break
    raise OSError(
        f"{len(todo)} of {counted(len(good), 'entry', 'entries')} of {cache.folder} were removed since they "
        f"were made and cannot be made again, first that of {good['path'].iloc[todo[0]]}. Change no video "
        "and do not prune the cache during a run, then run again."
    )


class _Collected:
    """Collects features in one array, allocated when the first shows their shape, or in a list."""

    def __init__(self, num_clips: int, *, stacked: bool) -> None:
        self._stacked = stacked
        self.features: Any = np.empty((num_clips, 0, 0), np.float16) if stacked else [None] * num_clips

    def take(self, place: int, features: np.ndarray | None) -> bool:
        """Put features in their place; False when there are none."""
        if features is None:
            return False
        if self._stacked and not self.features.size:
            self.features = np.empty((len(self.features), *features.shape), np.float16)
        self.features[place] = features
        return True


def _request(row: Any) -> ClipRequest:
    seconds = [None if math.isnan(value) else value for value in (row.start_seconds, row.end_seconds)]
    return ClipRequest(row.path, *seconds)


def _look_up(
    jobs: Sequence[ClipJob],
    sampling: SamplingConfig,
    cache: FeatureCache,
    encoder: FrameEncoder | FrameKeeper,
    view: str,
    progress: bool,
) -> None:
    """Give each job its key, and the status "cached" or "failed" if it is known already."""
    if isinstance(encoder, FrameEncoder):
        _ = encoder.identity  # a missing weights file fails here once, not once per clip

    def look_up(job: ClipJob) -> None:
        job.parts = encoder.key_parts(job.request, sampling, cache, view)
        job.key = key_of(job.parts)
        entry = cache.read_entry(job.key)
        if entry is not None:
            job.settle_as_found(entry)

    outcomes = run_ahead(look_up, jobs, num_threads=NUM_THREADS, num_ahead=NUM_LOOK_UPS_AHEAD)
    bar = progress_bar(progress=progress, desc="looking up", total=len(jobs), unit="clip")
    with closing(outcomes), bar:
        for job, error in outcomes:
            if error is not None:
                job.fail(error)
            bar.update()


def _encode(
    jobs: Sequence[ClipJob],
    sampling: SamplingConfig,
    cache: FeatureCache,
    encoder: FrameEncoder | FrameKeeper,
    runner: str,
    decode_workers: int | None,
    progress: bool,
) -> None:
    """Decode, encode and write the clips; those that cannot be decoded fail."""
    cache.check_writable()
    requests = [job.request for job in jobs]
    cache.check_space(encoder.forecast_bytes(requests, sampling))
    made = (
        frames_kept_here(sampling, cache, encoder, decode_workers)
        if isinstance(encoder, FrameKeeper)
        else RUNNERS[runner](sampling, cache, encoder, decode_workers)
    )
    with made as make_features:
        fill_cache(jobs, cache, make_features, progress=progress)


def clip_features(
    request: ClipRequest,
    sampling: SamplingConfig,
    *,
    encoder: FrameEncoder,
    cache: FeatureCache | None = None,
) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return one clip's features and the times of its frames, from the cache or made and cached.

    A cache that cannot be written is only logged; the clip is then encoded again next time.

    Args:
        request: the clip.
        sampling: which frames of it.
        encoder: runs the backbone when the clip is not in the cache.
        cache: None: the cache in `$VIDEOQA_HOME`.

    Returns:
        float16 `(num_frames, feature_dim)`, and as many seconds from the start of the video.

    Raises:
        FileNotFoundError: there is no such video.
        ValueError: it is no regular file, or the segment lies outside it.
        DecodingError: it cannot be decoded.
    """
    cache = FeatureCache() if cache is None else cache
    job, entry = _looked_up(request, sampling, encoder, cache)
    if entry is not None:
        return entry.features, tuple(entry.metadata["timestamps_seconds"])
    features = _encoded(job, job.decode(sampling, cache, encoder.frame_size), encoder, cache)
    return features, tuple(job.metadata["timestamps_seconds"])


def clip_features_and_frames(
    request: ClipRequest, sampling: SamplingConfig, *, encoder: FrameEncoder, cache: FeatureCache | None
) -> tuple[np.ndarray, DecodedClip]:
    """Return one clip's features, and its frames, which are decoded also where the features are cached.

    Args:
        request, sampling, encoder: see `clip_features`.
        cache: None: the features are neither looked for nor kept.

    Returns:
        float16 `(num_frames, feature_dim)`, perhaps not finite without a cache, and the decoded clip.

    Raises:
        FileNotFoundError, ValueError, DecodingError: see `clip_features`.
    """
    if cache is None:
        decoded = decode(request, sampling, frame_size=encoder.frame_size)
        return encode_clip(decoded.frames, encoder), decoded
    job, entry = _looked_up(request, sampling, encoder, cache)
    decoded = job.decode(sampling, cache, encoder.frame_size)
    return (_encoded(job, decoded, encoder, cache) if entry is None else entry.features), decoded


def _looked_up(
    request: ClipRequest, sampling: SamplingConfig, encoder: FrameEncoder, cache: FeatureCache
) -> tuple[ClipJob, CacheEntry | None]:
    """Return the job of a clip, and its entry in the cache if there is one."""
    parts = encoder.key_parts(request, sampling, cache, VIEW)
    job = ClipJob(request, parts, key_of(parts))
    return job, cache.read_entry(job.key)


def _encoded(job: ClipJob, decoded: DecodedClip, encoder: FrameEncoder, cache: FeatureCache) -> np.ndarray:
    """Return the features of a decoded clip, and keep them if the cache can be written."""
    job.describe(decoded)
    features = encode_clip(decoded.frames, encoder)
    try:
        cache.write(job.key, features, job.metadata)
    except OSError as error:
        _log.warning("%s", error)
    return features
