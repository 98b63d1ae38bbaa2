"""Rows of a table that cannot be asked about, and texts that cannot be offered."""

import json
import re

import pandas as pd
import pytest

from videoqa.labeling.candidate_rows import read_candidates
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.mturk_files import MOST_BYTES, mturk_batch, mturk_form
from videoqa.labeling.tasks import TaskFile, read_tasks

from .conftest import ABOUT, question, write_csv
from .test_export import EVALUATE, ROWS, URL

HEAD = (*EVALUATE, "margin", "second_answer", "start_seconds", "end_seconds")
ROW = dict(zip(HEAD, (*ROWS[0], 0.3, "loading", "", ""), strict=True))


def predictions(path, *changes, further=()):
    """Write predictions of rows that differ from `ROW`."""
    head = (*HEAD, *further)
    rows = [[{**ROW, **each}[name] for name in head] for each in changes]
    return write_csv(path, head, rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"video_id": " "}, "`video` must be filled"),
        ({"start_seconds": 5, "end_seconds": 2}, "`end_seconds` must be after `start_seconds`"),
        ({"start_seconds": -1}, "both at least 0"),
        ({"question": "???"}, "`question` must hold at least one word"),
        ({"question": "w" * 1001}, "`question` must have at most 1000 characters"),
    ],
)
def test_a_row_that_cannot_be_asked_about_is_named(tmp_path, change, message):
    path = predictions(tmp_path / "answers.csv", {}, change)
    with pytest.raises(ValueError, match=f"{message}.* It is line 3 of .*answers.csv"):
        read_candidates(path)


def test_a_table_without_usable_rows_is_refused(tmp_path):
    usual = {"select": "random", "format": "csv", "out": tmp_path / "tasks"}
    path = predictions(tmp_path / "failed.csv", {"status": "failed"}, {"predicted_answer": "\u200b"})
    with pytest.raises(ValueError, match="some that can be asked about.*the video of each has failed"):
        export_tasks(path, **usual)
    with pytest.raises(ValueError, match="1 of 2 rows have no question"):
        export_tasks(predictions(tmp_path / "mixed.csv", {}, {"question": " "}), **usual)
    with pytest.raises(ValueError, match="name each column once. Received: 'status'"):
        read_candidates(predictions(tmp_path / "twice.csv", {}, further=["status"]))
    rows = [("a.mp4", "What is it?", "box"), ("b.mp4", "What is it?", "")]
    asked = write_csv(tmp_path / "asked.csv", ("video", "question", "answer"), rows)
    with pytest.raises(ValueError, match="no row has a question and an answer to verify"):
        export_tasks(data=asked, kind="verify", **{**usual, "select": "unlabelled"})
    done = export_tasks(data=asked, kind="verify", **usual)
    assert done["notes"] == ["1 row without a question and an answer to verify was left out."]


def test_the_address_of_a_clip_is_below_the_prefix(tmp_path):
    """Absolute names below `videos` are taken from there."""
    usual = {"select": "random", "video_url_prefix": URL, "videos": tmp_path}
    for number, name in enumerate(("/elsewhere/a.mp4", f"{tmp_path.name}/../a.mp4")):
        path = predictions(tmp_path / f"{number}.csv", {"video_id": name})
        with pytest.raises(ValueError, match="`video` must be a file below the folder of the videos"):
            export_tasks(path, out=tmp_path / "tasks", **usual)
    within = {"video_id": str(tmp_path / "day 1" / "a#1.mp4"), "start_seconds": 1.5, "end_seconds": 2}
    export_tasks(predictions(tmp_path / "within.csv", within), out=tmp_path / "tasks", **usual)
    (task,) = read_tasks(tmp_path / "tasks").tasks
    assert task.video_url == f"{URL}day%201/a%231.mp4#t=1.5,2"


def test_a_table_that_went_through_a_spreadsheet_is_read(tmp_path):
    """With commas for decimal points, and what `--spreadsheet-safe` puts before formulas."""
    changed = {"probability": "0,75", "margin": "0,5", "predicted_answer": "'-5"}
    path = predictions(tmp_path / "answers.csv", changed)
    path.write_text(path.read_text().replace('","', '";"'), "utf-16")
    (row,) = read_candidates(path)
    assert (row.margin, row.ranked[:2]) == (0.5, (("-5", 0.75), ("loading", 0.25)))


