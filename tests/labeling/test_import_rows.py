"""The rows that an import adds: where each comes from, in what it is added to, and what is said beside it."""

import pandas as pd
import pytest

from videoqa.labeling.corrections import COLUMNS
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.tasks import TaskFile, write_tasks

from .conftest import ABOUT, question, write_csv

HEAD = ("task_id", "answer", "worker", "time")


@pytest.fixture
def bring(tmp_path):
    """Write tasks, and tables from (task, answer, worker); import them, return the summary and the table."""

    def bring(tasks, *tables, **options):
        file = TaskFile(tasks, ABOUT)
        write_tasks(tmp_path / "tasks.json", file)
        files = []
        for number, given in enumerate(tables):
            rows = [(tasks[task].id, *cells, f"2026-11-30T0{number}:00") for task, *cells in given]
            files.append(write_csv(tmp_path / f"{number}.csv", HEAD, rows))
        options = {"out": tmp_path / "corrections.csv", **options}
        done = import_answers(files, tasks=tmp_path, **options)
        return done, pd.read_csv(options["out"], keep_default_na=False, dtype=str), file

    return bring


def test_a_row_says_where_it_comes_from(bring):
    fields = {"start_seconds": 1.5, "end_seconds": 2.25, "group": "g", "choices": ("Opening Door", "Waving")}
    tasks = (question(0, kind="label", question="", question_type="", **fields), question(1))
    first = [(0, "opening door", "anna"), (1, "?", "anna"), (0, "waving", "carl")]
    done, table, file = bring(tasks, first, [(0, "Opening  door", "bert"), (0, "opening door", "dora")])
    assert table.to_dict("records") == [
        dict.fromkeys(COLUMNS, "")
        | {"video": "clip-0.avi", "start_seconds": "1.5", "end_seconds": "2.25", "answer": "Opening Door"}
        | {"group": "g", "source": "0.csv | 1.csv", "kind": "label", "num_assignments": "4"}
        | {"agreement": "0.75", "certainty": table["certainty"][0], "model_answer": "waving", "model": "mine"}
        | {"model_sha256": "ab" * 32, "corrects": "my:0", "answered_at": "2026-11-30T01:00"}
        | {"task_id": tasks[0].id, "tasks_sha256": file.sha256, "row_id": tasks[0].id}
    ]
    certainty = done["tasks"]["certainty"][0]
    assert 0.8 < certainty < 1 and float(table["certainty"][0]) == round(certainty, 4)


def test_a_table_that_a_spreadsheet_saved_is_added_to(bring, tmp_path):
    tasks, path = (question(0), question(1)), tmp_path / "corrections.csv"
    bring(tasks, [(0, "loading", "a")])
    path.write_bytes("\ufeff".encode() + path.read_bytes().replace(b"\n", b"\r\n").rstrip())
    before = path.read_bytes()
    done, table, _ = bring(tasks, [(0, "loading", "a"), (1, "waving", "a")])
    assert (done["added"], done["already_there"]) == (1, 1) and path.read_bytes().startswith(before)
    assert table["answer"].tolist() == ["loading", "waving"]


def test_agreement_is_given_by_question_type(bring):
    tasks = (question(0), question(1), *(question(task, question_type="who") for task in (2, 3)))
    tasks += (question(4, question_type=""),)
    same = [(task, "loading" if task % 2 else "waving", worker) for task in (0, 1) for worker in "ab"]
    other = [(task, "loading" if worker == "a" else "waving", worker) for task in (2, 3) for worker in "ab"]
    done, _, _ = bring(tasks, [*same, *other, (4, "loading", "a")])
    assert done["agreement"] == {"answer": None, "answer: what": 1.0, "answer: who": pytest.approx(-0.5)}


def test_the_report_names_who_and_what_to_look_at(bring, tmp_path):
    tasks = (*(question(task, known_answer="waving") for task in range(3)), question(3))
    given = [
        (task, "waving" if worker == "b" else "loading", f"={worker}")
        for task in (0, 1, 2)
        for worker in "abc"
    ]
    done, table, _ = bring(tasks, [*given, (3, "=x", "=a")], report=tmp_path / "seen")
    assert done["look_at_workers"] == ["=a", "=c"] and done["look_at_tasks"][:3] == [
        task.id for task in tasks[:3]
    ]
    workers = pd.read_csv(tmp_path / "seen" / "workers.csv")
    assert workers["worker"].tolist() == ["'=a", "'=b", "'=c"]
    assert workers["known_accuracy"].tolist() == [0.0, 1.0, 0.0] and workers["num_known"].tolist() == [3] * 3
    seen = pd.read_csv(tmp_path / "seen" / "tasks.csv", keep_default_na=False)
    assert seen["why_look"].tolist()[:3] == ["most answer otherwise than is known"] * 3
    assert seen["majority_answer"].tolist() == ["loading"] * 3 + ["'=x"]
    assert seen["model_answer"].tolist() == ["waving"] * 4 and seen["state"][3] == "uncertain"


def test_half_against_what_is_known_is_not_most(bring):
    tasks = tuple(question(task, known_answer="waving") for task in range(3))
    given = [(0, "waving", "a"), (0, "loading", "b"), (1, "?", "a"), (2, "waving", "a"), (2, "loading", "b")]
    done, _, _ = bring(tasks, [*given, (2, "walking", "c")])
    assert done["tasks"]["why_look"].tolist() == ["", "cannot tell", "most answer otherwise than is known"]


def test_what_is_left_has_an_answer_that_somebody_gave(bring, tmp_path):
    """Who is wrong where the answer is known makes that answer likely elsewhere, where nobody gave it."""
    tasks = tuple(question(task, known_answer="waving" if task < 60 else None) for task in range(61))
    done, table, _ = bring(tasks, [(task, "loading", "a") for task in range(61)], rest=tmp_path / "rest.csv")
    assert done["tasks"]["answer"][60] == "waving" and len(table) == 0 and done["num_rest"] == 1
    assert pd.read_csv(tmp_path / "rest.csv")["answer"].tolist() == ["loading"]


def test_certainty_and_assignments_may_be_just_enough(bring):
    tasks = (question(0), question(1))
    one = [(0, "loading", "a"), (0, "loading", "b"), (1, "loading", "a"), (1, "loading", "b"), (1, "?", "c")]
    options = {"min_certainty": 1.0}
    assert bring(tasks, one, min_assignments=2, **options)[0]["states"] == {"labelled": 2}
    assert bring(tasks, one, min_assignments=3, **options)[0]["states"] == {"too few answers": 2}


def test_what_cannot_be_written_is_refused_before_anything_is(bring, tmp_path):
    tasks, given = (question(0),), [(0, "loading", "a")]
    (tmp_path / "corrections.csv").write_text("my,own\n1,2\n")
    with pytest.raises(ValueError, match="be a new file, or a table of corrections"):
        bring(tasks, given, report=tmp_path / "seen")
    assert not (tmp_path / "seen").exists()
