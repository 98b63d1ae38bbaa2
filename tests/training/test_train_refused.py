"""What `train` refuses."""

from pathlib import Path

import pandas as pd
import pytest

import videoqa
from videoqa.models.weight_files import TINY_WEIGHTS_FILE

REFUSED = [
    ({}, "no-such.csv", FileNotFoundError, "no-such.csv"),
    ({"video_branch": "none"}, "labels.csv", ValueError, "without video and question nothing is left"),
    ({"backbone_weights": None}, "labels.csv", ValueError, "be given for a frozen backbone"),
    ({"epochs": 0}, "labels.csv", ValueError, "`epochs` must be"),
    ({"epoch": 1}, "labels.csv", ValueError, "Did you mean 'epochs'"),
]


@pytest.mark.parametrize(("options", "name", "error", "message"), REFUSED)
def test_bad_options_are_refused_before_any_work(
    small_set: Path, small_options: dict, tmp_path: Path, options: dict, name: str, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        videoqa.train(small_set / name, out=tmp_path / "run", **{**small_options, **options})
    assert not (tmp_path / "run").exists()


def test_no_data_is_refused_with_the_next_step() -> None:
    with pytest.raises(ValueError, match="`--data sample`"):
        videoqa.train()


@pytest.mark.slow
def test_one_answer_is_nothing_to_learn(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    table = pd.read_csv(small_set / "labels.csv").assign(label="same")
    table["video"] = [str(small_set / video) for video in table["video"]]
    with pytest.raises(ValueError, match="at least two different answers"):
        videoqa.train(table, out=tmp_path / "run", **small_options)


def test_an_initial_model_of_another_task_is_refused(
    small_set: Path, small_options: dict, question_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="be a model for the task of the data, 'action'"):
        videoqa.train(
            small_set / "labels.csv", out=tmp_path / "run", initial_model=question_run, **small_options
        )


def test_an_out_that_holds_a_run_is_refused(small_set: Path, small_options: dict, question_run: Path) -> None:
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        videoqa.train(small_set / "questions.csv", out=question_run, **small_options)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"video_units": 9}, "have the new model's video_units=9.*Repeat the options"),
        ({"backbone": "inception_v3"}, "new model's backbone='inception_v3'.*'tiny'.*Repeat the options"),
        ({"backbone_weights": "other"}, "learned from the new model's backbone"),
    ],
)
def test_an_initial_model_that_does_not_fit_is_refused_before_any_work(
    small_set: Path, small_options: dict, question_run: Path, tmp_path: Path, changed: dict, message: str
) -> None:
    if "backbone_weights" in changed:
        changed = {"backbone_weights": tmp_path / "other.weights.h5"}
        changed["backbone_weights"].write_bytes(TINY_WEIGHTS_FILE.read_bytes() + b" ")
    options = {**small_options, **changed}
    with pytest.raises(ValueError, match=message):
        videoqa.train(
            small_set / "questions.csv", out=tmp_path / "run", initial_model=question_run, **options
        )
    assert not (tmp_path / "run").exists()


def test_annotations_of_no_set_are_refused(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`annotations` must be left out: no named set"):
        videoqa.train(small_set / "labels.csv", out=tmp_path / "run", annotations=tmp_path, **small_options)
