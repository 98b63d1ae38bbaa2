"""`AnswerService`: clips, questions and answers of all callers of a server, without HTTP."""

import asyncio
import atexit
import dataclasses
import os
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from videoqa._checks import Refusal, check_integer
from videoqa._manifest import MANIFEST, file_sha256
from videoqa._text_normalization import check_question, matching_form
from videoqa.answering.asked import Asked, SampledClip
from videoqa.answering.inquiries import Inquiry, answer_inquiries
from videoqa.answering.video_qa import VideoQA
from videoqa.config.serve import ServeConfig
from videoqa.evaluation.halves import Halves, can_be_cut
from videoqa.evaluation.inference import windows_at_once
from videoqa.features.frame_encoder import FrameEncoder
from videoqa.saving import BACKBONE_WEIGHTS
from videoqa.trust.trust import MIN_FAMILIARITY, Thresholds
from videoqa.web.clip_encoder import ClipEncoder
from videoqa.web.errors import Busy, Stopping, TookTooLong, UnknownClip
from videoqa.web.evidence import evidence_of
from videoqa.web.known_clips import KnownClip, KnownClips
from videoqa.web.question_queue import QuestionQueue

__all__ = ["AnswerService", "Busy", "KnownClip", "Stopping", "TookTooLong", "UnknownClip"]

