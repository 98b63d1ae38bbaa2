"""CNN-LSTM: a backbone over single frames, a branch over its features, and for questions one more branch."""

from typing import Any

import keras

from videoqa._checks import Refusal, check_choice
from videoqa.config import MODEL_INPUTS, ModelConfig
from videoqa.models.backbones import build_backbone
from videoqa.models.branches import VIDEO_BRANCH_FUNCTIONS, answer_head, question_branch
from videoqa.models.feature_columns import feature_columns
from videoqa.models.feature_layers import FeatureStandardization, FrameDifferences, LaterColumns
from videoqa.models.frame_layers import TimeDistributed

STANDARDIZATION = "video_standardization"
"""Name of the layer."""


def build_cnn_lstm(model: ModelConfig, num_frames: int | None, starts_from: str) -> keras.Model:
    """Build the model, not compiled; arguments, inputs and output as in `building.build_model`."""
    check_choice("starts_from", starts_from, MODEL_INPUTS)
    inputs, vectors = {}, []
    read_frames = VIDEO_BRANCH_FUNCTIONS[model.video_branch]
    if read_frames is not None:
        inputs[starts_from], features = _frame_features(model, num_frames, starts_from)
        if num_columns := num_changing(model):
            features = FrameDifferences(num_columns, name="video_differences")(features)
        if num_unseen := feature_columns(model).backbone if model.motion == "flow_alone" else 0:
            features = LaterColumns(num_unseen, name="video_flow")(features)
        if model.standardize:
            features = FeatureStandardization(name=STANDARDIZATION)(features)
        vectors.append(read_frames(features, model))
    if model.task == "open_ended":
        inputs["question"] = keras.Input((None,), dtype="int32", name="question")
        vectors.append(question_branch(inputs["question"], model))
    if not vectors:
        seeing = [name for name, function in VIDEO_BRANCH_FUNCTIONS.items() if function is not None]
        requirement = f"be one of {', '.join(map(repr, seeing))} for an action model, which has no question"
        raise Refusal("video_branch", requirement, model.video_branch)
    return keras.Model(inputs, answer_head(vectors, model), name=f"{model.task}_model")


def num_changing(model: ModelConfig) -> int:
    """Return how many features, from the first on, are read with their change since the frame before."""
    return feature_columns(model).backbone if model.motion in ("difference", "both") else 0


def _frame_features(model: ModelConfig, num_frames: int | None, starts_from: str) -> tuple[Any, Any]:
    """Return the video input and its features `(batch, num_frames, feature_dim)`."""
    if starts_from == "features":
        features = keras.Input((num_frames, feature_columns(model).total), name="features")
        return features, features
    if model.sees_flow:
        requirement = "be 'none' or 'difference' for a model that starts from clips"
        advice = "Flow is found beside the network: give starts_from='features'."
        raise Refusal("motion", requirement, model.motion, advice)
    backbone = build_backbone(
        model.backbone,
        weights=model.backbone_weights,
        layer=model.backbone_layer,
        pooling=model.pooling,
        frame_size=model.frame_size,  # type: ignore[arg-type]
        trainable=model.train_backbone,
    )
    clip = keras.Input((num_frames, *model.frame_size, 3), dtype="uint8", name="clip")  # type: ignore[misc]
    return clip, TimeDistributed(backbone, name="backbone")(clip)
