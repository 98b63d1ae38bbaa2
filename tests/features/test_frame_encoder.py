"""The frozen backbone as a function: bit-equal whatever else is in its batches."""

import keras
import numpy as np
import pytest

from videoqa.config import ModelConfig
from videoqa.features.frame_encoder import FrameEncoder, encode_clip_stream, encode_frames
from videoqa.models.tiny import TINY_FEATURE_DIM

MODEL = ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(16, 16))


def frames_of(num_frames: int, seed: int = 0, size: tuple[int, int] = (16, 16)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (num_frames, *size, 3), np.uint8)


def small_network(bias: float) -> keras.Model:
    frame = keras.Input((16, 16, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(frame)
    network = keras.Model(frame, keras.layers.Dense(2, name="features")(pooled), name="small")
    network.get_layer("features").set_weights([np.ones((3, 2)), np.full(2, bias)])
    return network


class RecordingEncoder(FrameEncoder):
    """Notes how many frames come at a time."""

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        self.sizes = [*getattr(self, "sizes", []), len(frames)]
        return super().__call__(frames)


@pytest.fixture(scope="module")
def encoder() -> RecordingEncoder:
    return RecordingEncoder(MODEL, batch_size=8)


@pytest.mark.numeric
def test_features_do_not_depend_on_padding_order_or_neighbours(encoder):
    frames = frames_of(19)
    whole = encoder(frames)
    assert whole.shape == (19, encoder.feature_dim) and whole.dtype == np.float32
    for start, stop in [(0, 1), (0, 8), (3, 12), (18, 19)]:
        assert encoder(frames[start:stop]).tobytes() == whole[start:stop].tobytes()
    order = np.random.default_rng(1).permutation(19)
    assert encoder(frames[order]).tobytes() == whole[order].tobytes()
    assert encoder(np.repeat(frames[:1], 19, axis=0)).tobytes() == np.repeat(whole[:1], 19, axis=0).tobytes()
    assert encoder(frames[:0]).shape == (0, encoder.feature_dim)


def test_one_compiled_function_serves_every_length(encoder):
    for num_frames in (1, 7, 8, 20):
        encoder(frames_of(num_frames))
    assert encoder._compiled.experimental_get_tracing_count() == 1


def test_stream_fills_batches_across_clips_and_keeps_each_clip_apart(encoder):
    lengths = [3, 5, 1, 20, 8, 2, 2]
    clips = [(number, frames_of(length, seed=number)) for number, length in enumerate(lengths)]
    expected = [encoder(frames).astype(np.float16) for _, frames in clips]
    encoder.sizes = []
    found = list(encode_clip_stream(iter(clips), encoder))
    full, rest = divmod(sum(lengths), encoder.frames_per_run)
    assert encoder.sizes == [encoder.frames_per_run] * full + [rest] * (rest > 0)
    assert [number for number, _ in found] == list(range(7))
    for (_, features), wanted in zip(found, expected, strict=True):
        assert features.dtype == np.float16 and features.tobytes() == wanted.tobytes()


def test_stream_yields_a_clip_as_soon_as_its_last_frame_is_through():
    encoder = FrameEncoder(MODEL, batch_size=8, network=small_network(0))
    asked = []

    def clips():
        for number in range(6):
            asked.append(number)
            yield number, frames_of(4 if number < 3 else 1)

    assert encoder.frames_per_run == 8
    stream = encode_clip_stream(clips(), encoder)
    assert [next(stream)[0], list(asked)] == [0, [0, 1]]
    assert [next(stream)[0], list(asked)] == [1, [0, 1]]
    assert [number for number, _ in stream] == [2, 3, 4, 5]
    assert list(encode_clip_stream(iter([]), encoder)) == []


def test_frames_at_hand_are_resized_and_rounded_like_cached_ones(encoder):
    features = encode_frames(frames_of(3, size=(32, 32)), encoder)
    assert features.dtype == np.float16 and features.shape == (3, encoder.feature_dim)
    fitting = frames_of(3)
    assert encode_frames(fitting, encoder).tobytes() == encoder(fitting).astype(np.float16).tobytes()


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((2, 16, 16, 3), np.float32),
        np.zeros((16, 16, 3), np.uint8),
        np.zeros((2, 16, 16, 4), np.uint8),
        np.zeros((0, 16, 16, 3), np.uint8),
    ],
    ids=["float", "one frame", "alpha", "none"],
)
def test_other_arrays_are_refused(encoder, frames):
    with pytest.raises(ValueError, match="`frames` must be uint8 RGB"):
        encode_frames(frames, encoder)


def test_frames_of_another_size_are_refused(encoder):
    with pytest.raises(ValueError, match=r"`frames` must be uint8 RGB \(n, 16, 16, 3\)"):
        encoder(frames_of(2, size=(18, 16)))


@pytest.mark.parametrize("batch_size", [0, 2.5, True])
def test_batch_sizes_that_are_none_are_refused(batch_size):
    with pytest.raises(ValueError, match="`batch_size` must be an integer of at least 1"):
        FrameEncoder(MODEL, batch_size)


def test_given_network_is_used_and_named_by_its_weights():
    encoder = FrameEncoder(MODEL, network=small_network(1))
    frames = np.full((2, 16, 16, 3), 7, np.uint8)
    assert encoder(frames).tolist() == [[22.0, 22.0]] * 2
    assert encoder.feature_dim == 2
    assert encoder.identity == FrameEncoder(MODEL, network=small_network(1)).identity
    assert encoder.identity != FrameEncoder(MODEL, network=small_network(2)).identity


def test_identity_of_a_named_backbone_is_known_without_building_it():
    encoder = FrameEncoder(MODEL)
    assert encoder.identity == {"backbone": "tiny", "layer": None, "weights_sha256": None}
    assert encoder.feature_dim == TINY_FEATURE_DIM
    assert encoder._network is None and "_compiled" not in vars(encoder)
