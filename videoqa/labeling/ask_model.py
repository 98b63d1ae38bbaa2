"""`ask_model`: a model behind a server of OpenAI's chat protocol answers tasks as one more worker."""

import concurrent.futures
import dataclasses
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from videoqa._checks import Refusal, check_directory, check_not_read
from videoqa._counted import counted
from videoqa._progress import progress_bar
from videoqa.chat.client import ChatClient
from videoqa.chat.endpoint import check_endpoint, read_key
from videoqa.chat.errors import CannotSee, ChatError, Rejected, ServerStops
from videoqa.chat.exchange import Line
from videoqa.config import EndpointConfig, SamplingConfig
from videoqa.labeling.clip_frames import ClipFrames, clip_frames, data_url, sampling_of
from videoqa.labeling.model_answers import SUFFIX, AnswerFile, open_answers
from videoqa.labeling.model_prompts import prompt_of, schema_of
from videoqa.labeling.model_replies import joined_answer, read_reply
from videoqa.labeling.tasks import Task, TaskFile, read_tasks
from videoqa.labeling.video_files import VideoFiles
from videoqa.video.decoding import ClipRequest, DecodingError

ANSWERED = "answered"
NO_VIDEO, NO_REPLY, NO_ANSWER = "without a readable video", "without a reply", "without a usable answer"
MOST_FAILURES = 5
"""Tasks that a server fails one after another before the rest is left for another time."""
MOST_UNUSABLE = 20
"""Tasks without a usable answer before a model that has none so far is given up."""
MOST_PLACES = 5
"""Tasks of each outcome that are named."""
LONGEST_SHOWN = 160
COLOURS = {"red": (220, 20, 20), "blue": (20, 20, 220)}
CHECK_QUESTION = "What colour is the first frame?"


