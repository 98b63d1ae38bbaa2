"""What people write and check becomes a table of questions."""

import json
import re
from dataclasses import replace

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
        out, seed = tmp_path / folder, sum(map(ord, folder))  # so that no two exports are the same
        export_tasks(data=candidates, select="random", kind="verify", format="csv", out=out, seed=seed)
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
    assert again["outcomes"] == done["outcomes"]


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


def test_answers_that_contradict_each_other(written, checked, tmp_path):
    """Checking decides between them; where both are found right, neither is a row."""
    file = written(
        (0, "anna", "What is red?", "box", "Who is it?", "a man"),
        (0, "bert", "what is red?", "bag", "who is it?", "a worker"),
    )
    first = make_questions(file, tasks=tmp_path / "writing", out=tmp_path / "candidates.csv")
    assert first["added"] == 4 and [each["answers"] for each in first["contradictions"]] == [
        ["box", "bag"],
        ["a man", "a worker"],
    ]
    says = {("What is red?", "box"): "yes", ("what is red?", "bag"): "no"}
    says |= {("Who is it?", "a man"): "yes", ("who is it?", "a worker"): "yes"}
    results = checked(tmp_path / "candidates.csv", {key: {"cora": said} for key, said in says.items()})
    tasks = [tmp_path / "writing", tmp_path / "checking"]
    done = make_questions([file, results], tasks=tasks, out=tmp_path / "questions.csv")
    assert done["states"] == {"right": 1, "wrong": 1, "another answer is right too": 2}
    assert rows_of(tmp_path / "questions.csv", "question", "answer") == [["What is red?", "box"]]
    assert [each["answers"] for each in done["contradictions"]] == [["a man", "a worker"]]


def test_a_second_round_joins_the_first(written, checked, tmp_path):
    file = written((0, "anna", "What is red?", "box"))
    candidates = tmp_path / "candidates.csv"
    make_questions(file, tasks=tmp_path / "writing", out=candidates)
    key = ("What is red?", "box")
    rounds = [
        checked(candidates, {key: {"cora": "yes", "dora": "no"}}, "one"),
        checked(candidates, {key: {"cora": "no", "edith": "yes", "fay": "yes", "gina": "yes"}}, "two"),
    ]
    tasks, out = [tmp_path / name for name in ("writing", "one", "two")], tmp_path / "questions.csv"
    first = make_questions([file, rounds[0]], tasks=tasks[:2], out=out)
    assert (first["states"], first["added"]) == ({"undecided": 1}, 0)
    done = make_questions([file, *rounds], tasks=tasks, out=out, min_certainty=0.7)
    assert done["outcomes"]["a second answer by one worker"] == 1 and done["added"] == 1
    columns = ("num_assignments", "agreement", "question_type", "source")
    assert rows_of(out, *columns) == [["5", "0.8", "what", "written.csv | one.csv | two.csv"]]
    make_questions(rounds, tasks=tasks[1:], out=tmp_path / "from elsewhere.csv", min_certainty=0.7)
    assert rows_of(tmp_path / "from elsewhere.csv", "num_writers", "num_assignments") == [["", "5"]]
    later = make_questions([file, rounds[0]], tasks=tasks[:2], out=out)
    assert (later["changed_since"], len(rows_of(out, "question"))) == (1, 1)


def test_a_person_may_write_about_a_clip_in_two_rounds(written, tmp_path, writing):
    other = TaskFile(writing.tasks, {**ABOUT, "made": "later"})
    (tmp_path / "more").mkdir()
    write_tasks(tmp_path / "more" / "tasks.json", other)
    first = written((0, "anna", "What is red?", "box"))
    row = (other.tasks[0].id, other.sha256, "anna", "Who waves?", "a man", "", "")
    second = write_csv(tmp_path / "second.csv", HEAD, [row])
    tasks = [tmp_path / "writing", tmp_path / "more"]
    done = make_questions([first, second], tasks=tasks, out=tmp_path / "candidates.csv")
    assert done["outcomes"] == {"used": 2} and done["added"] == 2


