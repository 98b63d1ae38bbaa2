"""What each place of a frame contributes: exact where the rest of the network is linear."""

import keras
import numpy as np
import pytest

from videoqa.evaluation.places import _split_at_map, heat, place_contributions
from videoqa.input_pipeline import Examples
from videoqa.models.backbones import build_backbone
from videoqa.models.frame_layers import CellAverages

NUM_FRAMES = 4


def model_of(dim: int) -> keras.Model:
    features = keras.Input((NUM_FRAMES, dim), name="features")
    mean = keras.layers.GlobalAveragePooling1D()(features)
    return keras.Model(
        {"features": features}, keras.layers.Dense(3, activation="softmax", name="answer")(mean)
    )


def example_of(features: np.ndarray) -> Examples:
    return Examples([features], np.zeros(1, np.int64), None, np.zeros(1, np.int32), NUM_FRAMES)


@pytest.mark.parametrize("num_sides", [1, 2])
def test_places_of_all_frames_add_up_to_the_margin(num_sides: int) -> None:
    keras.utils.set_random_seed(0)
    frame = keras.Input((48, 64, 3), name="frame")
    maps = keras.layers.Conv2D(5, 8, strides=8, activation="relu")(keras.layers.Rescaling(1 / 255)(frame))
    small = keras.layers.MaxPooling2D(8, padding="same")(maps)  # of too few places
    backbone = keras.Model(frame, CellAverages(num_sides)(small))
    model = model_of(5 * num_sides**2)
    frames = np.random.default_rng(0).integers(0, 256, (NUM_FRAMES, 48, 64, 3), np.uint8)
    features = np.asarray(backbone(frames, training=False))
    places = [np.array([number]) for number in range(NUM_FRAMES)]
    found = place_contributions(model, backbone, example_of(features), frames, places, (0, 1))
    assert found.shape == (NUM_FRAMES, 6, 8)
    probabilities = np.asarray(model({"features": features[None]}, training=False))[0]
    margin = np.log(probabilities[0] / probabilities[1])
    assert found.sum() == pytest.approx(margin, rel=1e-3)
    other_way = place_contributions(model, backbone, example_of(features), frames, places, (1, 0))
    assert other_way == pytest.approx(-found, abs=1e-6)


@pytest.mark.parametrize(("pooling", "num_beside"), [("mean", 0), ("grid2", 0), ("grid3", 20)])
def test_the_map_is_found_in_the_backbones_of_the_package(pooling: str, num_beside: int) -> None:
    """Columns beside those of the backbone, as of motion, have no place on its map."""
    backbone = build_backbone("tiny", weights="package", pooling=pooling, frame_size=(96, 96))
    frames = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    features = np.zeros((NUM_FRAMES, backbone.output_shape[-1] + num_beside), np.float32)
    places = [np.array([0, 1]), np.array([2])]
    model = model_of(features.shape[-1])
    assert place_contributions(model, backbone, example_of(features), frames, places, (0, 2)).shape == (
        2,
        6,
        6,
    )


def test_the_map_is_the_last_one_that_all_paths_go_through() -> None:
    frame = keras.Input((32, 32, 3), name="frame")
    narrow = keras.layers.Conv2D(4, 4, strides=4, name="before")(frame)
    inside = keras.layers.Conv2D(4, 3, padding="same", name="inside")(narrow)
    small = keras.layers.MaxPooling2D(4, name="small")(keras.layers.Add(name="block")([narrow, inside]))
    backbone = keras.Model(frame, keras.layers.GlobalAveragePooling2D()(small))
    before, after = _split_at_map(backbone)
    assert before.layers[-1].name == "block" and before.output_shape == (None, 8, 8, 4)
    assert after.output_shape == backbone.output_shape == (None, 4)
    pooled = keras.layers.GlobalAveragePooling2D()
    two_paths = keras.layers.Concatenate()([pooled(narrow), pooled(inside)])
    before, _ = _split_at_map(keras.Model(frame, two_paths))
    assert before.layers[-1].name == "before", "a path goes past the map inside"


def test_heat_is_what_lies_above_the_average_place() -> None:
    assert heat(np.array([[1.0, 2.0], [3.0, 6.0]])).tolist() == [[0, 0], [0, 1]]
    assert heat(np.array([[-4.0, -1.0], [-4.0, -3.0]])).tolist() == [[0, 1], [0, 0]]
    assert not heat(np.full((2, 2), 5.0)).any()