def ask_model(
    tasks: str | os.PathLike[str],
    config: EndpointConfig,
    *,
    out: str | os.PathLike[str],
    videos: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Let a model answer tasks from frames of their clips, and write its answers as they come.

    The model sees what people see: the question, the choices in their order, the clip. It sees no known
    answer, no model's answer, and no name of a file. A task that is answered in `out` is not asked again.

    Args:
        tasks: the `tasks.json`, or its folder.
        config: which model, where, and how it is asked.
        out: file of the answers, ending in .jsonl; a file that was begun with the same tasks, model and
            options is gone on with.
        videos: folder of the videos; None: the tasks name them from their own folder, or the current one.
        progress: show a bar.

    Returns:
        JSON-ready dict: "out", "model", "num_tasks", "num_before" (answered before), "outcomes" (of the tasks
        asked now, how many had which), "places" (the first tasks of each outcome but "answered", with the
        reason), "left_out" (what the server refused to be sent).

    Raises:
        FileNotFoundError: no such file.
        ValueError: an option, an address that is not allowed, or `out` is another file.
        UserError: the server does not answer, does not know the model, or takes no pictures.
    """
    file, target = read_tasks(tasks), Path(out)
    _check_out(target, tasks)
    folder = Path(tasks) if Path(tasks).is_dir() else Path(tasks).parent
    sampling = sampling_of(file.about, config.num_frames)
    found = VideoFiles(videos, folder)
    client = _client(config)
    with open_answers(target, _head(file, config, dataclasses.asdict(sampling))) as answers:
        asked = [task for task in file.tasks if task.id not in answers.answered][: config.limit]
        num_before = len(answers.answered)
        run = _Run(client, answers, config)
        if asked and config.check_pictures:
            _check_sees(client, config.model, sampling, config.long_side)
        with progress_bar(total=len(asked), unit="task", progress=progress) as bar:
            run.carry_out(run.decoded(asked, found, sampling), bar)
    return {
        "out": str(out),
        "model": config.model,
        "num_tasks": len(file.tasks),
        "num_before": num_before,
        "outcomes": dict(run.outcomes),
        "places": run.places,
        "left_out": sorted(client.left_out),
    }


def _client(config: EndpointConfig) -> ChatClient:
    """Return what asks the model, once its address and its key are checked."""
    endpoint = check_endpoint(config.endpoint, allow_remote=config.allow_remote, allow_http=config.allow_http)
    key = read_key(config.api_key_variable, config.api_key_file)
    return ChatClient(
        Line(endpoint, config.timeout_seconds, key),
        config.model,
        temperature=config.sampling_temperature,
        max_tokens=config.max_tokens,
        retries=config.retries,
        key=key,
    )


def _check_out(path: Path, tasks: str | os.PathLike[str]) -> None:
    if path.suffix.lower() != SUFFIX or path.is_dir():
        raise Refusal("out", f"be a file ending in {SUFFIX}", str(path))
    check_directory("out", path.absolute().parent)
    check_not_read("out", path, [tasks])


def _head(file: TaskFile, config: EndpointConfig, sampling: dict[str, Any]) -> dict[str, Any]:
    """Return what all answers of a file have in common."""
    return {
        "model": config.model,
        "tasks_sha256": file.sha256,
        "samples": config.samples,
        "temperature": config.sampling_temperature,
        "long_side": config.long_side,
        "sampling": sampling,
    }


class _Run:
    """Asks about clip after clip, several tasks at a time, and counts what becomes of each."""

    def __init__(self, client: ChatClient, answers: AnswerFile, config: EndpointConfig) -> None:
        self.outcomes: Counter[str] = Counter()
        self.places: dict[str, list[str]] = {}
        self._client, self._answers, self._config = client, answers, config
        self._lock = threading.Lock()
        self._failures_in_a_row: Counter[bool] = Counter()

    def decoded(
        self, tasks: Iterable[Task], videos: VideoFiles, sampling: SamplingConfig
    ) -> Iterator[tuple[ClipFrames | None, list[Task]]]:
        """Yield the frames of each clip with the tasks about it; None where it cannot be read."""
        groups: dict[tuple[Any, ...], list[Task]] = {}
        for task in tasks:
            groups.setdefault((task.video, task.start_seconds, task.end_seconds), []).append(task)
        for (video, start, end), group in groups.items():
            try:
                request = ClipRequest(videos.path(video), start, end)
                yield clip_frames(request, sampling, self._config.long_side), group
            except (DecodingError, Refusal, OSError) as error:
                self._count(NO_VIDEO, group, str(error))
                yield None, group

    def carry_out(self, clips: Iterable[tuple[ClipFrames | None, list[Task]]], bar: Any) -> None:
        """Ask about all clips; what is under way ends with the first error that concerns all."""
        pool = concurrent.futures.ThreadPoolExecutor(self._config.concurrency)
        pending: set[concurrent.futures.Future[None]] = set()
        try:
            for frames, group in clips:
                for task in group:
                    bar.update()
                    if frames is None:
                        continue
                    if len(pending) > self._config.concurrency:  # no more frames wait than can be asked about
                        pending = _awaited(pending, concurrent.futures.FIRST_COMPLETED)
                    pending.add(pool.submit(self._ask, task, frames))
            _awaited(pending, concurrent.futures.ALL_COMPLETED)
        except ServerStops as error:
            raise ServerStops(f"{error} {self._kept()}") from error
        except KeyboardInterrupt as error:
            error.add_note(self._kept())
            raise
        finally:
            self._client.close()
            pool.shutdown(cancel_futures=True)

    def _kept(self) -> str:
        kept = counted(len(self._answers.answered), "answer is", "answers are")
        return f"{kept} kept: the same command goes on from there."

    def _ask(self, task: Task, frames: ClipFrames) -> None:
        """Ask about a task as often as is wanted, and write the answer."""
        content, schema = frames.content(prompt_of(task)), schema_of(task)
        samples = 1 if task.kind == "write" else self._config.samples
        texts, replies = [], []
        try:
            for seed in range(samples):
                words = self._client.ask(content, schema, seed)
                empty = "(cut at --max-tokens)" if words.is_cut else words.refusal or "(empty)"
                texts.append(words.text or empty)
                replies.append(read_reply(task, words))
        except ServerStops:
            raise
        except ChatError as error:
            self._failed(NO_REPLY, task, str(error), is_of_task=isinstance(error, Rejected))
            return
        answer = joined_answer(replies)
        if answer is None:
            self._failed(NO_ANSWER, task, repr(texts[0][:LONGEST_SHOWN]), is_of_task=True)
            return
        said = ["" if each is None else each.answer or each.how for each in replies]
        self._answers.add(task.id, answer, said)
        self._count(ANSWERED, [task], "")
        with self._lock:
            self._failures_in_a_row.clear()

    def _failed(self, outcome: str, task: Task, why: str, *, is_of_task: bool) -> None:
        """Count a task, and end the run after several in a row.

        Those for which nothing can be said against the server end it only while no task at all has an answer:
        a run that is gone on with begins with the tasks that had none before.
        """
        self._count(outcome, [task], why)
        if is_of_task and self._answers.answered:
            return
        most = MOST_UNUSABLE if is_of_task else MOST_FAILURES
        with self._lock:
            self._failures_in_a_row[is_of_task] += 1
            if self._failures_in_a_row[is_of_task] >= most:
                raise ServerStops(f"{most} tasks one after another are {outcome}. The last one: {why}")

    def _count(self, outcome: str, tasks: list[Task], why: str) -> None:
        with self._lock:
            self.outcomes[outcome] += len(tasks)
            if why and len(places := self.places.setdefault(outcome, [])) < MOST_PLACES:
                places.append(f"task {tasks[0].id}: {why}")


def _awaited(
    pending: set[concurrent.futures.Future[None]], until: str
) -> set[concurrent.futures.Future[None]]:
    """Return the tasks that are still under way once one has, or all have, ended; raise what they raised."""
    if until == concurrent.futures.ALL_COMPLETED:
        until = concurrent.futures.FIRST_EXCEPTION
    done, pending = concurrent.futures.wait(pending, return_when=until)
    for each in done:
        each.result()
    return pending


def _check_sees(client: ChatClient, model: str, sampling: SamplingConfig, long_side: int) -> None:
    """Refuse a model that does not tell the colour of the first of several plain pictures.

    They are as many as a clip has frames: a server may leave out, without a word, all pictures, or those that
    its context is too short for.
    """
    number = sampling.num_frames * (sampling.num_test_clips if sampling.takes_windows else 1)
    shape = (max(round(0.75 * long_side), 1), long_side, 3)
    grey = data_url(np.full(shape, 128, np.uint8))
    for colour, rgb in COLOURS.items():
        pictures = (data_url(np.full(shape, rgb, np.uint8)), *[grey] * (number - 1))
        choices = ("green", "red", "yellow", "blue")
        task = Task(id=colour, kind="answer", video="-", question=CHECK_QUESTION, choices=choices)
        content = ClipFrames(tuple(map(float, range(number))), pictures).content(prompt_of(task))
        words = client.ask(content, schema_of(task), 0)
        answer = read_reply(task, words)
        if answer is None:
            cut = " The reply was cut: raise --max-tokens." if words.is_cut else ""
            raise ChatError(
                f"{model!r} was asked for the colour of a plain picture, and its reply is no answer: "
                f"{words.text[:LONGEST_SHOWN]!r}.{cut}"
            )
        if answer.answer != colour:
            shown = "a plain picture" if number == 1 else f"the first of {number} plain pictures"
            raise CannotSee(
                f"{model!r} calls {shown} {answer.answer or 'unclear'!r}, which is {colour}: its server may "
                "leave pictures out, or have a context too short for them. Serve a model that takes images "
                "with a longer context, show fewer by --num-frames, or ask by --no-check-pictures."
            )
