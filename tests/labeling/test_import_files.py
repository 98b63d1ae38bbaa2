"""Files that overlap, are damaged or would take each other's place; and what is said of them."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor, wait

import pandas as pd
import pytest

from videoqa.cli.main import main
from videoqa.labeling.answers_database import NAME, AnswersDatabase
from videoqa.labeling.corrections import COLUMNS
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.locked_file import locked
from videoqa.labeling.page_answers import SKIPPED, PageAnswer
from videoqa.labeling.tasks import TaskFile, write_tasks

from .conftest import ABOUT, question, write_csv


@pytest.fixture
def bring(tmp_path):
    """Import files to one table, and return the summary and the table."""

    def bring(*files, **options):
        out = tmp_path / "corrections.csv"
        done = import_answers(files, **{"tasks": tmp_path / "tasks.json", "out": out, **options})
        return done, pd.read_csv(out, keep_default_na=False, dtype=str)

    return bring


@pytest.fixture
def filled(tmp_path, tasks):
    """Write a filled-in table from (task, answer, worker); return its path."""

    def write(*given, name="filled.csv"):
        rows = [(tasks.tasks[task].id, answer, worker) for task, answer, worker in given]
        return write_csv(tmp_path / name, ("task_id", "answer", "worker"), rows)

    return write


def test_a_comma_that_cuts_an_answer_in_two_is_refused(bring, filled):
    path = filled((0, "a red", "anna"), (1, "a box", "anna"))
    path.write_text(path.read_text().replace('"a box"', "a box, red"))
    with pytest.raises(
        ValueError, match=r"at most 3 cells in a row.*line 3 with 4. Put an answer with a comma"
    ):
        bring(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("task_id,answer\n".encode("utf-16"), "must be a CSV file in UTF-8.*Save it as UTF-8"),
        ("task_id,answer\n".encode("utf-16-le"), "Received: another kind of file"),
        (b"PK\x03\x04 of a spreadsheet", "Received: another kind of file"),
        (b"task_id,answer\nk\xe4se,\n", "must be a CSV file in UTF-8.*Save it as UTF-8"),
        (b"task_id,answer\n" + 2_000_000 * b"x", r"line 2: field larger than field limit \(1000000\)"),
    ],
)
def test_what_is_no_csv_in_utf_8_is_refused(bring, tasks, tmp_path, content, message):
    (tmp_path / "other.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        bring(tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"out": "seen/tasks.csv", "report": "seen"}, "`report` must have tasks.csv for itself"),
        ({"rest": "x/../seen/workers.csv", "report": "seen"}, "`report` must have workers.csv for itself"),
        ({"rest": "x/../corrections.csv"}, "`rest` must be a new file"),
        ({"out": "x"}, "`out` must be a file; this is a folder"),
        ({"report": "filled.csv"}, "`report` must be a directory; this is a file"),
    ],
)
def test_no_file_takes_the_place_of_another(bring, filled, tmp_path, given, message):
    (tmp_path / "x").mkdir()
    (tmp_path / "seen").mkdir()
    options = {"out": "corrections.csv", **given}
    with pytest.raises((ValueError, FileExistsError), match=message):
        bring(filled((0, "loading", "anna")), **{name: tmp_path / path for name, path in options.items()})
    assert not [*(tmp_path / "seen").iterdir(), *tmp_path.glob("corrections*")]


@pytest.mark.parametrize("line", ["foo", "," * len(COLUMNS)])
def test_a_damaged_table_is_not_added_to(bring, filled, tmp_path, line):
    (tmp_path / "corrections.csv").write_text(f"{','.join(COLUMNS)}\n{line}\n")
    with pytest.raises(ValueError, match=f"have {len(COLUMNS)} cells in each row; line 2 has not"):
        bring(filled((0, "loading", "anna")))


def test_names_that_differ_in_case_and_spaces_are_one_person(bring, filled):
    first = filled((0, "loading", "Anna B"), (1, "waving", "\u200b"))
    later = filled(
        (0, "Loading ", "anna  b"), (2, "waving", "ANNA\nB"), (0, "waving", "anna b"), name="b.csv"
    )
    done, _ = bring(first, later)
    assert done["workers"]["worker"].tolist() == ["Anna B"]
    expected = {"used": 2, "read before": 1, "a second answer by one worker": 1, "without a worker": 1}
    assert done["outcomes"] == expected


def test_an_assignment_that_says_otherwise_by_now_is_no_copy(bring, mturk):
    first = mturk((0, "a", "loading"), (1, "a", "loading"))
    later = mturk((0, "a", "waving"), (1, "a", "loading"), name="later.csv")
    done, table = bring(first, later)
    assert done["outcomes"] == {"used": 2, "read before": 1, "a second answer by one worker": 1}
    assert table["answer"].tolist() == ["loading", "loading"]


def test_the_last_of_several_times_counts(bring, mturk):
    file = mturk(*((0, worker, "loading") for worker in "abc"))
    times = ["Wed Dec 30 09:00:00 PST 2026", "Sun Jan 10 08:00:00 PST 2027", "Sat Jan 9 10:00:00 PST 2027"]
    table = pd.read_csv(file, keep_default_na=False, dtype=str).assign(SubmitTime=times)
    table.to_csv(file, index=False)
    assert bring(file)[1]["answered_at"].tolist() == [times[1]]


def test_an_endless_time_is_cut(bring, filled):
    file = filled((0, "loading", "anna"))
    table = pd.read_csv(file).assign(time="9" * 200_000)
    table.to_csv(file, index=False)
    assert bring(file)[1]["answered_at"].str.len().tolist() == [40]


def test_rows_without_task_are_unfinished_and_who_cannot_tell_answers(bring, mturk):
    given = [("", "a", "", "Abandoned")] * 7 + [(0, "a", "", "Approved", "cannot_tell")]
    done, _ = bring(mturk(*given))
    assert done["outcomes"] == {"cannot tell": 1, "unfinished": 7} and len(done["places"]["unfinished"]) == 5


def test_two_imports_at_once_wait_for_each_other(bring, filled, tmp_path):
    file, out = filled((0, "loading", "anna")), tmp_path / "corrections.csv"
    bring(file)
    table = out.read_bytes()
    out.unlink()
    with ThreadPoolExecutor(1) as pool:
        with locked(out, wait=True):
            other = pool.submit(bring, file)
            assert wait([other], timeout=1).not_done
            out.write_bytes(table)
            with (
                pytest.raises(ValueError, match="be no file that another process writes"),
                locked(out, wait=False),
            ):
                pass
        assert other.result()[0]["already_there"] == 1 and out.read_bytes() == table


def test_what_was_submitted_counts_and_what_has_no_hit_does_not(bring, mturk):
    file = mturk((0, "a", "loading", "Submitted"), (1, "a", "loading"), (2, "a", "loading", "Approved"))
    file.write_text(file.read_text().replace("HIT1", ""))
    done, table = bring(file)
    assert done["outcomes"] == {"used": 2, "unfinished": 1} and table["video"].tolist() == [
        "clip-0.avi",
        "clip-2.avi",
    ]


def test_what_a_page_of_tasks_collected_is_read_as_it_stands(bring, tasks, tmp_path):
    database = AnswersDatabase(tmp_path, tasks, num_people=2, available={task.id for task in tasks.tasks})
    task = database.next_turn("anna").task
    taken_back = database.answer("anna", task, PageAnswer("choice", "waving"))
    database.undo("anna", taken_back.last)
    turn = database.answer("anna", task, PageAnswer("choice", "loading"))
    database.answer("anna", turn.task, PageAnswer(SKIPPED))
    done, table = bring(tmp_path, tmp_path / NAME)
    assert done["outcomes"] == {"used": 1, "rejected or skipped": 1} and done["num_files_read_before"] == 1
    assert table["answer"].tolist() == ["loading"] * (task != tasks.tasks[3].id)
    database.close()


def test_verifying_takes_yes_and_no_alone(bring, tmp_path):
    file = TaskFile((question(0, kind="verify", answer="waving", choices=()),), ABOUT)
    write_tasks(tmp_path / "tasks.json", file)
    rows = [
        (file.tasks[0].id, answer, worker) for worker, answer in enumerate(("YES", "perhaps", "Can't tell"))
    ]
    done, table = bring(write_csv(tmp_path / "filled.csv", ("task_id", "answer", "worker"), rows))
    assert done["outcomes"] == {"used": 1, "outside the choices": 1, "cannot tell": 1} and len(table) == 0
    assert done["states"] == {"cannot tell": 1}


def test_typed_answers_are_kept_as_they_are_seen(bring, mturk):
    given = ("\u200fRot\u0007 ", "x" * 200, "a?")
    done, table = bring(mturk(*((task, "a", text, "Approved", "typed") for task, text in enumerate(given))))
    assert table["answer"].tolist() == ["rot\ufffd", "x" * 200, "a?"] and done["outcomes"] == {"used": 3}


def test_what_is_written_without_its_question_is_counted(tmp_path, capsys):
    file = TaskFile(
        tuple(question(number, kind="write", question="", num_questions=2) for number in (0, 1)), ABOUT
    )
    write_tasks(tmp_path / "tasks.json", file)
    head = ("task_id", "worker", "question_1", "answer_1", "question_2", "answer_2")
    rows = [
        (file.tasks[0].id, "a", "", "the box", "What is red?", "a car"),
        (file.tasks[1].id, "a", "", "2", "", ""),
    ]
    table = write_csv(tmp_path / "filled.csv", head, rows)
    texts = [("answer_1", "two"), ("question_2", "How many?"), ("answer_2", "3")]
    results = [{"from_name": name, "type": "textarea", "value": {"text": [text]}} for name, text in texts]
    studio = tmp_path / "studio.json"
    given = {"id": 1, "completed_by": 7, "result": results}
    studio.write_text(json.dumps([{"id": 1, "data": {"task_id": file.tasks[0].id}, "annotations": [given]}]))
    out = tmp_path / "corrections.csv"
    files = map(str, (table, studio, shutil.copy(table, tmp_path / "copy.csv")))
    assert main(["label", "import", *files, "--tasks", str(tmp_path), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "1 file was given twice, and read once." in said
    assert f"without a question (first: line 3 of {table}" in said
    assert "Questions left out: 2 without a question." in said
    assert pd.read_csv(out)["question"].tolist() == ["What is red?", "How many?"]


def test_what_a_page_collected_and_cannot_be_used_is_named(bring, tmp_path):
    head = ("video", "question", "answer", "model_answer", "clip_sha256", "time_utc")
    answers = ["\U0001f600", "x" * 201, "", "\u200eRed", "\u200eRed"]
    rows = [("a.mp4", f"Which {number}?", each, "", "a", "1") for number, each in enumerate(answers)]
    path = write_csv(tmp_path / "page.csv", head, [*rows, rows[-1], ("", "Who?", "he", "", "b", "1")])
    done, table = bring(path, tasks=None)
    assert table["answer"].tolist() == ["\U0001f600", "red", "red"]
    expected = {"too long an answer": 3, "without an answer": 4, "read before": 7, "without a video": 8}
    assert done["places"] == {what: [f"line {line} of {path}"] for what, line in expected.items()}


def test_column_names_are_shown_without_what_a_terminal_obeys(bring, tasks, tmp_path):
    (tmp_path / "other.csv").write_text("name\x1b[2J,b\n1,2\n")
    with pytest.raises(ValueError, match=r"Found: 'name\\x1b\[2J', 'b'"):
        bring(tmp_path / "other.csv")
