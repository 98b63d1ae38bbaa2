"""Results of Mechanical Turk become rows of corrections; what cannot be used is counted or refused."""

import json

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.tasks import read_tasks


@pytest.fixture
def bring(tmp_path):
    """Import files to one table, and return the summary and the table."""

    def bring(*files, **options):
        out = tmp_path / "corrections.csv"
        done = import_answers(files, tasks=tmp_path / "tasks.json", out=out, **options)
        return done, pd.read_csv(out, keep_default_na=False, dtype=str)

    return bring


def test_what_most_say_becomes_a_row_with_its_provenance(bring, mturk, tasks):
    answers = [(task, worker, "loading") for task in (0, 1) for worker in "abc"]
    answers += [(2, "a", "waving"), (2, "b", "jumping"), *((3, worker, "walking") for worker in "abc")]
    done, table = bring(mturk(*answers))
    assert done["outcomes"] == {"used": 11} and done["added"] == 2
    assert table["video"].tolist() == ["clip-0.avi", "clip-1.avi"]
    row = table.iloc[0].to_dict()
    assert row["answer"] == "loading" and row["question"] == "What is he doing?"
    expected = {"source": "results.csv", "kind": "answer", "num_assignments": "3", "agreement": "1.0"}
    expected |= {"model_answer": "waving", "model": "mine", "model_sha256": "ab" * 32, "corrects": "my:0"}
    assert expected.items() <= row.items() and row["task_id"] == tasks.tasks[0].id
    assert done["states"] == {"labelled": 3, "uncertain": 1}
    assert done["look_at_tasks"] == [tasks.tasks[2].id]


def test_train_reads_the_rows(bring, mturk, tmp_path):
    bring(mturk((0, "a", "Loading "), (1, "a", "some thing", "Approved", "typed")))
    table = read_annotations(DataConfig(data=(str(tmp_path / "corrections.csv"),)), with_videos=False)
    assert table["answer"].tolist() == ["loading", "some thing"]
    assert table["question_type"].tolist() == ["what", "what"]


def test_the_same_file_adds_nothing_and_more_files_add_rows(bring, mturk, tmp_path):
    first = mturk((0, "a", "loading"))
    bring(first)
    before = (tmp_path / "corrections.csv").read_bytes()
    done, _ = bring(first)
    assert (done["added"], done["already_there"], done["changed_since"]) == (0, 1, 0)
    assert (tmp_path / "corrections.csv").read_bytes() == before
    assert bring(first, first)[0]["num_files_read_before"] == 1
    answers = [(task, worker, "waving") for task in (0, 1) for worker in "bc"]
    more = mturk(*answers, name="more.csv")
    done, table = bring(first, more)
    assert (done["added"], done["already_there"], done["changed_since"]) == (1, 1, 1)
    assert table["answer"].tolist() == ["loading", "waving"]
    assert (tmp_path / "corrections.csv").read_bytes().startswith(before)


def test_what_cannot_be_used_is_counted(bring, mturk):
    done, table = bring(
        mturk(
            (0, "a", "loading"),
            (0, "a", "waving"),
            (0, "b", "waving", "Rejected"),
            (0, "c", "", "Approved", "choice"),
            (0, "d", "dancing"),
            (0, "e", "dancing", "Abandoned"),
            (0, "", "dancing"),
            (0, "f", "x" * 300, "Approved", "typed"),
            ("f" * 16, "f", "loading"),
            (0, "g", "", "Approved", "cannot_tell"),
            (0, "h", "?!", "Approved", "typed"),
        )
    )
    assert done["outcomes"] == {
        "used": 1,
        "a second answer by one worker": 1,
        "rejected or skipped": 1,
        "without an answer": 2,
        "outside the choices": 1,
        "unfinished": 1,
        "without a worker": 1,
        "too long an answer": 1,
        "of an unknown task": 1,
        "cannot tell": 1,
    }
    assert done["places"]["outside the choices"][0].startswith("line 6 of ")
    assert done["states"] == {"cannot tell": 1} and len(table) == 0


def test_what_the_requester_marks_to_be_rejected_is_not_used(bring, mturk):
    path = mturk((0, "a", "loading"), (0, "b", "waving", "Submitted"))
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    table.assign(Reject=["", "did not look"]).to_csv(path, index=False)
    done, table = bring(path)
    assert done["outcomes"] == {"used": 1, "rejected or skipped": 1}
    assert table["answer"].tolist() == ["loading"]


def test_formulas_and_markup_stay_text(bring, mturk):
    typed = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>"]
    _, table = bring(mturk(*((task, "a", typed[task], "Approved", "typed") for task in (0, 1))))
    assert table["answer"].tolist() == ["'=cmd|' /c calc'!a0", "<script>alert(1)</script>"]


def test_the_answers_that_amazon_packs_are_unpacked(bring, mturk):
    packed = json.dumps([{"how": {"choice": True, "typed": False}, "answer": "jumping"}])
    file = mturk(
        (0, "a", "", "Approved", "", packed),
        (1, "a", "", "Approved", "", "[{"),
        (2, "a", "", "Approved", "", json.dumps([{"answer": {"loading": True, "waving": True}}])),
        further=("Answer.taskAnswers",),
    )
    done, table = bring(file)
    assert table["answer"].tolist() == ["jumping"]
    assert done["outcomes"] == {"used": 1, "unfinished": 1, "without an answer": 1}


def test_results_of_another_export_are_refused(bring, mturk):
    with pytest.raises(ValueError, match="2 of another export.*name the tasks.json of that export"):
        bring(mturk((0, "a", "loading"), (1, "a", "loading"), sha256="0" * 64))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("HITId,WorkerId,Input.task_id,Answer.how", "Missing: 'AssignmentStatus'"),
        ("HITId,WorkerId,AssignmentStatus,Input.task_id", "must have a column 'Answer.how'"),
        ("name,score", "must be a file of results.*Found: 'name', 'score'"),
        ("HITId,HITId", "must name each column once"),
        ('"HITId', "must be a CSV file.*line"),
        ("", "must be a file of results"),
    ],
)
def test_a_file_without_its_columns_is_refused(bring, tasks, tmp_path, head, message):
    (tmp_path / "other.csv").write_text(f"{head}\n1,2,3,4,5\n")
    with pytest.raises(ValueError, match=message):
        bring(tmp_path / "other.csv")


def test_an_empty_file_is_refused(bring, tasks, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="must begin with column names"):
        bring(tmp_path / "empty.csv")


def test_a_changed_file_of_tasks_is_refused(tasks, tmp_path):
    path = tmp_path / "tasks.json"
    path.write_text(path.read_text().replace("clip-0", "clip-9"))
    with pytest.raises(ValueError, match="be unchanged since it was written"):
        read_tasks(tmp_path)


def test_another_file_is_never_overwritten(bring, mturk, tmp_path):
    (tmp_path / "corrections.csv").write_text("my,own\n1,2\n")
    with pytest.raises(ValueError, match="be a new file, or a table of corrections"):
        bring(mturk((0, "a", "loading")))
    assert (tmp_path / "corrections.csv").read_text() == "my,own\n1,2\n"
