"""Grids: averages over the cells of a backbone's last map, beside the usual features."""

import keras
import numpy as np
import pytest

from videoqa import build_model
from videoqa.models.backbones import backbone_identity, build_backbone, feature_dim
from videoqa.models.frame_layers import CellAverages, cell_shares

TINY = {"weights": "package", "frame_size": (96, 96)}


def test_the_shares_of_places_on_a_border_worked_out_by_hand() -> None:
    """Five places in two cells share the middle one; two places in three cells fill one and a half each."""
    np.testing.assert_allclose(cell_shares(5, 2), np.array([[2, 2, 1, 0, 0], [0, 0, 1, 2, 2]]) / 5)
    np.testing.assert_allclose(cell_shares(2, 3), [[1, 0], [0.5, 0.5], [0, 1]])
    np.testing.assert_array_equal(cell_shares(4, 2), [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])


def test_cells_of_a_map_worked_out_by_hand() -> None:
    """Two channels of 2 x 4 places: the cells come row by row, each with its channels."""
    one = np.array([[1, 3, 5, 7], [10, 20, 30, 50]], np.float32)
    found = CellAverages(2)(np.stack([one, -one], axis=-1)[None])
    np.testing.assert_array_equal(found, [[2, -2, 6, -6, 15, -15, 40, -40]])


@pytest.mark.numeric
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (7, 5), (4, 9), (17, 2)])
@pytest.mark.parametrize("num_sides", [2, 3])
def test_the_mean_of_the_cells_is_the_mean_of_the_map(shape, num_sides, rounding) -> None:
    maps = np.random.default_rng(0).random((2, *shape, 6)).astype(np.float32)
    cells = np.asarray(CellAverages(num_sides)(maps)).reshape(2, num_sides**2, 6)
    bound = 4 * rounding(2, num_sides**2 * shape[0] * shape[1])
    np.testing.assert_allclose(cells.mean(axis=1), maps.mean(axis=(1, 2)), rtol=bound)


def test_the_layer_is_found_again_by_a_saved_model(tmp_path) -> None:
    frame = keras.Input((4, 6, 3))
    model = keras.Model(frame, CellAverages(3, name="cells")(frame))
    model.save(tmp_path / "cells.keras")
    frames = np.random.default_rng(0).random((2, 4, 6, 3)).astype(np.float32)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "cells.keras")(frames), model(frames))


@pytest.mark.parametrize("pooling", ["grid2", "grid3"])
def test_tiny_keeps_its_usual_features_and_adds_cells_of_its_last_map(pooling) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    usual = np.asarray(build_backbone("tiny", **TINY)(frames))
    backbone = build_backbone("tiny", pooling=pooling, **TINY)
    found = np.asarray(backbone(frames))
    assert found.shape == (2, feature_dim("tiny", pooling=pooling))
    np.testing.assert_array_equal(found[:, : usual.shape[1]], usual)
    maps = np.asarray(keras.Model(backbone.input, backbone.get_layer("convolution_4").output)(frames))
    side = 6 // int(pooling[-1])
    corner = maps[:, :side, -side:].mean(axis=(1, 2))
    cells = found[:, usual.shape[1] :].reshape(2, -1, 64)
    np.testing.assert_allclose(cells[:, int(pooling[-1]) - 1], corner, rtol=1e-5, atol=1e-6)


def test_inception_of_frames_that_are_no_square() -> None:
    """Its map of 75 x 107 pixels up to mixed2 has 7 x 11 places, which no grid divides evenly."""
    options = {"weights": None, "layer": "mixed2", "frame_size": (75, 107)}
    backbone = build_backbone("inception_v3", pooling="grid2", **options)
    frames = np.random.default_rng(0).integers(0, 256, (1, 75, 107, 3), np.uint8)
    found = np.asarray(backbone(frames)).reshape(5, 288)
    assert backbone.output_shape[-1] == feature_dim("inception_v3", "mixed2", "grid2") == 5 * 288
    np.testing.assert_allclose(found[1:].mean(axis=0), found[0], rtol=1e-5)
    assert backbone.get_layer("mixed2").output.shape[1:3] == (7, 11)


def test_features_name_their_grid_and_without_one_are_named_as_ever() -> None:
    assert set(backbone_identity("tiny", None)) == {"backbone", "layer", "weights_sha256"}
    assert backbone_identity("tiny", None, pooling="grid3")["pooling"] == "grid3"
    assert feature_dim("inception_v3", "mixed8", "grid3") == 10 * 1280


@pytest.mark.parametrize(
    "ask",
    [
        lambda: feature_dim("tiny", pooling="grid4"),
        lambda: build_backbone("tiny", pooling="grid4", **TINY),
        lambda: build_model(3, 20, backbone="tiny", pooling="grid4"),
    ],
)
def test_an_unknown_pooling_is_refused(ask) -> None:
    with pytest.raises(ValueError, match="`pooling` must be one of 'mean', 'grid2', 'grid3'. Received"):
        ask()


def test_a_model_of_clips_reads_as_many_columns_as_one_of_features() -> None:
    options = {"backbone": "tiny", "pooling": "grid2", "video_units": 4, "hidden_units": 4}
    clips, features = (build_model(3, 20, starts_from=form, **options) for form in ("clip", "features"))
    assert features.input["features"].shape[-1] == feature_dim("tiny", pooling="grid2")
    assert clips.count_params() - clips.get_layer("backbone").count_params() == features.count_params()
