"""What people write, in any script, comes through every format of results as it was written."""

import csv
import json

import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.labeling.answers_database import AnswersDatabase
from videoqa.labeling.make_questions import make_questions
from videoqa.labeling.page_answers import page_answer
from videoqa.labeling.tasks import TaskFile, write_tasks
from videoqa.labeling.typed_texts import seen_text

from .conftest import ABOUT, MTURK_HEAD, question, write_csv

RTL, LTR = "\N{RIGHT-TO-LEFT MARK}", "\N{LEFT-TO-RIGHT MARK}"
PAIRS = [
    (f"ماذا يحمل الرجل؟{RTL}", f"{RTL}صندوق{LTR}"),
    ("מה הוא עושה?", "מנופף"),
    ("他在做什么？", "挥手"),
    ("¿Qué hace?", "Salta"),
    ("What is the dog's face like?", "🐶"),
    ("Which flag is it?", "🏳️‍🌈"),
    ('What does "the man" say?', '"Yes",\r\nhe says'),
    ("<b>Who</b> is it & why?", "<script>alert('x')</script>"),
    ("=1+1 is what?", "-2"),
    ("What is between a and b; c?", "a,b;c\td"),
]
SEEN = [
    ("ماذا يحمل الرجل؟", "صندوق"),
    *PAIRS[1:3],
    ("¿Qué hace?", "salta"),
    *PAIRS[4:6],
    ('What does "the man" say?', '"yes", he says'),
    *PAIRS[7:9],
    ("What is between a and b; c?", "a,b;c d"),
]
FIELDS = {
    f"{name}_{number}": text
    for number, pair in enumerate(PAIRS, start=1)
    for name, text in zip(("question", "answer"), pair, strict=True)
}


@pytest.fixture
def task(tmp_path):
    """Give out one clip to write about and return the tasks."""
    made = question(0, kind="write", question="", question_type="", choices=(), ranked=(), corrects="",
                    num_questions=len(PAIRS))  # fmt: skip
    file = TaskFile((made,), ABOUT)
    write_tasks(tmp_path / "tasks.json", file)
    return file


def mturk(folder, tasks):
    head = (
        *MTURK_HEAD,
        "Input.task_id",
        "Input.tasks_sha256",
        "Answer.how",
        *(f"Answer.{name}" for name in FIELDS),
    )
    cells = ("H", "T", "Write", "$1", "A1", "anna", "Approved", tasks.tasks[0].id, tasks.sha256, "written")
    return write_csv(folder / "mturk.csv", head, [(*cells, *FIELDS.values())])


def mturk_packed(folder, tasks):
    head = (*MTURK_HEAD, "Input.task_id", "Input.tasks_sha256", "Answer.taskAnswers")
    cells = ("H", "T", "Write", "$1", "A1", "anna", "Approved", tasks.tasks[0].id, tasks.sha256)
    return write_csv(folder / "packed.csv", head, [(*cells, json.dumps([{"how": "written", **FIELDS}]))])


def studio(folder, tasks):
    result = [
        {"from_name": name, "to_name": "video", "type": "textarea", "value": {"text": [text]}}
        for name, text in FIELDS.items()
    ]
    item = {"id": 1, "data": {"task_id": tasks.tasks[0].id, "tasks_sha256": tasks.sha256}}
    item["annotations"] = [{"id": 5, "completed_by": "anna", "result": result}]
    (folder / "studio.json").write_text(json.dumps([item], ensure_ascii=False), encoding="utf-8")
    return folder / "studio.json"


def studio_short(folder, tasks):
    item = {"task_id": tasks.tasks[0].id, "tasks_sha256": tasks.sha256, "annotator": "anna"}
    item |= {"annotation_id": 5, **FIELDS}
    (folder / "short.json").write_text(json.dumps([item]), encoding="utf-8")
    return folder / "short.json"


def studio_csv(folder, tasks):
    head = ("task_id", "tasks_sha256", "annotator", "annotation_id", *FIELDS)
    row = (tasks.tasks[0].id, tasks.sha256, "anna", "5", *FIELDS.values())
    return write_csv(folder / "studio.csv", head, [row])


def filled(folder, tasks):
    head = ("task_id", "tasks_sha256", "worker", *FIELDS)
    row = (tasks.tasks[0].id, tasks.sha256, "anna", *FIELDS.values())
    with open(folder / "filled.csv", "w", encoding="utf-8-sig", newline="") as file:  # as spreadsheets do
        csv.writer(file, delimiter=";").writerows([head, row])
    return folder / "filled.csv"


def page(folder, tasks):
    (folder / "answers").mkdir()
    database = AnswersDatabase(folder / "answers", tasks, num_people=1, available={tasks.tasks[0].id})
    turn = database.next_turn("anna")
    database.answer(
        "anna", turn.task, page_answer(tasks.tasks[0], {"how": "written", "written": [*map(list, PAIRS)]})
    )
    database.close()
    return folder / "answers"


@pytest.mark.parametrize("wrote", [mturk, mturk_packed, studio, studio_short, studio_csv, filled, page])
def test_every_format_keeps_what_was_written(task, tmp_path, wrote):
    done = make_questions(wrote(tmp_path, task), tasks=tmp_path, out=tmp_path / "questions.csv")
    assert done["left_out"] == {} and done["outcomes"] == {"used": 1}
    table = read_annotations(DataConfig(data=(str(tmp_path / "questions.csv"),)), with_videos=False)
    assert list(zip(table["question"], table["answer"], strict=True)) == SEEN


def test_controls_show_and_marks_of_direction_go():
    assert seen_text(f" What\x07 is{RTL}\u202e it\u200d? ") == "What\ufffd is it\u200d?"
