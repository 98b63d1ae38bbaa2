"""`videoqa serve` as a caller sees it: clips, questions, corrections, and what is refused."""

import csv
import hashlib
import re
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import MOST_CLIP_BYTES
from .server_process import PATIENCE_SECONDS, Server, running_server

QUESTION = "what is he doing?"
UNKNOWN = "0" * 64


def files_left(server: Server) -> list[str]:
    """Return the files of uploads that the server still has."""
    return [path.name for path in server.folder.glob("videoqa-serve-*/uploads/*")]


def wait_until_none_left(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while files_left(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert files_left(server) == []


def test_a_clip_is_sent_and_asked_about(server: Server, clip_bytes: bytes) -> None:
    sent = server.post("/api/clips?name=C%3A%5Cvideos%5Cloading.avi", clip_bytes)
    clip = sent.json
    assert sent.status in (200, 201) and clip["id"] == hashlib.sha256(clip_bytes).hexdigest()
    assert clip["duration_seconds"] == pytest.approx(41 / 12, abs=0.1)
    assert len(clip["frames"]) == len(clip["timestamps_seconds"]) > 0
    again = server.post("/api/clips?name=loading.avi", clip_bytes)
    assert clip["name"] == "loading.avi" and again.status == 200
    assert again.json == server.get(f"/api/clips/{clip['id']}").json == clip
    picture = server.get(clip["frames"][-1])
    assert picture.headers["content-type"] == "image/jpeg" and picture.body.startswith(b"\xff\xd8")
    answered = server.post("/api/ask", {"clip": clip["id"], "question": QUESTION})
    assert answered.status == 200 and answered.json["clip"] == clip["id"]
    (answer,) = answered.json["answers"]
    assert (answer["question"], answer["text"], answer["is_reliable"]) == (QUESTION, "loading", True)
    assert answer["alternatives"][0] == {"answer": "loading", "probability": answer["probability"]}
    assert files_left(server) == []


def test_several_questions_and_options(server: Server, clip_id: str) -> None:
    asked = {
        "clip": clip_id,
        "questions": [QUESTION, "is he loading the car?"],
        "top_k": 2.0,
        "min_probability": 1.0,
    }
    answers = server.post("/api/ask", asked).json["answers"]
    assert [answer["text"] for answer in answers] == ["loading", "yes"]
    assert {len(answer["alternatives"]) for answer in answers} == {2}
    assert not any(answer["is_reliable"] for answer in answers)


def test_the_client_in_the_documentation(server: Server, checkout: Path) -> None:
    import videoqa

    (code,) = re.findall(
        r"```python\n(.*?)```", (checkout / "docs" / "serve_api.md").read_text("utf-8"), re.S
    )
    names: dict[str, Any] = {}
    exec(code.replace("http://127.0.0.1:8000", server.address), names)
    answers = names["ask"](videoqa.sample_clip("waving", seed=1), QUESTION, "is he loading the car?")
    assert [answer["text"] for answer in answers] == ["waving", "no"]


def test_an_explanation(server: Server, clip_id: str) -> None:
    asked = {"clip": clip_id, "question": QUESTION, "explain": True}
    evidence = server.post("/api/ask", asked).json["answers"][0]["evidence"]
    assert evidence["answer"] == "loading"
    assert [each["word"] for each in evidence["words"]] == ["what", "is", "he", "doing", "?"]
    assert evidence["moments"] and {"start_seconds", "end_seconds", "contribution"} <= set(
        evidence["moments"][0]
    )


def test_what_the_page_needs(server: Server) -> None:
    model = server.get("/api/model").json
    assert model["num_answers"] == len(model["answers"]) and model["max_clip_bytes"] == MOST_CLIP_BYTES
    assert (
        model["can_judge"] and model["calibrated"] and model["has_questions"] and model["takes_corrections"]
    )
    assert model["num_clips_trained"] == 1568 and model["example_question"].startswith("what is")
    samples = server.get("/api/samples").json
    clip = server.get(samples[0]["url"])
    assert clip.headers["content-type"] == "video/webm" and clip.body.startswith(b"\x1a\x45\xdf\xa3")
    known = server.post(f"/api/clips?name={samples[0]['name']}", clip.body).json
    answer = server.post("/api/ask", {"clip": known["id"], "question": samples[0]["question"]}).json[
        "answers"
    ]
    assert answer[0]["text"] == "loading"
    assert server.get("/api/samples/nothing.webm").status == 404


def test_health_metrics_and_description(server: Server, clip_id: str) -> None:
    server.post("/api/ask", {"clip": clip_id, "question": QUESTION})
    assert server.get("/healthz").json == {"status": "ok"}
    text = server.get("/metrics").body.decode()
    assert 'videoqa_requests_total{route="/api/ask",status="200"}' in text
    assert 'videoqa_request_seconds_count{route="/api/clips"}' in text
    assert server.get("/openapi.json").json["openapi"].startswith("3.1")
    assert server.call("HEAD", "/healthz").body == b""


BAD_BODIES = {
    "no JSON": (b"{", 400, "bad_json"),
    "nothing": (b"", 400, "bad_json"),
    "a list": (b"[]", 400, "bad_json"),
    "no UTF-8": (b'{"clip": "\xff"}', 400, "bad_json"),
    "half a letter": (b'{"clip": "\\ud800"}', 400, "bad_json"),
    "not a number": (b'{"clip": NaN}', 400, "bad_json"),
    "nested": (b"[" * 100_000, 400, "bad_json"),
    "a huge number": (b'{"top_k": ' + b"9" * 5000 + b"}", 400, "bad_json"),
    "too long": (b'{"clip": "' + b"x" * 1_000_001, 413, "too_large"),
    "no clip": ({"question": QUESTION}, 400, "bad_request"),
    "another field": ({"clip": UNKNOWN, "question": QUESTION, "colour": 1}, 400, "bad_request"),
    "a clip that is none": ({"clip": "../../etc/passwd", "question": QUESTION}, 400, "bad_request"),
    "a clip of another type": ({"clip": 1, "question": QUESTION}, 400, "bad_request"),
    "no question": ({"clip": UNKNOWN}, 400, "bad_request"),
    "two kinds of question": ({"clip": UNKNOWN, "question": "", "questions": []}, 400, "bad_request"),
    "a question of another type": ({"clip": UNKNOWN, "question": 1}, 400, "bad_request"),
    "no questions": ({"clip": UNKNOWN, "questions": []}, 400, "bad_request"),
    "101 questions": ({"clip": UNKNOWN, "questions": [QUESTION] * 101}, 400, "bad_request"),
    "questions of another type": ({"clip": UNKNOWN, "questions": QUESTION}, 400, "bad_request"),
    "a long question": ({"clip": UNKNOWN, "question": "a" * 100_000}, 422, "refused"),
    "top_k": ({"clip": UNKNOWN, "question": QUESTION, "top_k": 0}, 400, "bad_request"),
    "half a top_k": ({"clip": UNKNOWN, "question": QUESTION, "top_k": 1.5}, 400, "bad_request"),
    "top_k of another type": ({"clip": UNKNOWN, "question": QUESTION, "top_k": True}, 400, "bad_request"),
    "explain": ({"clip": UNKNOWN, "question": QUESTION, "explain": "yes"}, 400, "bad_request"),
    "an endless number": (
        b'{"clip": "%b", "question": "a", "min_probability": 1e999}' % UNKNOWN.encode(),
        400,
        "bad_request",
    ),
    "an unknown clip": ({"clip": UNKNOWN, "question": QUESTION}, 409, "send_clip_again"),
}


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_bodies_are_refused(server: Server, body: object, status: int, code: str) -> None:
    reply = server.post("/api/ask", body)
    assert (reply.status, reply.code) == (status, code)
    assert reply.json["error"]["message"] and reply.json["error"]["what_to_do"]


def test_what_the_library_refuses_is_said_in_its_words(server: Server, clip_id: str) -> None:
    for options, words in (
        ({"question": ""}, "question"),
        ({"question": "zzz qqq"}, "question"),
        ({"question": QUESTION, "min_probability": 1.5}, "`min_probability` must be a number from 0 to 1"),
    ):
        reply = server.post("/api/ask", {"clip": clip_id, **options})
        assert reply.status == 422 and words in reply.json["error"]["message"]


def test_addresses_that_are_none(server: Server, clip_id: str) -> None:
    assert server.get("/api/clips/ABC").code == "not_found"
    assert server.get(f"/api/clips/{UNKNOWN}").code == "send_clip_again"
    for number in ("99999", "-1", "1e3", "٣", "9" * 400):
        assert server.get(f"/api/clips/{clip_id}/frames/{number.encode().hex()}.jpg").status == 404
    for path in ("/nothing", "/static/../app.py", "/static/%2e%2e/app.py", "/api/clips/", "/static/%00"):
        assert server.get(path).code == "not_found"
    reply = server.get("/api/ask")
    assert (reply.status, reply.code, reply.headers["allow"]) == (405, "method_not_allowed", "POST")


def test_a_clip_that_is_none(server: Server) -> None:
    for content in (b"", b"not a video" * 1000, b"\x1a\x45\xdf\xa3" + bytes(5000)):
        reply = server.post("/api/clips", content)
        assert (reply.status, reply.code) == (422, "not_a_video")
        assert str(server.folder) not in reply.body.decode()
    assert files_left(server) == []


def raw(server: Server, content: bytes) -> socket.socket:
    connection = socket.create_connection((server.host, server.port), timeout=PATIENCE_SECONDS)
    connection.sendall(content)
    return connection


def head(server: Server, *lines: str) -> bytes:
    named = ("POST /api/clips HTTP/1.1", f"Host: {server.host}:{server.port}", *lines)
    return "".join(f"{line}\r\n" for line in named).encode() + b"\r\n"


def status_of(connection: socket.socket) -> int:
    answer = b""
    while b"\r\n\r\n" not in answer and (piece := connection.recv(65536)):
        answer += piece
    return int(answer.split()[1])


def test_parts_of_a_file(server: Server) -> None:
    address = server.get("/api/samples").json[0]["url"]
    whole = server.get(address).body
    part = server.get(address, headers={"Range": "bytes=4-9"})
    assert (part.status, part.body) == (206, whole[4:10])
    for path in (address, "/static/page.js"):
        for sent, status in (("bytes=9-4", 400), ("letters", 400), ("bytes=99999999-", 416)):
            reply = server.get(path, headers={"Range": sent})
            assert (reply.status, reply.code) == (status, "bad_range")
    assert server.get(address, headers={"Range": "bytes=99999999-"}).headers["content-range"] == (
        f"bytes */{len(whole)}"
    )


def test_too_large_is_said_before_the_body_comes(server: Server) -> None:
    with raw(server, head(server, f"Content-Length: {MOST_CLIP_BYTES + 1}")) as connection:
        assert status_of(connection) == 413


def test_too_large_is_said_while_the_body_comes(server: Server) -> None:
    """A chunked body announces no length."""
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with raw(server, head(server, "Transfer-Encoding: chunked") + piece * 5) as connection:
        assert status_of(connection) == 413
    assert files_left(server) == []


def test_a_length_beside_chunks_is_not_believed(server: Server) -> None:
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    lines = ("Content-Length: 5", "Transfer-Encoding: chunked")
    with raw(server, head(server, *lines) + piece * 5) as connection:
        assert status_of(connection) in (400, 413)


def test_a_body_longer_than_announced(server: Server) -> None:
    """What comes behind it is no request."""
    with raw(server, head(server, "Content-Length: 4") + b"none, and more of it\r\n\r\n") as connection:
        assert status_of(connection) == 422
    assert server.get("/healthz").status == 200


@pytest.mark.parametrize("lines", [("Content-Length: 1000",), ("Transfer-Encoding: chunked",)])
def test_a_body_that_is_cut_short(server: Server, lines: tuple[str, ...]) -> None:
    with raw(server, head(server, *lines) + b"64\r\n" + bytes(50)) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) == 400
    wait_until_none_left(server)


def test_a_caller_that_hangs_up(server: Server) -> None:
    for how in (b"\1\0\0\0\0\0\0\0", None):  # with a reset, and in order
        connection = raw(server, head(server, "Content-Length: 200000") + bytes(100_000))
        while not files_left(server):
            time.sleep(0.01)
        if how is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)
        connection.close()
        wait_until_none_left(server)
    assert server.get("/healthz").status == 200