MOST_AT_ONCE = 32
"""Questions in one batch."""
MOST_ANSWERS_KEPT, MOST_EVIDENCE_KEPT = 10_000, 500
FIRST_GUESS_SECONDS = 2.0
"""Of a clip, until some were encoded."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class _Pending:
    """A checked question about a known clip."""

    clip: KnownClip
    question: str
    unknown_words: tuple[str, ...]
    thresholds: Thresholds
    top_k: int


@dataclass
class _Job:
    """A clip that waits for its encoding, and how many callers wait for it."""

    task: "asyncio.Task[KnownClip]"
    is_running: bool = False
    num_waiting: int = 0


class AnswerService:
    """Encodes clips in a process beside this one, and answers the questions of all callers in batches.

    Its coroutines belong to one event loop; they never block it for long.

    Args:
        qa: the loaded model. Its folder may change later: answers stay those of this model.
        config: what is taken, and how long it is kept.
        folder: an existing private folder on a disk with room; `close` removes it.

    Raises:
        ValueError: the model folder was changed since it was loaded.
        RuntimeError: the process that encodes clips cannot start.
    """

    def __init__(self, qa: VideoQA, config: ServeConfig, *, folder: Path) -> None:
        self._qa, self._config, self._folder = qa, config, folder
        self._manifest = qa.folder.path / MANIFEST
        self.model_sha256 = file_sha256(self._manifest)
        """Hash of the manifest of the model that answers."""
        self._clip_folders = folder / "clips"
        self._clip_folders.mkdir(mode=0o700)
        atexit.register(self._remove_folder)
        self._halves = Halves(qa.model) if can_be_cut(qa.model) else None
        own = _with_own_backbone(qa, folder)
        self._encoder = FrameEncoder(own) if own.has_backbone else None
        self._clip_encoder = ClipEncoder(
            dataclasses.replace(qa.folder.config, model=own),
            identity=None if self._encoder is None else self._encoder.identity,
            home=config.cache,
            private=folder,
            clip_seconds=config.clip_seconds,
        )
        try:
            self._warm_up()
            self._clip_encoder.wait_until_ready()
        except BaseException:
            self._clip_encoder.close()
            raise
        self._clips = KnownClips(60 * config.keep_minutes, self._forget)
        self._answers: _Kept[dict[str, Any]] = _Kept(MOST_ANSWERS_KEPT)
        self._evidence: _Kept[dict[str, Any]] = _Kept(MOST_EVIDENCE_KEPT)
        sampling = qa.folder.config.sampling
        at_once = windows_at_once(qa.model, sampling.num_frames) // sampling.num_test_clips
        self._queue = QuestionQueue(
            self._answer_all,
            most_waiting=config.max_waiting,
            most_at_once=min(max(at_once, 1), MOST_AT_ONCE),
        )
        self._encoding = ThreadPoolExecutor(1, "videoqa-encode")
        self._explaining = ThreadPoolExecutor(1, "videoqa-explain")
        self._jobs: dict[str, _Job] = {}
        self._is_stopping = False
        self._seconds_of_a_clip = FIRST_GUESS_SECONDS
        self._num_explaining = self._num_kept_answers_given = 0
        self._num_encoded = self._num_failed = self._num_explained = 0

    async def add_clip(self, file: Path, clip_id: str, name: str) -> KnownClip:
        """Return a clip that can be asked about, under the name it was sent with; encoded if it is not known.

        Clips with the same id that are sent at the same time are encoded once. A clip whose senders have all
        hung up before its turn is not encoded.

        Args:
            file: its bytes, a file on the disk of the private folder, which is moved or removed.
            clip_id: sha256 of its bytes, 64 hexadecimal digits.
            name: as its sender calls it.

        Raises:
            Busy: as many clips are waiting as may wait.
            TookTooLong: it took more than `clip_seconds`.
            ValueError, DecodingError: no video, or none for this model.
            OSError: it cannot be kept, for example because the disk is full; nothing of it stays.
            Stopping: the service ends.
        """
        known = self._clips.get(clip_id)
        job = self._jobs.get(clip_id)
        if known is not None or job is not None:
            file.unlink(missing_ok=True)
        if known is not None:
            return dataclasses.replace(known, name=name)
        if job is None:
            if self._is_stopping:
                raise Stopping
            if len(self._jobs) >= self._config.max_waiting:
                seconds = self._seconds_of_a_clip * len(self._jobs) / 2
                raise Busy(f"{len(self._jobs)} clips are waiting.", seconds)
            job = self._new_job(file, clip_id, name)
        return dataclasses.replace(await self._result_of(job), name=name)

    def clip(self, clip_id: str) -> KnownClip | None:
        """Return a known clip, which counts as its use; None: it was never sent, or was deleted."""
        return self._clips.get(clip_id)

    async def ask(
        self,
        clip_id: str,
        questions: Sequence[str],
        *,
        top_k: int = 5,
        explain: bool = False,
        min_familiarity: float = MIN_FAMILIARITY,
        min_probability: float | None = None,
    ) -> list[dict[str, Any]]:
        """Return the answers to questions about a known clip, as `VideoQA.ask_many` gives them.

        Args:
            clip_id: of the clip.
            questions: texts; any for an action model.
            top_k, min_familiarity, min_probability: see `VideoQA.ask_many`.
            explain: add what each answer rests on.

        Returns:
            For each "question", the fields of `Answer.to_dict`, and with `explain` "evidence", see
            `evidence_of`. Not to be changed.

        Raises:
            UnknownClip: the clip was never sent, or was deleted.
            Busy: as many questions are waiting as may wait.
            ValueError: a question or an option that is refused.
            Stopping: the service ends.
        """
        check_integer("top_k", top_k, minimum=1)
        thresholds = Thresholds(min_familiarity, min_probability)
        most = self._config.max_waiting
        if isinstance(questions, str) or not 1 <= len(questions) <= most:
            received = questions if isinstance(questions, str) else f"{len(questions)} questions"
            raise Refusal("questions", f"be a list of 1 to {most:,} texts", received)
        clip = self._clips.get(clip_id)
        if clip is None:
            raise UnknownClip(clip_id)
        forms = [self._form(question) for question in questions]
        keys = [(clip_id, form, thresholds, top_k) for form in forms]
        answers = {key: self._answers.get(key) for key in keys}
        self._num_kept_answers_given += sum(answers[key] is not None for key in keys)
        missing = {
            key: _Pending(clip, question, tuple(self._qa.unknown_words(question)), thresholds, top_k)
            for key, question in zip(keys, questions, strict=True)
            if answers[key] is None
        }
        if missing:
            found = await self._queue.ask(list(missing.values()))
            for key, answer in zip(missing, found, strict=True):
                answers[key] = answer
                self._answers.put(key, answer)
        shown = [
            {"question": question, **(answers[key] or {})}
            for question, key in zip(questions, keys, strict=True)
        ]
        if explain:
            for answer, form in zip(shown, forms, strict=True):
                answer["evidence"] = await self._evidence_of(clip, answer["question"], form)
        return shown

    @property
    def model_has_changed(self) -> bool:
        """Whether the model folder holds another model by now, or none."""
        try:
            return file_sha256(self._manifest) != self.model_sha256
        except OSError:
            return True

    def statistics(self) -> dict[str, tuple[str, float]]:
        """Return numbers by their name, each with a sentence about what it is."""
        queue = self._queue
        return {
            "clips_known": ("Clips that can be asked about.", len(self._clips)),
            "clips_known_bytes": ("Bytes that they take on the disk.", self._clips.num_bytes),
            "clips_waiting": ("Clips that are being encoded or wait for it.", len(self._jobs)),
            "clips_encoded_total": ("Clips that were encoded.", self._num_encoded),
            "clips_failed_total": ("Clips that could not be encoded.", self._num_failed),
            "encoder_starts_total": ("Starts of the process that encodes.", self._clip_encoder.num_starts),
            "questions_waiting": ("Questions that wait for a batch.", len(queue)),
            "questions_answered_total": (
                "Questions that the model answered.",
                sum(size * number for size, number in self.batch_sizes.items()),
            ),
            "kept_answers_given_total": ("Answers given again.", self._num_kept_answers_given),
            "explanations_waiting": ("Answers that wait to be explained.", self._num_explaining),
            "explanations_total": ("Answers that were explained.", self._num_explained),
            "model_changed": ("1: the folder of the model holds another one by now.", self.model_has_changed),
        }

    @property
    def batch_sizes(self) -> dict[int, int]:
        """Questions that the model answered at once -> how often."""
        return dict(self._queue.batch_sizes)

    async def close(self) -> None:
        """Finish what is running, refuse what is waiting, end the process, and remove the folder."""
        self._is_stopping = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        for pool in (self._encoding, self._explaining):
            pool.shutdown(wait=True, cancel_futures=True)
        self._queue.close()
        self._clips.close()
        self._clip_encoder.close()
        self._remove_folder()
        atexit.unregister(self._remove_folder)

    def _remove_folder(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _warm_up(self) -> None:
        """Build the model and answer once, so that the first caller does not wait for its compilation."""
        model = self._qa.model
        shape = next((model.input[name].shape for name in ("features", "clip") if name in model.input), None)
        grid = np.full((self._qa.folder.config.sampling.num_frames, *(shape or (1, 1, 1))[2:]), 0.5)
        sampled = SampledClip(grid.astype(np.uint8 if "clip" in model.input else np.float16))
        answer_inquiries(self._qa, [Inquiry(sampled, "a")], self._halves)
        if self.model_has_changed:
            raise Refusal(f"{self._qa.folder.path} was changed while it was loaded. Start again.")

    def _new_job(self, file: Path, clip_id: str, name: str) -> _Job:
        handle, upload = tempfile.mkstemp(prefix="upload-", dir=self._clip_folders)
        os.close(handle)
        os.replace(file, upload)

        async def run() -> KnownClip:
            loop = asyncio.get_running_loop()
            try:
                return await loop.run_in_executor(
                    self._encoding, self._encode, Path(upload), clip_id, name, job
                )
            finally:
                self._jobs.pop(clip_id, None)
                if not job.is_running:
                    Path(upload).unlink(missing_ok=True)

        job = _Job(asyncio.get_running_loop().create_task(run()))
        job.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # they may be unheard
        self._jobs[clip_id] = job
        return job

    async def _result_of(self, job: _Job) -> KnownClip:
        job.num_waiting += 1
        try:
            return await asyncio.shield(job.task)
        except asyncio.CancelledError:
            if self._is_stopping and job.task.cancelled():
                raise Stopping from None
            raise
        finally:
            job.num_waiting -= 1
            if not job.num_waiting and not job.is_running:
                job.task.cancel()

    def _encode(self, upload: Path, clip_id: str, name: str, job: _Job) -> KnownClip:
        """Have a clip encoded, and return it known; runs in the thread of `_encoding`."""
        job.is_running = True
        began = time.monotonic()
        folder: Path | None = None
        try:
            folder = Path(tempfile.mkdtemp(prefix=f"{clip_id[:16]}-", dir=self._clip_folders))
            made = self._clip_encoder.encode(upload, folder, name)
        except BaseException:
            self._num_failed += 1
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            upload.unlink(missing_ok=True)
        clip = KnownClip(
            id=clip_id,
            name=name,
            duration_seconds=made["duration_seconds"],
            timestamps_seconds=tuple(made["seen_seconds"]),
            notes=tuple(made["notes"]),
            num_frames=len(made["seen_seconds"]),
            grid_seconds=tuple(made["grid_seconds"]),
            folder=folder,
            num_bytes=sum(path.stat().st_size for path in folder.iterdir()),
        )
        self._clips.add(clip)
        self._num_encoded += 1
        self._seconds_of_a_clip = 0.8 * self._seconds_of_a_clip + 0.2 * (time.monotonic() - began)
        return clip

    def _form(self, question: str) -> Hashable:
        """Return what is equal for questions that get the same answer; refuse one that is too long."""
        vocabulary = self._qa.folder.vocabulary
        if vocabulary is None:
            return ""
        most = self._config.max_question_characters
        if isinstance(question, str) and len(question) > most:
            requirement = f"have at most {most:,} characters; this has {len(question):,}"
            raise Refusal("question", requirement, question[:40] + "...")
        check_question(question)
        return matching_form(question), tuple(vocabulary.tokenize(question))

    def _answer_all(self, pending: list[_Pending]) -> list[dict[str, Any] | Exception]:
        """Return the answers to questions, or why there is none; runs in the thread of the queue."""
        found: list[dict[str, Any] | Exception] = []
        inquiries: list[Inquiry] = []
        for each in pending:
            try:
                sampled = self._clips.sampled(each.clip)
            except UnknownClip as error:
                found.append(error)
                continue
            found.append({})
            notes = self._qa.notes + each.clip.notes
            inquiries.append(
                Inquiry(sampled, each.question, each.unknown_words, notes, each.thresholds, each.top_k)
            )
        answers = iter(answer_inquiries(self._qa, inquiries, self._halves) if inquiries else ())
        return [each if isinstance(each, Exception) else next(answers).to_dict() for each in found]

    async def _evidence_of(self, clip: KnownClip, question: str, form: Hashable) -> dict[str, Any]:
        key = (clip.id, form)
        kept = self._evidence.get(key)
        if kept is not None:
            return kept
        if self._is_stopping:
            raise Stopping
        if self._num_explaining >= self._config.max_waiting:
            raise Busy(f"{self._num_explaining} answers are waiting to be explained.")
        self._num_explaining += 1
        try:
            loop = asyncio.get_running_loop()
            evidence = await loop.run_in_executor(self._explaining, self._explain, clip, question)
        finally:
            self._num_explaining -= 1
        self._num_explained += 1
        self._evidence.put(key, evidence)
        return evidence

    def _explain(self, clip: KnownClip, question: str) -> dict[str, Any]:
        """Return what an answer rests on; in a thread of its own, as it takes many passes of the model."""
        asked = Asked(self._qa, question, None, self._clips.sampled(clip))
        return evidence_of(asked, clip, self._encoder)

    def _forget(self, clip_id: str) -> None:
        self._answers.drop(lambda key: key[0] == clip_id)
        self._evidence.drop(lambda key: key[0] == clip_id)


class _Kept(Generic[Value]):
    """The most recently used values; threads may use it at the same time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)

    def drop(self, is_unwanted: Callable[[Any], bool]) -> None:
        with self._lock:
            for key in [key for key in self._values if is_unwanted(key)]:
                del self._values[key]


def _with_own_backbone(qa: VideoQA, folder: Path) -> Any:
    """Return the configuration for encoding, with a copy of weights that lie in the model folder.

    The process that encodes may start again when that folder holds another model.
    """
    config = qa.folder.encoder_config
    weights = qa.folder.path / BACKBONE_WEIGHTS
    if not config.has_backbone or not weights.exists():
        return config
    copy = shutil.copyfile(weights, folder / BACKBONE_WEIGHTS)
    own = dataclasses.replace(config, backbone_weights=str(copy))
    if qa.folder.backbone and FrameEncoder(own).identity != qa.folder.backbone:
        raise Refusal(f"{qa.folder.path} was changed since it was loaded. Start again.")
    return own
