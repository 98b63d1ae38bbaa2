"""The layers of a model as a table; no weights are read for it."""

import dataclasses

import keras
import pandas as pd

from videoqa.config import ModelConfig


def layer_table(model: ModelConfig, num_frames: int | None = None) -> pd.DataFrame:
    """Return one row per layer of every form of a model, and a last row with the sums of the clip form.

    Args:
        model: the configuration; its weights are not read.
        num_frames: frames per clip; None: any number (c3d: 10).

    Returns:
        Columns "layer", "type", "output_shape" (text; None stands for any size), "parameters",
        "trained" (parameters that training changes) and "form": "clip", "features" or "both"; without a
        backbone there is the clip form alone, with flow that of features. A layer with several outputs is
        shown with its first.
    """
    from videoqa.models.building import build_from_config

    unread = dataclasses.replace(model, backbone_weights=None)
    starts = ("clip", "features") if model.has_backbone else ("clip",)
    starts = ("features",) if model.sees_flow else starts
    forms = {name: build_from_config(unread, num_frames, starts_from=name) for name in starts}
    names = {form: {layer.name for layer in network.layers} for form, network in forms.items()}
    rows = []
    for form, network in forms.items():
        for layer in network.layers:
            shared = len(forms) > 1 and all(layer.name in found for found in names.values())
            if not shared or form == starts[0]:
                rows.append(_row(layer, "both" if shared else form))
    totals = {
        "layer": "total",
        "type": "",
        "output_shape": "",
        "parameters": sum(row["parameters"] for row in rows),
        "trained": sum(row["trained"] for row in rows),
        "form": starts[0],
    }
    return pd.DataFrame([*rows, totals])


def _row(layer: keras.layers.Layer, form: str) -> dict:
    output = layer.output[0] if isinstance(layer.output, (list, tuple)) else layer.output
    return {
        "layer": layer.name,
        "type": type(layer).__name__,
        "output_shape": str(output.shape),
        "parameters": layer.count_params(),
        "trained": sum(weight.value.shape.num_elements() for weight in layer.trainable_weights),
        "form": form,
    }
