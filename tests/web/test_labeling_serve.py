"""`videoqa label serve` as a process: what a browser may see, who may ask, what is refused, and kills."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from videoqa.cli.main import main
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.page_results import read_answers
from videoqa.labeling.tasks import Task, TaskFile, write_tasks
from videoqa.web import labeling_frames
from videoqa.web.labeling_clips import ClipAddresses, clip_files
from videoqa.web.labeling_frames import MOST_WAITING

from ..labeling.conftest import ABOUT, question
from .server_process import PATIENCE_SECONDS, Server, running_server

TOKEN = "0123456789abcdef"
CLIP = bytes(range(256)) * 4
SECRET = "a-right-answer-nobody-may-see"


def made_tasks(folder: Path, number: int, **about: Any) -> TaskFile:
    """Write tasks about one clip, of which every third is of known answer."""
    (folder / "clips").mkdir(exist_ok=True)
    (folder / "clips" / "waving.webm").write_bytes(CLIP)
    tasks = [question(place, known_answer=None if place % 3 else SECRET) for place in range(number)]
    file = TaskFile(tuple(replace(task, video="waving.webm") for task in tasks), {**ABOUT, **about})
    write_tasks(folder / "tasks.json", file)
    return file


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Server]:
    flags = ("--data-dir", str(folder / "answers"), "--videos", str(folder / "clips"))
    command = ("label", "serve", str(folder / "tasks.json"), *flags)
    with running_server(folder / "temporary", *words, command=command) as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("labeling")
    file = made_tasks(folder, 30)
    with served(folder) as running:
        yield SimpleNamespace(server=running, folder=folder, file=file)


def refused(capsys: pytest.CaptureFixture, folder: Path, *words: str, data: str = "answers") -> str:
    flags = ["--data-dir", str(folder / data), "--videos", str(folder / "clips"), "--port", "0", *words]
    assert main(["label", "serve", str(folder / "tasks.json"), *flags]) == 2
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err and printed.out == ""
    return printed.err


def next_task(server: Server, name: str) -> dict[str, Any]:
    return server.post("/api/next", {"name": name}).json["task"]


def test_what_is_known_never_reaches_a_browser(site: SimpleNamespace) -> None:
    seen, turn = b"", site.server.post("/api/next", {"name": "Anna"})
    for _ in site.file.tasks:
        seen += turn.body
        task = turn.json["task"]
        fields = {"id", "kind", "question", "choices", "answer", "num_questions", "video", "frames"}
        assert set(task) == {*fields, "start_seconds", "end_seconds"}
        answer = {"name": "Anna", "task": task["id"], "how": "choice", "answer": "jumping"}
        turn = site.server.post("/api/answers", answer)
        assert turn.status == 201
    assert turn.json["task"] is None and turn.json["progress"]["answered"] == len(site.file.tasks)
    assert b"waving.webm" not in seen and SECRET.encode() not in seen and b"known" not in seen


def test_several_people_at_once(tmp_path: Path) -> None:
    file = made_tasks(tmp_path, 12, num_assignments=2)
    got: dict[str, list[str]] = {}

    def work(server: Server, name: str) -> None:
        got[name] = []
        while task := next_task(server, name):
            got[name].append(task["id"])
            server.post("/api/answers", {"name": name, "task": task["id"], "how": "cannot_tell"})

    with served(tmp_path) as server:
        people = [threading.Thread(target=work, args=(server, name)) for name in "ABCD"]
        for each in people:
            each.start()
        for each in people:
            each.join()
        assert server.stop() == 0
    counts = pd.Series([task for tasks in got.values() for task in tasks]).value_counts()
    assert set(counts.index) == {task.id for task in file.tasks} and set(counts) == {2}
    assert all(len(set(tasks)) == len(tasks) for tasks in got.values())
    assert not list(tmp_path.glob("answers/*-wal")) and os.listdir(tmp_path / "temporary") == []


def test_the_clip_comes_in_ranges_to_who_has_its_key(site: SimpleNamespace) -> None:
    task = next_task(site.server, "Carl")
    path = f"/{task['video']}"
    whole = site.server.get(path)
    assert (whole.status, whole.body, whole.headers["content-type"]) == (200, CLIP, "video/webm")
    assert whole.headers["cache-control"].startswith("private")
    part = site.server.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, CLIP[100:200])
    assert part.headers["content-range"] == "bytes 100-199/1024"
    for wrong in (path[:-1], path.partition("?")[0], path.replace(task["id"], site.file.tasks[9].id)):
        assert site.server.get(wrong).code == "not_found"
    for wrong in ("/clips/..%2f..%2ftasks.json", "/clips/../tasks.json", "/static/../tasks.json"):
        assert site.server.get(wrong).status == 404
    frames = site.server.get(f"/{task['frames']}")
    assert (frames.status, frames.code) == (422, "cannot_show")
    assert str(site.folder) not in frames.body.decode()


def test_a_folder_of_frames_and_clips_that_go_away(tmp_path: Path) -> None:
    made_tasks(tmp_path, 1)
    tasks = (replace(question(0), video="waving.webm"), replace(question(1), video="frames"))
    write_tasks(tmp_path / "tasks.json", TaskFile(tasks, ABOUT))
    (tmp_path / "clips" / "frames").mkdir()
    for number in (0, 1):
        frame = np.full((8, 8, 3), 100 * number, np.uint8)
        cv2.imwrite(str(tmp_path / "clips" / "frames" / f"{number:04}.jpg"), frame)
    with served(tmp_path) as server:
        task = next_task(server, "Anna")
        (tmp_path / "clips" / "waving.webm").unlink()
        assert server.get(f"/{task['video']}").code == "clip_missing"
        sent = {"name": "Anna", "task": task["id"], "how": "skipped"}
        task = server.post("/api/answers", sent).json["task"]
        frames = server.get(path := f"/{task['frames']}").json["frames"]
        assert task["video"] is None and len(frames) == 2
        assert server.get(f"/{frames[1]['url']}").headers["content-type"] == "image/jpeg"
        for number in (2, 99999, "9" * 5000, "-1", "%D9%A1"):
            assert server.get(f"/{frames[1]['url']}".replace("1.jpg", f"{number}.jpg")).status == 404
        assert server.get(path.replace("/frames", "")).code == "not_found"  # a folder is no file
        assert server.stop() == 0
        assert "waving.webm is gone." in "".join(server.errors)
    shutil.move(tmp_path / "clips" / "frames", tmp_path / "frames-elsewhere")
    (tmp_path / "clips" / "waving.webm").write_bytes(CLIP)
    with served(tmp_path, "--num-assignments", "7") as server:
        turn = server.post("/api/next", {"name": "Anna"}).json
        assert turn["task"] is None  # the frames were hers, and the other one she skipped
        assert turn["progress"] == {"answered": 0, "left": 0, "answers": 0, "wanted": 7}
        assert server.get(path).code == "not_found"
        server.stop()
        assert "1 task is not shown: there is no 'frames'." in "".join(server.errors)


def test_the_gate(site: SimpleNamespace) -> None:
    page = site.server.get("/")
    assert b"labeling.js" in page.body and "default-src 'self'" in page.headers["content-security-policy"]
    assert site.server.get("/", headers={"Host": "evil.example"}).code == "wrong_host"
    for foreign in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        assert site.server.post("/api/next", {"name": "A"}, headers=foreign).code == "wrong_origin"
    missing = site.server.get("/nothing")
    assert missing.code == "not_found" and "docs/labeling.md" in missing.json["error"]["what_to_do"]
    assert site.server.get("/api/next").code == "method_not_allowed"
    assert site.server.post("/api/next", bytes(1_000_001)).code == "too_large"
    assert site.server.post("/api/next", b"[1").code == "bad_json"
    assert site.server.get("/healthz").json == {"status": "ok"}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("next", {"name": ""}, "bad_name"),
        ("next", {"name": "x" * 61}, "bad_name"),
        ("next", {"name": 7}, "bad_request"),
        ("next", {"name": "Eve", "task": "0"}, "bad_request"),
        ("answers", {"name": "Eve", "task": "OPEN", "how": "choice", "answer": SECRET}, "bad_answer"),
        ("answers", {"name": "Eve", "task": "OPEN", "how": "written", "written": [["a", "b"]]}, "bad_answer"),
        ("answers", {"name": "Eve", "task": "OPEN", "how": "choice", "answer": {"a": 1}}, "bad_answer"),
        ("answers", {"name": "Eve", "task": "0" * 16, "how": "cannot_tell"}, "not_given"),
        ("answers", {"name": "Eva", "task": "OPEN", "how": "cannot_tell"}, "not_given"),
        ("undo", {"name": "Eve", "number": 1}, "not_given"),
        ("undo", {"name": "Eve", "number": True}, "bad_request"),
        ("undo", {"name": "Eve", "number": 10**30}, "bad_request"),
    ],
)
def test_what_is_posted_by_hand(site: SimpleNamespace, path: str, body: dict[str, Any], code: str) -> None:
    task = next_task(site.server, "Eve")["id"]
    sent = {name: task if value == "OPEN" else value for name, value in body.items()}
    reply = site.server.post(f"/api/{path}", sent)
    assert reply.code == code and b"Traceback" not in reply.body
    assert next_task(site.server, "Eve")["id"] == task


def test_a_token_is_needed_but_for_page_and_clips(tmp_path: Path) -> None:
    file = made_tasks(tmp_path, 2)
    (tmp_path / "token").write_text(TOKEN)
    with served(tmp_path, "--token-file", str(tmp_path / "token")) as server:
        assert server.get("/").status == 200
        assert server.post("/api/next", {"name": "Anna"}).code == "unauthorized"
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        task = server.post("/api/next", {"name": "Anna"}, headers=bearer).json["task"]
        assert server.get(f"/{task['video']}").body == CLIP
        assert server.get(f"/{ClipAddresses(file.sha256, '').of(file.tasks[0])}").code == "not_found"
        assert server.get(f"/{task['video'][:-4]}0000").status == 404


def test_clips_that_are_slow_to_decode_hold_up_no_answer(site: SimpleNamespace) -> None:
    server, path = site.server, f"/{next_task(site.server, 'Slow')['frames']}"
    assert server.get(path).code == "cannot_show"
    children = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    decoder = int("".join(each.read_text() for each in children))
    found: list[str] = []
    callers = [threading.Thread(target=lambda: found.append(server.get(path).code)) for _ in range(40)]
    os.kill(decoder, signal.SIGSTOP)
    try:
        for each in callers:
            each.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found) < 40 - MOST_WAITING:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert next_task(server, "Quick") is not None
        assert found == ["busy"] * (40 - MOST_WAITING)  # all others still wait
    finally:
        os.kill(decoder, signal.SIGCONT)
        for each in callers:
            each.join()
    assert found.count("cannot_show") == MOST_WAITING


def test_only_what_lies_in_the_named_folder_is_shown(tmp_path: Path) -> None:
    made_tasks(tmp_path, 1)
    (tmp_path / "secret.webm").write_bytes(CLIP)
    (tmp_path / "clips" / "linked.webm").symlink_to(tmp_path / "secret.webm")
    (tmp_path / "clips" / "empty").mkdir()
    inside = ("waving.webm", "linked.webm", str(tmp_path / "clips" / "waving.webm"), "../clips/waving.webm")
    outside = ("../secret.webm", str(tmp_path / "secret.webm"), "/etc/passwd", "x" * 300, "a\0b", "empty")
    tasks = [replace(question(place), video=name) for place, name in enumerate((*inside, *outside))]
    file = TaskFile(tuple(tasks), ABOUT)
    assert clip_files(file, tmp_path / "clips", tmp_path).missing == tuple(sorted(outside))
    assert clip_files(file, None, tmp_path / "clips").missing == tuple(sorted(outside[3:]))


def test_pictures_are_made_once_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labeling_frames, "MOST_STRIPS", 1)
    for name in ("one", "two", "made"):
        (tmp_path / name).mkdir()
    for name in ("one", "two"):
        cv2.imwrite(str(tmp_path / name / "0000.jpg"), np.zeros((8, 8, 3), np.uint8))

    async def look(strips: labeling_frames.FrameStrips) -> None:
        first, again, second = await asyncio.gather(
            *(strips.strip(name, str(tmp_path / name), None, None) for name in ("one", "one", "two"))
        )
        assert first is again and strips.kept("one") is None and strips.kept("two") is second
        assert os.listdir(tmp_path / "made") == [second.folder.name] and os.listdir(second.folder) == [
            "0.jpg"
        ]

    with contextlib.closing(labeling_frames.FrameStrips(tmp_path / "made")) as strips:
        asyncio.run(look(strips))


def test_refused_before_it_serves(
    site: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert "`data_dir` must not be in use by another server." in refused(capsys, site.folder)
    assert "`port` must be free." in refused(capsys, site.folder, f"--port={site.server.port}", data="new")
    assert "`host` must be 127.0.0.1 without" in refused(capsys, site.folder, "--host=0.0.0.0", data="new")
    number = "`num_assignments` must be an integer from 1 to 1000000."
    assert number in refused(capsys, site.folder, f"--num-assignments={10**30}", data="new")
    assert not (site.folder / "new").exists()
    made_tasks(tmp_path, 1, num_assignments=10**30)
    assert f"{number} Received: num_assignments={10**30}. So the file" in refused(capsys, tmp_path)
    (tmp_path / "answers" / ".in-use.lock").unlink()
    (tmp_path / "answers" / ".in-use.lock").mkdir()
    assert ".in-use.lock: Is a directory). Received: data_dir=" in refused(capsys, tmp_path)
    (tmp_path / "answers" / ".in-use.lock").rmdir()
    assert "be a folder that can be written (" in refused(capsys, tmp_path, data="tasks.json/new")
    made_tasks(tmp_path, 2)
    answers = (site.folder / "answers" / "answers.sqlite").read_bytes()
    with served(tmp_path):
        pass
    made_tasks(tmp_path, 3)
    assert "has answers to other tasks: name the tasks.json" in refused(capsys, tmp_path)
    text = (tmp_path / "tasks.json").read_text()
    (tmp_path / "tasks.json").write_text(text.replace("What is he doing?", "What is she doing?"))
    assert "`tasks` must be unchanged since it was written" in refused(capsys, tmp_path)
    (tmp_path / "tasks.json").write_text(text)
    (tmp_path / "clips" / "waving.webm").unlink()
    assert "Name their folder: --videos DIR." in (said := refused(capsys, tmp_path))
    assert "video_url" not in said
    file = TaskFile((replace(question(0), video_url="https://example.org/waving.webm"),), ABOUT)
    write_tasks(tmp_path / "tasks.json", file)
    assert main(["label", "serve", str(tmp_path), "--data-dir", str(tmp_path / "new")]) == 2
    said = capsys.readouterr().err
    assert "Received: videos=None." in said and "not what lies at the `video_url` of a task" in said
    assert (site.folder / "answers" / "answers.sqlite").read_bytes() == answers


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    made_tasks(tmp_path, 30)
    with served(tmp_path) as server:
        pid, written = server.process.pid, tmp_path / "answers" / "answers.sqlite-wal"

        def answer(task: str) -> Any:
            return server.post("/api/answers", {"name": "Anna", "task": task, "how": "cannot_tell"})

        turn = answer(next_task(server, "Anna")["id"])
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (written.stat().st_size, most))
        task = turn.json["task"]["id"]
        failed = answer(task)
        assert (failed.status, failed.code) == (507, "cannot_store")
        assert server.get("/").status == 200
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        assert answer(task).json["progress"]["answered"] == 2
        assert server.stop() == 0
        assert "the answers cannot be written: " in "".join(server.errors)
    assert len(list(read_answers(tmp_path / "answers" / "answers.sqlite"))) == 2


def test_import_reads_while_the_server_runs_and_twice_adds_nothing(tmp_path: Path) -> None:
    file = made_tasks(tmp_path, 3)
    path, options = tmp_path / "answers", {"tasks": tmp_path / "tasks.json", "out": tmp_path / "out.csv"}
    with served(tmp_path) as server:
        for name in ("=Anna()", "Bert", "<b>Carla</b>"):
            for place, how in enumerate(("cannot_tell", "choice", "skipped")):
                sent = {"name": name, "task": next_task(server, name)["id"], "how": how}
                reply = server.post("/api/answers", {**sent, "answer": "walking"} if place == 1 else sent)
        number = reply.json["last"]
        found = import_answers(path, **options)
        assert found["outcomes"] == {"cannot tell": 3, "rejected or skipped": 3, "used": 3}
        assert found["added"] == 1 and found["workers"]["worker"].tolist()[0] == "=Anna()"
        assert import_answers([path, path / "answers.sqlite"], **options)["added"] == 0
        server.post("/api/undo", {"name": name, "number": number})
        assert import_answers(path, **options)["num_rows"] == 8
    row = pd.read_csv(options["out"]).iloc[0]
    assert (row["answer"], row["num_assignments"], row["task_id"]) == ("walking", 3, file.tasks[1].id)
    with pytest.raises(ValueError, match="They were given out with other tasks"):
        made_tasks(tmp_path, 4)
        import_answers(path, **options)
    with socket.socket() as free:  # a folder without answers is no result
        assert free and pytest.raises(FileNotFoundError, import_answers, tmp_path / "clips", **options)


def acknowledged(server: Server, name: str, kept: list[tuple[str, str]], wanted: threading.Event) -> None:
    """Answer until the server is gone, and note each answer that it acknowledged."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        task: Task | dict[str, Any] | None = None
        for _ in range(1000):
            path, body = (
                ("next", {}) if task is None else ("answers", {"task": task["id"], "how": "cannot_tell"})
            )
            connection.request("POST", f"/api/{path}", json.dumps({"name": name, **body}))
            response = connection.getresponse()
            content = json.loads(response.read())
            if response.status == 201:
                kept.append((name, task["id"]))
                if len(kept) % 5 == 0:
                    wanted.set()
            task = content["task"]
    except (OSError, http.client.HTTPException, ValueError):
        return
    finally:
        connection.close()


