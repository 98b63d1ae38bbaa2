"""A small server of OpenAI's chat protocol, on real sockets, that sees the pictures it is sent."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

COLOURS = {"red": (220, 20, 20), "blue": (20, 20, 220), "green": (20, 160, 20), "yellow": (220, 200, 20)}


class ChatServer(ThreadingHTTPServer):
    """Answers with the colour of the last frame, as JSON, unless `behave` says otherwise.

    Attributes:
        requests: (path, headers, body) of each request, in order.
        behave: called with the handler and the body of each completion; returns the model's words, or None if
            it has answered itself.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.behave: Callable[[Handler, dict[str, Any]], str | None] = lambda handler, body: seen(body)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the completions that were about tasks, not about the plain pictures."""
        bodies = [body for path, _, body in self.requests if path.endswith("/chat/completions")]
        return [body for body in bodies if not is_check(body)]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be quiet about clients that hang up, as they do here."""


class Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers), None))
        self.reply(200, {"object": "list", "data": [{"id": "small"}, {"id": "other"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        words = self.server.behave(self, body)
        if words is not None:
            self.say(words)

    def say(self, words: str, **choice: Any) -> None:
        message = {"role": "assistant", "content": words}
        choice = {"index": 0, "message": message, "finish_reason": "stop", **choice}
        self.reply(200, {"id": "1", "object": "chat.completion", "choices": [choice]})

    def reply(self, status: int, content: Any, **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status: int, message: str, **headers: str) -> None:
        self.reply(status, {"error": {"message": message, "type": "error"}}, **headers)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def is_check(body: dict[str, Any]) -> bool:
    """Whether a request is about the plain pictures."""
    return "What colour is the first frame?" in text_of(body)


def text_of(body: dict[str, Any]) -> str:
    return "\n".join(part["text"] for part in body["messages"][0]["content"] if part["type"] == "text")


def frames_of(body: dict[str, Any]) -> list[np.ndarray]:
    """Return the frames of a request, uint8 RGB, decoded from their data URLs."""
    frames = []
    for part in body["messages"][0]["content"]:
        if part["type"] == "image_url":
            head, _, data = part["image_url"]["url"].partition(",")
            assert head == "data:image/jpeg;base64"
            found = cv2.imdecode(np.frombuffer(base64.b64decode(data, validate=True), np.uint8), 1)
            frames.append(found[:, :, ::-1])
    return frames


def seen(body: dict[str, Any], confidence: int = 90) -> str:
    """Return what somebody says who looks: the colour of the last frame, of plain pictures of the first."""
    mean = frames_of(body)[0 if is_check(body) else -1].mean(axis=(0, 1))
    colour = min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))
    return json.dumps({"answer": colour, "confidence": confidence})


@contextmanager
def running() -> Iterator[ChatServer]:
    """Serve while the block runs."""
    with ChatServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