def test_what_is_no_question_is_counted(written, tmp_path):
    file = written(
        (0, "anna", "What is red?", "box", "What is  RED?", "bag"),
        (0, "bert", "???", "box", "Box", "box"),
        (1, "bert", "Who?", "+...", "Who is it?", "x" * 201),
        (2, "bert", "w" * 1001, "box", "Where is it?", "here"),
    )
    done = make_questions(file, tasks=tmp_path / "writing", out=tmp_path / "candidates.csv")
    assert done["outcomes"] == {"used": 2, "without a question": 1, "without an answer": 1}
    assert done["left_out"] == {"the same question twice": 1, "too long a question": 1}
    assert rows_of(tmp_path / "candidates.csv", "question") == [["What is red?"], ["Where is it?"]]


def test_what_people_should_look_at_is_printed(written, tmp_path, capsys):
    rows = [(task, who, "Who is it", who, "Where", who) for task in range(3) for who in ("anna", "bert")]
    rows.append((0, "cleo", "Is it dark?", "no", "is it dark?", "yes"))
    words = [str(written(*rows)), "--tasks", str(tmp_path / "writing"), "--out", str(tmp_path / "q.csv")]
    assert main(["label", "questions", *words]) == 0
    said = capsys.readouterr().out
    for line in (
        "Questions left out: 1 the same question twice.",
        "Questions: 13 not checked.",
        "  several answers: clip-0.avi: Who is it anna | bert",
        "  and 1 more with several answers",
        "To look at: 12 without a question mark.",
        "Too few questions to say which need no video: 13 of 3 videos;",
    ):
        assert line in said


def test_what_cannot_be_used_is_refused(written, checked, tasks, tmp_path):
    file = written((0, "anna", "What is red?", "box"))
    out, writing = tmp_path / "candidates.csv", tmp_path / "writing"
    with pytest.raises(ValueError, match="be of kind write or verify.*label import"):
        make_questions(file, tasks=[writing, tmp_path / "tasks.json"], out=out)
    with pytest.raises(ValueError, match="name the tasks.json"):
        make_questions(file, tasks=[], out=out)
    with pytest.raises(ValueError, match="not be a file that is read"):
        make_questions(file, tasks=writing, out=file)
    write_csv(tmp_path / "mine.csv", ("video", "question", "answer"), [("a.mp4", "Who?", "anna")])
    with pytest.raises(ValueError, match="a table of questions to add to"):
        make_questions(file, tasks=writing, out=tmp_path / "mine.csv")
    make_questions(file, tasks=writing, out=out)
    for report in (out, out / "seen"):
        with pytest.raises(ValueError, match="`report` must be a (directory|folder that can be made)"):
            make_questions(file, tasks=writing, out=tmp_path / "new.csv", report=report)
    assert not (tmp_path / "new.csv").exists()
    results = checked(out, {("What is red?", "box"): {"cora": "yes"}})
    with pytest.raises(ValueError, match="be a file; this is a folder"):
        make_questions(file, tasks=writing, out=tmp_path)
    with pytest.raises(ValueError, match="a table of the same kind.*1 row that nobody checked"):
        make_questions([file, results], tasks=[writing, tmp_path / "checking"], out=out)
    with pytest.raises(ValueError, match="of another export|of an unknown task"):
        make_questions(results, tasks=writing, out=tmp_path / "new.csv")
    with pytest.raises(ValueError, match="which has been read"):
        make_questions(out, tasks=writing, out=tmp_path / "new.csv")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "clip-0.avi,,",
            "clip-0.avi,soon,",
            "seconds or none in each row.*start_seconds='soon', end_seconds=''. Mend",
        ),
        (",write,", ",wrote,", "have a kind, write or verify.*Of 'What is red\\?' it has kind='wrote'"),
        ("clip-0.avi,,", "clip-0.avi,", "have 18 cells in each row; line 2 has not.*Mend that line"),
        ("clip-0.avi,,", "clip-0.avi,,,", "have 18 cells in each row; line 2"),
        ("What is red?", "x" * 1_000_001, "be a CSV file; line 2: field larger"),
        ("What", '"What', "have 18 cells in each row; line 2 has not"),
        ("red", "\udce9", "be a CSV file in UTF-8"),
        (",", ";", "be a new file, or a table of questions to add to"),
    ],
)
def test_a_table_that_was_damaged_is_refused_and_stays(written, tmp_path, before, after, message):
    file, out = written((0, "anna", "What is red?", "box")), tmp_path / "candidates.csv"
    make_questions(file, tasks=tmp_path / "writing", out=out)
    changed = out.read_text().replace(before, after).encode("utf-8", "surrogateescape")
    out.write_bytes(changed)
    with pytest.raises(ValueError, match=message):
        make_questions(file, tasks=tmp_path / "writing", out=out)
    assert out.read_bytes() == changed


