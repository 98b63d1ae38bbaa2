"""A model behind a server answers tasks: each kind, what it is shown, and what comes back as rows."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from videoqa.cli.main import main
from videoqa.labeling.clip_frames import sampling_of
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.tasks import Task, TaskFile, stable_id, write_tasks

from .chat_server import COLOURS, frames_of, is_check, seen, text_of
from .conftest import ABOUT, COLOUR_CHOICES, colour_task


def test_a_model_answers_and_its_rows_are_imported(ask, chat, tmp_path):
    tasks = [colour_task(name) for name in ("red", "blue", "green")]
    known = colour_task("yellow", known_answer="Yellow")
    done, lines = ask(*tasks, known)
    assert done["outcomes"] == {"answered": 4} and done["num_before"] == 0
    found = {line["task_id"]: (line["answer"], line["confidence"], line["confidence_by"]) for line in lines}
    assert found == {task.id: (task.video[7:-4], 0.9, "stated") for task in (*tasks, known)}
    imported = import_answers(tmp_path / "answers.jsonl", tasks=tmp_path, out=tmp_path / "corrections.csv")
    table = pd.read_csv(tmp_path / "corrections.csv", dtype=str, keep_default_na=False)
    assert sorted(table["answer"]) == ["blue", "green", "red"] and set(table["source"]) == {"model:small"}
    assert imported["workers"]["worker"].tolist() == ["model:small"]
    assert imported["workers"]["known_accuracy"].tolist() == [1.0]


def test_it_sees_what_people_see_and_nothing_else(ask, chat):
    fields = {"known_answer": "green", "ranked": (("yellow", 0.75),), "corrects": "my:77", "group": "g12"}
    ask(colour_task("red", start_seconds=1.0, end_seconds=2.5, **fields), num_frames=4)
    (body,) = chat.asked
    words = text_of(body)
    assert "1. red\n2. green\n3. blue\n4. yellow" in words and "Which colour is it?" in words
    assert [line for line in words.splitlines() if line.startswith("Frame")] == [
        f"Frame {place} of 4, at {seconds:.2f} s:"
        for place, seconds in enumerate((1.0, 1.5, 1.9, 2.4), start=1)
    ]
    assert all(np.abs(frame.astype(int) - COLOURS["red"]).max() < 30 for frame in frames_of(body))
    sent = json.dumps({**body, "messages": [words]})
    for secret in ("secret", ".avi", "0.75", "my:77", "g12", "known_answer"):
        assert secret not in sent
    assert body["model"] == "small" and body["temperature"] == 0 and body["stream"] is False
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["answer"]["enum"] == [*COLOUR_CHOICES, "cannot tell"]


@pytest.mark.parametrize(
    ("frame_step", "num_test_clips", "seconds"),
    [
        # every second of 30 frames: of one window of 3 in the middle, of windows spread over all
        (2, 1, [1.2, 1.4, 1.6]),
        (20, 1, [0.4, 2.4]),  # fewer than a window has
        (2, 3, [0.0, 0.2, 0.4, 1.2, 1.4, 1.6, 2.4, 2.6, 2.8]),
    ],
)
def test_frames_are_those_of_the_tasks_model(ask, chat, frame_step, num_test_clips, seconds):
    sampling = {"num_frames": 3, "frame_step": frame_step, "num_test_clips": num_test_clips}
    sampling |= {"frames_per_second": None, "short_clips": "repeat"}
    ask(colour_task("blue"), about={**ABOUT, "sampling": sampling})
    times = [line for line in text_of(chat.asked[0]).splitlines() if line.startswith("Frame")]
    number = len(seconds)
    assert times == [
        f"Frame {place} of {number}, at {each:.2f} s:" for place, each in enumerate(seconds, start=1)
    ]
    checked = {len(frames_of(body)) for _, _, body in chat.requests if is_check(body)}
    assert checked == {3 * num_test_clips}  # as many as a clip has at most


def test_which_sampling_the_tasks_ask_for():
    recorded = {"num_frames": 3, "frame_step": 2, "max_grid_frames": 4}
    sampling = sampling_of({"sampling": recorded}, 6)
    assert (sampling.num_frames, sampling.frame_step, sampling.max_grid_frames) == (6, 2, 6)
    assert sampling_of({"sampling": recorded}, None).max_grid_frames == 4
    assert sampling_of({}, None).num_frames == 20
    for other in (["num_frames"], {"frames": 3}, "all"):
        with pytest.raises(ValueError, match="`tasks` must hold the sampling of a model under 'sampling'"):
            sampling_of({"sampling": other}, None)


def test_each_part_of_a_clip_is_shown_by_its_own_frames(ask, chat):
    parts = [(0.0, 1.0), (0.0, 2.0), (1.0, 3.0)]
    ask(*(colour_task("red", start_seconds=start, end_seconds=end) for start, end in parts), num_frames=2)
    times = {tuple(re.findall(r"at (\S+) s:", text_of(body))) for body in chat.asked}
    assert times == {("0.00", "0.90"), ("0.00", "1.90"), ("1.00", "2.90")}


def test_every_kind_is_answered(ask, chat, tmp_path):
    tasks = [
        colour_task("red", kind="label", question="", question_type="", choices=("blue", "red")),
        colour_task("blue", kind="verify", answer="green", choices=()),
        colour_task("green", kind="answer", choices=()),
        Task(id=stable_id("write"), kind="write", video="secret-yellow.avi", num_questions=2),
    ]

    def behave(handler, body):
        words = text_of(body)
        if "Write 2 different questions" in words:
            pairs = [("What colour is it?", "yellow"), ("How many things?", "=1"), ("A third?", "no")]
            return json.dumps({"questions": [{"question": one, "answer": other} for one, other in pairs]})
        return '{"answer": "no", "confidence": 80}' if "Answer: green" in words else seen(body)

    chat.behave = behave
    done, lines = ask(*tasks, samples=2)
    assert done["outcomes"] == {"answered": 4} and len(chat.asked) == 7  # questions are written once
    found = {line["task_id"]: (line["how"], line["answer"]) for line in lines}
    assert [found[task.id] for task in tasks] == [
        ("choice", "red"),
        ("choice", "no"),
        ("typed", "green"),
        ("written", ""),
    ]
    import_answers(tmp_path / "answers.jsonl", tasks=tmp_path, out=tmp_path / "corrections.csv")
    table = pd.read_csv(tmp_path / "corrections.csv", dtype=str, keep_default_na=False)
    assert table[["kind", "question", "answer"]].to_numpy().tolist() == [
        ["label", "", "red"],
        ["answer", "Which colour is it?", "green"],
        ["write", "What colour is it?", "yellow"],
        ["write", "How many things?", "'=1"],
    ]


def test_several_samples_give_a_confidence(ask, chat):
    replies = iter(
        ['<think>{"answer": "red"}</think> blue', "red", "I wonder", "blue", '{"answer": "cannot tell"}']
    )
    chat.behave = lambda handler, body: next(replies)
    done, (line,) = ask(colour_task("red"), samples=5, check_pictures=False, concurrency=1)
    assert (line["answer"], line["confidence"], line["confidence_by"]) == ("blue", 0.4, "samples")
    assert line["samples"] == ["blue", "red", "", "blue", "cannot_tell"]
    assert [body["seed"] for body in chat.asked] == [0, 1, 2, 3, 4]
    assert {body["temperature"] for body in chat.asked} == {0.7}


@pytest.mark.parametrize(
    ("logprobs", "confidence", "by"),
    [
        ("[-0.1, -0.5, -0.1]", 0.6065, "logprobs"),
        ("[0, -Infinity, 0]", 0.0, "logprobs"),
        ("[0, NaN, 0]", 0.9, "stated"),
        ("[0, 1e999, 0]", 1.0, "logprobs"),
        (f"[0, -{'9' * 400}, 0]", 0.9, "stated"),
        ('[0, "much", 0]', 0.9, "stated"),
        ("[]", 0.9, "stated"),
    ],
)
def test_probabilities_that_a_server_gives(ask, chat, logprobs, confidence, by):
    pieces = ('{"answer": "', "red", '", "confidence": 90}')

    def behave(handler, body):
        numbers = logprobs.strip("[]").split(", ") if logprobs != "[]" else []
        tokens = [
            f'{{"token": {json.dumps(piece)}, "logprob": {number}}}'
            for piece, number in zip(pieces, numbers, strict=False)
        ]
        message = json.dumps({"role": "assistant", "content": "".join(pieces)})
        choice = f'{{"message": {message}, "logprobs": {{"content": [{", ".join(tokens)}]}}}}'
        handler.reply(200, f'{{"choices": [{choice}]}}'.encode())

    chat.behave = behave
    _, (line,) = ask(colour_task("red"), check_pictures=False)
    assert (line["answer"], line["confidence"], line["confidence_by"]) == ("red", confidence, by)


def test_the_command_prints_what_became_of_the_tasks(chat, clips, tmp_path, capsys):
    tasks = (colour_task("red"), colour_task("lost"))
    write_tasks(tmp_path / "tasks.json", TaskFile(tasks, ABOUT))
    words = ["--tasks", tmp_path, "--videos", clips, "--endpoint", chat.endpoint, "--model", "small"]
    assert main(["label", "ask", *map(str, words), "--out", str(tmp_path / "a.jsonl"), "--samples", "2"]) == 0
    printed = capsys.readouterr().out
    assert "1 task answered by small to" in printed
    assert "1 without a readable video (first: task" in printed and "'secret-lost.avi' is not in" in printed
    assert f"videoqa label import {tmp_path}/a.jsonl --tasks {tmp_path}" in printed
