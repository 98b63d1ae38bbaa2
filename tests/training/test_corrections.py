"""Training on corrections: what is refused, what is recorded, and what rows weigh."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from videoqa.config import DataConfig, LaunchConfig
from videoqa.data.annotations import read_annotations
from videoqa.evaluation.rows import rows_to_score
from videoqa.input_pipeline import Examples, balanced
from videoqa.labeling.corrections import COLUMNS, add_corrections
from videoqa.launching.job import Job
from videoqa.saving import load_model_folder
from videoqa.training import held_out
from videoqa.training.control import RunControl
from videoqa.training.held_out import check_corrections
from videoqa.training.label_weights import label_weights, label_weights_in_words
from videoqa.training.memory import ONE_REPLICA
from videoqa.training.preparing import prepare_data
from videoqa.training.request import read_request
from videoqa.training.rows import read_rows
from videoqa.training.run import Run
from videoqa.training.stages import model_stage


@pytest.fixture
def folder(small_set: Path, tmp_path: Path) -> Path:
    """Return a folder with the table of the small set, whose clips lie elsewhere."""
    table = pd.read_csv(small_set / "questions.csv")
    table["video"] = [str(small_set / name) for name in table["video"]]
    table.to_csv(tmp_path / "my.csv", index=False)
    return tmp_path


def corrected(folder: Path, *rows: dict, name: str = "new.csv") -> Path:
    path = folder / name
    filled = [{"kind": "answer", "row_id": str(number), **row} for number, row in enumerate(rows)]
    add_corrections(path, [{column: row.get(column, "") for column in COLUMNS} for row in filled])
    return path


def asked(folder: Path, place: int, answer: str, **cells) -> dict:
    """Return a correction of the row at a place of the table."""
    row = pd.read_csv(folder / "my.csv").iloc[place]
    about = {"video": row["video"], "question": row["question"], "corrects": f"my:{place + 1}"}
    return {**about, "answer": answer, **cells}


def request(small_options: dict, *data: Path, initial_model=None, **options):
    given = {name: value for name, value in {**small_options, **options}.items() if name != "progress"}
    job = Job(tuple(map(str, data)), given, LaunchConfig(), initial_model=initial_model, progress=False)
    return read_request(job)


def test_corrections_of_test_videos_are_refused_also_as_copies(folder: Path, small_options: dict) -> None:
    table = pd.read_csv(folder / "my.csv")
    place = int((table["split"] == "test").to_numpy().argmax())
    copy = folder / "copy.avi"
    shutil.copy(table["video"][place], copy)
    new = corrected(folder, asked(folder, 0, "yes"), {"video": str(copy), "question": "how?", "answer": "so"})
    message = (
        r"no correction of a test video. Received: 1 correction of test videos: line 3 of .*new.csv. Delete"
    )
    with pytest.raises(ValueError, match=message):
        read_rows(request(small_options, new, folder / "my.csv"), ONE_REPLICA)


def test_corrections_of_test_videos_of_the_initial_model_are_refused(
    folder: Path, small_options: dict, question_run: Path
) -> None:
    table = pd.read_csv(folder / "my.csv")
    is_test = table["split"] == "test"
    assert len(load_model_folder(question_run).metrics["test_videos"]) == table["video"][is_test].nunique()
    table[~is_test].to_csv(folder / "my.csv", index=False)
    shutil.copy(table["video"][is_test].iloc[0], folder / "copy.avi")
    copy = {"video": "copy.avi", "question": "is he waving?", "answer": "yes"}
    new = corrected(folder, asked(folder, 0, "jumping"), copy)
    asked_for = request(small_options, folder / "my.csv", new, initial_model=str(question_run))
    with pytest.raises(ValueError, match=r"a video that .* was tested on. Received: 1 correction.*copy.avi"):
        read_rows(asked_for, ONE_REPLICA)


def test_own_rows_of_videos_that_an_initial_model_was_tested_on_are_no_corrections(
    folder: Path, question_run: Path
) -> None:
    table = pd.read_csv(folder / "my.csv")
    table.assign(split=table["split"].replace("test", "train")).to_csv(folder / "my.csv", index=False)
    new = corrected(folder, asked(folder, 0, "jumping"))
    rows, initial = (
        read_annotations(DataConfig(data=(folder / "my.csv", new))),
        load_model_folder(question_run),
    )
    check_corrections(rows, initial)
    assert rows["answer"][0] == "jumping" and "test" not in rows["split"].tolist()
    check_corrections(rows.assign(correction="alone", split="test"), initial)  # these are not learned from
    earlier = initial.metrics["test_videos"]
    assert (
        held_out.test_videos(rows, {"train": earlier[:1]}, initial) == earlier[1:]
    )  # the first is learned by now


def test_an_initial_model_that_recorded_no_test_videos_is_said(
    folder, small_options, question_run, tmp_path, capsys
) -> None:
    initial = load_model_folder(question_run)
    del initial.metrics["test_videos"]
    new = corrected(folder, asked(folder, 0, "jumping"))
    check_corrections(read_annotations(DataConfig(data=(folder / "my.csv", new))), initial)
    assert "does not say which videos it was tested on" in capsys.readouterr().err


def test_a_retrained_model_records_what_it_was_corrected_by_and_is_tested_on(
    folder, small_options, question_run
) -> None:
    new = corrected(folder, asked(folder, 0, "jumping", agreement=0.5), asked(folder, 2, "unloading"))
    asked_for = request(
        small_options, folder / "my.csv", new, initial_model=str(question_run), label_weight="agreement"
    )
    data = prepare_data(asked_for, progress=False)
    initial = load_model_folder(question_run)
    assert data.corrections["changed"] + data.corrections["confirmed"] == 2
    assert data.test_videos == initial.metrics["test_videos"]
    assert data.table["answer"][0] == "jumping" and "jumping" in data.answers.answers
    assert data.label_weights[0] == 0.5 and (np.delete(data.label_weights, 0) == 1).all()
    assert "label weights" in data.hashes
    stage = model_stage(Run(asked_for, data, folder, None, RunControl(), None))
    assert stage.training.row_weights.tolist() == [0.5, *[1] * 23] and stage.validation.row_weights is None


def test_the_validation_rows_that_are_drawn_stay(folder: Path, small_options: dict) -> None:
    table = pd.read_csv(folder / "my.csv")
    table[table["split"] != "val"].to_csv(folder / "my.csv", index=False)
    before, _ = read_rows(request(small_options, folder / "my.csv"), ONE_REPLICA)
    places = before.index[before["split"] != "test"][::3]
    new = corrected(folder, *(asked(folder, place, "jumping") for place in places))
    after, _ = read_rows(request(small_options, folder / "my.csv", new), ONE_REPLICA)
    assert after["split"].tolist() == before["split"].tolist()
    assert after["answer"].tolist().count("jumping") == len(places)


def test_later_corrections_of_test_videos_change_no_score(folder, question_run) -> None:
    table = pd.read_csv(folder / "my.csv")
    place = int((table["split"] == "test").to_numpy().argmax())
    new = corrected(folder, asked(folder, place, "nothing"))
    rows = rows_to_score(load_model_folder(question_run), [folder / "my.csv", new], "test", {})
    assert "nothing" not in rows["answer"].tolist()


def test_what_an_initial_model_learned_is_no_test_row_of_other_data(
    folder, small_options, question_run, capsys
) -> None:
    table = pd.read_csv(folder / "my.csv")
    learned = set(table["video"][table["split"] == "train"][:2])
    table["split"] = ["test" if video in learned else "train" for video in table["video"]]
    table.to_csv(folder / "other.csv", index=False)
    data = prepare_data(
        request(small_options, folder / "other.csv", initial_model=str(question_run)), progress=True
    )
    assert len(data.videos["earlier"]) == len(learned)
    assert "has learned from: scores on them are flattered" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["0.5", "much"], r"`agreement` must be a number from 0 to 1. Received: agreement='much'. It is in"),
        (["0.5", "1.5"], "from 0 to 1.*1.5"),
        (["0.5", "-0.1"], "from 0 to 1"),
        (["0.5", "inf"], "from 0 to 1"),
        (["0", 0.0], "`agreement` must be above 0 in some training row"),
        (["", None], "`label_weight` must be left out: no row has an agreement"),
    ],
)
def test_agreements_that_are_none_are_refused(cells, message) -> None:
    table = pd.DataFrame(
        {"agreement": cells, "question_id": ["my:1", "my:2"], "split": "train"}, dtype=object
    )
    with pytest.raises(ValueError, match=message):
        label_weights(table, "agreement")
    assert label_weights(table, None) is None


def test_weights_of_validation_rows_alone_are_refused() -> None:
    table = pd.DataFrame(
        {"agreement": ["0", "1"], "question_id": ["my:1", "my:2"], "split": ["train", "validation"]}
    )
    with pytest.raises(ValueError, match="be above 0 in some training row"):
        label_weights(table, "agreement")


def test_rows_weigh_what_people_agree_on() -> None:
    cells = ["0.75", "", 1.0, np.nan]
    table = pd.DataFrame({"agreement": cells, "question_id": list("abcd"), "split": "train"}, dtype=object)
    weights = label_weights(table, "agreement")
    assert weights.tolist() == [0.75, 1, 1, 1] and weights.dtype == np.float32
    assert label_weights_in_words(weights).startswith("1 of 4 training rows weighs less than 1")
    assert "changes nothing" in label_weights_in_words(np.ones(2, np.float32))
    answers = np.array([0, 1, 1, 1], np.int32)
    examples = Examples(None, np.zeros(4, np.int64), None, answers, 1, row_weights=weights)
    assert balanced(examples, known_only=True).row_weights == pytest.approx([1.5, 2 / 3, 2 / 3, 2 / 3])


def test_an_unknown_weight_is_refused(folder: Path, small_options: dict) -> None:
    with pytest.raises(ValueError, match="`label_weight` must be one of 'agreement'"):
        request(small_options, folder / "my.csv", label_weight="votes")
    with pytest.raises(ValueError, match="no row has an agreement"):
        read_rows(request(small_options, folder / "my.csv", label_weight="agreement"), ONE_REPLICA)
