"""A model's confidence against known tasks, what is left out for lack of it, and who answers the rest."""

import json

import pandas as pd
import pytest

from videoqa.cli.main import main
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.tasks import Task, TaskFile, read_tasks, stable_id, write_tasks

from .conftest import ABOUT, question, write_csv


@pytest.fixture
def model_says(tmp_path):
    """Write tasks, and a model's answers from (task, answer, confidence); return the answers' path."""

    def write(tasks, given, name="answers.jsonl", model="big"):
        file = TaskFile(tuple(tasks), ABOUT)
        write_tasks(tmp_path / "tasks.json", file)
        head = {"format": "videoqa model answers", "version": 1, "model": model, "tasks_sha256": file.sha256}
        lines = [head]
        for task, answer, confidence in given:
            how = "choice" if answer else "cannot_tell"
            line = {"task_id": tasks[task].id, "how": how, "answer": answer, "confidence": confidence}
            lines.append({key: value for key, value in line.items() if value is not None})
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
        return tmp_path / name

    return write


@pytest.fixture
def bring(tmp_path):
    def bring(*files, **options):
        done = import_answers(files, tasks=tmp_path, out=tmp_path / "corrections.csv", **options)
        return done, pd.read_csv(tmp_path / "corrections.csv", keep_default_na=False, dtype=str)

    return bring


@pytest.fixture
def known(model_says):
    """Ten known tasks, of which a model has 6 of 6 right when it is sure, and 1 of 4 when it is not."""
    tasks = [question(number, known_answer="waving") for number in range(10)]
    tasks += [question(10), question(11), question(12, start_seconds=1.0, end_seconds=2.0)]
    given = [(number, "waving", 1.0) for number in range(6)]
    given += [(6, "waving", 0.4), *((number, "loading", 0.4) for number in range(7, 10))]
    given += [(10, "walking", 1.0), (11, "jumping", 0.4), (12, "", 0.8)]
    return model_says(tasks, given)


def test_how_often_it_was_right_when_it_was_so_sure(bring, known, tmp_path):
    done, _ = bring(known, report=tmp_path / "seen", min_confidence=0.4)
    assert done["outcomes"] == {"used": 12, "cannot tell": 1}  # as sure as wanted is sure enough
    lines = done["trust"].round(4).to_numpy().tolist()
    # Clopper and Pearson's intervals of 7 of 10 and of 6 of 6, from the published table
    assert lines == [
        ["model:big", 0.4, 7, 10, 0.7, 0.3475, 0.9333],
        ["model:big", 1.0, 6, 6, 1.0, 0.5407, 1.0],
    ]
    assert pd.read_csv(tmp_path / "seen" / "trust.csv").round(4).to_numpy().tolist() == lines


def test_what_a_model_is_unsure_of_is_left_out_and_given_to_people(bring, known, tmp_path):
    done, table = bring(known, min_confidence=0.9, rest=tmp_path / "rest.csv")
    assert table["answer"].tolist() == ["walking"]
    assert done["outcomes"] == {"used": 7, "less sure than --min-confidence": 5, "cannot tell": 1}
    assert done["num_rest"] == 2
    rest = pd.read_csv(tmp_path / "rest.csv", keep_default_na=False, dtype=str)
    columns = ["question_id", "video", "start_seconds", "question", "answer"]
    assert rest[columns].to_numpy().tolist() == [
        ["my:11", "clip-11.avi", "", "What is he doing?", "jumping"],
        ["my:12", "clip-12.avi", "1.0", "What is he doing?", ""],
    ]
    options = {"data": tmp_path / "rest.csv", "select": "random", "format": "csv"}
    export_tasks(out=tmp_path / "second", kind="verify", **options)
    (task,) = read_tasks(tmp_path / "second").tasks
    assert (task.answer, task.corrects, task.kind) == ("jumping", "my:11", "verify")
    export_tasks(out=tmp_path / "third", **{**options, "select": "unlabelled"})
    (task,) = read_tasks(tmp_path / "third").tasks
    assert (task.corrects, task.start_seconds) == ("my:12", 1.0)


def test_people_have_no_confidence_and_are_never_left_out(bring, known, tmp_path):
    task = question(11)
    people = write_csv(tmp_path / "anna.csv", ("task_id", "answer"), [(task.id, "loading")])
    options = {"min_confidence": 0.9, "min_certainty": 0.4, "rest": tmp_path / "rest.csv"}
    done, table = bring(known, people, **options)
    assert sorted(table["answer"]) == ["loading", "walking"] and done["num_rest"] == 1
    assert done["trust"]["worker"].unique().tolist() == ["model:big"]


def test_the_rest_has_the_likeliest_answer_and_what_was_to_be_checked(bring, model_says, tmp_path):
    tasks = [question(0), question(1, kind="verify", answer="red", choices=()), question(2)]
    tasks += [Task(id=stable_id("write"), kind="write", video="clip.avi", num_questions=1)]
    path = model_says(tasks, [(0, "loading", 0.2), (1, "no", 0.2), (2, "jumping", 0.2)])
    people = write_csv(tmp_path / "anna.csv", ("task_id", "answer"), [(tasks[0].id, "waving")])
    bring(path, people, min_confidence=0.5, min_assignments=2, rest=tmp_path / "rest.csv")
    rest = pd.read_csv(tmp_path / "rest.csv", keep_default_na=False, dtype=str)
    assert rest["answer"].tolist() == ["waving", "red", "jumping"]