def test_more_clips_than_may_wait(server: Server, clip_bytes: bytes) -> None:
    """The default is 64; those that were taken come to their end."""
    length = len(clip_bytes)
    waiting = [raw(server, head(server, f"Content-Length: {length}") + clip_bytes[:-1]) for _ in range(64)]
    try:
        while len(files_left(server)) < 64:
            time.sleep(0.01)
        reply = server.post("/api/clips", clip_bytes)
        assert (reply.status, reply.code) == (429, "busy") and int(reply.headers["retry-after"]) > 0
        for connection in waiting:
            connection.sendall(clip_bytes[-1:])
        assert {status_of(connection) for connection in waiting} <= {200, 201}
    finally:
        for connection in waiting:
            connection.close()
    wait_until_none_left(server)


def test_who_may_ask(server: Server) -> None:
    own = server.address
    for headers, status in (
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "127.0.0.1:80:80"}, 421),
        ({"Host": f"LOCALHOST:{server.port}"}, 200),
        ({"Host": "[::1]"}, 200),
    ):
        reply = server.get("/api/model", headers=headers)
        assert reply.status == status
    for headers, status in (
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"http://127.0.0.1:{server.port + 1}"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 409),
    ):
        reply = server.post("/api/ask", {"clip": UNKNOWN, "question": QUESTION}, headers=headers)
        assert reply.status == status
    assert server.call("OPTIONS", "/api/ask", headers={"Origin": "http://evil.example"}).status == 405


