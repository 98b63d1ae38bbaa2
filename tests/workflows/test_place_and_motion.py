"""A model of a grid, flow and differences: trained from what `encode` cached, asked, scored, explained."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa._manifest import write_manifest
from videoqa.config import FLOW_COLUMNS, ModelConfig, SamplingConfig
from videoqa.features.encoding import load_features
from videoqa.models.backbones import feature_dim
from videoqa.models.building import build_from_config
from videoqa.models.feature_layers import LEAST_DEVIATION
from videoqa.saving import PARTS_OF_A_FOLDER, load_model_folder
from videoqa.video.decoding import ClipRequest, decode

KEPT = {"pooling": "grid2", "motion": "both", "backbone": "tiny", "num_frames": 8, "progress": False}


@pytest.fixture(scope="module")
def run(small_set: Path, quick_options: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run whose clips `encode` had put into the cache."""
    encoded = videoqa.encode(small_set / "labels.csv", **KEPT)
    assert (encoded.num_encoded, encoded.num_failed) == (18, 0)
    out = tmp_path_factory.mktemp("place") / "run"
    videoqa.train(
        small_set / "labels.csv", out=out, **quick_options | KEPT | {"epochs": 1, "standardize": True}
    )
    assert videoqa.encode(small_set / "labels.csv", **KEPT).num_cached == 18
    return out


def test_the_folder_knows_its_features(run: Path) -> None:
    folder = load_model_folder(run)
    assert folder.config.model.pooling == folder.backbone["pooling"] == "grid2"
    num_columns = feature_dim("tiny", pooling="grid2") + 2 * FLOW_COLUMNS
    assert folder.build().input["features"].shape[-1] == num_columns
    assert len(folder.trust.clips.space.center) == feature_dim("tiny"), "familiarity has the usual features"


@pytest.mark.numeric
def test_features_come_to_one_scale_by_the_training_clips_alone(
    run: Path, small_set: Path, rounding: Any
) -> None:
    folder = load_model_folder(run)
    layer = folder.build().get_layer("video_standardization")
    report = videoqa.encode(small_set / "labels.csv", **KEPT)
    splits = dict(pd.read_csv(small_set / "labels.csv").set_index("video")["split"])
    trained = np.array(
        [splits[Path(path).relative_to(small_set).as_posix()] == "train" for path in report.good["path"]]
    )
    features = load_features(report)[trained].astype(np.float64)
    num_changing = feature_dim("tiny", pooling="grid2")
    changes = np.diff(features[..., :num_changing], axis=1, prepend=features[:, :1, :num_changing])
    shown = np.concatenate([features, changes], axis=2).reshape(-1, features.shape[2] + num_changing)
    deviation = shown.std(axis=0)
    mean = np.where(np.arange(len(deviation)) < features.shape[2], shown.mean(axis=0), 0)
    least = LEAST_DEVIATION * np.sqrt((deviation**2).mean())
    np.testing.assert_allclose(layer.mean, mean, atol=rounding(1, 1))
    np.testing.assert_allclose(layer.factor, 1 / np.maximum(deviation, least), rtol=rounding(2, 1))


def test_of_the_flow_alone_nothing_hangs_on_what_frames_look_like() -> None:
    config = ModelConfig(task="action", backbone="tiny", motion="flow_alone", standardize=True, num_answers=3)
    model = build_from_config(config, 8, starts_from="features")
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 8, feature_dim("tiny") + 2 * FLOW_COLUMNS)).astype(np.float32)
    flat = features.copy()
    flat[..., : feature_dim("tiny")] = 0
    moved = features.copy()
    moved[..., -1] += 1
    answers = [np.asarray(model({"features": each})) for each in (features, flat, moved)]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert (answers[0] != answers[2]).any()


def test_features_that_change_in_training_are_not_standardized(small_set: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`standardize` must be False for a model that learns from frames"):
        videoqa.train(small_set / "labels.csv", out=tmp_path, train_backbone=True, standardize=True)


@pytest.mark.parametrize("options", [{"pooling": "grid2"}, {"motion": "flow"}, {"standardize": True}])
def test_a_model_without_video_has_no_features_to_choose(options: dict, tmp_path: Path) -> None:
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}` must be .* for a model that sees no video"):
        videoqa.train("sample", out=tmp_path, video_branch="none", **options)


def test_files_folders_of_jpegs_and_arrays_are_answered_alike(run: Path, tmp_path: Path) -> None:
    model, clip = videoqa.load(run), videoqa.sample_clip("loading", seed=9, folder=tmp_path)
    answer = model.ask(clip)
    frames = decode(ClipRequest(clip), SamplingConfig(8)).frames
    array = model.ask(frames)
    assert array.alternatives == answer.alternatives and array.familiarity == answer.familiarity
    (tmp_path / "jpegs").mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(tmp_path / f"jpegs/{number:04d}.jpg"), frame[..., ::-1])
    assert model.ask(tmp_path / "jpegs").text in model.answers
    assert np.isfinite(answer.evidence.contributions).all()
    answer.explain(tmp_path / "why.png")
    assert (tmp_path / "why.png").stat().st_size > 10_000


@pytest.mark.numeric
def test_windows_of_a_film_are_answered_like_their_cuts(run: Path, tmp_path: Path, rounding: Any) -> None:
    """Of 15 frames in 1.25 s, 8 regular ones are 2 apart, and a stride is 12: neighbours are seen twice."""
    model, clip = videoqa.load(run), videoqa.sample_clip("loading", seed=9, folder=tmp_path)
    options = {"window_seconds": 1.25, "stride_seconds": 1.0, "cuts": False, "progress": False}
    windows = list(model.watch(clip, end_seconds=3.25, **options))
    assert len(windows) == 3
    for each in windows:
        answer = model.ask(clip, start_seconds=each.start_seconds, end_seconds=each.end_seconds)
        assert each.answer == answer.text
        assert each.probability == pytest.approx(answer.probability, abs=rounding(10, 600))


def test_it_is_scored_forwards_and_backwards(run: Path, tmp_path: Path) -> None:
    scores = videoqa.evaluate(run, reverse_frames=True, progress=False)
    assert 0 <= scores["order_dependent_answers"] <= 1


def test_the_weights_of_a_model_with_another_pooling_are_refused_as_a_start(
    run: Path, small_set: Path, quick_options: dict, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"`initial_model` must have the new model's pooling='mean'.*grid2"):
        videoqa.train(small_set / "labels.csv", out=tmp_path / "out", initial_model=run, **quick_options)


def test_a_folder_whose_parts_name_other_grids_is_refused(run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "copy"))
    config = copied / "config.json"
    config.write_text(config.read_text().replace('"pooling": "grid2"', '"pooling": "grid3"', 1))
    write_manifest(copied, PARTS_OF_A_FOLDER)
    with pytest.raises(
        ValueError, match="trained with the backbone .*'grid2'.*; the one found here .*'grid3'"
    ):
        load_model_folder(copied)


def test_an_architecture_without_a_backbone_takes_no_grid(small_set: Path) -> None:
    with pytest.raises(ValueError, match="`pooling` must be left out with architecture='c3d'"):
        videoqa.encode(small_set / "labels.csv", architecture="c3d", pooling="grid2")
