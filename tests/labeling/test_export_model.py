"""A model folder answers the rows of `--data` itself before they are chosen."""

import shutil

import pytest

from videoqa._manifest import file_sha256
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.tasks import read_tasks


@pytest.mark.slow
def test_a_model_answers_and_its_wrong_rows_are_asked_about(question_run, small_set, tmp_path):
    options = {"data": small_set / "questions.csv", "videos": small_set, "format": "csv"}
    done = export_tasks(question_run, select="uncertain", out=tmp_path / "tasks", limit=4, **options)
    file = read_tasks(tmp_path / "tasks")
    assert done["num_tasks"] == 4 == len({task.video for task in file.tasks})
    assert file.about["model"] == question_run.name
    assert file.about["model_sha256"] == file_sha256(question_run / "MANIFEST.json")
    for task in file.tasks:
        assert task.model_answer in task.choices and 0 < task.ranked[0][1] <= 1
    shutil.rmtree(tmp_path / "tasks")
    wrong = export_tasks(question_run, select="wrong", out=tmp_path / "tasks", **options)
    assert 0 < wrong["num_tasks"]
    assert all(len(set(task.choices)) >= 2 for task in read_tasks(tmp_path / "tasks").tasks)
