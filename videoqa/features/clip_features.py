"""The features of one clip, from the cache or made now; problems are raised, not reported."""

import logging

import numpy as np

from videoqa.config import SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.frame_encoder import FrameEncoder, as_float16
from videoqa.features.jobs import ClipJob
from videoqa.features.keys import VIEW, key_of
from videoqa.video.decoding import ClipRequest

_log = logging.getLogger(__name__)


def clip_features(
    request: ClipRequest,
    sampling: SamplingConfig,
    *,
    encoder: FrameEncoder,
    cache: FeatureCache | None = None,
) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return one clip's features and the times of its frames; what is not in the cache is made and kept.

    A cache that cannot be written is logged, and costs only that the clip is encoded again next time.

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
    parts = encoder.key_parts(request, sampling, cache, VIEW)
    job = ClipJob(request, parts, key_of(parts))
    entry = cache.read_entry(job.key)
    if entry is not None:
        return entry.features, tuple(entry.metadata["timestamps_seconds"])
    decoded = job.decode(sampling, cache, encoder.frame_size)
    job.describe(decoded)
    features = as_float16(encoder(decoded.frames))
    try:
        cache.write(job.key, features, job.metadata)
    except OSError as error:
        _log.warning("%s", error)
    return features, tuple(job.metadata["timestamps_seconds"])
