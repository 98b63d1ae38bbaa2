"""What a model learns of its limits from few rows, one clip or equal features, and what is said of it."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.saving import load_model_folder
from videoqa.training.preparing import PreparedData, prepare_data
from videoqa.training.request import read_request
from videoqa.training.stages import TrainedModel
from videoqa.training.state import Position
from videoqa.training.trusting import fit_trust
from videoqa.trust.trust import Trust

NOT_CALIBRATED = "Probabilities are not calibrated: "
NO_SETS = "No set of likely answers can be promised to hold the true one: "


@pytest.fixture(scope="module")
def trained(action_run: Path) -> TrainedModel:
    model = load_model_folder(action_run).build()
    return TrainedModel(model, model, Position(), None)


@pytest.fixture(scope="module")
def data(small_set: Path, small_options: dict[str, object]) -> PreparedData:
    """Return 12 training and 3 validation clips."""
    options = {name: value for name, value in small_options.items() if name != "progress"}
    job = Job(data=(str(small_set / "labels.csv"),), options=options, launch=LaunchConfig())
    return prepare_data(read_request(job), progress=False)


def rows(data: PreparedData, num_training: int, num_validation: int) -> PreparedData:
    """Return some rows of each split, a row more than once if there are too few."""
    splits = data.table["split"].to_numpy()
    places = [
        np.resize(np.flatnonzero(splits == name), number)
        for name, number in (("train", num_training), ("validation", num_validation))
    ]
    chosen = np.concatenate(places).astype(np.int64)
    table = data.table.iloc[chosen].reset_index(drop=True)
    return dataclasses.replace(data, table=table, examples=data.examples.select(chosen))


def fitted(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> tuple[Trust, dict, list[str]]:
    """Return what was fitted, the figures, and the sentences said."""
    capsys.readouterr()
    trust, calibration = fit_trust(data, trained, progress=True)
    return trust, calibration, capsys.readouterr().err.splitlines()


def test_few_validation_clips_calibrate_nothing_and_promise_no_set(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    trust, calibration, said = fitted(data, trained, capsys)
    assert trust.temperature is None and trust.sets is not None and trust.sets.most_above == 1
    assert calibration["num_rows"] == 3 and calibration["temperature"] is None
    assert said == [
        f"{NOT_CALIBRATED}3 validation rows; 20 are needed.",
        f"{NO_SETS}3 validation videos or groups; 9 are needed.",
        "Only 15 held-out clips to compare with: about 1 in 16 familiar clips will be called unfamiliar.",
    ]


def test_one_validation_clip_is_spoken_of_in_the_singular(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    said = fitted(rows(data, 2, 1), trained, capsys)[2]
    assert said[:2] == [
        f"{NOT_CALIBRATED}1 validation row; 20 are needed.",
        f"{NO_SETS}1 validation video or group; 9 are needed.",
    ]


def test_many_rows_of_few_videos_calibrate_and_promise_no_set(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    trust, calibration, said = fitted(rows(data, 12, 20), trained, capsys)
    assert trust.temperature is not None and calibration["num_rows"] == 20
    assert said[0] == f"{NO_SETS}3 validation videos or groups; 9 are needed."


def test_no_validation_row_leaves_familiarity_by_the_training_clips(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    trust, calibration, said = fitted(rows(data, 12, 0), trained, capsys)
    assert trust.sets is None and calibration == {}
    assert trust.clips is not None and trust.clips.num_held_out == 12
    assert said == [
        f"{NOT_CALIBRATED}no validation rows.",
        f"{NO_SETS}0 validation videos or groups; 9 are needed.",
        "Only 12 held-out clips to compare with: about 1 in 13 familiar clips will be called unfamiliar.",
    ]


@pytest.mark.parametrize("num_validation", [0, 3])
def test_one_training_clip_gives_no_familiarity(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str], num_validation: int
) -> None:
    trust, _, said = fitted(rows(data, 1, num_validation), trained, capsys)
    assert trust.clips is None
    assert said[-1] == "Unfamiliar clips cannot be told: too few clips to compare with."


def test_equal_features_of_all_clips_know_nothing_else(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert data.examples.clips is not None
    same = np.ones_like(data.examples.clips[0])
    examples = dataclasses.replace(data.examples, clips=[same] * len(data.examples.clips))
    trust, _, _ = fitted(dataclasses.replace(data, examples=examples), trained, capsys)
    found = trust.familiarity_of([same, data.examples.clips[0]])
    assert found is not None and found.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("num_known", [0, 19])
def test_rows_with_answers_outside_the_vocabulary_do_not_count_for_calibration(
    data: PreparedData, trained: TrainedModel, capsys: pytest.CaptureFixture[str], num_known: int
) -> None:
    many = rows(data, 12, 25)
    ids = many.examples.answer_ids.copy()
    ids[12 + num_known :] = -1
    outside = dataclasses.replace(many, examples=dataclasses.replace(many.examples, answer_ids=ids))
    trust, _, said = fitted(outside, trained, capsys)
    assert trust.temperature is None
    what = f"the model can give the answer of {num_known} of 25 validation rows; 20 are needed."
    assert said[0] == NOT_CALIBRATED + what
