"""Evaluations that are not whole, or of other rows than the run's: refused, or made again."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import videoqa
from videoqa.cli.main import main


@pytest.fixture(scope="module")
def evaluated(question_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that `evaluate` wrote; not to be changed."""
    out = tmp_path_factory.mktemp("evaluated")
    videoqa.evaluate(question_run, out=out, progress=False)
    return out


@pytest.fixture
def run(question_run: Path, tmp_path: Path) -> Path:
    """Return a copy of a run that was not evaluated."""
    return Path(shutil.copytree(question_run, tmp_path / "run", ignore=shutil.ignore_patterns("evaluation")))


def change_rows(change: Callable[[str], str | bytes]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        path = folder / "predictions.csv"
        changed = change(path.read_text("utf-8"))
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())

    return damage


def change_scores(**changed: object) -> Callable[[Path], object]:
    """Return what writes other scores; `...` removes one."""

    def damage(folder: Path) -> None:
        path = folder / "metrics.json"
        scores = json.loads(path.read_text("utf-8")) | changed
        path.write_text(json.dumps({name: value for name, value in scores.items() if value is not ...}))

    return damage


def first_cell(name: str, value: str) -> Callable[[Path], object]:
    """Return what writes another value into the first row of a column."""

    def change(text: str) -> str:
        rows = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        rows.loc[0, name] = value
        return rows.to_csv(index=False)

    return change_rows(change)


DAMAGES = {
    "empty": (change_rows(lambda text: ""), "predictions.csv cannot be read .No columns to parse"),
    "header only": (
        change_rows(lambda text: text.splitlines()[0] + "\n"),
        "predictions.csv has 0 rows and metrics.json says 6",
    ),
    "half of the rows": (
        change_rows(lambda text: "\n".join(text.splitlines()[:4]) + "\n"),
        "predictions.csv has 3 rows and metrics.json says 6",
    ),
    "half of the last row": (
        change_rows(lambda text: ",".join(text.rstrip("\n").split(",")[:-4])),
        "predictions.csv has correct = '' in row 6",
    ),
    "a cell too many": (
        change_rows(lambda text: text + ",".join("x" * 99)),
        "predictions.csv cannot be read",
    ),
    "an open quote": (change_rows(lambda text: text + '"x,y\n'), "predictions.csv cannot be read"),
    "a column gone": (
        change_rows(lambda text: text.replace("blind_answer", "other", 1)),
        "predictions.csv cannot be read .predictions.csv must have the columns.*Missing: 'blind_answer'",
    ),
    "no number": (first_cell("probability", "abc"), "predictions.csv has probability = 'abc' in row 1"),
    "no finite number": (
        first_cell("probability", "inf"),
        "predictions.csv has probability = 'inf' in row 1",
    ),
    "neither right nor wrong": (first_cell("correct", "yes"), "predictions.csv has correct = 'yes' in row 1"),
    "no UTF-8": (
        change_rows(lambda text: text.encode() + b"\xff"),
        "predictions.csv cannot be read .'utf-8' codec can't decode byte 0xff",
    ),
    "half of the scores": (
        lambda folder: (folder / "metrics.json").write_text('{"accuracy": 0.5, '),
        "metrics.json is no JSON object",
    ),
    "a list": (lambda folder: (folder / "metrics.json").write_text("[]"), "metrics.json is no JSON object"),
    "no accuracy": (change_scores(accuracy=...), "metrics.json has no 'accuracy'"),
    "an accuracy in words": (change_scores(accuracy="high"), "metrics.json has 'accuracy' = 'high'"),
    "no task": (change_scores(task=None), "metrics.json has 'task' = None"),
    "another task": (change_scores(task="captions"), "metrics.json has 'task' = 'captions'"),
    "no rows": (change_scores(num_rows=0), "predictions.csv has 6 rows and metrics.json says 0"),
    "empty types": (
        change_scores(by_question_type={"what": {}}),
        "metrics.json has an entry without 'num_rows' in 'by_question_type'",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGES)
def test_an_evaluation_that_is_not_whole_is_refused(name: str, evaluated: Path, tmp_path: Path) -> None:
    damage, fact = DAMAGES[name]
    folder = Path(shutil.copytree(evaluated, tmp_path / "scores"))
    damage(folder)
    message = f"(?s)^`run` must hold a whole evaluation; {fact}.*Evaluate the model again.$"
    with pytest.raises(ValueError, match=message):
        videoqa.report(folder, progress=False)
    for pair in ((folder, evaluated), (evaluated, folder), (folder, folder)):
        with pytest.raises(ValueError, match=message):
            videoqa.compare(*pair, progress=False)


def test_the_command_prints_no_traceback(evaluated: Path, run: Path, capfd) -> None:
    folder = Path(shutil.copytree(evaluated, run / "evaluation" / "test"))
    (folder / "predictions.csv").write_bytes(b"")
    for words in (["report", str(run)], ["compare", str(run), str(evaluated)], ["report", str(folder)]):
        assert main([*words, "--no-progress"]) == 2
        printed = capfd.readouterr().err
        assert (
            printed.startswith("videoqa: `run` must hold a whole evaluation") and "Traceback" not in printed
        )


def test_one_file_alone_is_refused(evaluated: Path, tmp_path: Path) -> None:
    shutil.copy(evaluated / "predictions.csv", tmp_path)
    with pytest.raises(
        ValueError, match="with a metrics.json and a predictions.csv.*Evaluate the model again"
    ):
        videoqa.report(tmp_path, progress=False)


@pytest.mark.slow
def test_a_smoke_run_is_not_taken_for_the_evaluation(run: Path, evaluated: Path) -> None:
    some = videoqa.evaluate(run, limit=4, progress=False)["out"]
    page = videoqa.report(some, progress=False).read_text("utf-8")
    assert "4 questions of the test split" in page, "a folder named itself is taken as it is"
    smoke = Path(shutil.copytree(run, run.parent / "smoke"))
    page = videoqa.report(run, progress=False)
    assert "6 questions of the test split" in page.read_text("utf-8")
    assert videoqa.compare(smoke, evaluated, progress=False)["num_rows"] == 6


@pytest.mark.slow
def test_the_limit_of_the_run_itself_is_kept(small_set: Path, quick_options: dict, tmp_path: Path) -> None:
    options = {**quick_options, "epochs": 1, "blind": False, "limit": 4}
    run = videoqa.train(small_set / "questions.csv", out=tmp_path / "run", **options).out
    scores = videoqa.evaluate(run, seed=3, progress=False)
    assert (scores["num_rows"], scores["limit"]) == (4, 4)
    videoqa.report(run, progress=False)
    kept = json.loads((Path(scores["out"]) / "metrics.json").read_text("utf-8"))
    assert kept["seed"] == 3, "not evaluated again"


@pytest.mark.slow
def test_old_scores_do_not_outlive_new_predictions(run: Path, tmp_path: Path) -> None:
    out = Path(videoqa.evaluate(run, out=tmp_path / "scores", progress=False)["out"])
    (out / "confusion.png").unlink()
    (out / "confusion.png").mkdir()  # so that writing stops between the predictions and the scores
    with pytest.raises(OSError, match="confusion.png"):
        videoqa.evaluate(run, out=out, limit=4, progress=False)
    assert not (out / "metrics.json").exists()
