"""The architectures without a backbone, from clips to answers: train, evaluate, predict, ask."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.saving import load_model_folder

COMMON = {"epochs": 1, "num_frames": 6, "max_grid_frames": 24, "progress": False}
OPTIONS = {
    "c3d": {"frame_size": (16, 16), "width": 0.05, "batch_size": 4, "short_clips": "loop", "flip": True},
    "conv_lstm": {"frame_size": (40, 40), "width": 0.3, "batch_size": 4},
}


@pytest.fixture(scope="module", params=OPTIONS)
def run(request, small_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model of each architecture."""
    out = tmp_path_factory.mktemp("runs") / request.param
    options = {"architecture": request.param, **COMMON, **OPTIONS[request.param]}
    return videoqa.train(small_set / "labels.csv", out=out, **options).out


@pytest.mark.slow
def test_a_model_folder_is_read_back_and_names_no_backbone(run: Path) -> None:
    loaded = load_model_folder(run)
    assert loaded.backbone == {} and not (run / "backbone.weights.h5").exists()
    assert loaded.config.model.architecture == run.name
    assert "clip" in loaded.build().input


@pytest.mark.slow
def test_windows_are_averaged_and_frames_reported(run: Path, tmp_path: Path) -> None:
    one = videoqa.evaluate(run, progress=False)
    assert one["num_rows"] == 3 and one["num_test_clips"] == 1
    five = videoqa.evaluate(run, num_test_clips=5, progress=False)
    assert five["num_test_clips"] == 5 and five["out"].endswith("test-5-windows")
    assert ("frames" in one) == (run.name == "conv_lstm")
    if "frames" in one:
        assert one["frames"]["num_frames"] == 3 * 6 < five["frames"]["num_frames"]
        wrong = sum(pair["num_frames"] for pair in one["frames"]["confused_pairs"])
        assert math.isclose(one["frames"]["accuracy"], 1 - wrong / 18)
        assert sum(pair["num_frames"] for pair in one["frames"]["label_pairs"]) == 18
    page = Path(videoqa.report(run, progress=False)).read_text("utf-8")
    assert ("Single frames" in page) == (run.name == "conv_lstm")
    with open(Path(five["out"]) / "metrics.json") as file:
        assert json.load(file)["num_test_clips"] == 5


@pytest.mark.slow
def test_ask_and_predict_agree_with_evaluate(run: Path, small_set: Path, capsys) -> None:
    scores = videoqa.evaluate(run, progress=False)
    rows = pd.read_csv(Path(scores["out"]) / "predictions.csv")
    clip = rows["video_path"][0]
    answer = videoqa.ask(clip, model=run)
    assert answer.text == rows["predicted_answer"][0]
    assert math.isclose(answer.probability, rows["probability"][0], rel_tol=1e-4)
    assert len(answer.timestamps_seconds) == 6
    table = videoqa.predict(run, Path(clip).parent, num_test_clips=3, progress=False)
    three = pd.read_csv(
        Path(videoqa.evaluate(run, num_test_clips=3, progress=False)["out"]) / "predictions.csv"
    )
    assert table["status"].tolist() == ["ok"] and three["video_path"][0] == clip
    assert math.isclose(table["probability"][0], three["probability"][0], rel_tol=1e-4)
    frames = np.zeros((9, 50, 60, 3), np.uint8)
    assert math.isclose(
        sum(p for _, p in videoqa.ask(frames, model=run, fps=10).alternatives), 1, rel_tol=1e-5
    )
    assert main(["predict", str(run), str(Path(clip).parent), "--num-test-clips", "2"]) == 0
    assert "answer" in capsys.readouterr().out


@pytest.mark.slow
def test_a_film_is_watched_as_its_segments_are_asked(run: Path, small_set: Path) -> None:
    clip = next(small_set.glob("waving-3/*.avi"))
    seconds = {"window_seconds": 1.0, "stride_seconds": 0.75}
    windows = list(videoqa.watch(clip, model=run, cuts=False, progress=False, **seconds))
    assert [each.start_seconds for each in windows[:3]] == [0, 0.75, 1.5]
    for each in (windows[0], windows[2], windows[-1]):
        span = {"start_seconds": each.start_seconds, "end_seconds": each.end_seconds}
        answer = videoqa.ask(clip, model=run, **span)
        assert each.answer == answer.text
        assert math.isclose(each.probability, answer.probability, rel_tol=1e-4)


@pytest.mark.slow
def test_several_windows_of_a_whole_clip_are_refused(action_run: Path) -> None:
    with pytest.raises(ValueError, match="`num_test_clips` must be 1 without frame_step"):
        videoqa.evaluate(action_run, num_test_clips=5, progress=False)
