"""Cache keys: a hash of everything that an entry depends on. Imports no TensorFlow."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from typing import Any

from videoqa._version import __version__
from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.models.backbones import backbone_identity
from videoqa.video.decoding import ClipRequest, choose_decoder, decoder_names, probe

CACHE_FORMAT_VERSION = 1
ENGINE = "tensorflow"
DTYPE = "float16"
VIEW, FLIPPED = "plain", "flipped"
"""Frames as they are, or mirrored left to right before the backbone sees them."""
TRANSFORM = "short_side_resize_center_crop"
FRAMES_DTYPE = "uint8"
FRAMES_TRANSFORMS = {False: TRANSFORM, True: "short_side_resize_with_surplus"}
"""Transform of kept frames, by whether they keep a margin for random crops."""


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the sha256, 64 hexadecimal digits, of `parts` as canonical JSON (sorted, no spaces, ASCII)."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def clip_key(
    request: ClipRequest,
    sampling: SamplingConfig,
    model: ModelConfig,
    cache: FeatureCache,
    *,
    identity: Mapping[str, Any] | None = None,
) -> str:
    """Return the cache key of a clip's features without decoding a frame or building a network.

    Args:
        request: the clip.
        sampling: gives the frame grid.
        model: gives the backbone and the frame size.
        cache: remembers content hashes.
        identity: the backbone's identity if it is known already; None: `backbone_identity` of `model`.

    Raises:
        FileNotFoundError: there is no such video.
        ValueError: it is no regular file.
        DecodingError: it is no video.
    """
    return key_of(clip_key_parts(request, sampling, model, cache, identity=identity))


def clip_key_parts(
    request: ClipRequest,
    sampling: SamplingConfig,
    model: ModelConfig,
    cache: FeatureCache,
    *,
    identity: Mapping[str, Any] | None = None,
    view: str = VIEW,
) -> dict[str, Any]:
    """Return everything that a clip's features depend on, JSON-serializable; `view`: `VIEW` or `FLIPPED`."""
    if identity is None:
        identity = backbone_identity(model.backbone, model.backbone_weights, model.backbone_layer)
    content_hash = cache.content_hash(request.path)
    decoder = _decoder(request.path, cache)
    return {
        **identity,
        "content_sha256": content_hash,
        "segment": [_seconds(request.start_seconds), _seconds(request.end_seconds)],
        "grid": grid_parts(sampling, request.path),
        "view": view,
        "transform": [TRANSFORM, *(model.frame_size or ())],
        "engine": ENGINE,
        "dtype": DTYPE,
        "decoder": decoder,
        "format_version": CACHE_FORMAT_VERSION,
    }


def frames_key_parts(
    request: ClipRequest,
    sampling: SamplingConfig,
    frame_size: tuple[int, int],
    cache: FeatureCache,
    *,
    with_surplus: bool,
) -> dict[str, Any]:
    """Return everything that a clip's kept frames depend on, JSON-serializable; no backbone is part of it.

    `with_surplus` says whether more than the centre crop of `frame_size` is kept. Raises as `clip_key`.
    """
    return {
        "content_sha256": cache.content_hash(request.path),
        "segment": [_seconds(request.start_seconds), _seconds(request.end_seconds)],
        "grid": grid_parts(sampling, request.path),
        "transform": [FRAMES_TRANSFORMS[with_surplus], *frame_size],
        "dtype": FRAMES_DTYPE,
        "decoder": _decoder(request.path, cache),
        "format_version": CACHE_FORMAT_VERSION,
    }


def grid_parts(sampling: SamplingConfig, path: str) -> dict[str, Any]:
    """Return what the frame grid of a video depends on besides its content.

    A grid that is not filled up to a window's length does not depend on it. A folder of JPEGs adds its rate,
    which its content does not hold.
    """
    longest = {"max_grid_frames": sampling.max_grid_frames}
    fits = {"num_frames": sampling.num_frames} if sampling.short_clips == "repeat" else {}
    if sampling.frames_per_second is not None:
        rate = {"fps": probe(path).fps} if os.path.isdir(path) else {}
        per_second = {"frames_per_second": sampling.frames_per_second}
        return {"rule": "frames_on_show", **per_second, **longest, **fits, **rate}
    if sampling.frame_step is None:
        return {"rule": "regular", "num_frames": sampling.num_frames}
    rule = "every_frame_step" if fits else "every_frame_step_as_long_as_it_is"
    return {"rule": rule, "frame_step": sampling.frame_step, **longest, **fits}


def _decoder(path: str, cache: FeatureCache) -> list[str]:
    """Return name and version of a file's decoder; remembered, because choosing one decodes a frame."""
    versions = decoder_names()
    if os.path.isdir(path):  # quick to probe, and the list that names it may have changed
        name = choose_decoder(path)
        return [name, versions[name]]
    known_as = f"decoder by videoqa {__version__} of {sorted(versions.items())}"
    name = cache.fact(path, known_as, lambda: choose_decoder(path))
    return [name, versions[name]]


def _seconds(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value) + 0.0
