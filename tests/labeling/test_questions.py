"""What people write and check becomes a table of questions."""

import json

import pandas as pd
import pytest

from videoqa.cli.main import main
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.make_questions import make_questions
from videoqa.labeling.tasks import TaskFile, read_tasks, write_tasks

from .conftest import ABOUT, question, write_csv

HEAD = ("task_id", "tasks_sha256", "worker", "question_1", "answer_1", "question_2", "answer_2")
CHECKED = ("task_id", "tasks_sha256", "worker", "answer")


@pytest.fixture
def writing(tmp_path):
    """Give out three clips to write about, and return the tasks."""
    folder = tmp_path / "writing"
    folder.mkdir()
    tasks = TaskFile(
        tuple(question(number, kind="write", question="", question_type="", choices=(), ranked=(),
                       corrects="", num_questions=2) for number in range(3)), ABOUT,
    )  # fmt: skip
    write_tasks(folder / "tasks.json", tasks)
    return tasks


@pytest.fixture
def written(tmp_path, writing):
    """Write what people wrote, from (task, worker, questions and answers), and return the path."""

    def written(*given, name="written.csv"):
        rows = [(writing.tasks[task].id, writing.sha256, worker, *texts) for task, worker, *texts in given]
        return write_csv(tmp_path / name, HEAD, [(*row, *[""] * (len(HEAD) - len(row))) for row in rows])

    return written


@pytest.fixture
def checked(tmp_path):
    """Give candidates out for checking; return what writes people's checks of (question, answer)."""

    def checked(candidates, says, folder="checking"):
        export_tasks(data=candidates, select="random", kind="verify", format="csv", out=tmp_path / folder)
        tasks = read_tasks(tmp_path / folder)
        rows = [
            (task.id, tasks.sha256, worker, answer)
            for task in tasks.tasks
            for worker, answer in says.get((task.question, task.answer), {}).items()
        ]
        return write_csv(tmp_path / f"{folder}.csv", CHECKED, rows)

    return checked


def rows_of(path, *columns):
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    return table[list(columns)].to_numpy().tolist()


def test_from_writing_to_a_table_of_what_was_checked(written, checked, tmp_path, capsys):
    file = written(
        (0, "anna", "What is red?", "The Box", "How many people?", "2"),
        (0, "bert", "what is  RED? ", "the box", "Where is he?", "yard"),
        (1, "anna", "Who waves?", "a man", "Is it dark?", "no"),
    )
    candidates = tmp_path / "candidates.csv"
    assert (
        main(
            ["label", "questions", str(file), "--tasks", str(tmp_path / "writing"), "--out", str(candidates)]
        )
        == 0
    )
    said = capsys.readouterr().out
    assert "Questions: 5 not checked." in said and "Nobody has checked these answers." in said
    assert rows_of(candidates, "video", "question", "answer", "kind", "num_writers")[0] == [
        *("clip-0.avi", "What is red?", "the box", "write", "2")
    ]
    says = {
        ("What is red?", "the box"): {"cora": "yes", "dora": "yes", "anna": "no"},
        ("How many people?", "2"): {"cora": "no", "dora": "no"},
        ("Where is he?", "yard"): {"cora": "yes", "dora": "no"},
        ("Who waves?", "a man"): {"cora": "?", "dora": "?"},
    }
    results = checked(candidates, says)
    out, tasks = tmp_path / "questions.csv", [tmp_path / "writing", tmp_path / "checking"]
    done = make_questions([file, results], tasks=tasks, out=out, report=tmp_path / "seen")
    assert done["states"] == {"right": 1, "wrong": 1, "undecided": 2, "not checked": 1}
    assert done["outcomes"]["a check by the one who wrote the question"] == 1
    assert rows_of(out, "question", "answer", "kind", "num_writers", "num_assignments", "source") == [
        ["What is red?", "the box", "verify", "2", "2", "written.csv | checking.csv"]
    ]
    assert rows_of(
        tmp_path / "seen" / "writers.csv", "writer", "num_right", "num_wrong", "num_undecided"
    ) == [
        ["anna", "1", "1", "1"],
        ["bert", "1", "0", "1"],
    ]
    before = out.read_bytes()
    again = make_questions([file, results, file], tasks=[*tasks, *tasks], out=out)
    assert (again["added"], again["already_there"]) == (0, 1) and out.read_bytes() == before


def test_checks_by_a_model_that_was_unsure_are_left_out(written, checked, tmp_path):
    file = written((0, "anna", "What is red?", "the box"), (1, "anna", "Who waves?", "a man"))
    candidates, out = tmp_path / "candidates.csv", tmp_path / "questions.csv"
    make_questions(file, tasks=tmp_path / "writing", out=candidates)
    checked(candidates, {})
    tasks = read_tasks(tmp_path / "checking")
    head = {"format": "videoqa model answers", "version": 1, "model": "big", "tasks_sha256": tasks.sha256}
    sure = {"What is red?": 1.0, "Who waves?": 0.4}
    lines = [
        {"task_id": task.id, "how": "choice", "answer": "yes", "confidence": sure[task.question]}
        for task in tasks.tasks
    ]
    path = tmp_path / "checks.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in (head, *lines)))
    words = ["--tasks", tmp_path / "writing", "--tasks", tmp_path / "checking", "--out", out]
    assert main(["label", "questions", *map(str, [file, path, *words]), "--min-confidence", "0.8"]) == 0
    assert rows_of(out, "question", "source") == [["What is red?", "written.csv | model:big"]]