def test_a_check_by_the_writer_under_another_spelling_is_left_out(written, checked, tmp_path):
    file, candidates = written((0, "Anna ", "What is red?", "box")), tmp_path / "candidates.csv"
    make_questions(file, tasks=tmp_path / "writing", out=candidates)
    results = checked(candidates, {("What is red?", "box"): {"ANNA": "yes"}})
    tasks, out = [tmp_path / "writing", tmp_path / "checking"], tmp_path / "questions.csv"
    done = make_questions([file, results], tasks=tasks, out=out)
    assert done["outcomes"]["a check by the one who wrote the question"] == 1 and done["added"] == 0


def test_a_later_answer_does_not_contradict_the_table(written, checked, tmp_path):
    """What is in the table stays; another answer that is found right later is counted, and no row."""
    first, second = (written((0, who, "=What is red?", what), name=f"{who}.csv") for who, what in WROTE)
    candidates, out = tmp_path / "candidates.csv", tmp_path / "questions.csv"
    make_questions([first, second], tasks=tmp_path / "writing", out=candidates)
    says = {("=What is red?", what): {"cora": "yes"} for _, what in WROTE}
    both = checked(candidates, says)
    one = write_csv(tmp_path / "one.csv", *split_of(both, candidates, "box"))
    tasks = [tmp_path / "writing", tmp_path / "checking"]
    assert make_questions([first, one], tasks=tasks, out=out)["added"] == 1
    other = write_csv(tmp_path / "other.csv", *split_of(both, candidates, "bag"))
    later = make_questions([second, other], tasks=tasks, out=out, report=tmp_path / "seen")
    assert (later["added"], later["states"]) == (0, {"another answer is right too": 1})
    seen = rows_of(tmp_path / "seen" / "questions.csv", "answer", "state", "writers")
    assert seen == [["bag", "another answer is right too", "bert"], ["box", "right", ""]]
    assert rows_of(out, "answer") == [["box"]]


WROTE = (("anna", "box"), ("bert", "bag"))


def split_of(results, candidates, answer):
    """Return the head and the rows of the results that are about one answer."""
    tasks = {task.id: task.answer for task in read_tasks(candidates.parent / "checking").tasks}
    table = pd.read_csv(results, dtype=str)
    return CHECKED, table[table["task_id"].map(tasks) == answer].to_numpy().tolist()


def test_a_confidence_is_asked_of_models_only(written, tmp_path, capsys):
    words = ["label", "questions", str(written((0, "anna", "What is red?", "box"))), "--tasks"]
    words += [str(tmp_path / "writing"), "--out", str(tmp_path / "q.csv"), "--min-confidence", "0.9"]
    assert main(words) == 2
    assert "`min_confidence` must be left out" in capsys.readouterr().err


def test_what_spreadsheets_compute_is_guarded(written, tmp_path):
    file = written((0, "anna", "=1+1 is what?", "@two"))
    done = make_questions(
        file, tasks=tmp_path / "writing", out=tmp_path / "candidates.csv", report=tmp_path / "seen"
    )
    assert rows_of(tmp_path / "candidates.csv", "question", "answer") == [["'=1+1 is what?", "'@two"]]
    assert rows_of(tmp_path / "seen" / "questions.csv", "question", "answer") == [["'=1+1 is what?", "'@two"]]
    again = make_questions(file, tasks=tmp_path / "writing", out=tmp_path / "candidates.csv")
    assert (done["added"], again["added"], again["already_there"]) == (1, 0, 1)
    with pytest.raises(FileExistsError, match="hold no questions.csv yet"):
        make_questions(file, tasks=tmp_path / "writing", out=tmp_path / "new.csv", report=tmp_path / "seen")


