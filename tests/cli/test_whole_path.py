"""From annotations to answers through the commands alone, each printing one JSON object."""

import csv
import json
from pathlib import Path

import pytest

from videoqa.cli.main import main
from videoqa.sample.sample_set import sample_clip

ACTIVITIES = ("loading", "waving")
SMALL = (
    "--backbone tiny --frame-size 32 32 --num-frames 4 --video-branch mean --question-units 4 --epochs 1"
).split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with a few drawn clips and two annotation files, one of them with a bad video."""
    folder = tmp_path_factory.mktemp("whole path")
    (folder / "clips").mkdir()
    rows = []
    for seed, split in enumerate(("train", "train", "validation", "test")):
        for activity in ACTIVITIES:
            clip = Path(sample_clip(activity, seed=seed, folder=folder / "clips"))
            rows.append((clip.name, activity, split))
    (folder / "clips" / "-broken.avi").write_bytes(b"not a video")
    rows.append(("-broken.avi", "waving", "train"))
    write_csv(folder / "actions.csv", ("video", "label", "split"), rows)
    questions = [(video, "what is he doing?", answer, split) for video, answer, split in rows]
    write_csv(folder / "questions.csv", ("video", "question", "answer", "split"), questions)
    return folder


def write_csv(path, columns, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


@pytest.fixture
def run(folder, monkeypatch, capfd):
    """Run a command in the folder; returns its JSON object, the only thing on stdout."""
    monkeypatch.chdir(folder)

    def run(*words):
        capfd.readouterr()
        code = main([*map(str, words)])
        printed = capfd.readouterr()
        assert code == 0, printed.err
        assert "Traceback" not in printed.err
        return json.loads(printed.out) if "--json" in words else printed.out

    return run


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["actions", "questions"])
def test_encode_train_evaluate_ask_predict(run, folder, kind):
    data = ["--data", f"{kind}.csv", "--videos", "clips"]
    out = f"runs/{kind}"
    encoded = run("encode", *data, *SMALL[:7], "--json")
    assert (encoded["num_encoded"] + encoded["num_cached"], encoded["num_failed"]) == (8, 1)
    assert "not" in encoded["failures"][0]["error"]

    trained = run("train", *data, *SMALL, "--out", out, "--json")
    assert Path(trained["out"]).resolve() == folder / "runs" / kind
    assert trained["num_epochs"] == 1
    [failed] = json.loads(Path(out, "metrics.json").read_text())["failed_videos"]
    assert Path(failed).name == "-broken.avi"

    scores = run("evaluate", out, "--split", "test", "--json")
    assert scores["num_rows"] == 2
    with open(Path(scores["out"]) / "predictions.csv", newline="", encoding="utf-8") as file:
        correct = [row["predicted_answer"] == row["answer"] for row in csv.DictReader(file)]
    assert scores["accuracy"] == sum(correct) / 2
    assert (scores["blind_accuracy"] is None) == (kind == "actions")
    assert "accuracy" in run("evaluate", out, "--shuffle-frames")
    assert run("evaluate", out, "--split", "val", "--json")["split"] == "validation"

    clip = next(Path("clips").glob("loading*"))
    question = ["what is he doing?"] if kind == "questions" else []
    answer = run("ask", "--model", out, "--json", clip, *question)
    assert answer["text"] in ACTIVITIES
    assert [each["answer"] for each in answer["alternatives"]][0] == answer["text"]
    assert run("ask", "--model", out, clip, *question).startswith(answer["text"])

    asked = ["--data", f"{kind}.csv"] if kind == "questions" else []
    predicted = run("predict", out, "clips", *asked, "--out", f"{kind}_labels.csv", "--json")
    assert predicted["num_rows"] == 9
    statuses = [row["status"] for row in predicted["predictions"] if row["video"] == "-broken.avi"]
    assert statuses == ["failed"]
    with open(f"{kind}_labels.csv", newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 9
    assert run("predict", out, "clips", *asked).count("\n") == 10


def test_a_run_is_not_overwritten(action_run, small_set, capfd):
    before = {path: path.stat().st_mtime_ns for path in action_run.rglob("*")}
    assert main(["train", "--data", str(small_set / "labels.csv"), *SMALL, "--out", str(action_run)]) == 2
    assert str(action_run) in capfd.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in action_run.rglob("*")}
