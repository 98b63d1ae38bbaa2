"""Two instances behind a real nginx as it is deployed: clips that move, an instance that dies."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from videoqa import sample_clip

from .balanced import Balanced, Client, balanced
from .server_process import PATIENCE_SECONDS, Server

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
ACTIVITIES = ("waving", "jumping", "loading", "unloading")
WHAT = "what is he doing?"
QUESTIONS = (WHAT, *(f"is the man {each}?" for each in ACTIVITIES))
NUM_ANSWERS = 20
"""Answers that each client has got before an instance is killed, and further ones that it gets afterwards."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="there is no nginx here: apt install nginx"),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return drawn clips: what is done in them -> their bytes."""
    folder = tmp_path_factory.mktemp("clips")
    return {each: Path(sample_clip(each, seed=3, folder=folder)).read_bytes() for each in ACTIVITIES}


@pytest.fixture(scope="module")
def behind(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balanced]:
    with balanced(checkout / "deploy" / "nginx.conf", str(NGINX), tmp_path_factory.mktemp("behind")) as both:
        yield both


def knows(instance: Server, clip: bytes) -> bool:
    """Return whether one instance, asked itself, knows a clip."""
    reply = instance.get(f"/api/clips/{hashlib.sha256(clip).hexdigest()}")
    assert reply.status in (200, 409)
    return reply.status == 200


def test_a_clip_that_is_not_known_is_sent_again_and_answered(
    behind: Balanced, clips: dict[str, bytes]
) -> None:
    client, clip = Client(behind.port), clips["waving"]
    reply = client.ask(clip, WHAT)
    assert (reply.status, reply.code) == (409, "send_clip_again")
    assert "again" in reply.json["error"]["what_to_do"]
    sent = client.send(clip)
    assert (sent.status, sent.json["id"]) == (201, hashlib.sha256(clip).hexdigest())
    reply = client.ask(clip, WHAT)
    assert (reply.status, reply.json["answers"][0]["text"]) == (200, "waving")
    assert client.send(clip).status == 200
    assert [knows(each, clip) for each in behind.instances].count(True) == 1


def test_each_client_keeps_to_one_instance_and_together_they_use_both(
    behind: Balanced, clips: dict[str, bytes]
) -> None:
    used = set()
    for number in range(8):
        client = Client(behind.port, f"reader-{number}")
        clip = clips["jumping"] + bytes([number])  # a byte behind the last frame: another clip by its hash
        assert client.send(clip).status == 201
        assert [client.ask(clip, WHAT).status for _ in range(3)] == [200] * 3
        (instance,) = [each for each in behind.instances if knows(each, clip)]
        used.add(instance.port)
    assert len(used) == 2


def test_the_page_gives_a_browser_the_name_by_which_it_keeps_to_an_instance(behind: Balanced) -> None:
    reply = Client(behind.port).request("GET", "/")
    assert reply.status == 200 and reply.headers["content-security-policy"]
    cookie = r"videoqa_client=\w{32}; Path=/; HttpOnly; SameSite=Strict"
    assert re.fullmatch(cookie, reply.headers["set-cookie"])
    assert "set-cookie" not in Client(behind.port, "mine").request("GET", "/").headers


def test_nginx_refuses_in_the_form_of_the_service(behind: Balanced) -> None:
    client = Client(behind.port)
    reply = client.request("POST", "/api/clips", headers={"Content-Length": "200000001"})
    assert (reply.status, reply.code) == (413, "too_large")
    assert Client(behind.port).request("GET", "/metrics").status == 404


def test_the_health_check_of_compose_tells_who_answers(behind: Balanced, checkout: Path) -> None:
    services = yaml.safe_load((checkout / "deploy" / "compose.yaml").read_text())["services"]
    kind, program, option, code = services["videoqa-1"]["healthcheck"]["test"]
    assert (kind, program, option) == ("CMD", "python", "-c")
    for port, expected in ((behind.instances[0].port, 0), (9, 1)):
        assert ":8000/" in code
        command = [sys.executable, option, code.replace(":8000/", f":{port}/")]
        assert subprocess.run(command, capture_output=True, check=False).returncode == expected


class Asking(threading.Thread):
    """A client that asks about its own clip until it is told to stop, and sends it anew now and then."""

    def __init__(self, port: int, number: int, clip: bytes, expected: dict[str, Any]) -> None:
        super().__init__()
        self.client, self.clip, self.expected = Client(port, f"crowd-{number}"), clip, expected
        self.stop = threading.Event()
        self.num_right = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        try:
            while not self.stop.is_set() and not self.wrong:
                for question, right in self.expected.items():
                    # a new threshold: the answer is not one that is kept
                    found = self.client.answer(self.clip, question, min_probability=self.num_right / 1e6)
                    if is_same(found, right):
                        self.num_right += 1
                    else:
                        self.wrong.append((right, found))
                # 201: of an instance that did not have it, because the one that had it is gone
                assert self.client.send(self.clip).status in (200, 201)
        except Exception as error:
            self.wrong.append(error)


def wait_until_each_has(crowd: list[Asking], num_answers: list[int]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while any(each.num_right < most for each, most in zip(crowd, num_answers, strict=True)):
        assert [each.wrong for each in crowd if each.wrong] == []
        assert time.monotonic() < end
        time.sleep(0.01)


def is_same(found: dict[str, Any], right: dict[str, Any]) -> bool:
    """Return whether two answers are the same but for the rounding of another batch."""
    near = abs(found["probability"] - right["probability"]) < 1e-4
    return near and (found["question"], found["text"]) == (right["question"], right["text"])


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_answer_is_lost_when_an_instance_is_killed(behind: Balanced, clips: dict[str, bytes]) -> None:
    """The last test: one instance is gone after it."""
    survivor, killed = behind.instances
    expected = {}
    for activity, clip in clips.items():
        expected[activity] = {
            question: Client(survivor.port).answer(clip, question) for question in QUESTIONS
        }
        assert expected[activity][WHAT]["text"] == activity
    crowd = [
        Asking(behind.port, number, clips[activity] + b"crowd %d" % number, expected[activity])
        for number, activity in enumerate(ACTIVITIES * 2)
    ]
    for each in crowd:
        each.start()
    try:
        wait_until_each_has(crowd, [NUM_ANSWERS] * len(crowd))
        moved = [each for each in crowd if knows(killed, each.clip)]
        workers = children_of(killed.process.pid)
        killed.process.send_signal(signal.SIGKILL)
        wait_until_each_has(crowd, [each.num_right + NUM_ANSWERS for each in crowd])
    finally:
        for each in crowd:
            each.stop.set()
        for each in crowd:
            each.join(PATIENCE_SECONDS)
    assert [each.wrong for each in crowd if each.wrong] == []
    told = sum((each.client.statuses for each in crowd), Counter())
    assert set(told) == {200, 201, 409}
    assert moved and told[201] == len(crowd) + len(moved)  # of the killed one: sent their clips once more,
    assert (
        len(crowd) <= told[409] <= told[201]
    )  # those who just then sent it by themselves without being told
    end = time.monotonic() + PATIENCE_SECONDS
    while any(map(is_running, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert workers and not any(map(is_running, workers))
