"""Tasks with which a new set begins: clips to write about, and answers to check."""

import pandas as pd
import pytest

from videoqa.cli.main import main
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.make_questions import make_questions
from videoqa.labeling.tasks import read_tasks

from .conftest import write_csv


@pytest.fixture
def clips(tmp_path):
    """Make a folder of clips, of which only the names matter here, and return it."""
    (tmp_path / "clips" / "dock").mkdir(parents=True)
    for name in ("a.mp4", "b c.mp4", "dock/d.webm", "notes.txt"):
        (tmp_path / "clips" / name).write_bytes(b"clip")
    return tmp_path / "clips"


def test_a_folder_of_clips_is_enough_to_write_about(clips, tmp_path, capsys):
    words = ["label", "export", "--kind", "write", "--select", "random", "--videos", str(clips)]
    url = "https://example.org/clips/"
    assert main([*words, "--video-url-prefix", url, "--out", str(tmp_path / "writing")]) == 0
    assert "3 tasks about 3 videos" in capsys.readouterr().out
    tasks = read_tasks(tmp_path / "writing").tasks
    urls = {task.video: task.video_url.removeprefix(url) for task in tasks}
    assert urls == {"a.mp4": "a.mp4", "b c.mp4": "b%20c.mp4", "dock/d.webm": "dock/d.webm"}
    assert {(task.kind, task.num_questions, task.question) for task in tasks} == {("write", 3, "")}


def test_a_table_of_videos_alone_is_enough(clips, tmp_path):
    rows = [("a.mp4", "0", "2.5", "day 1"), ("a.mp4", "2.5", "", "day 1"), ("dock/d.webm", "", "", "day 2")]
    data = write_csv(tmp_path / "videos.csv", ("video", "start_seconds", "end_seconds", "group"), rows)
    export_tasks(
        data=data, videos=clips, select="random", kind="write", format="csv", out=tmp_path / "writing"
    )
    tasks = read_tasks(tmp_path / "writing").tasks
    parts = {(task.video, task.start_seconds, task.end_seconds, task.group) for task in tasks}
    assert parts == {
        ("a.mp4", 0, 2.5, "day 1"),
        ("a.mp4", 2.5, None, "day 1"),
        ("dock/d.webm", None, None, "day 2"),
    }


def test_a_folder_without_videos_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="hold a video"):
        export_tasks(
            videos=tmp_path / "empty", select="random", kind="write", format="csv", out=tmp_path / "w"
        )


def test_checks_of_known_answer_are_mixed_in_unseen(clips, tmp_path):
    """Half of them with a wrong answer; they tell who checks with care, and become no rows."""
    asked = [(f"a{number}.mp4", f"What is in {number}?", ("box", "bag")[number % 2]) for number in range(8)]
    data = write_csv(tmp_path / "candidates.csv", ("video", "question", "answer"), asked)
    known = [(f"k{number}.mp4", f"What is in {number}?", ("box", "bag")[number % 2]) for number in range(4)]
    known = write_csv(tmp_path / "known.csv", ("video", "question", "answer"), known)
    done = export_tasks(data=data, known=known, num_known=4, select="random", kind="verify", format="csv",
                        out=tmp_path / "checking")  # fmt: skip
    tasks = read_tasks(tmp_path / "checking")
    right = {f"k{number}.mp4": ("box", "bag")[number % 2] for number in range(4)}
    sure = [task for task in tasks.tasks if task.is_known]
    assert done["num_known"] == len(sure) == 4
    assert sorted(task.known_answer for task in sure) == ["no", "no", "yes", "yes"]
    assert all((right[task.video] == task.answer) == (task.known_answer == "yes") for task in sure)
    table = pd.read_csv(tmp_path / "checking" / "tasks.csv", dtype=str, keep_default_na=False)
    assert "known" not in " ".join(table.columns)
    table["answer"], table["worker"] = "yes", "careless"
    table.to_csv(tmp_path / "careless.csv", index=False)
    found = make_questions(
        tmp_path / "careless.csv", tasks=tmp_path / "checking", out=tmp_path / "questions.csv"
    )
    assert found["workers"]["known_accuracy"].tolist() == [0.5]
    assert found["states"] == {"undecided": 8} and found["added"] == 0
