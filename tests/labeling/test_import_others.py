"""Results of Label Studio, filled-in tables and the corrections of a page."""

import json
import os

import pandas as pd
import pytest

from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.label_studio_results import CANNOT_TELL_CHOICE, OTHER_CHOICE
from videoqa.labeling.tasks import TaskFile, read_tasks, write_tasks

from .conftest import ABOUT, question, write_csv

PAGE = ("video", "question", "answer", "model_answer", "probability", "clip_sha256", "time_utc", "model")


@pytest.fixture
def bring(tmp_path):
    """Import files to one table, and return the summary and the table."""

    def bring(*files, tasks=tmp_path / "tasks.json", **options):
        done = import_answers(files, tasks=tasks, out=tmp_path / "corrections.csv", **options)
        return done, pd.read_csv(tmp_path / "corrections.csv", keep_default_na=False, dtype=str)

    return bring


def annotation(number, worker, choice="", typed="", cancelled=False):
    results = []
    if choice:
        results.append({"from_name": "choice", "type": "choices", "value": {"choices": [choice]}})
    if typed:
        results.append({"from_name": "typed", "type": "textarea", "value": {"text": [typed]}})
    return {"id": number, "completed_by": worker, "was_cancelled": cancelled, "result": results}


@pytest.fixture
def studio(tmp_path, tasks):
    """Write an export of Label Studio with two annotators and return its path."""
    made = [
        [annotation(1, 7, "loading"), annotation(2, {"email": "a@b.org"}, "loading")],
        [annotation(3, 7, OTHER_CHOICE, "Riding a bike"), annotation(4, 8, cancelled=True)],
        [annotation(5, 7, CANNOT_TELL_CHOICE), annotation(6, 8), annotation(7, 9, "dancing")],
    ]
    items = [
        {"id": number, "data": {"task_id": task.id, "tasks_sha256": tasks.sha256}, "annotations": given}
        for number, (task, given) in enumerate(zip(tasks.tasks, made, strict=False))
    ]
    (tmp_path / "export.json").write_text(json.dumps(items))
    return tmp_path / "export.json"


def test_label_studio_exports_json(bring, studio):
    done, table = bring(studio)
    assert table["answer"].tolist() == ["loading", "riding a bike"]
    assert done["workers"]["worker"].tolist() == ["7", "a@b.org"]
    counts = {"used": 3, "cannot tell": 1, "rejected or skipped": 1, "unfinished": 1}
    assert done["outcomes"] == {**counts, "outside the choices": 1}


def test_label_studio_says_when_and_more_than_one_answer_is_none(bring, tasks, tmp_path):
    made = [annotation(1, 7, "loading"), annotation(2, 7, typed="Riding"), annotation(3, 7, "loading")]
    made[0] |= {"created_at": "2026-11-30T09:00:00Z", "updated_at": "2026-11-30T10:00:00Z"}
    made[2]["result"][0]["value"]["choices"].append("waving")
    items = [
        {
            "data": {"task_id": task.id, "tasks_sha256": tasks.sha256 if number < 3 else "0" * 64},
            "annotations": [each],
        }
        for number, (task, each) in enumerate(
            zip(tasks.tasks, [*made, annotation(4, 7, "loading")], strict=True)
        )
    ]
    (tmp_path / "export.json").write_text(json.dumps(items))
    done, table = bring(tmp_path / "export.json")
    assert table[["answer", "answered_at"]].to_numpy().tolist() == [
        ["loading", "2026-11-30T10:00:00Z"],
        ["riding", ""],
    ]
    assert done["outcomes"] == {"used": 2, "unfinished": 1, "of another export": 1}