def test_the_headers_of_every_response(server: Server) -> None:
    for path in ("/", "/healthz", "/api/model", "/nothing", "/api/samples/loading.webm"):
        headers = server.get(path).headers
        policy = headers["content-security-policy"]
        assert (
            "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        )
        assert (
            headers["cross-origin-resource-policy"] == "same-origin" and headers["x-frame-options"] == "DENY"
        )
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers and "server" not in headers
    assert server.get("/api/model").headers["cache-control"] == "no-store"


def test_corrections_are_kept(server: Server, clip_id: str) -> None:
    sent = {"clip": clip_id, "question": QUESTION, "answer": "loading", "correct_answer": "=1+1\n2"}
    threads = [threading.Thread(target=server.post, args=("/api/corrections", sent)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(server.folder / "corrections.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    row = rows[0]
    assert (row["video"], row["question"], row["answer"]) == ("loading.avi", QUESTION, "'=1+1 2")
    assert (row["clip_sha256"], row["model_answer"], row["source"]) == (clip_id, "loading", "page")
    assert 0.9 < float(row["probability"]) <= 1 and row["time_utc"].endswith("+00:00")
    assert len(row["model_sha256"]) == 64
    # the name of a clip is its sender's: another one has the same clip under another name
    assert server.post("/api/corrections", {**sent, "name": "C:\\clips\\mine.avi"}).status == 201
    with open(server.folder / "corrections.csv", encoding="utf-8", newline="") as file:
        assert [row["video"] for row in csv.DictReader(file)][8:] == ["mine.avi"]
    for change, status in (
        ({"correct_answer": " "}, 422),
        ({"name": None}, 400),
        ({"correct_answer": "x" * 1001}, 422),
        ({"correct_answer": 1}, 400),
        ({"clip": UNKNOWN}, 409),
        ({"time": "now"}, 400),
    ):
        assert server.post("/api/corrections", {**sent, **change}).status == status


def test_nothing_failed_inside(server: Server) -> None:
    """Comes last: what the tests above sent is refused, and no bug was met."""
    assert "Traceback" not in "".join(server.errors)


@pytest.mark.slow
def test_a_stop_finishes_what_is_running(tmp_path: Path, clip_bytes: bytes) -> None:
    # the address that is printed is one that is answered, also where --host has another form of it
    host = ("--host", "127.2") if sys.platform == "linux" else ()
    with running_server(tmp_path, *host) as running:
        check_stop(running, clip_bytes)


def check_stop(running: Server, clip_bytes: bytes) -> None:
    replies: list[int] = []
    half = len(clip_bytes) // 2
    request = head(running, f"Content-Length: {len(clip_bytes)}") + clip_bytes[:half]
    with raw(running, request) as connection:
        while not files_left(running):
            time.sleep(0.01)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(OSError):
            running.get("/healthz")
        connection.sendall(clip_bytes[half:])
        replies.append(status_of(connection))
    assert replies == [201]
    assert running.process.wait(PATIENCE_SECONDS) == 0
    assert list(running.folder.glob("videoqa-serve-*")) == []
    assert "Traceback" not in "".join(running.errors)
