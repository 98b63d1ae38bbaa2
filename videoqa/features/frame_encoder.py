"""Runs a frozen backbone over frames, always in batches of one size through one compiled function."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from videoqa._checks import Refusal, check_integer
from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import clip_key_parts
from videoqa.features.motion import with_flow
from videoqa.features.space import forecast_bytes
from videoqa.models.backbones import backbone_identity, build_backbone
from videoqa.models.feature_columns import feature_columns
from videoqa.video.decoding import ClipRequest
from videoqa.video.optical_flow import clip_flow
from videoqa.video.transforms import check_frames, resize_and_crop

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 32
Item = TypeVar("Item")


class FrameEncoder:
    """A frozen backbone as a function of frames; it is built when first called.

    Args:
        model: names the backbone, its weights, layer and frame size.
        batch_size: frames per run of the network; smaller batches are padded to it. A frame's features are
            the same bits whatever else is in its batch.
        network: a built backbone, uint8-valued `(height, width, 3)` → `(feature_dim,)`, used instead of the
            one `model` names; its weights must not change any more.
    """

    def __init__(
        self, model: ModelConfig, batch_size: int = BATCH_SIZE, *, network: "keras.Model | None" = None
    ) -> None:
        check_integer("batch_size", batch_size, minimum=1)
        self.model = model
        self.batch_size = batch_size
        self._network = network

    @property
    def frame_size(self) -> tuple[int, int]:
        """Height and width in pixels of the frames it takes."""
        return self.model.frame_size  # type: ignore[return-value]

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Backbone, layer, sha256 of the weights and any grid, on which features depend; builds nothing."""
        if self._network is not None:
            digest = _weights_sha256(self._network)
            return {"backbone": self._network.name, "layer": None, "weights_sha256": digest}
        model = self.model
        return backbone_identity(self._backbone, model.backbone_weights, model.backbone_layer, model.pooling)

    def key_parts(
        self, request: ClipRequest, sampling: SamplingConfig, cache: FeatureCache, view: str
    ) -> dict[str, Any]:
        """Return what a clip's features depend on; see `cache_keys.clip_key_parts`."""
        return clip_key_parts(request, sampling, self.model, cache, identity=self.identity, view=view)

    def forecast_bytes(self, requests: Sequence[ClipRequest], sampling: SamplingConfig) -> int:
        """Return about how many bytes the features of `requests` take on the disk."""
        return forecast_bytes(requests, sampling, self.feature_dim)

    @property
    def feature_dim(self) -> int:
        """Features per frame, flow included; builds nothing."""
        return self.network_dim + 2 * self.model.num_flow

    @cached_property
    def network_dim(self) -> int:
        """Features per frame that the network gives; builds nothing."""
        if self._network is not None:
            return int(self._network.output_shape[-1])
        _ = self._backbone
        return feature_columns(self.model).backbone

    def flow_of(self, frames: np.ndarray) -> np.ndarray | None:
        """Return what stands beside the features of a clip's frames; None for a model that sees no flow.

        Args:
            frames: uint8 RGB `(num_frames, height, width, 3)` of the encoder's `frame_size`, one clip.

        Returns:
            float32 `(num_frames, 2 * num_flow)`, see `optical_flow.flow_blocks`.
        """
        return clip_flow(frames) if self.model.sees_flow else None

    @property
    def _backbone(self) -> str:
        if self.model.backbone is None:
            requirement = "be a model with a backbone, whose features there are"
            raise Refusal("model", requirement, self.model.architecture)
        return self.model.backbone

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        """Return the features of `frames`.

        Args:
            frames: uint8 RGB `(n, height, width, 3)` of the encoder's `frame_size`.

        Returns:
            float32 `(n, network_dim)`: without flow, which is not of single frames.

        Raises:
            ValueError: `frames` has another dtype or shape.
        """
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[1:] != (*self.frame_size, 3):
            requirement = f"be uint8 RGB (n, {self.frame_size[0]}, {self.frame_size[1]}, 3)"
            raise Refusal("frames", requirement, f"{frames.dtype} {frames.shape}")
        features = np.empty((len(frames), self.network_dim), np.float32)
        for start in range(0, len(frames), self.frames_per_run):
            part = frames[start : start + self.frames_per_run]
            features[start : start + len(part)] = self._run_padded(part)
        return features

    @property
    def frames_per_run(self) -> int:
        """Frames that one run of the network takes; builds it."""
        return len(self._slots)

    def _run_padded(self, frames: np.ndarray) -> np.ndarray:
        slots = self._slots[: len(frames)]
        batch = np.zeros((self.batch_size, *frames.shape[1:]), np.uint8)
        batch[slots] = frames
        return self._compiled(batch).numpy()[slots]

    @cached_property
    def _slots(self) -> np.ndarray:
        """Rows of a batch that compute the same bits for the same frame: int64 `(frames_per_run,)`.

        Matrix products may add up the last few rows of a batch in another order. Those rows stay empty, or a
        frame's features would depend on the clips encoded beside it.
        """
        frame = np.random.default_rng(0).integers(0, 256, (*self.frame_size, 3), np.uint8)
        rows = self._compiled(np.repeat(frame[None], self.batch_size, axis=0)).numpy()
        kinds = [row.tobytes() for row in rows]
        most_common = max(kinds, key=kinds.count)
        return np.array([slot for slot, kind in enumerate(kinds) if kind == most_common], np.int64)

    @cached_property
    def network(self) -> "keras.Model":
        """The backbone; built when first needed."""
        if self._network is not None:
            return self._network
        return build_backbone(
            self._backbone,
            weights=self.model.backbone_weights,
            layer=self.model.backbone_layer,
            pooling=self.model.pooling,
            frame_size=self.frame_size,
        )

    @cached_property
    def _compiled(self) -> Any:
        import tensorflow as tf

        network = self.network
        signature = tf.TensorSpec((self.batch_size, *self.frame_size, 3), tf.uint8)
        return tf.function(
            lambda batch: network(batch, training=False), input_signature=[signature], autograph=False
        )


