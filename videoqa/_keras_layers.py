"""Registers the layers of saved models with Keras when Keras is imported, and not before."""

import importlib
import sys
from types import ModuleType

from videoqa._import_hook import Execute, ImportHook

LAYER_MODULES = (
    "videoqa.models.answer_loss", "videoqa.models.dropout", "videoqa.models.feature_layers",
    "videoqa.models.frame_layers", "videoqa.models.serving_layers", "videoqa.models.time_layers",
)  # fmt: skip
"""Modules with classes that a `.keras` file may name."""


def register_with_keras() -> None:
    """Let `keras.models.load_model` find our layers, whichever of `videoqa` and `keras` is imported first."""
    if "keras" in sys.modules:
        _import_layers()
    else:
        sys.meta_path.insert(0, ImportHook("keras", _load_keras))


def _load_keras(execute: Execute, module: ModuleType) -> None:
    execute(module)
    _import_layers()


def _import_layers() -> None:
    for name in LAYER_MODULES:
        importlib.import_module(name)
