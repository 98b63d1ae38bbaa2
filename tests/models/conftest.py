"""The full model, built once for all tests of this room."""

import keras
import pytest

from videoqa.models.building import build_model


@pytest.fixture(scope="session")
def default_model() -> keras.Model:
    """Return the default model with random weights, which no test changes."""
    return build_model(backbone_weights=None)


@pytest.fixture(scope="session")
def inception(default_model: keras.Model) -> keras.Model:
    """Return its backbone, whole and frozen."""
    return default_model.get_layer("backbone").layer
