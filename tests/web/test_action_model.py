"""A served action model: it takes no question, in its interface as in its explanations and corrections."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import videoqa

from .server_process import Server, running_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def naming(action_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("naming")
    model = shutil.copytree(action_run, folder / action_run.name)
    words = ("--model", str(model), "--corrections", str(folder / "corrections.csv"))
    with running_server(folder, *words) as running:
        yield running


def test_a_clip_is_named_without_a_question(naming: Server, action_run: Path, clip_bytes: bytes) -> None:
    facts = naming.get("/api/model").json
    assert (facts["task"], facts["has_questions"], facts["name"]) == ("action", False, action_run.name)
    clip = naming.post("/api/clips?name=loading.avi", clip_bytes).json["id"]
    wanted = videoqa.ask(videoqa.sample_clip("loading", seed=1), model=action_run)
    asked: list[dict[str, object]] = [{}, {"question": ""}, {"questions": ["", "who?"]}, {"explain": True}]
    for content in asked:
        reply = naming.post("/api/ask", {"clip": clip, **content})
        assert reply.status == 200
        assert {answer["text"] for answer in reply.json["answers"]} == {wanted.text}
    (answer,) = reply.json["answers"]
    assert answer["question"] == "" and answer["evidence"]["words"] == [] != answer["evidence"]["moments"]
    sent = {"clip": clip, "question": "", "answer": wanted.text, "correct_answer": "jumping"}
    assert naming.post("/api/corrections", sent).status == 201
    with open(naming.folder / "corrections.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["question"], row["answer"], row["model"]) == ("", "jumping", action_run.name)
    assert float(row["probability"]) == pytest.approx(wanted.probability, abs=1e-4)


def test_it_goes_on_when_its_folder_changes(naming: Server, action_run: Path) -> None:
    """Comes last: the folder holds nothing of the model any more."""
    assert not any("another model" in note for note in naming.get("/api/model").json["notes"])
    folder = naming.folder / action_run.name
    shutil.rmtree(folder)
    folder.mkdir()
    video = videoqa.sample_clip("waving", seed=1)
    clip = naming.post("/api/clips?name=waving.avi", Path(video).read_bytes()).json["id"]  # encoded only now
    answer = naming.post("/api/ask", {"clip": clip, "explain": True}).json["answers"][0]
    assert answer["text"] == videoqa.ask(video, model=action_run).text and answer["evidence"]["moments"]
    assert any("another model by now" in note for note in naming.get("/api/model").json["notes"])
    assert b"videoqa_model_changed 1.0" in naming.get("/metrics").body
    assert "Traceback" not in "".join(naming.errors)
