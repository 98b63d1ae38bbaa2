"""The HTTP side of a page of tasks: its routes, over an `AnswersDatabase`.

    GET  /                              the page; its css and js under /static/
    GET  /healthz                       {"status": "ok"}, or 503 {"status": "stopping"}
    POST /api/next                      {"name"} → the turn of this person
    POST /api/answers                   {"name", "task", "how", ...} → 201 and their next turn
    POST /api/undo                      {"name", "number"} → the turn with the answer that was taken back
    GET  /clips/ID?key=KEY              the video file of a task, also in ranges of bytes
    GET  /clips/ID/frames?key=KEY       {"frames": [{"url", "seconds"}], "frame_seconds"}
    GET  /clips/ID/frames/N.jpg?key=KEY one of them

A turn is `{"name", "task", "before", "last", "progress"}`. An error is `{"error": {"code", "message",
"what_to_do"}}`. With a token, `/api/` needs `Authorization: Bearer TOKEN`; a clip needs the key in the
address that came with its task. What is known of a task's answer never leaves the server.
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from videoqa._checks import Refusal
from videoqa.config.label_serve import LabelServeConfig
from videoqa.labeling.answers_database import AlreadyAnswered, AnswersDatabase, NotGiven, Turn
from videoqa.labeling.page_answers import PageAnswer, page_answer, person_name
from videoqa.labeling.tasks import Task, TaskFile
from videoqa.web.bodies import check_fields, read_json, text_of
from videoqa.web.guard import Guard, names_of
from videoqa.web.labeling_clips import ClipAddresses, ClipFiles, media_type
from videoqa.web.labeling_frames import CannotShow, FrameStrips, Strip
from videoqa.web.metrics import Metrics
from videoqa.web.problems import Problem, bad_request, not_found

STATIC = Path(str(resources.files("videoqa") / "web" / "static"))
PROGRAM, INTERFACE = "videoqa label serve", "docs/labeling.md"
KEPT_HEADERS = {"Cache-Control": "private, max-age=3600"}
LARGEST_NUMBER = 2**63 - 1
"""That SQLite takes."""


class LabelingApi:
    """The routes.

    Args:
        file: the tasks.
        database: gives them out and keeps the answers.
        clips: their videos, and `strips`, which makes pictures of them.
        token: bearer token that callers send; None: none.
    """

    def __init__(
        self,
        file: TaskFile,
        database: AnswersDatabase,
        clips: ClipFiles,
        strips: FrameStrips,
        *,
        token: str | None,
    ) -> None:
        self._tasks = {task.id: task for task in file.tasks if task.id in clips.paths}
        self._database, self._clips, self._strips, self._token = database, clips, strips, token
        self._addresses = ClipAddresses(file.sha256, token or "")

    def application(self, config: LabelServeConfig) -> Guard:
        """Return the ASGI application."""

        async def health(request: Request) -> Response:
            if guard.is_stopping:
                return JSONResponse({"status": "stopping"}, status_code=503)
            return JSONResponse({"status": "ok"})

        routes = [
            Route("/", self.page),
            Route("/healthz", health),
            Route("/api/next", self.next, methods=["POST"]),
            Route("/api/answers", self.answer, methods=["POST"]),
            Route("/api/undo", self.undo, methods=["POST"]),
            Route("/clips/{task}", self.clip),
            Route("/clips/{task}/frames", self.frames),
            Route("/clips/{task}/frames/{number}.jpg", self.frame),
            Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
        ]
        guard = Guard(
            Router(routes, redirect_slashes=False),
            metrics=Metrics(dict),
            hosts=names_of(config),
            token=self._token,
            open_folders=("/static/", "/clips/"),
            program=PROGRAM,
            interface=INTERFACE,
        )
        return guard

    async def page(self, request: Request) -> Response:
        """Return the page."""
        return FileResponse(STATIC / "labeling.html", headers={"Cache-Control": "no-cache"})

    async def next(self, request: Request) -> Response:
        """Return what somebody does next."""
        content = await read_json(request)
        check_fields(content, ["name"])
        name = _name(content)
        return self._turn(name, await self._stored(self._database.next_turn, name))

    async def answer(self, request: Request) -> Response:
        """Keep an answer, and return what somebody does next."""
        content = await read_json(request)
        check_fields(content, ["name", "task", "how"], ["answer", "written"])
        name, task = _name(content), self._tasks.get(text_of(content, "task"))
        if task is None:
            raise _not_given()
        answer = _answer(task, content)
        turn = await self._stored(self._database.answer, name, task.id, answer)
        return self._turn(name, turn, status=201)

    async def undo(self, request: Request) -> Response:
        """Take an answer back."""
        content = await read_json(request)
        check_fields(content, ["name", "number"])
        name, number = _name(content), content["number"]
        if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= LARGEST_NUMBER:
            raise bad_request("`number` must be the number of an answer.")
        return self._turn(name, await self._stored(self._database.undo, name, number))

    async def clip(self, request: Request) -> Response:
        """Return a task's video file, or the part of it that `Range` asks for."""
        task, path = self._clip(request)
        if os.path.isdir(path):
            raise not_found()
        return FileResponse(path, media_type=media_type(path), headers=KEPT_HEADERS)

    async def frames(self, request: Request) -> Response:
        """Return where the frames of a task's clip are, and when each is shown."""
        task, _ = self._clip(request)
        strip = await self._strip(request)
        key = self._addresses.key(task.id)
        frames = [
            {"url": f"clips/{task.id}/frames/{number}.jpg?key={key}", "seconds": seconds}
            for number, seconds in enumerate(strip.seconds)
        ]
        return JSONResponse({"frames": frames, "frame_seconds": strip.frame_seconds})

    async def frame(self, request: Request) -> Response:
        """Return one of these frames as JPEG."""
        number = request.path_params["number"]
        if not (number.isascii() and number.isdecimal()) or len(number) > 4:
            raise not_found()
        path = (await self._strip(request)).folder / f"{int(number)}.jpg"
        if not path.is_file():
            raise not_found()
        return FileResponse(path, media_type="image/jpeg", headers=KEPT_HEADERS)

    def _clip(self, request: Request) -> tuple[Task, str]:
        """Return a task and the path of its video, for whoever has its key."""
        task = self._tasks.get(request.path_params["task"])
        if task is None or not self._addresses.is_key(task.id, request.query_params.get("key", "")):
            raise not_found()
        path = self._clips.paths[task.id]
        if not os.path.exists(path):
            print(f"{PROGRAM}: {path} is gone.", file=sys.stderr, flush=True)
            message = "The file of this clip is gone from the server."
            raise Problem(404, "clip_missing", message, "Skip this task, and tell who runs the server.")
        return task, path

    async def _strip(self, request: Request) -> Strip:
        task, path = self._clip(request)
        try:
            return await self._strips.strip(task.id, path, task.start_seconds, task.end_seconds)
        except CannotShow as error:
            raise Problem(422, "cannot_show", f"This clip has no pictures to show. {error}", "") from error

    async def _stored(self, act: Callable[..., Turn], *values: Any) -> Turn:
        """Return what an act on the database returns, in another thread."""
        try:
            return await asyncio.to_thread(act, *values)
        except NotGiven as error:
            raise _not_given() from error
        except AlreadyAnswered as error:
            message = "You have answered this task otherwise before."
            raise Problem(409, "already_answered", message, "Undo that answer first.") from error
        except sqlite3.Error as error:
            print(f"{PROGRAM}: the answers cannot be written: {error}", file=sys.stderr, flush=True)
            message = f"The server cannot store this: {error}."
            what_to_do = "Tell who runs the server, then send it again."
            raise Problem(507, "cannot_store", message, what_to_do) from error

    def _turn(self, name: str, turn: Turn, *, status: int = 200) -> Response:
        task = None if turn.task is None else self._shown(self._tasks[turn.task])
        progress = {
            "answered": turn.num_answered,
            "left": turn.num_left,
            "answers": turn.num_answers,
            "wanted": turn.num_wanted,
        }
        before = None if turn.before is None else _shown_answer(turn.before)
        content = {"name": name, "task": task, "before": before, "last": turn.last, "progress": progress}
        return JSONResponse(content, status_code=status)

    def _shown(self, task: Task) -> dict[str, Any]:
        """Return what people see of a task: neither its right answer nor the model's, nor the file's name."""
        is_file = not os.path.isdir(self._clips.paths[task.id])
        address = self._addresses.of(task)
        return {
            "id": task.id,
            "kind": task.kind,
            "question": task.question,
            "choices": list(task.shown_choices),
            "answer": task.answer,
            "num_questions": task.num_questions,
            "start_seconds": task.start_seconds,
            "end_seconds": task.end_seconds,
            "video": address if is_file else None,
            "frames": address.replace("?", "/frames?"),
        }


def _name(content: dict[str, Any]) -> str:
    try:
        return person_name(text_of(content, "name"))
    except Refusal as error:
        raise Problem(422, "bad_name", str(error), "") from error


def _answer(task: Task, content: dict[str, Any]) -> PageAnswer:
    try:
        return page_answer(task, content)
    except Refusal as error:
        raise Problem(422, "bad_answer", str(error), "Answer as the page does.") from error


def _not_given() -> Problem:
    message = "This task was not given to you."
    return Problem(409, "not_given", message, "Ask for your next task.")


def _shown_answer(answer: PageAnswer) -> dict[str, Any]:
    return {"how": answer.how, "answer": answer.answer, "written": [list(pair) for pair in answer.written]}
