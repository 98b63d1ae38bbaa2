"""The file of tasks: what is written is read, what is no such file is refused with its task."""

import hashlib
import json

import pandas as pd
import pytest

from videoqa.labeling.tasks import TaskFile, read_tasks, stable_id, write_tasks

from .conftest import ABOUT, question


def test_what_is_written_is_read(tmp_path):
    file = TaskFile(
        (
            question(0, start_seconds=1.5, end_seconds=2, video_url="https://a.org/0.mp4#t=1.5,2", group="g"),
            question(1, known_answer="waving", question="Was für ein Tier? 🐶"),
            question(2, kind="verify", answer="yes"),
            question(3, kind="write", question="", num_questions=2),
        ),
        ABOUT,
    )
    write_tasks(tmp_path / "tasks.json", file)
    found = read_tasks(tmp_path)
    assert found == file and found.sha256 == file.sha256


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "guess"}, "Task 1: `kind` must be one of 'answer', 'label', 'write', 'verify'"),
        ({"kind": ["answer"]}, "`kind` must be a text"),
        ({"question": " "}, "`question` must be filled"),
        ({"choices": "abc"}, "`choices` must be a list"),
        ({"choices": ["Yes", "yes "]}, "`choices` must be different answers"),
        ({"ranked": [["a", float("nan")]]}, "`ranked` must be a number"),
        ({"ranked": ["a"]}, "must hold pairs"),
        ({"start_seconds": 10**400}, "Task 1: int too large"),
        ({"start_seconds": 2, "end_seconds": 1}, "be after `start_seconds`"),
        ({"kind": "write", "num_questions": 0}, "`num_questions` must be an integer from 1 to 20"),
        ({"kind": "verify"}, "be the answer to verify"),
        ({"price": 1}, "be an object with fields among"),
        ({"question": "Who else?"}, "be unchanged since it was written"),
    ],
)
def test_a_task_that_is_none_is_named(tasks, tmp_path, fields, message):
    content = json.loads((tmp_path / "tasks.json").read_text())
    content["tasks"][0] |= fields
    (tmp_path / "tasks.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_tasks(tmp_path / "tasks.json")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": "tasks"}, "be a file of format 'videoqa tasks', version 1"),
        ({"version": 2}, "be a file of format"),
        ({"tasks": {}}, "hold a list of at most"),
        ({"tasks": []}, "hold at least one task"),
        ({"about": {"seed": float("nan")}}, "be unchanged since it was written"),
        ({"sha256": None}, "be unchanged since it was written"),
    ],
)
def test_a_file_that_holds_no_tasks_is_refused(tasks, tmp_path, fields, message):
    content = json.loads((tmp_path / "tasks.json").read_text()) | fields
    (tmp_path / "tasks.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_tasks(tmp_path / "tasks.json")


def test_no_id_is_a_number_to_a_spreadsheet():
    ids = pd.Series([stable_id("answer", number) for number in range(10_000)])
    assert ids.is_unique and pd.to_numeric(ids, errors="coerce").isna().all()


def test_two_tasks_of_one_id_are_refused():
    with pytest.raises(ValueError, match="have different ids"):
        TaskFile((question(1), question(1)), ABOUT)


def test_a_file_that_is_not_there_is_missed(tmp_path):
    with pytest.raises(FileNotFoundError, match="the tasks.json that `videoqa label export` wrote"):
        read_tasks(tmp_path)


def test_the_hash_is_that_of_all_that_is_written(tasks, tmp_path):
    content = json.loads((tmp_path / "tasks.json").read_text())
    written = content.pop("sha256")
    text = json.dumps(content, sort_keys=True)
    assert written == hashlib.sha256(text.encode()).hexdigest()
