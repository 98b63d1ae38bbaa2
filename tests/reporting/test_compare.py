"""`compare`: paired figures, the rows that have to be the same, and what is printed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.reporting.compare import describe_difference, format_comparison


@pytest.fixture(scope="module")
def evaluated(question_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that `evaluate` wrote; not to be changed."""
    out = tmp_path_factory.mktemp("evaluated")
    videoqa.evaluate(question_run, out=out, progress=False)
    return out


def with_correct(evaluated: Path, folder: Path, correct: list[bool]) -> Path:
    """Return a copy of an evaluation whose rows are right or wrong as given."""
    shutil.copytree(evaluated, folder)
    rows = pd.read_csv(folder / "predictions.csv", dtype=str, keep_default_na=False)
    rows.assign(correct=correct).to_csv(folder / "predictions.csv", index=False)
    return folder


def write_rows(folder: Path, rows: pd.DataFrame) -> None:
    """Write other predictions into an evaluation, and how many they are."""
    rows.to_csv(folder / "predictions.csv", index=False)
    scores = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(scores | {"num_rows": len(rows)}))


@pytest.mark.slow
def test_a_run_and_itself_are_equal(question_run: Path) -> None:
    result = videoqa.compare(question_run, question_run, progress=False)
    unseen = 1 - 0.025 ** (1 / 3)  # no row of 3 videos differs: of others up to 71 % may, either way
    assert result["difference"] == 0
    assert result["difference_interval"] == pytest.approx([-unseen, unseen])
    assert result["mcnemar_p_value"] == 1 and result["num_left_out"] == 0
    assert result["num_rows"] == 6 and result["num_videos"] == 3
    assert sum(each["num_rows"] for each in result["by_question_type"].values()) == 6
    assert describe_difference(result) == "Both runs are right on exactly the same rows."


@pytest.mark.slow
def test_figures_worked_out_by_hand(evaluated: Path, tmp_path: Path) -> None:
    types = pd.read_csv(evaluated / "predictions.csv")["question_type"]
    right = (types == "what").tolist()  # each of 3 videos has one of either type
    a = with_correct(evaluated, tmp_path / "a", [False] * 6)
    b = with_correct(evaluated, tmp_path / "b", right)
    result = videoqa.compare(a, b, progress=False)
    assert (result["accuracy_a"], result["accuracy_b"], result["difference"]) == (0, 0.5, 0.5)
    # each video is one trial: 1.5 of 3 for B alone, widened to 1 and 2, of which at least 0.0084; none for A
    low, high = result["difference_interval"]
    assert high == pytest.approx(1 - 0.0084, abs=1e-4)
    assert low == pytest.approx(0.5 - ((0.5 - 0.0084) ** 2 + (1 - 0.025 ** (1 / 3)) ** 2) ** 0.5, abs=1e-4)
    assert (result["only_a_correct"], result["only_b_correct"]) == (0, 3)
    assert result["mcnemar_p_value"] == 0.25
    assert result["by_question_type"]["what"]["difference"] == 1
    assert result["by_question_type"]["is"]["mcnemar_p_value"] == 1
    text = format_comparison(result)
    assert text.splitlines()[2] == "6 rows of 3 videos, the split 'test' of both."
    assert result["splits"] == ["test", "test"] and result["seen_rows"] == [0, 0]
    scores = json.loads((b / "metrics.json").read_text())
    (b / "metrics.json").write_text(json.dumps(scores | {"seen_rows": 2, "split": "validation"}))
    lines = format_comparison(videoqa.compare(a, b, progress=False)).splitlines()
    assert lines[2].startswith("6 rows of 3 videos, the split 'test' of A and 'validation' of B.")
    assert lines[2].endswith("B has learned from the videos of 2 of them.")
    assert text.splitlines()[-1] == "These 3 videos do not tell the two runs apart: the interval includes 0."
    assert [line.split()[:6] for line in text.splitlines() if line.startswith("all")] == [
        ["all", "6", "3", "0.00", "50.00", "+50.00"]
    ]


def test_the_rows_of_a_video_are_drawn_together(evaluated: Path, tmp_path: Path) -> None:
    videos = pd.read_csv(evaluated / "predictions.csv")["video_id"]
    a = with_correct(evaluated, tmp_path / "a", [False] * 6)
    b = with_correct(evaluated, tmp_path / "b", (videos == videos[0]).tolist())
    result = videoqa.compare(a, b, progress=False)
    assert result["difference"] == pytest.approx(1 / 3)
    # of three videos one is right for B alone: 0.0084 to 0.9057; none for A alone: 0 to 0.7076
    low, high = result["difference_interval"]
    assert low == pytest.approx(1 / 3 - ((1 / 3 - 0.0084) ** 2 + 0.7076**2) ** 0.5, abs=1e-4)
    assert high == pytest.approx(0.9057, abs=1e-4)
    assert "do not tell the two runs apart" in describe_difference(result)