def test_a_model_that_is_sure_of_nothing(bring, model_says, tmp_path):
    tasks = [question(number, kind="label", question="", question_type="") for number in range(2)]
    done, table = bring(
        model_says(tasks, [(0, "waving", 0.2), (1, "", 0.2)]), min_confidence=0.5, rest=tmp_path / "rest.csv"
    )
    assert len(table) == 0 and done["num_rest"] == 2 and len(done["trust"]) == 0
    rest = pd.read_csv(tmp_path / "rest.csv", keep_default_na=False, dtype=str)
    assert rest["label"].tolist() == ["waving", ""] and "question" not in rest
    export_tasks(data=tmp_path / "rest.csv", select="random", format="csv", out=tmp_path / "second")
    assert {task.kind for task in read_tasks(tmp_path / "second").tasks} == {"label"}


def test_many_confidences_have_ten_lines(bring, model_says):
    tasks = [question(number, known_answer="waving") for number in range(40)]
    given = [(number, "waving" if number >= 20 else "loading", number / 40) for number in range(40)]
    done, _ = bring(model_says(tasks, given))
    assert done["trust"]["at_least"].tolist() == [number / 10 for number in range(10)]
    assert done["trust"]["num_answers"].tolist() == [40 - 4 * number for number in range(10)]
    assert done["trust"]["num_right"].tolist() == [20, 20, 20, 20, 20, 20, 16, 12, 8, 4]
    ten = [(number, "waving", min(number, 9) / 10) for number in range(40)]
    done, _ = bring(model_says(tasks, ten, name="ten.jsonl"))
    assert done["trust"]["at_least"].tolist() == [number / 10 for number in range(10)]


def test_a_model_without_known_tasks_is_named(bring, model_says, tmp_path, capsys):
    path = model_says([question(0), question(1)], [(0, "waving", 0.9), (1, "loading", 0.9)])
    assert bring(path)[0]["untested"] == ["model:big"]
    words = [str(path), "--tasks", str(tmp_path), "--out", str(tmp_path / "second.csv")]
    assert main(["label", "import", *words]) == 0
    assert "No known task was answered by model:big: nothing says when to trust it" in capsys.readouterr().out
    assert set(pd.read_csv(tmp_path / "second.csv")["source"]) == {"model:big"}


def test_what_cannot_be_is_refused(bring, known, tmp_path):
    people = write_csv(tmp_path / "anna.csv", ("task_id", "answer"), [(question(11).id, "loading")])
    with pytest.raises(ValueError, match="`min_confidence` must be left out.*No answer here has a confid"):
        bring(people, min_confidence=0.9)
    (tmp_path / "rest.csv").write_text("mine")
    with pytest.raises(FileExistsError, match="`rest` must be a new file"):
        bring(known, rest=tmp_path / "rest.csv")
    (tmp_path / "other.jsonl").write_text('{"question": "mine"}\n')
    with pytest.raises(
        ValueError, match="must be the answers of a model, as `videoqa label ask` writes them"
    ):
        bring(tmp_path / "other.jsonl")
    (tmp_path / "later.jsonl").write_text(known.read_text().replace('"version": 1', '"version": 2', 1))
    with pytest.raises(ValueError, match="must be the answers of a model"):
        bring(tmp_path / "later.jsonl")
    (tmp_path / "foreign.jsonl").write_text(
        known.read_text().replace('"tasks_sha256": "', '"tasks_sha256": "a', 1)
    )
    with pytest.raises(ValueError, match="13 of another export"):
        bring(tmp_path / "foreign.jsonl")


def test_a_confidence_that_is_none_counts_for_nothing(bring, model_says):
    tasks = [question(number, known_answer="waving") for number in range(7)]
    wrong = (1.5, -0.1, True, "0.9", [0.9], float("nan"), 1.0)
    done, _ = bring(model_says(tasks, [(number, "waving", stated) for number, stated in enumerate(wrong)]))
    assert done["trust"][["at_least", "num_answers"]].to_numpy().tolist() == [[1.0, 1]]
    assert done["outcomes"] == {"used": 7}


@pytest.mark.parametrize("torn", ['{"task_id": "', "\x00\x00", '{"task_id": 3}', "[]", "{" * 5000])
def test_a_line_that_was_cut_short_is_no_answer(bring, known, torn):
    known.write_text(known.read_text() + torn)
    done, table = bring(known, min_certainty=0.1)
    assert table["answer"].tolist() == ["walking", "jumping"]
    expected = "of an unknown task" if torn.endswith("3}") else "unfinished"
    assert done["outcomes"] == {"used": 12, "cannot tell": 1, expected: 1}


def test_the_command_prints_when_to_trust(known, tmp_path, capsys):
    words = [
        str(known),
        "--tasks",
        str(tmp_path),
        "--out",
        str(tmp_path / "c.csv"),
        "--min-confidence",
        "0.5",
    ]
    assert main(["label", "import", *words, "--rest", str(tmp_path / "rest.csv")]) == 0
    printed = capsys.readouterr().out
    assert (
        "model:big: when it says at least 1.00 it was right 6 of 6 times (100.0%; 54.1% to 100.0%)" in printed
    )
    assert "2 tasks stay unlabelled" in printed and "--kind verify" in printed
