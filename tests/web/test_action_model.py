"""A served action model: it takes no question, in its interface as in its explanations and corrections."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

import videoqa

from .server_process import Server, running_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def naming(action_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("naming")
    words = ("--model", str(action_run), "--corrections", str(folder / "corrections.csv"))
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
    assert "Traceback" not in "".join(naming.errors)
