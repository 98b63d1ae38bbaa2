"""Rows become tasks: which, with which choices, and in which files."""

import base64
import json
import re
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

from videoqa.cli.main import main
from videoqa.labeling.candidate_rows import read_candidates
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.selecting import select_rows
from videoqa.labeling.tasks import read_tasks

from .conftest import write_csv

URL = "https://example.org/clips/"
PREDICT = ("video", "question_id", "question", "answer", "probability", "likely", "familiarity", "status")
EVALUATE = (
    *("video_id", "question_id", "question", "question_type", "answer", "predicted_answer"),
    *("probability", "likely", "familiarity", "status"),
)
ROWS = [
    ("a.mp4", "q1", "What is he doing?", "activity", "loading", "waving", 0.9, "waving | loading", 0.5, ""),
    ("a.mp4", "q2", "Who is there?", "person", "anna", "anna", 0.4, "anna | bert", 0.5, ""),
    ("a.mp4", "q3", "Where is he?", "place", "yard", "hall", 0.95, "hall", 0.5, ""),
    (
        "b c.mp4",
        "q4",
        "What is she doing?",
        "activity",
        "Jumping",
        "jumping",
        0.6,
        "jumping | waving",
        0.1,
        "",
    ),
    ("d.avi", "q5", "Is it red?", "yes/no", "yes", "no", 0.55, "no | yes", 0.9, ""),
    ("e.mp4", "q6", "Is it red?", "yes/no", "yes", "", "", "", "", "failed"),
]


@pytest.fixture
def scored(tmp_path):
    """Write predictions as `evaluate` does and return their path."""
    return write_csv(tmp_path / "predictions.csv", EVALUATE, ROWS)


@pytest.fixture
def annotated(tmp_path):
    """Write annotations, of which two rows have no answer, and return their path."""
    rows = [("a.mp4", "What is it?", "box"), ("a.mp4", "Who is it?", ""), ("b.mp4", "What is it?", "")]
    return write_csv(tmp_path / "my.csv", ("video", "question", "answer"), rows)


def ids(rows):
    return [row.row_id for row in rows]


@pytest.mark.parametrize(
    ("select", "expected"),
    [("wrong", ["q3", "q5", "q1"]), ("uncertain", ["q2", "q5", "q4", "q1", "q3"]), ("unfamiliar", ["q4"])],
)
def test_the_rows_worth_asking_about_come_first(scored, select, expected):
    """One row of each video comes before the second of any."""
    assert ids(select_rows(read_candidates(scored), select, None, 0))[: len(expected)] == expected


def test_random_rows_differ_by_seed_and_take_each_video_once(scored):
    orders = {tuple(ids(select_rows(read_candidates(scored), "random", None, seed))) for seed in range(20)}
    assert len(orders) > 3
    videos = [
        [row.video for row in select_rows(read_candidates(scored), "random", 3, seed)] for seed in (0, 1)
    ]
    assert all(len(set(each)) == 3 for each in videos)


def test_rows_without_an_answer(annotated):
    found = select_rows(read_candidates(annotated), "unlabelled", None, 0)
    assert sorted((row.video, row.question) for row in found) == [
        ("a.mp4", "Who is it?"),
        ("b.mp4", "What is it?"),
    ]


def test_predictions_without_the_truth_cannot_be_wrong(tmp_path):
    row = ("a.mp4", "q1", "What?", "box", 0.4, "box | bag", 0.5, "")
    path = write_csv(tmp_path / "answers.csv", PREDICT, [row])
    (found,) = read_candidates(path)
    assert found.ranked == (("box", 0.4), ("bag", None)) and found.truth == "" and found.margin is None
    with pytest.raises(ValueError, match="no row has an annotated answer.*Name a model's folder and --data"):
        export_tasks(path, select="wrong", out=tmp_path / "tasks", format="csv")


def test_what_is_chosen_between_holds_the_model_and_the_annotation(scored, tmp_path):
    done = export_tasks(
        scored, select="wrong", out=tmp_path / "tasks", video_url_prefix=URL[:-1], num_choices=3
    )
    file = read_tasks(tmp_path / "tasks")
    assert done["tasks_sha256"] == file.sha256 and done["num_tasks"] == 3
    task = next(task for task in file.tasks if task.corrects == "q1")
    assert {choice.lower() for choice in task.choices} == {"jumping", "loading", "waving"}
    assert task.ranked == (("waving", 0.9), ("loading", None)) and task.model_answer == "waving"
    assert task.video_url == "https://example.org/clips/a.mp4"
    assert re.fullmatch(r"1 video is no file that browsers play .*, such as 'd.avi'.*", done["notes"][0])