def test_only_answers_that_can_be_seen_and_given_are_offered(tmp_path):
    likely = {"answer": "b" * 201, "likely": "waving |  | \u200b | jumping | cannot tell | I cannot tell"}
    usual = {"select": "random", "format": "labelstudio", "video_url_prefix": URL, "num_choices": 9}
    export_tasks(predictions(tmp_path / "answers.csv", likely), out=tmp_path / "tasks", **usual)
    (task,) = read_tasks(tmp_path / "tasks").tasks
    assert sorted(task.choices) == ["I cannot tell", "cannot tell", "jumping", "loading", "waving"]
    (item,) = json.loads((tmp_path / "tasks" / "import.json").read_text())
    shown = [choice["value"] for choice in item["data"]["choices"]]
    assert sorted(shown) == sorted([*task.choices, "another answer"])


def test_a_task_that_mechanical_turk_would_not_take_is_refused():
    room = MOST_BYTES - len(mturk_form().encode())
    choices = tuple(f"{number} {'w' * 1000}" for number in range(50))
    with pytest.raises(ValueError, match=rf"at most {room:,} bytes.*clip-0.avi.*Offer fewer choices"):
        mturk_batch(TaskFile((question(0, choices=choices),), ABOUT))
    assert mturk_batch(TaskFile((question(0, choices=choices[:20]),), ABOUT))


def test_what_was_asked_before_is_not_asked_again(tmp_path):
    """Also if the first tasks were made of annotations, before there was a model."""
    path = predictions(
        tmp_path / "answers.csv",
        *({"video_id": f"{number}.mp4", "margin": number / 10, "end_seconds": 1.5} for number in range(5)),
    )
    head = ["video_id", "question", "answer", "end_seconds"]
    first = pd.read_csv(path)[head].rename(columns={"video_id": "video"}).iloc[[0, 2, 4]]
    export_tasks(data=first, select="random", limit=2, format="csv", out=tmp_path / "first")
    usual = {"format": "csv", "kind": "answer", "select": "uncertain", "limit": 1}
    asked = [tmp_path / "first"]
    for name in ("second", "third", "fourth"):
        done = export_tasks(path, asked=asked, out=tmp_path / name, **usual)
        assert done["notes"] == [f"{len(asked) + 1} rows that were asked before were left out."]
        asked.append(tmp_path / name / "tasks.json")
    videos = [[task.video for task in read_tasks(each).tasks] for each in asked]
    assert sorted(sum(videos, [])) == [f"{number}.mp4" for number in range(5)]
    assert [sorted(each) for each in videos[1:]] == sorted(videos[1:]), "the most uncertain first"
    with pytest.raises(ValueError, match="`asked` must leave a row to ask about. Received: tasks of all 5"):
        export_tasks(path, asked=asked, out=tmp_path / "fifth", **usual)
    done = export_tasks(path, asked=asked, out=tmp_path / "checks", **{**usual, "kind": "verify"})
    assert done["notes"] == [], "to check an answer is another task"


def test_known_tasks_are_offered_the_same_answers_as_the_others(tmp_path):
    """The most frequent of all rows, of which those of known answer count once."""
    head = ("video", "question", "answer")
    rows = [(f"{number}.mp4", "What is it?", answer) for number, answer in enumerate("bbaaaa")]
    known = [(f"known-{answer}.mp4", "What is it?", answer) for answer in "cb"]
    export_tasks(
        data=write_csv(tmp_path / "rows.csv", head, rows), known=pd.DataFrame(known, columns=head),
        select="random", num_choices=2, num_known=2, format="csv", out=tmp_path / "tasks",
    )  # fmt: skip
    tasks = read_tasks(tmp_path / "tasks").tasks
    assert sorted(sorted(task.choices) for task in tasks if task.is_known) == [["a", "b"], ["a", "c"]]
    assert {tuple(sorted(task.choices)) for task in tasks if not task.is_known} == {("a", "b")}


def test_the_order_of_choices_does_not_tell_what_the_model_says(tmp_path):
    path = predictions(tmp_path / "answers.csv", *({"video_id": f"{number}.mp4"} for number in range(12)))
    orders = []
    for seed in (0, 0, 1):
        out = tmp_path / f"tasks {len(orders)}"
        export_tasks(path, select="random", seed=seed, format="csv", out=out)
        tasks = sorted(read_tasks(out).tasks, key=lambda task: task.video)
        orders.append([task.choices.index(task.model_answer) for task in tasks])
    assert set(orders[0]) == {0, 1} and orders[0] == orders[1] != orders[2]


def test_excel_knows_the_table_for_utf_8(tmp_path):
    rows = [("a.mp4", "Was tut er – \u4f60\u597d?", "l\u00e4dt")]
    asked = write_csv(tmp_path / "asked.csv", ("video", "question", "answer"), rows)
    export_tasks(data=asked, select="random", format="csv", out=tmp_path / "tasks")
    content = (tmp_path / "tasks" / "tasks.csv").read_bytes()
    assert re.match(rb"\xef\xbb\xbftask_id,", content) and content.count(b"\xef\xbb\xbf") == 1
