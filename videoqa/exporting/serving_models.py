"""The models that are exported: from frames, features and token ids to calibrated probabilities."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from videoqa.config import MAX_QUESTION_TOKENS
from videoqa.saving import ModelFolder

if TYPE_CHECKING:
    import keras

FRAMES, FEATURES, QUESTION = "frames", "features", "question"
INPUT_OF = {FRAMES: "clip", FEATURES: "features"}
"""What an export starts from -> the library's name of that input."""


def possible_starts(folder: ModelFolder) -> tuple[str, ...]:
    """Return what a model's exports can start from, the usual one first; a blind model has `QUESTION` alone.

    Frames come first, as whoever calls an export has frames. A model that sees optical flow, which is found
    outside the network, starts from features.
    """
    model = folder.config.model
    if not model.sees_video:
        return (QUESTION,)
    if not model.has_backbone:
        return (FRAMES,)
    return (FEATURES,) if model.sees_flow else (FRAMES, FEATURES)


def serving_models(
    folder: ModelFolder, starts: tuple[str, ...], *, fixed_shapes: bool = False
) -> "dict[str, keras.Model]":
    """Return the models to export, which share their weights.

    Args:
        folder: the trained model.
        starts: what the models start from, among `possible_starts`.
        fixed_shapes: questions are always `MAX_QUESTION_TOKENS` long, and recurrent layers are unrolled.

    Returns:
        Of each start a `keras.Model` from the library's inputs to {"answer"}, float32 `(batch, num_answers)`,
        probabilities; calibrated if the folder has a temperature. With "uncalibrated" beside it if those of
        several windows are to be averaged, and "frames" `(batch, num_frames, num_answers)` if the model
        labels frames. All outputs but "answer" are as the network gives them.
    """
    trained = folder.build()
    for layer in _recurrent_layers(trained):
        if hasattr(layer, "use_cudnn"):
            layer.use_cudnn = False  # a graph with cuDNN's op runs on no other device
        layer.unroll = fixed_shapes
    return {start: _serving_model(folder, trained, start, fixed_shapes) for start in starts}


def input_specs(model: "keras.Model", *, batch_size: int | None = None) -> "dict[str, keras.InputSpec]":
    """Return name, shape and dtype of each input of a serving model.

    Args:
        model: from `serving_models`.
        batch_size: clips per call; None: any number.
    """
    import keras

    return {
        name: keras.InputSpec(shape=(batch_size, *tensor.shape[1:]), dtype=tensor.dtype, name=name)
        for name, tensor in model.input.items()
    }


def _recurrent_layers(model: "keras.Model") -> Iterator[Any]:
    """Yield the recurrent layers of a model, also those of which a layer has one each way."""
    import keras

    for layer in model.layers:
        for each in (layer, getattr(layer, "forward_layer", None), getattr(layer, "backward_layer", None)):
            if isinstance(each, keras.layers.RNN):
                yield each


def _serving_model(
    folder: ModelFolder, trained: "keras.Model", start: str, fixed_shapes: bool
) -> "keras.Model":
    import keras

    from videoqa.models.serving_layers import FrameMean

    inputs = {}
    if start != QUESTION:
        inputs[INPUT_OF[start]] = _video_input(folder, start)
    if folder.config.model.task != "action":
        length = MAX_QUESTION_TOKENS if fixed_shapes else None
        inputs["question"] = keras.Input((length,), dtype="int32", name="question")
    if folder.config.model.facts.needs_mask:
        inputs["mask"] = keras.Input((folder.config.sampling.num_frames,), dtype="bool", name="mask")
    given = dict(inputs)
    if start == FRAMES and folder.config.model.has_backbone:
        given["features"] = _features(folder, given.pop("clip"))
    probabilities, outputs = trained(given), {}
    if len(probabilities.shape) == 3:
        outputs["frames"] = probabilities
        probabilities = FrameMean(name="frame_mean")([probabilities, inputs["mask"]])
    outputs["answer"] = _calibrated(folder, probabilities)
    if outputs["answer"] is not probabilities and folder.config.sampling.num_test_clips > 1:
        outputs["uncalibrated"] = probabilities
    return keras.Model(inputs, outputs, name=f"{folder.config.model.task}_from_{start}")


def _video_input(folder: ModelFolder, start: str) -> Any:
    import keras

    from videoqa.models.feature_columns import feature_columns

    model, num_frames = folder.config.model, folder.config.sampling.num_frames
    if start == FEATURES:
        return keras.Input((num_frames, feature_columns(model).total), name="features")
    return keras.Input((num_frames, *model.frame_size, 3), dtype="uint8", name="clip")  # type: ignore[misc]


def _features(folder: ModelFolder, clip: Any) -> Any:
    """Return the features of the frames `clip`; not rounded to float16, as kept features are.

    A number near the border of two float16 numbers would become one here and the other in another runtime.
    """
    from videoqa.models.backbones import build_backbone
    from videoqa.models.frame_layers import TimeDistributed

    model = folder.encoder_config
    backbone = build_backbone(
        model.backbone,
        weights=model.backbone_weights,
        layer=model.backbone_layer,
        pooling=model.pooling,
        frame_size=model.frame_size,
    )
    return TimeDistributed(backbone, name="backbone")(clip)


def _calibrated(folder: ModelFolder, probabilities: Any) -> Any:
    from videoqa.models.serving_layers import TemperatureScaling

    temperature = None if folder.trust is None else folder.trust.temperature
    if temperature is None:
        return probabilities
    return TemperatureScaling(temperature, name="calibration")(probabilities)