def test_writers_whose_questions_need_no_video_are_named(written, tmp_path, writing, capfd):
    """Anna asks what is always so, Bert what differs from clip to clip."""
    tasks = TaskFile(
        tuple(replace(writing.tasks[0], id=f"{place:016x}", video=f"v{place}.mp4") for place in range(12)),
        ABOUT,
    )
    (tmp_path / "twelve").mkdir()
    write_tasks(tmp_path / "twelve" / "tasks.json", tasks)
    things = [("box", "bag", "cart", "lamp")[number] for number in (0, 3, 1, 2, 2, 0, 3, 1, 1, 2, 0, 3)]
    rows = []
    for place, (task, thing) in enumerate(zip(tasks.tasks, things, strict=True)):
        rows.append((task.id, tasks.sha256, "anna", "Is there a person?", "yes", "", ""))
        rows.append((task.id, tasks.sha256, "bert", f"What lies at {chr(97 + place)}?", thing, "", ""))
    file = write_csv(tmp_path / "twelve.csv", HEAD, rows)
    words = [
        "label",
        "questions",
        str(file),
        "--tasks",
        str(tmp_path / "twelve"),
        "--out",
        str(tmp_path / "q.csv"),
    ]
    assert main(words) == 0
    said = capfd.readouterr().out
    assert re.search(r"12 50% \(\d+% to \d+%\) both of these, and so worth nothing", said)
    assert "12 of 12 that begin with 'is there' (most often: yes)" in said
    assert "Writers to look at: anna." in said
    assert {
        row[1] for row in rows_of(tmp_path / "q.csv", "question", "without_video") if row[0].startswith("Is")
    } == {"both"}
    assert main(["label", "--json", *words[1:]]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["audit"]["both"]["num"] == 12 and found["writers"][0]["num_both"] == 12


def test_known_checks_are_no_rows_and_who_checks_badly_is_named(written, tmp_path, capfd):
    people = tuple("abcdefgh")
    file = written(
        *(
            (task, who, f"Who is {who}?", "a man", f"Where is {who}?", "here")
            for who in people
            for task in range(3)
        )
    )
    known = write_csv(tmp_path / "known.csv", ("video", "question", "answer"), [("k.mp4", "Who?", "a man")])
    candidates, checking = tmp_path / "candidates.csv", tmp_path / "checking"
    make_questions(file, tasks=tmp_path / "writing", out=candidates)
    export_tasks(data=candidates, known=known, select="random", kind="verify", format="csv", out=checking)
    tasks = read_tasks(checking)
    says = {"cora": "yes", "dora": "yes", "fay": "yes", "gina": "yes", "edith": "no"}
    rows = [(task.id, tasks.sha256, *said) for task in tasks.tasks for said in says.items()]
    results = write_csv(tmp_path / "checks.csv", CHECKED, rows)
    assert len(tasks.tasks) == 49
    words = [str(file), str(results), "--tasks", str(tmp_path / "writing"), "--tasks", str(checking)]
    assert main(["label", "questions", *words, "--out", str(tmp_path / "q.csv")]) == 0
    said = capfd.readouterr().out
    assert "Questions: 48 right." in said and "Checkers to look at: edith." in said
    wrong = write_csv(tmp_path / "wrong.csv", CHECKED, [(*row[:3], "no") for row in rows])
    done = make_questions(
        [file, wrong], tasks=[tmp_path / "writing", checking], out=tmp_path / "none.csv", min_certainty=0.5
    )
    assert done["states"] == {"wrong": 48} and done["look_at_writers"] == list(people)


def test_two_spellings_are_one_question_and_two_parts_are_two(tmp_path, writing):
    parts = [replace(writing.tasks[0], id=f"{end:016x}", start_seconds=0, end_seconds=end) for end in (2, 3)]
    tasks = TaskFile(tuple(parts), ABOUT)
    (tmp_path / "parts").mkdir()
    write_tasks(tmp_path / "parts" / "tasks.json", tasks)
    texts = (("anna", "What is it?", "the man\u2019s bag"), ("bert", "what is it?", "The man's  bag"))
    rows = [(task.id, tasks.sha256, *text, "", "") for task in parts for text in texts]
    done = make_questions(
        write_csv(tmp_path / "p.csv", HEAD, rows), tasks=tmp_path / "parts", out=tmp_path / "q.csv"
    )
    assert done["added"] == 2 and done["contradictions"] == []
    assert rows_of(tmp_path / "q.csv", "end_seconds", "num_writers") == [["2", "2"], ["3", "2"]]