def test_a_batch_of_mechanical_turk_hides_what_is_known(scored, tmp_path):
    done = export_tasks(
        scored, select="uncertain", limit=3, known=scored, num_known=2, out=tmp_path / "tasks",
        video_url_prefix=URL, num_assignments=4, reward=0.15, fee=0.2,
    )  # fmt: skip
    file = read_tasks(tmp_path / "tasks")
    assert done["num_known"] == sum(task.is_known for task in file.tasks) == 2
    number = len(file.tasks)
    assert done["cost"].startswith(
        f"{number} tasks x 4 assignments x $0.15 = ${number * 0.6:.2f}; with a fee"
    )
    batch = pd.read_csv(tmp_path / "tasks" / "batch.csv")
    assert batch["task_id"].tolist() == [task.id for task in file.tasks]
    shown = [json.loads(base64.urlsafe_b64decode(cell)) for cell in batch["task_data"]]
    keys = {"kind", "video_url", "question", "choices", "answer", "num_questions"}
    assert all(set(each) == keys for each in shown)
    assert {each["answer"] for each in shown} == {""}
    form = (tmp_path / "tasks" / "form.html").read_text()
    assert re.findall(r"\$\{[^}]*\}", form) == ["${task_data}"], "the service takes each for a column"
    assert "]]>" not in form, "the service packs it as CDATA"
    for task in file.tasks:
        assert not task.is_known or task.known_answer in task.choices


def test_one_task_for_ten_is_of_known_answer_and_stands_among_the_others(tmp_path):
    rows = [(f"{number}.MP4", "What is it?", f"{number}") for number in range(30)]
    head = ("video", "question", "answer")
    known = pd.DataFrame([(f"known-{number}.mp4", "What is it?", "box") for number in range(9)], columns=head)
    done = export_tasks(
        data=write_csv(tmp_path / "rows.csv", head, rows), known=known.assign(split="test"), select="random",
        limit=21, num_assignments=7, out=tmp_path / "tasks", video_url_prefix=URL,
    )  # fmt: skip
    assert (done["num_tasks"], done["num_known"], done["notes"]) == (24, 3, [])
    file = read_tasks(tmp_path / "tasks")
    places = [place for place, task in enumerate(file.tasks) if task.is_known]
    assert places[0] < 21 and file.about["num_assignments"] == 7, "the page gives each task to so many people"


def test_the_number_of_choices_does_not_tell_what_is_known(annotated, tmp_path):
    """The answers of known rows are offered for all rows of their type."""
    head = ("video", "question", "question_type", "answer")
    asked = [
        (f"{name}.mp4", "What is it?", "what", answer)
        for name, answer in zip("abc", ["box", "bag", ""], strict=True)
    ]
    rows = write_csv(tmp_path / "rows.csv", head, asked)
    known = write_csv(tmp_path / "known.csv", head, [("z.mp4", "What is it?", "what", "ladder")])
    export_tasks(data=rows, select="random", known=known, num_known=1, format="csv", out=tmp_path / "tasks")
    tasks = read_tasks(tmp_path / "tasks").tasks
    assert sum(task.is_known for task in tasks) == 1
    assert {frozenset(task.choices) for task in tasks} == {frozenset(["box", "bag", "ladder"])}


def test_label_studio_gets_choices_and_predictions(scored, tmp_path):
    export_tasks(
        scored, select="uncertain", out=tmp_path / "tasks", format="labelstudio", video_url_prefix=URL
    )
    config = ElementTree.parse(tmp_path / "tasks" / "config.xml").getroot()
    names = {each.get("name") for each in config.iter() if each.get("name")}
    assert names == {"video", "choice", "typed"}
    items = json.loads((tmp_path / "tasks" / "import.json").read_text())
    wanted = {match for value in config.iter() for match in re.findall(r"\$(\w+)", str(value.attrib))}
    assert wanted <= set(items[0]["data"])
    for item in items:
        (prediction,) = item["predictions"]
        (result,) = prediction["result"]
        assert (result["from_name"], result["to_name"]) == ("choice", "video")
        assert {"value": result["value"]["choices"][0]} in item["data"]["choices"]
        assert item["data"]["choices"][-1] == {"value": "I cannot tell"}


