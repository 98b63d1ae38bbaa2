"""Answers are kept line by line: gone on with after a kill, by one process at a time, without the key."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock

from videoqa.labeling.model_answers import open_answers
from videoqa.labeling.model_replies import ModelAnswer
from videoqa.labeling.tasks import TaskFile, write_tasks

from .chat_server import COLOURS, is_check, running, seen
from .conftest import ABOUT, colour_task


def tasks_of(number):
    return [colour_task(name, group=str(place)) for place in range(number // 4) for name in COLOURS]


def test_an_answered_task_is_not_asked_again(ask, chat):
    tasks = tasks_of(4)
    done, _ = ask(*tasks, limit=1)
    assert done["outcomes"] == {"answered": 1} and len(chat.asked) == 1
    done, lines = ask()
    assert (done["num_before"], done["outcomes"]) == (1, {"answered": 3}) and len(chat.asked) == 4
    num_requests = len(chat.requests)
    done, again = ask()
    assert done["outcomes"] == {} and again == lines and len(chat.requests) == num_requests
    assert {line["task_id"] for line in lines} == {task.id for task in tasks}


def test_a_torn_line_is_taken_away_and_asked_again(ask, chat, tmp_path):
    _, (first, second) = ask(*tasks_of(4)[:2])
    path = tmp_path / "answers.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    done, lines = ask()
    assert done["num_before"] == 1 and lines[0] == first and lines[1]["task_id"] == second["task_id"]
    head = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(head[:-15])  # killed while the file was begun
    assert ask()[0]["outcomes"] == {"answered": 2}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"model": "other"}, "model"),
        ({"samples": 3}, "samples, temperature"),
        ({"num_frames": 2}, "sampling"),
        ({"long_side": 32}, "long_side"),
    ],
)
def test_a_file_of_other_options_is_refused(ask, options, named):
    ask(colour_task("red"))
    with pytest.raises(ValueError, match=f"It differs in {named}: name another file"):
        ask(**options)


def test_a_file_of_something_else_is_refused(ask, tmp_path):
    path = tmp_path / "mine.jsonl"
    for content in ('{"question": "mine"}\n', "mine", '{"format": "videoqa model answers"}\n'):
        path.write_text(content)
        with pytest.raises(ValueError, match="`out` must be a"):
            ask(colour_task("red"), name="mine.jsonl")
        assert path.read_text() == content
    with pytest.raises(ValueError, match=r"be a file ending in \.jsonl"):
        ask(colour_task("red"), name="mine.csv")
    with (
        FileLock(tmp_path / ".two.jsonl.lock"),
        pytest.raises(ValueError, match="no file that another process"),
    ):
        ask(colour_task("red"), name="two.jsonl")


def test_an_answer_that_the_disk_does_not_take_leaves_nothing(tmp_path):
    path, limits = tmp_path / "answers.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_answers(path, {}) as answers:
        head = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(head) + 50, limits[1]))
        try:
            with pytest.raises(OSError, match=r"answers\.jsonl"):
                answers.add("one", ModelAnswer("choice", "red"), ["red"])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_bytes() == head and not answers.answered
        answers.add("one", ModelAnswer("choice", "red"), ["red"])
    with open_answers(path, {}) as answers:
        assert answers.answered == {"one"}


def test_neither_key_nor_address_of_a_video_is_written_or_printed(ask, chat, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MY_KEY", "sk-hunter2")
    ask(colour_task("red"), api_key_variable="MY_KEY")
    assert {headers["Authorization"] for _, headers, _ in chat.requests} == {"Bearer sk-hunter2"}
    chat.behave = lambda handler, body: handler.refuse(401, "no access for Bearer sk-hunter2")
    with pytest.raises(Exception, match=r"no access for Bearer \(key\)") as refused:
        ask(colour_task("red"), api_key_variable="MY_KEY", name="second.jsonl")
    chat.behave = lambda handler, body: handler.say("sk-hunter2")
    done, _ = ask(api_key_variable="MY_KEY", name="third.jsonl", check_pictures=False)
    chat.behave = lambda handler, body: handler.reply(200, b'{"choices": "sk-hunter2"}')
    failed, _ = ask(api_key_variable="MY_KEY", name="fourth.jsonl", check_pictures=False)
    assert "'(key)'" in str(done["places"]) and "(key)" in str(failed["places"])
    assert "hunter2" not in str(done) + str(failed)
    printed = capsys.readouterr()
    written = "".join(path.read_text() for path in tmp_path.glob("*") if path.is_file())
    assert "hunter2" not in str(refused.value) + written + printed.out + printed.err


def test_no_proxy_of_the_environment_is_used(ask, chat, monkeypatch):
    with running() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.endpoint.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        ask(colour_task("red"))
        assert not proxy.requests and chat.asked


def test_a_redirect_is_not_followed_anywhere(ask, chat):
    with running() as second:
        chat.behave = lambda handler, body: handler.reply(307, b"", Location=second.endpoint)
        with pytest.raises(Exception, match="Redirects are not followed"):
            ask(colour_task("red"))
        assert not second.requests


def test_requests_at_a_time_are_bounded(ask, chat):
    lock, now, most = threading.Lock(), [0], [0]

    def behave(handler, body):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return seen(body)

    chat.behave = behave
    done, lines = ask(*tasks_of(12), concurrency=3)
    assert done["outcomes"] == {"answered": 12} and len(lines) == 12 and most[0] == 3


def started(folder, clips, endpoint):
    """Start the command in a process of its own."""
    words = ["label", "ask", "--endpoint", endpoint, "--model", "small", "--tasks", folder, "--videos", clips]
    words += ["--out", folder / "a.jsonl", "--samples", "1", "--concurrency", "2"]
    command = [sys.executable, "-m", "videoqa", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_kills_lose_no_answer(chat, clips, tmp_path):
    tasks = tasks_of(24)
    write_tasks(tmp_path / "tasks.json", TaskFile(tuple(tasks), ABOUT))
    half_way = threading.Event()

    def behave(handler, body):
        if len(chat.asked) % 8 == 0 and not is_check(body):
            half_way.set()
            time.sleep(0.3)
        return seen(body)

    chat.behave, kept, path = behave, [], tmp_path / "a.jsonl"
    for kill in (signal.SIGKILL, signal.SIGTERM):
        half_way.clear()
        with started(tmp_path, clips, chat.endpoint) as process:
            assert half_way.wait(120)
            os.kill(process.pid, kill)
            _, err = process.communicate(timeout=120)
        assert process.returncode == (-9 if kill == signal.SIGKILL else 143)
        assert "Traceback" not in err
        assert kill == signal.SIGKILL or "answers are kept: the same command goes on from there." in err
        before, kept = kept, path.read_text().splitlines()[1:]
        assert kept[: len(before)] == before and len(kept) > len(before)
    with started(tmp_path, clips, chat.endpoint) as process:
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and f"{len(kept)} were before" in out
    lines = path.read_text().splitlines()[1:]
    assert lines[: len(kept)] == kept
    assert sorted(json.loads(line)["task_id"] for line in lines) == sorted(task.id for task in tasks)


def test_it_loads_no_tensorflow():
    program = "import sys, videoqa.labeling.ask_model; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras"} & set(done.stdout.split())