def test_pairs_are_compared_where_there_are_some(evaluated: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(evaluated / "predictions.csv", dtype=str, keep_default_na=False)
    first = (rows["video_id"] == rows["video_id"].iloc[0]).to_numpy()
    paired = rows.assign(pair=np.where(rows["question_type"] == "what", "1", ""))
    a = with_correct(evaluated, tmp_path / "a", first.tolist())
    b = with_correct(evaluated, tmp_path / "b", [True] * 6)
    assert "pairs" not in videoqa.compare(a, b, progress=False)
    for folder, correct in ((a, first), (b, True)):
        write_rows(folder, paired.assign(correct=correct))
    result = videoqa.compare(a, b, progress=False)
    pairs = result["pairs"]
    assert (pairs["num_rows"], pairs["accuracy_a"], pairs["accuracy_b"]) == (1, 0, 1)
    line = next(
        line for line in format_comparison(result).splitlines() if line.startswith("pairs, both right")
    )
    assert line.split()[3:8] == ["1", "1", "0.00", "100.00", "+100.00"]


def test_groups_are_compared_by_their_types(evaluated: Path, tmp_path: Path) -> None:
    a = with_correct(evaluated, tmp_path / "a", [False] * 6)
    scores = json.loads((a / "metrics.json").read_text()) | {
        "score_groups": {"free": ["what"], "none": ["x"]}
    }
    (a / "metrics.json").write_text(json.dumps(scores))
    result = videoqa.compare(a, evaluated, progress=False)
    assert result["by_group"]["free"] == result["by_question_type"]["what"]
    assert result["by_group"]["none"]["num_rows"] == 0
    assert "group free" in format_comparison(result) and "group none" not in format_comparison(result)


def test_other_rows_are_refused_or_left_out(evaluated: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(evaluated / "predictions.csv", dtype=str, keep_default_na=False)
    other = with_correct(evaluated, tmp_path / "b", [True] * 6)
    changed = rows.assign(correct=True, answer=np.where(rows.index == 0, "another", rows["answer"])).iloc[:5]
    write_rows(other, changed)
    message = "must hold the same rows.*1 row only in A, 0 only in B, 1 with another .*4 common ones"
    with pytest.raises(ValueError, match=message):
        videoqa.compare(evaluated, other, progress=False)
    result = videoqa.compare(evaluated, other, common=True, progress=False)
    assert result["num_rows"] == 4 and result["num_left_out"] == 3
    assert "3 rows left out" in format_comparison(result)
    write_rows(other, changed.assign(answer="another"))
    with pytest.raises(ValueError, match="must hold the same rows"):
        videoqa.compare(evaluated, other, common=True, progress=False)
    write_rows(other, pd.concat([rows, rows]))
    with pytest.raises(ValueError, match="`question_id` must be different in every row"):
        videoqa.compare(evaluated, other, progress=False)


def test_runs_of_two_tasks_are_refused(evaluated: Path, action_run: Path) -> None:
    with pytest.raises(ValueError, match="`run_b` must be of the task of run_a, 'open_ended'"):
        videoqa.compare(evaluated, action_run, progress=False)


def test_actions_are_compared_by_class(action_run: Path, tmp_path: Path, capfd) -> None:
    out = tmp_path / "shuffled"
    videoqa.evaluate(action_run, shuffle_frames=True, out=out, progress=False)
    assert main(["compare", str(action_run), str(out), "--json", "--no-progress"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert set(result["by_class"]) == {"loading", "unloading", "waving"}
    assert "by_question_type" not in result
    assert main(["compare", str(action_run), str(out), "--no-progress"]) == 0
    assert "McNemar p" in capfd.readouterr().out


def test_a_folder_that_is_neither_is_refused(tmp_path: Path, question_run: Path) -> None:
    with pytest.raises(ValueError, match="`run` must be a model folder.*or a folder that `evaluate` wrote"):
        videoqa.compare(question_run, tmp_path, progress=False)
    with pytest.raises(FileNotFoundError, match="`run` must be an existing directory"):
        videoqa.compare(tmp_path / "missing", question_run, progress=False)