def encode_frames(frames: np.ndarray, encoder: FrameEncoder) -> np.ndarray:
    """Return the features of frames in memory, equal to those of a cached clip; nothing is cached.

    Args:
        frames: uint8 RGB `(n, height, width, 3)` of any size; each is resized and cropped to the encoder's.
        encoder: from `FrameEncoder`.

    Returns:
        float16 `(n, feature_dim)`.

    Raises:
        ValueError: `frames` has another dtype or shape, or there is none.
    """
    requirement = "be uint8 RGB (num_frames, height, width, 3) with at least one frame"
    frames = check_frames("frames", np.asarray(frames), requirement)
    resized = np.stack([resize_and_crop(frame, encoder.frame_size) for frame in frames])
    return encode_clip(resized, encoder)


def encode_clip(frames: np.ndarray, encoder: FrameEncoder) -> np.ndarray:
    """Return the features of one clip, float16 `(num_frames, feature_dim)`, flow included.

    Args:
        frames: uint8 RGB `(num_frames, height, width, 3)` of the encoder's `frame_size`.
        encoder: from `FrameEncoder`.
    """
    return with_flow(as_float16(encoder(frames)), encoder.flow_of(frames))


def as_float16(features: np.ndarray) -> np.ndarray:
    """Return `features` rounded to float16; too large values become infinite, without a warning."""
    with np.errstate(over="ignore"):
        return features.astype(np.float16)


def encode_clip_stream(
    clips: Iterable[tuple[Item, np.ndarray]], encoder: FrameEncoder
) -> Iterator[tuple[Item, np.ndarray]]:
    """Yield each clip's features as soon as its last frame is encoded; batches mix frames of many clips.

    Args:
        clips: pairs of any item and uint8 RGB frames `(num_frames, height, width, 3)`, at least one each.
        encoder: a `FrameEncoder`.

    Yields:
        The item and float16 features `(num_frames, network_dim)` of each pair, in the order of `clips`.
    """
    batch: _Batch | None = None
    waiting: list[tuple[Item, np.ndarray]] = []
    for item, frames in clips:
        batch = _Batch(encoder) if batch is None else batch
        features = np.empty((len(frames), encoder.network_dim), np.float16)
        done = 0
        while done < len(frames):
            done += batch.add(frames[done:], features[done:])
            if batch.is_full:
                batch.run()
                yield from waiting
                waiting = []
        waiting.append((item, features))
        if batch.is_empty:
            yield waiting.pop()
    if batch is not None:
        batch.run()
    yield from waiting


class _Batch:
    """Frames of many clips that go through the network together, and the arrays their features go to."""

    def __init__(self, encoder: FrameEncoder) -> None:
        self._encoder = encoder
        self._frames = np.empty((encoder.frames_per_run, *encoder.frame_size, 3), np.uint8)
        self._targets: list[np.ndarray] = []
        self._filled = 0

    @property
    def is_full(self) -> bool:
        return self._filled == len(self._frames)

    @property
    def is_empty(self) -> bool:
        return self._filled == 0

    def add(self, frames: np.ndarray, target: np.ndarray) -> int:
        """Add as many of `frames` as fit, to be encoded into the first rows of `target`; return how many."""
        taken = min(len(frames), len(self._frames) - self._filled)
        self._frames[self._filled : self._filled + taken] = frames[:taken]
        self._targets.append(target[:taken])
        self._filled += taken
        return taken

    def run(self) -> None:
        """Encode the frames, copy the features to their targets and empty the batch."""
        features = as_float16(self._encoder(self._frames[: self._filled]))
        start = 0
        for target in self._targets:
            target[:] = features[start : start + len(target)]
            start += len(target)
        self._targets, self._filled = [], 0


def _weights_sha256(network: "keras.Model") -> str:
    digest = hashlib.sha256()
    for value in network.get_weights():
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()
