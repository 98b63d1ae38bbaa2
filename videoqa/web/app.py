"""The HTTP side of a served model: its routes, over an `AnswerService`.

    GET  /                                    the page; its css and js under /static/
    GET  /openapi.json                        this interface as OpenAPI 3.1
    GET  /healthz                             {"status": "ok"}, or 503 {"status": "stopping"}
    GET  /metrics                             Prometheus text
    GET  /api/model                           what the model is, and what the server takes
    GET  /api/samples, /api/samples/NAME.webm drawn clips
    POST /api/clips?name=NAME                 the bytes of a clip → 201 and its id; 200 if it is known
    GET  /api/clips/ID                        the same, or 409
    GET  /api/clips/ID/frames/N.jpg           a frame as the model saw it
    POST /api/ask                             {"clip", "question" or "questions", ...} → {"clip", "answers"}
    POST /api/corrections                     {"clip", "question", "answer", "correct_answer", ...} → 201

An error is `{"error": {"code", "message", "what_to_do"}}`. With a token, all but the page, `/static/`, the
drawn clips, `/healthz` and `/openapi.json` need `Authorization: Bearer TOKEN`. A browser sends no such header
with an image, so that a page has to fetch the frames itself.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from videoqa._version import __version__
from videoqa.answering.video_qa import VideoQA
from videoqa.config.serve import ServeConfig
from videoqa.web.bodies import check_fields, number_of, read_json, receive_file, text_of, until_gone
from videoqa.web.corrections import Correction, CorrectionsFile, corrections_path
from videoqa.web.guard import Guard, names_of
from videoqa.web.metrics import Metrics
from videoqa.web.model_facts import example_question, model_facts, model_name
from videoqa.web.problems import Problem, bad_request, busy, not_found, send_clip_again
from videoqa.web.sample_clips import SAMPLES, SampleClips
from videoqa.web.service import AnswerService, KnownClip

STATIC = Path(str(resources.files("videoqa") / "web" / "static"))
OPENAPI = Path(str(resources.files("videoqa") / "web" / "openapi.json"))
MOST_QUESTIONS = 100
MOST_ALTERNATIVES = 1000
MOST_NAME_CHARACTERS = 200
MOST_ANSWER_CHARACTERS = 1000
CHANGED = (
    "The folder of this model holds another model by now. The server answers with the one that it loaded. "
    "Start it again for the new one."
)
OPTIONS = ("top_k", "explain", "min_familiarity", "min_probability")
_CLIP_ID = re.compile(r"[0-9a-f]{64}")


class Api:
    """The routes.

    Args:
        service: answers.
        qa: the model, of which facts are told.
        config: what the server takes.
        folder: private folder for uploads and drawn clips.
    """

    def __init__(self, service: AnswerService, qa: VideoQA, config: ServeConfig, *, folder: Path) -> None:
        self._service, self._qa, self._config = service, qa, config
        self._uploads = folder / "uploads"
        self._uploads.mkdir(mode=0o700, exist_ok=True)
        self._num_uploads = 0
        self._samples = SampleClips(folder / "samples")
        self._openapi = json.loads(OPENAPI.read_text("utf-8"))
        self._openapi["info"]["version"] = __version__
        self._corrections = None
        if (path := corrections_path(config.corrections)) is not None:
            self._corrections = CorrectionsFile(path, model=model_name(qa), model_sha256=service.model_sha256)
        self._facts = model_facts(qa, config, takes_corrections=self._corrections is not None)

    def application(self, *, hosts: tuple[str, ...] = (), token: str | None = None) -> Guard:
        """Return the ASGI application.

        Args:
            hosts: further names under which it may be addressed.
            token: bearer token that callers send; None: none.
        """
        metrics = Metrics(self._numbers, self._sizes)

        async def show_metrics(request: Request) -> Response:
            return Response(metrics.text(), headers={"Content-Type": metrics.content_type})

        async def health(request: Request) -> Response:
            if guard.is_stopping:
                return JSONResponse({"status": "stopping"}, status_code=503)
            return JSONResponse({"status": "ok"})

        routes = [
            Route("/api/ask", self.ask, methods=["POST"]),  # the first, as most requests are for it
            Route("/", self.page),
            Route("/openapi.json", self.openapi),
            Route("/healthz", health),
            Route("/metrics", show_metrics),
            Route("/api/model", self.model),
            Route("/api/samples", self.samples),
            Route("/api/samples/{name}.webm", self.sample),
            Route("/api/clips", self.add_clip, methods=["POST"]),
            Route("/api/clips/{clip_id}", self.clip),
            Route("/api/clips/{clip_id}/frames/{number}.jpg", self.frame),
            Route("/api/corrections", self.correct, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
        ]
        guard = Guard(
            Router(routes, redirect_slashes=False),
            metrics=metrics,
            hosts=names_of(self._config, hosts),
            token=token,
        )
        return guard

    async def page(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(self._openapi)

    async def model(self, request: Request) -> Response:
        notes = [*self._facts["notes"], *([CHANGED] if self._service.model_has_changed else [])]
        return JSONResponse({**self._facts, "notes": notes})

    async def samples(self, request: Request) -> Response:
        question = example_question(self._qa)
        return JSONResponse(
            [{"name": name, "url": f"/api/samples/{name}.webm", "question": question} for name in SAMPLES]
        )

    async def sample(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in SAMPLES:
            raise not_found()
        headers = {"Cache-Control": "max-age=3600"}
        return FileResponse(await self._samples.path(name), media_type="video/webm", headers=headers)

    async def add_clip(self, request: Request) -> Response:
        """Take the bytes of a clip, and answer when the model has looked at it."""
        name = _clip_name(request.query_params.get("name", ""))
        if self._num_uploads >= self._config.max_waiting:
            raise busy("As many clips are being sent as may wait.")
        self._num_uploads += 1
        try:
            upload = await receive_file(
                request, self._uploads, what="The clip", most_bytes=self._config.max_clip_bytes
            )
            try:
                known = self._service.clip(upload.sha256)
                status = 201 if known is None else 200
                adding = self._service.add_clip(upload.path, upload.sha256, name)
                clip = await until_gone(request, adding)
            finally:
                upload.path.unlink(missing_ok=True)
        finally:
            self._num_uploads -= 1
        return JSONResponse(_clip_facts(clip), status_code=status)

    async def clip(self, request: Request) -> Response:
        return JSONResponse(_clip_facts(self._known(request.path_params["clip_id"])))

    async def frame(self, request: Request) -> Response:
        """Answer with one frame of a clip as JPEG."""
        clip, number = self._known(request.path_params["clip_id"]), request.path_params["number"]
        if not (number.isascii() and number.isdecimal()) or len(number) > 9 or int(number) >= clip.num_frames:
            raise not_found()
        picture = await asyncio.to_thread(clip.frame_jpeg, int(number))
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(picture, media_type="image/jpeg", headers=headers)

    async def ask(self, request: Request) -> Response:
        """Answer one question or several about a clip that is known."""
        content = await read_json(request)
        check_fields(content, ["clip"], ["question", "questions", *OPTIONS])
        clip_id, questions, options = _clip_id(content), self._questions(content), _options(content)
        self._known(clip_id)
        answers = await self._service.ask(clip_id, questions, **options)
        return JSONResponse({"clip": clip_id, "answers": answers})

    async def correct(self, request: Request) -> Response:
        """Keep what a human says an answer should have been."""
        content = await read_json(request)
        check_fields(content, ["clip", "question", "answer", "correct_answer"], ["name"])
        clip = self._known(_clip_id(content))
        question, answer = text_of(content, "question"), text_of(content, "answer")
        correct = text_of(content, "correct_answer").strip()
        self._check_length("question", question)
        for name, text in (("answer", answer), ("correct_answer", correct)):
            if not text or len(text) > MOST_ANSWER_CHARACTERS:
                message = f"`{name}` must have from 1 to {MOST_ANSWER_CHARACTERS:,} characters."
                raise Problem(422, "refused", message, "Send another text.")
        name = _clip_name(text_of(content, "name")) if "name" in content else clip.name
        if self._corrections is None:
            what_to_do = "Start the server with --corrections FILE.csv."
            raise Problem(404, "no_corrections", "This server keeps no corrections.", what_to_do)
        probability = await self._probability(clip.id, question, answer)
        correction = Correction(name, clip.id, question, correct, answer, probability)
        try:
            await asyncio.to_thread(self._corrections.append, correction)
        except TimeoutError as error:
            raise busy("The file of corrections is locked by another program.") from error
        return JSONResponse({"status": "kept"}, status_code=201)

    async def _probability(self, clip_id: str, question: str, answer: str) -> float | None:
        """Return the probability that the model gives an answer; None if it is none of its first ones."""
        (given,) = await self._service.ask(clip_id, [question])
        found = [each["probability"] for each in given["alternatives"] if each["answer"] == answer]
        return found[0] if found else None

    def _known(self, clip_id: str) -> KnownClip:
        if not _CLIP_ID.fullmatch(clip_id):
            raise not_found()
        clip = self._service.clip(clip_id)
        if clip is None:
            raise send_clip_again()
        return clip

    def _questions(self, content: Mapping[str, Any]) -> list[str]:
        """Return the questions of a request; an action model needs none."""
        if "question" in content and "questions" in content:
            raise bad_request("Only one of `question` and `questions` may be given.")
        asked = content.get("questions", [content["question"]] if "question" in content else None)
        if asked is None and not self._facts["has_questions"]:
            asked = [""]
        if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
            raise bad_request("`question` must be a string, or `questions` a list of strings.")
        most = min(MOST_QUESTIONS, self._config.max_waiting)
        if not 1 <= len(asked) <= most:
            raise bad_request(f"`questions` must have from 1 to {most} texts.")
        for each in asked:
            self._check_length("question", each)
        return asked

    def _check_length(self, name: str, text: str) -> None:
        most = self._config.max_question_characters
        if len(text) > most:
            message = f"`{name}` must have at most {most:,} characters. Received: {len(text):,}."
            raise Problem(422, "refused", message, "Ask a shorter question.")

    def _sizes(self) -> dict[str, tuple[str, dict[int, int]]]:
        """Return how often each size was met: name -> (what it is, size -> number)."""
        return {"batch_questions": ("Questions that the model answered at once.", self._service.batch_sizes)}

    def _numbers(self) -> dict[str, tuple[str, float]]:
        """Return what is measured elsewhere than in requests: name -> (what it is, value)."""
        uploads = ("Clips that are being received or wait for their encoding.", self._num_uploads)
        return {"uploads": uploads, **self._service.statistics()}


def _clip_facts(clip: KnownClip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "name": clip.name,
        "duration_seconds": clip.duration_seconds,
        "timestamps_seconds": list(clip.timestamps_seconds),
        "frames": [f"/api/clips/{clip.id}/frames/{number}.jpg" for number in range(clip.num_frames)],
        "notes": list(clip.notes),
    }


def _clip_name(text: str) -> str:
    """Return the last part of a path that a caller sent, to be shown and never opened."""
    name = re.split(r"[/\\]", text)[-1]
    shown = "".join(letter if letter.isprintable() else " " for letter in name).strip()
    return shown[:MOST_NAME_CHARACTERS] or "clip"


def _clip_id(content: Mapping[str, Any]) -> str:
    value = content["clip"]
    if not isinstance(value, str) or not _CLIP_ID.fullmatch(value):
        raise bad_request("`clip` must be the id that POST /api/clips gave, 64 hexadecimal digits.")
    return value


def _options(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a question that were sent; null means the default."""
    options = {name: content[name] for name in OPTIONS if content.get(name) is not None}
    if "top_k" in options:
        options["top_k"] = _top_k(options["top_k"])
    if "explain" in options and not isinstance(options["explain"], bool):
        raise bad_request("`explain` must be true or false.")
    for name in ("min_familiarity", "min_probability"):
        if name in options:
            options[name] = number_of(options[name], name)
    return options


def _top_k(value: object) -> int:
    """Return a number of alternatives; in JSON 5.0 is the integer 5."""
    number = number_of(value, "top_k")
    if not number.is_integer() or not 1 <= number <= MOST_ALTERNATIVES:
        raise bad_request(f"`top_k` must be an integer from 1 to {MOST_ALTERNATIVES:,}.")
    return int(number)
