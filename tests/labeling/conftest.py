"""Tasks, and files of results as the services write them."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from videoqa.config import EndpointConfig
from videoqa.labeling.ask_model import ask_model
from videoqa.labeling.tasks import Task, TaskFile, stable_id, write_tasks

from .chat_server import COLOURS, running, seen

ABOUT = {
    "made": "2026-11-30T10:00:00+00:00",
    "model": "mine",
    "model_sha256": "ab" * 32,
    "num_assignments": 3,
}
CHOICES = ("loading", "waving", "walking", "jumping")
MTURK_HEAD = ("HITId", "HITTypeId", "Title", "Reward", "AssignmentId", "WorkerId", "AssignmentStatus")


def question(number: int, **fields) -> Task:
    """Return a question about a clip of its own."""
    values = {"kind": "answer", "question": "What is he doing?", "question_type": "what", "choices": CHOICES}
    values |= {"ranked": (("waving", 0.6), ("loading", 0.3)), "corrects": f"my:{number}"}
    return Task(id=stable_id(number), video=f"clip-{number}.avi", **{**values, **fields})


@pytest.fixture
def tasks(tmp_path: Path) -> TaskFile:
    """Write four questions, the last one of known answer, and return them."""
    file = TaskFile((*map(question, range(3)), question(3, known_answer="Walking")), ABOUT)
    write_tasks(tmp_path / "tasks.json", file)
    return file


def write_csv(path: Path, head, rows) -> Path:
    """Write a CSV file."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([head, *rows])
    return path


@pytest.fixture
def mturk(tmp_path: Path, tasks: TaskFile):
    """Write results of Mechanical Turk from (task, worker, answer, further cells); return their path."""

    def write(*given, name="results.csv", sha256=None, further=()):
        answers = ("Answer.how", "Answer.answer", *further)
        head = (
            *MTURK_HEAD,
            "SubmitTime",
            "Input.task_id",
            "Input.tasks_sha256",
            *answers,
            "Approve",
            "Reject",
        )
        rows = []
        for number, (task, worker, answer, *more) in enumerate(given):
            cells = dict(zip(("status", "how", *further), more, strict=False))
            about = (f"HIT{task}", "TYPE", "Watch a clip", "$0.10", f"A{number}", worker)
            status, how = cells.pop("status", "Approved"), cells.pop("how", "choice")
            ident = task if isinstance(task, str) else tasks.tasks[task].id
            when = f"Mon Nov 30 09:{number % 60:02}:00 PST 2026"
            inputs = (ident, tasks.sha256 if sha256 is None else sha256)
            rest = [cells.get(column, "") for column in further]
            rows.append((*about, status, when, *inputs, how, answer, *rest, "", ""))
        return write_csv(tmp_path / name, head, rows)

    return write


COLOUR_CHOICES = ("red", "green", "blue", "yellow")


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """Draw a clip of each colour, 30 frames of 10 a second, lossless; its first frame is black."""
    folder = tmp_path_factory.mktemp("clips")
    for name, rgb in COLOURS.items():
        codec = cv2.VideoWriter.fourcc(*"FFV1")
        writer = cv2.VideoWriter(str(folder / f"secret-{name}.avi"), codec, 10, (64, 48))
        for number in range(30):
            writer.write(np.full((48, 64, 3), (0, 0, 0) if number == 0 else rgb[::-1], np.uint8))
        writer.release()
    return folder


@pytest.fixture(scope="session")
def server():
    with running() as server:
        yield server


@pytest.fixture
def chat(server):
    """The server, without what it was asked before."""
    server.requests.clear()
    server.behave = lambda handler, body: seen(body)
    return server


def colour_task(name, **fields):
    values = {
        "kind": "answer",
        "question": "Which colour is it?",
        "question_type": "which",
        "choices": COLOUR_CHOICES,
    }
    return Task(id=stable_id(name, *fields.items()), video=f"secret-{name}.avi", **{**values, **fields})


@pytest.fixture
def ask(chat, clips, tmp_path):
    """Write tasks, have them answered, and return the summary and the lines of the answers."""

    def ask(*tasks, about=ABOUT, name="answers.jsonl", **options):
        if not (tmp_path / "tasks.json").exists():
            write_tasks(tmp_path / "tasks.json", TaskFile(tasks, about))
        options = {
            "endpoint": chat.endpoint,
            "model": "small",
            "samples": 1,
            "retries": 0,
            "long_side": 64,
        } | options
        out = tmp_path / name
        done = ask_model(tmp_path, EndpointConfig(**options), out=out, videos=clips, progress=False)
        return done, [json.loads(line) for line in out.read_text().splitlines()[1:]]

    return ask