def test_known_rows_without_a_prediction_take_that_of_the_row_they_repeat(scored, tmp_path):
    """Label Studio shows predictions: a task without one would be known by that."""
    known = pd.DataFrame(ROWS, columns=EVALUATE).rename(columns={"video_id": "video"}).iloc[:5]
    known = known[["video", "question_id", "question", "question_type", "answer"]]
    done = export_tasks(
        scored, select="random", known=known, num_known=5, out=tmp_path / "tasks", format="labelstudio",
        video_url_prefix=URL,
    )  # fmt: skip
    items = json.loads((tmp_path / "tasks" / "import.json").read_text())
    assert done["num_known"] == 5 == sum("predictions" in item for item in items) and not done["notes"][1:]
    for task in read_tasks(tmp_path / "tasks").tasks:
        assert task.known_answer.lower() in {choice.lower() for choice in task.choices} and task.model_answer
    done = export_tasks(
        data=known, select="random", limit=2, known=scored, num_known=1, out=tmp_path / "none",
        format="labelstudio", video_url_prefix=URL,
    )  # fmt: skip
    assert "can be told from the others: some have a prediction, some have none" in done["notes"][0]


@pytest.mark.parametrize("kind", ["answer", "verify", "write"])
def test_a_table_that_is_filled_in_comes_back(scored, tmp_path, kind):
    options = {"select": "random", "format": "csv", "kind": kind, "num_questions": 1}
    done = export_tasks(scored, out=tmp_path / "tasks", **options)
    tasks = read_tasks(tmp_path / "tasks").tasks
    about = {(task.corrects[:1], task.question_type != "", task.question != "") for task in tasks}
    assert about == ({("", False, False)} if kind == "write" else {("q", True, True)})
    assert done["cost"] == "" and done["notes"] == [], "whoever fills in a table plays the clips otherwise"
    path = tmp_path / "tasks" / "tasks.csv"
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    if kind == "write":
        table["question_1"], table["answer_1"] = "What colour is it?", "Red"
    else:
        table["answer"] = "yes" if kind == "verify" else "=1+1 boxes"
    table.to_csv(path, index=False)
    done = import_answers(path, tasks=tmp_path / "tasks", out=tmp_path / "corrections.csv")
    found = pd.read_csv(tmp_path / "corrections.csv", keep_default_na=False, dtype=str)
    assert done["added"] == len(table) == len(found)
    answers = {
        "answer": {"'=1+1 boxes"},
        "verify": {"loading", "anna", "yard", "jumping", "yes"},
        "write": {"red"},
    }
    assert set(found["answer"]) == answers[kind]


