"""The full model, built once for all tests of this room."""

import os

import keras
import pytest

from videoqa.models.building import build_model


@pytest.fixture
def bfloat16() -> None:
    """Skip where oneDNN is kept from bfloat16: TensorFlow asks the processor, not oneDNN, and then aborts."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA") in ("SSE41", "AVX", "AVX2"):
        pytest.skip("ONEDNN_MAX_CPU_ISA leaves oneDNN no bfloat16, and TensorFlow would abort")


@pytest.fixture(scope="session")
def default_model() -> keras.Model:
    """Return the default model with random weights, which no test changes."""
    return build_model(backbone_weights=None)


@pytest.fixture(scope="session")
def inception(default_model: keras.Model) -> keras.Model:
    """Return its backbone, whole and frozen."""
    return default_model.get_layer("backbone").layer