@pytest.mark.parametrize("is_json", [True, False])
def test_label_studio_exports_flat_tables(bring, tasks, tmp_path, is_json):
    head = (
        "task_id",
        "choice",
        "typed",
        "annotator",
        "annotation_id",
        "tasks_sha256",
        "lead_time",
        "created_at",
    )
    rows = [(tasks.tasks[0].id, '{"choices": ["loading"]}', "", "7", "1", tasks.sha256, "2.0", "")]
    rows += [(tasks.tasks[1].id, OTHER_CHOICE, '["riding"]', "7", "2", "", "2.0", "")]
    rows += [(tasks.tasks[2].id, "loading", "", "7", "3", "0" * 64, "2.0", "")]
    path = tmp_path / f"export.{'json' if is_json else 'csv'}"
    if is_json:
        path.write_text(json.dumps([dict(zip(head, row, strict=True)) for row in rows]))
    else:
        write_csv(path, head, rows)
    done, table = bring(path)
    assert table["answer"].tolist() == ["loading", "riding"] and done["outcomes"]["of another export"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"id": 1}]', "must be an export of Label Studio"),
        ("[1]", "must be a list of objects"),
        ('[{"annotations": [], "data": 3}]', "has no data or annotations"),
        ("{", "must be JSON"),
    ],
)
def test_other_json_is_refused(bring, tasks, tmp_path, text, message):
    (tmp_path / "export.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        bring(tmp_path / "export.json")


def test_a_filled_in_table(bring, tasks, tmp_path):
    """As a spreadsheet saves it: with a mark of its coding, and semicolons."""
    given = enumerate(["Loading", "Can't tell", "'-5", ""])
    rows = [(tasks.tasks[number].id, answer, "", tasks.sha256) for number, answer in given]
    rows.append((tasks.tasks[2].id, "waving", "'=bert", "0" * 64))
    rows.append(("", "", "", ""))
    file = write_csv(tmp_path / "anna.csv", ("task_id", "answer", "worker", "tasks_sha256"), rows)
    file.write_text("\ufeff" + file.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    done, table = bring(file)
    assert table["answer"].tolist() == ["loading", "'-5"] and done["workers"]["worker"].tolist() == ["anna"]
    assert done["outcomes"] == {"used": 2, "cannot tell": 1, "unfinished": 1, "of another export": 1}
    assert done["tasks"]["majority_answer"].tolist() == ["loading", "", "-5"]


def test_tables_that_keep_their_name_are_told_by_their_folders(bring, tasks, tmp_path):
    files = []
    for worker in ("anna", "bert"):
        (tmp_path / worker).mkdir()
        path = tmp_path / worker / "tasks.csv"
        files.append(write_csv(path, ("task_id", "answer"), [(tasks.tasks[0].id, "Loading")]))
        path.write_text(path.read_text() + "\n" * (worker == "bert"))  # the same file counts once
    done, table = bring(*files)
    assert done["workers"]["worker"].tolist() == ["anna/tasks", "bert/tasks"]
    assert done["outcomes"] == {"used": 2} and table["num_assignments"].tolist() == ["2"]


def test_verified_and_written_rows(bring, tmp_path):
    verify = question(0, kind="verify", answer="waving", choices=())
    write = question(1, kind="write", question="", num_questions=2, choices=())
    write_tasks(tmp_path / "tasks.json", TaskFile((verify, question(2, **vars_of(verify)), write), ABOUT))
    head = ("task_id", "worker", "answer", "question_1", "answer_1", "question_2", "answer_2")
    written = ("What is red?", "The box", "How many people?", "2")
    ids = [question(number).id for number in range(3)]
    rows = [(ids[0], "a", "Yes", *[""] * 4), (ids[2], "a", "no", *[""] * 4), (ids[1], "a", "", *written)]
    done, table = bring(write_csv(tmp_path / "filled.csv", head, rows))
    assert table[["kind", "question", "answer"]].to_numpy().tolist() == [
        ["verify", "What is he doing?", "waving"],
        ["write", "What is red?", "the box"],
        ["write", "How many people?", "2"],
    ]
    assert done["outcomes"] == {"used": 3} and table["row_id"].is_unique
    again = [(*row[:1], row[1].upper(), *row[2:]) for row in rows]
    assert bring(write_csv(tmp_path / "again.csv", head, again))[0]["already_there"] == 3


def test_what_was_written_is_given_out_to_be_verified(bring, tmp_path):
    write_tasks(tmp_path / "tasks.json", TaskFile((question(0, kind="write", num_questions=1),), ABOUT))
    head = ("task_id", "worker", "question_1", "answer_1")
    rows = [(question(0).id, "a", "=1+1 is what?", "-2")]
    bring(write_csv(tmp_path / "filled.csv", head, rows))
    options = {"select": "random", "kind": "verify", "format": "csv"}
    export_tasks(data=tmp_path / "corrections.csv", out=tmp_path / "second", **options)
    (task,) = read_tasks(tmp_path / "second").tasks
    assert (task.question, task.answer, task.video) == ("=1+1 is what?", "-2", "clip-0.avi")
    with pytest.raises(ValueError, match="a table of corrections, which has been read"):
        import_answers(tmp_path / "corrections.csv", tasks=tmp_path, out=tmp_path / "third.csv")


def vars_of(task):
    return {"kind": task.kind, "answer": task.answer, "choices": ()}


@pytest.fixture
def page(tmp_path):
    """Write the corrections of a page and return their path."""

    def write(*given, name="page.csv"):
        rows = [
            (f"{clip}.mp4", asked, answer, "waving", "0.9", clip * 8, f"2026-11-30T10:0{number}:00", "mine")
            for number, (clip, asked, answer) in enumerate(given)
        ]
        return write_csv(tmp_path / name, PAGE, rows)

    return write


def test_corrections_of_a_page_need_no_tasks(bring, page):
    first = ("a", "What is he doing?", "Loading")
    file = page(first, ("a", "what is he doing? ", "loading"), ("b", "Is it red?", "'-5"), ("c", "Who?", ""))
    done, table = bring(file, tasks=None)
    assert table[["video", "answer", "num_assignments", "model_answer"]].to_numpy().tolist() == [
        ["a.mp4", "loading", "2", "waving"],
        ["b.mp4", "'-5", "1", "waving"],
    ]
    assert done["outcomes"] == {"used": 3, "without an answer": 1}
    assert bring(file, tasks=None)[0]["added"] == 0


def test_people_who_contradict_each_other_on_a_page_label_nothing(bring, page):
    file = page(("a", "Who?", "anna"), ("a", "Who?", "bert"))
    file.write_text(file.read_text().replace("a.mp4", "copy.mp4", 1))
    done, table = bring(file, tasks=None, min_certainty=0.5)
    assert len(table) == 0 and done["outcomes"] == {"uncertain": 2}


def test_results_without_their_tasks_are_refused(bring, mturk):
    with pytest.raises(ValueError, match="name the tasks.json that the answers are to"):
        bring(mturk((0, "a", "loading")), tasks=None)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to")
def test_a_folder_that_nobody_can_write_to_is_refused(bring, tasks, mturk, tmp_path):
    with pytest.raises(ValueError, match="`out` must lie in a folder that can be written to"):
        import_answers([mturk((0, "A", "waving"))], tasks=tmp_path / "tasks.json", out="/proc/self/new.csv")
