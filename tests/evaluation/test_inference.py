"""How models that start from frames are called: so many frames at once, and the same probabilities."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from videoqa.config import SEGMENT_FRAMES, ModelConfig
from videoqa.evaluation.inference import FRAMES_AT_ONCE, inference_function, windows_at_once
from videoqa.evaluation.prediction import predict_examples
from videoqa.input_pipeline import Examples
from videoqa.models.building import build_from_config, computing_in

ACTION = {"task": "action", "num_answers": 3}
CONV_LSTM = ModelConfig(architecture="conv_lstm", frame_size=(40, 48), width=0.2, **ACTION)
NUM_FRAMES = 50
"""Two segments and a half."""


def frames_of(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (length, 40, 48, 3), np.uint8) for length in lengths]


@pytest.fixture(params=["float32", "float64", "mixed_float16"])
def model(request) -> keras.Model:
    if request.param == "mixed_float16":
        request.getfixturevalue("half_precision")
    keras.utils.set_random_seed(3)
    with computing_in(request.param):
        return build_from_config(CONV_LSTM, NUM_FRAMES, starts_from="clip")


@pytest.mark.numeric
@pytest.mark.slow
def test_segments_of_clips_of_unequal_lengths_give_the_probabilities_of_the_whole(
    model: keras.Model, rounding: Callable[..., float]
) -> None:
    lengths = np.array([7, 45, 20, 21])
    mask = np.arange(NUM_FRAMES) < lengths[:, None]
    clip = np.stack(frames_of(*[NUM_FRAMES] * 4))
    whole = keras.ops.convert_to_numpy(model({"clip": clip, "mask": mask}, training=False))
    found = inference_function(model)({"clip": clip, "mask": mask})
    # 4 layers and 50 steps of the LSTM, sums of at most 10 x 10 x 3 products. Half precision adds up in
    # float32 and rounds after each layer; the state forgets most of its rounding within some 8 steps.
    dtype = model.get_layer("lstm").compute_dtype
    tolerance = rounding(12, 1, dtype) if dtype == "float16" else rounding(54, 300, dtype)
    tolerance += float(np.finfo(found.dtype).eps)  # of a float64 model too a float32
    assert found.shape == whole.shape
    np.testing.assert_allclose(found[mask], whole[mask], rtol=tolerance)
    assert np.ptp(whole[mask], axis=0).min() > 0.01  # the frames differ


@pytest.mark.numeric
@pytest.mark.slow
def test_windows_of_a_conv_lstm_are_averaged_as_if_it_saw_each_whole(
    rounding: Callable[..., float],
) -> None:
    keras.utils.set_random_seed(3)
    model = build_from_config(CONV_LSTM, None, starts_from="clip")
    clips = frames_of(12, 64)
    examples = Examples(
        clips,
        np.array([0, 1, -1]),
        None,
        np.zeros(3, np.int32),
        NUM_FRAMES,
        clip_input="clip",
        short_clips="mask",
        with_mask=True,
    )
    found = predict_examples(model, examples, num_test_clips=3, batch_size=2)

    def whole(frames: np.ndarray) -> np.ndarray:
        inputs = {"clip": frames[None], "mask": np.ones((1, len(frames)), bool)}
        return keras.ops.convert_to_numpy(model(inputs, training=False))[0]

    windows = [whole(clips[1][start : start + NUM_FRAMES]).mean(0) for start in (0, 7, 14)]
    expected = [whole(clips[0]).mean(0), np.mean(windows, axis=0), np.zeros(3)]
    np.testing.assert_allclose(found.probabilities, expected, rtol=rounding(54, 300))
    assert found.frame_classes is not None
    assert [len(classes) for classes in found.frame_classes] == [12, 64, 0]


def test_frames_in_one_call_are_bounded() -> None:
    conv_lstm = build_from_config(CONV_LSTM, 100, starts_from="clip")
    assert windows_at_once(conv_lstm, 100) == FRAMES_AT_ONCE // SEGMENT_FRAMES == 4
    assert windows_at_once(conv_lstm, 100, trained_with=2) == 2
    c3d = ModelConfig(architecture="c3d", frame_size=(16, 16), width=0.05, **ACTION)
    found = build_from_config(c3d, 16, starts_from="clip")
    assert windows_at_once(found, 16) == 5
    assert windows_at_once(found, 16, trained_with=24) == 5
    assert windows_at_once(found, 200) == 1
    trained = ModelConfig(backbone="tiny", train_backbone=True, frame_size=(32, 32), **ACTION)
    from_clips = build_from_config(trained, 20, starts_from="clip")
    assert windows_at_once(from_clips, 20) == 4
    from_features = build_from_config(trained, 20, starts_from="features")
    assert windows_at_once(from_features, 20, trained_with=2) == 128