FORKING = """
import os, sys
import videoqa.web.labeling_serve
from videoqa.cli.main import main
for _ in sys.stdin:
    pid = os.fork()
    if not pid:
        os._exit(main(sys.argv[1:]))
    print("started", pid, flush=True)
    os.waitpid(pid, 0)
"""
"""Starts the command anew for each line, without loading its modules again."""


def test_twenty_kills_lose_no_answer_that_was_acknowledged(tmp_path: Path) -> None:
    made_tasks(tmp_path, 1000)
    flags = ["--data-dir", str(tmp_path / "answers"), "--videos", str(tmp_path / "clips"), "--port", "0"]
    command = [sys.executable, "-c", FORKING, "label", "serve", str(tmp_path / "tasks.json"), *flags]
    kept: list[tuple[str, str]] = []
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    pid = None
    with subprocess.Popen(command, **pipes, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        try:
            for _ in range(20):
                process.stdin.write("\n")
                process.stdin.flush()
                said = "".join(sorted(process.stdout.readline() for _ in range(2)))
                host, port, pid = re.search(r"http://([^:]+):(\d+).*started (\d+)", said, re.DOTALL).groups()
                server, wanted = Server(process, host, int(port), tmp_path), threading.Event()
                people = [
                    threading.Thread(target=acknowledged, args=(server, name, kept, wanted)) for name in "AB"
                ]
                for each in people:
                    each.start()
                assert wanted.wait(60)
                os.kill(int(pid), signal.SIGKILL)
                for each in people:
                    each.join()
        finally:
            process.kill()
            with contextlib.suppress(ProcessLookupError, TypeError):
                os.kill(int(pid), signal.SIGKILL)
    found = [(row.worker, row.task) for row in read_answers(tmp_path / "answers" / "answers.sqlite")]
    assert len(kept) >= 100 and len(set(found)) == len(found)
    assert set(kept) <= set(found) and len(found) <= len(kept) + 40  # one more each, stored and not yet said