def test_actions_show_all_labels(tmp_path):
    rows = [(f"{number}.mp4", f"Label {number}") for number in range(6)]
    path = write_csv(tmp_path / "labels.csv", ("video", "label"), rows)
    export_tasks(
        None, data=path, select="random", out=tmp_path / "tasks", format="csv", known=path, num_known=1
    )
    file = read_tasks(tmp_path / "tasks")
    assert {task.kind for task in file.tasks} == {"label"} and len(file.tasks) == 6
    assert all(sorted(task.choices) == [f"Label {number}" for number in range(6)] for task in file.tasks)
    for most, shown in ((20, 20), (21, 4)):
        rows = [(f"{number}.mp4", f"Label {number}") for number in range(most)]
        table = pd.DataFrame(rows, columns=["video", "label"])
        export_tasks(data=table, select="random", out=tmp_path / f"{most}", format="csv")
        assert {len(task.choices) for task in read_tasks(tmp_path / f"{most}").tasks} == {shown}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"select": "best"}, "be one of 'random'"),
        ({"video_url_prefix": None}, "be given for this format"),
        ({"video_url_prefix": "http://example.org"}, "be an https:// address"),
        ({"video_url_prefix": "file:///clips"}, "be an https:// address"),
        ({"video_url_prefix": "https://[::1/"}, "be an https:// address"),
        ({"video_url_prefix": "https://example.org:99999/"}, "be an https:// address"),
        ({"num_known": 1}, "`known` must name annotations, if `num_known` says how many"),
        ({"out": "predictions.csv"}, "`out` must be a directory; this is a file"),
        ({"select": "unlabelled"}, "no row of 5 is unlabelled"),
        ({"num_choices": 1}, "from 2 to 50"),
        ({"limit": 0}, "of at least 1"),
        ({"data": "my.csv"}, "be left out beside a file of predictions"),
        ({"kind": "write", "known": "predictions.csv"}, "have no known answer"),
        ({"fee": -1}, "of at least 0"),
    ],
)
def test_options_are_refused(scored, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    usual = {"select": "random", "out": tmp_path / "tasks", "video_url_prefix": URL}
    with pytest.raises(ValueError, match=message):
        export_tasks(scored, **{**usual, **options})
    assert not (tmp_path / "tasks" / "tasks.json").exists()


def test_tasks_that_were_given_out_are_kept(scored, tmp_path):
    export_tasks(scored, select="random", out=tmp_path / "tasks", format="csv")
    with pytest.raises(FileExistsError, match="hold no tasks.json yet"):
        export_tasks(scored, select="random", out=tmp_path / "tasks", format="csv")
    (tmp_path / "half" / "tasks.csv").mkdir(parents=True)
    with pytest.raises(OSError, match="tasks.csv"):
        export_tasks(scored, select="random", out=tmp_path / "half", format="csv")
    assert [path.name for path in (tmp_path / "half").iterdir()] == ["tasks.csv"], "tasks.json comes last"


def test_of_two_exports_to_one_folder_the_first_counts(scored, tmp_path):
    options = {"select": "random", "format": "csv"}
    export_tasks(scored, limit=1, out=tmp_path / "before", **options)

    class Meanwhile:
        """A path of tasks, at whose reading another export ends."""

        def __fspath__(self):
            if not (tmp_path / "tasks").joinpath("tasks.json").exists():
                export_tasks(scored, out=tmp_path / "tasks", **options)
            return str(tmp_path / "before")

    with pytest.raises(FileExistsError, match="hold no tasks.json yet"):
        export_tasks(scored, asked=[Meanwhile()], out=tmp_path / "tasks", **options)
    assert len(read_tasks(tmp_path / "tasks").tasks) == 5


def test_the_commands(scored, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["label", "export", "predictions.csv", "--select", "uncertain", "--limit", "2"]
    assert main([*words, "--video-url-prefix", URL, "--reward", "0.5", "--out", "tasks"]) == 0
    said = capsys.readouterr().out
    assert "2 tasks about 2 videos written to tasks." in said
    assert "2 tasks x 5 assignments x $0.50 = $5.00; with a fee of 20%: $6.00." in said
    task = read_tasks("tasks").tasks[0]
    write_csv(tmp_path / "anna.csv", ("task_id", "answer"), [(task.id, "yes"), ("0" * 16, "no")])
    words = [
        "label",
        "import",
        "anna.csv",
        "--tasks",
        "tasks",
        "--out",
        "corrections.csv",
        "--report",
        "seen",
    ]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "1 of an unknown task (first: line 3 of anna.csv)" in said
    assert "1 row added to corrections.csv." in said
    assert (tmp_path / "seen" / "workers.csv").read_text().startswith("worker,num_answers")
    assert main(words) == 2 and "hold no tasks.csv yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "ends"),
    [
        ({"num_assignments": 9}, "x $0.10 = $4.50; with a fee of 20%: $5.40."),
        ({"num_assignments": 10}, "x $0.10 = $5.00; with a fee of 40%: $7.00."),
        ({"num_assignments": 10, "fee": 0.25}, "x $0.10 = $5.00; with a fee of 25%: $6.25."),
        ({"reward": 0.01}, "x $0.01 = $0.25; with a fee of 20%, at least $0.01 each: $0.50."),
    ],
)
def test_mechanical_turk_takes_more_where_ten_people_do_a_task(scored, tmp_path, options, ends):
    done = export_tasks(scored, select="random", out=tmp_path / "tasks", video_url_prefix=URL, **options)
    assert done["num_tasks"] == 5 and done["cost"].endswith(ends)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "label"}, ValueError, "the rows have questions"),
        ({"source": "runs/typo"}, FileNotFoundError, "`source` must be an existing file.*folder"),
        ({"known": "nowhere.csv"}, FileNotFoundError, "`known` must be an existing file"),
        ({"known": "annotated"}, ValueError, "`known` must have rows with answers"),
        ({"known": "labels"}, ValueError, "`known` must have a question in each row"),
        ({"known": "nowhere.csv", "source": "runs/typo"}, FileNotFoundError, "`known` must be an existing"),
        (
            {"asked": ["nowhere"], "source": "runs/typo"},
            FileNotFoundError,
            "`tasks` must be an existing file",
        ),
    ],
)
def test_kinds_and_known_answers_that_cannot_be_are_refused(
    scored, annotated, tmp_path, options, error, message
):
    tables = {
        "annotated": pd.read_csv(annotated).assign(answer=""),
        "labels": pd.DataFrame({"video": ["a.mp4"], "label": ["run"]}),
    }
    if (name := options.get("known")) in tables:
        options = {"known": tables[name]}
    options = {"source": scored} | options
    with pytest.raises(error, match=message):
        export_tasks(select="random", format="csv", out=tmp_path / "tasks", **options)
