"""`VideoQA`: a loaded model that answers questions, and the `Answer` that it gives."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from videoqa._checks import Refusal, check_integer, check_number
from videoqa._counted import counted
from videoqa._files import write_bytes
from videoqa._fork import check_not_forked
from videoqa.answering.asked import Asked, SampledClip
from videoqa.config import SamplingConfig
from videoqa.data.file_names import find_video
from videoqa.evaluation.evidence import Evidence
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import clip_features
from videoqa.features.frame_encoder import FrameEncoder, encode_frames
from videoqa.features.kept_frames import FrameKeeper
from videoqa.features.known_damage import clip_damages
from videoqa.input_pipeline import Examples
from videoqa.saving import ModelFolder
from videoqa.trust.trust import MIN_FAMILIARITY, Thresholds
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.files import refuse_url
from videoqa.video.sampling import grid_indices
from videoqa.video.transforms import check_frames, resize_and_crop

if TYPE_CHECKING:
    import pandas as pd

    from videoqa.answering.watched import WatchedWindow

CANNOT_JUDGE = (
    "This model cannot judge its answers, because an earlier version wrote it. Train it again to be told "
    "when it does not know."
)
BLIND_CANNOT_JUDGE = "This model cannot judge its answers, because it never sees the video."


def notes_on_judging(folder: ModelFolder) -> tuple[str, ...]:
    """Return why a model cannot judge its answers, one sentence, or nothing if it can."""
    if folder.trust is not None:
        return ()
    return (CANNOT_JUDGE,) if folder.config.model.sees_video else (BLIND_CANNOT_JUDGE,)


@dataclass(frozen=True)
class Answer:
    """The answer to one question about one clip; `print` shows its text, or that the model does not know.

    Attributes:
        text: the most probable answer, also where it is not reliable.
        probability: of `text`, in [0, 1]; calibrated if the model had 20 validation rows or more.
        alternatives: (answer, probability) pairs, the most probable first; the first is `text`.
        unknown_words: words of the question that no training question had.
        notes: warnings about the answer, one sentence each.
        timestamps_seconds: times of the frames that the model saw, increasing, without repeats; empty for an
            array of frames and for a blind model.
        why_not: why the answer is not reliable: an unfamiliar clip, an unfamiliar question, or too low a
            probability; a clause each.
        likely: the most probable answers, of which one is right in 90 % of clips like those trained on; all
            answers of the model if it had fewer than 9 validation videos; empty if it cannot say.
        familiarity: share of held-out clips that look at least as strange as this one, in [0, 1]; near 0 the
            clip is of another kind; None if the model cannot judge.

    It is equal to another one with the same attributes. A copy, or one that was pickled, cannot be explained.

    Example:
        >>> answer = videoqa.ask(videoqa.sample_clip("empty"), "what is he doing?")
        >>> answer.is_reliable, answer.familiarity
        (False, 0.0)
        >>> answer.why_not
        ('this clip is unlike the 1,568 clips this model was trained on',)
    """

    text: str
    probability: float
    alternatives: tuple[tuple[str, float], ...]
    unknown_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    timestamps_seconds: tuple[float, ...] = ()
    why_not: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    familiarity: float | None = None
    _asked: ClassVar[Asked | None] = None
    """Of an answer that `ask` gave, in its `__dict__`: no field, so that `asdict` leaves the model out."""

    @property
    def is_reliable(self) -> bool:
        """Whether nothing speaks against the answer that the model can see."""
        return not self.why_not

    def __str__(self) -> str:
        if self.is_reliable:
            return self.text
        return f"I don't know: {self.why_not[0]} (best guess: {self.text}, {100 * self.probability:.0f} %)."

    def __repr__(self) -> str:
        unsure = "" if self.is_reliable else ", is_reliable=False"
        return f"Answer({self.text!r}, probability={self.probability:.4f}{unsure})"

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as one JSON-ready object."""
        return {
            "text": self.text,
            "shown": str(self),
            "is_reliable": self.is_reliable,
            "why_not": list(self.why_not),
            "likely": list(self.likely),
            "familiarity": self.familiarity,
            "probability": self.probability,
            "alternatives": [{"answer": answer, "probability": value} for answer, value in self.alternatives],
            "unknown_words": list(self.unknown_words),
            "notes": list(self.notes),
            "timestamps_seconds": list(self.timestamps_seconds),
        }

    @cached_property
    def evidence(self) -> Evidence:
        """Why `text` and not the runner-up: found when first asked for, by some more passes of the model.

        Raises:
            ValueError: a copied or pickled answer, which no longer knows its clip.
            FileNotFoundError, DecodingError: the file of a model that reads frames is gone or changed.
        """
        return self._source().find_evidence()

    def evidence_for(self, answer: str, against: str) -> Evidence:
        """Return why one answer and not another, whatever the best one is.

        Args:
            answer, against: two answers that the model can give.

        Raises:
            ValueError, FileNotFoundError, DecodingError: another answer, and as `evidence`.
        """
        return self._source().find_evidence((answer, against))

    def explain(self, path: str | os.PathLike[str]) -> Path:
        """Write why the answer was given as one picture, and return its path.

        It shows the question with the contribution of each word, frames on a time line with the contribution
        of each moment, where in the three that count most, and the ranked answers.

        Args:
            path: a file ending in .png, written whole or not at all.

        Raises:
            ValueError: another suffix, the video itself, or as `evidence`.
            FileNotFoundError, PermissionError: it cannot be written there.
        """
        from videoqa.answering.explaining import check_picture, explanation_of
        from videoqa.evaluation.evidence_plot import explanation_png

        asked = self._source()
        target = check_picture("path", path, None if asked.request is None else asked.request.path)
        write_bytes(target, explanation_png(explanation_of(self, asked)))
        return target

    def _repr_html_(self) -> str:
        from videoqa.answering.explaining import answer_html

        return answer_html(self, self._asked)

    def _source(self) -> Asked:
        if self._asked is None:
            raise Refusal(
                "This answer was copied or read back and no longer knows its clip. Ask the question again."
            )
        return self._asked

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_asked"}


class VideoQA:
    """A loaded model that answers questions; `videoqa.load` makes one.

    Args:
        folder: checked contents of a model folder.
        notes: sentences added to every answer.
        cache: feature cache; None: the default one.
    """

    def __init__(
        self, folder: ModelFolder, *, notes: tuple[str, ...] = (), cache: FeatureCache | None = None
    ) -> None:
        self.folder = folder
        self.notes = notes
        self.notes_said: set[str] = set()
        self.cache = FeatureCache() if cache is None else cache
        model, sampling = folder.encoder_config, folder.config.sampling
        self.encoder = FrameEncoder(model) if model.has_backbone else FrameKeeper(model, sampling)

    def __repr__(self) -> str:
        return f"VideoQA({str(self.folder.path)!r}, task={self.task!r}, num_answers={len(self.answers)})"

    def __fspath__(self) -> str:
        """Return its folder, so that it can be given wherever a model folder is wanted."""
        return str(self.folder.path)

    @property
    def task(self) -> str:
        """The task it was trained for."""
        return self.folder.config.model.task

    @property
    def answers(self) -> tuple[str, ...]:
        """All answers it can give."""
        return self.folder.answers.answers

    @cached_property
    def model(self) -> Any:
        """The network; it reads features, or clips if it has no backbone."""
        return self.folder.build()

    def ask(
        self,
        video: str | os.PathLike[str] | np.ndarray,
        question: str = "",
        *,
        top_k: int = 5,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        fps: float | None = None,
        min_familiarity: float = MIN_FAMILIARITY,
        min_probability: float | None = None,
    ) -> Answer:
        """Return the answer to a question about a clip; an action model returns the label of the clip.

        A second question about the same file reads its features from the cache; a model without a backbone
        decodes again. Probabilities are averaged over as many windows as the model is scored with.

        Args:
            video: path of a video file, or uint8 RGB frames `(num_frames, height, width, 3)`.
            question: free text; an action model needs none.
            top_k, start_seconds, end_seconds, fps, min_familiarity, min_probability: see `ask_many`.

        Raises:
            ValueError, FileNotFoundError, DecodingError: see `ask_many`.
        """
        return self.ask_many(
            video, [question], top_k=top_k, start_seconds=start_seconds, end_seconds=end_seconds, fps=fps,
            min_familiarity=min_familiarity, min_probability=min_probability,
        )[0]  # fmt: skip

    def ask_many(
        self,
        video: str | os.PathLike[str] | np.ndarray,
        questions: Sequence[str],
        *,
        top_k: int = 5,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        fps: float | None = None,
        min_familiarity: float = MIN_FAMILIARITY,
        min_probability: float | None = None,
    ) -> list[Answer]:
        """Return the answers to several questions about one clip, which is decoded once.

        Args:
            video: path of a video file, or uint8 RGB frames `(num_frames, height, width, 3)`. If nothing is
                there, the one file whose path is equal but for its spelling, which `notes` then say.
            questions: free texts; all are checked before the clip is decoded.
            top_k: length of `alternatives`.
            start_seconds, end_seconds: use the part `[start, end)` of a file; None: its beginning, its end.
            fps: frames per second of an array; a model with `frames_per_second` needs it.
            min_familiarity: an answer about a less familiar clip is not reliable.
            min_probability: a less probable answer is not reliable; None: 0.5 if the model is calibrated.

        Raises:
            ValueError: a threshold outside [0, 1], no question, an empty or too long one, one with unknown
                words only, a segment outside the video, an array of another dtype or shape or without a
                needed `fps`, or too few frames for a model that skips short clips.
            FileNotFoundError: no such file.
            DecodingError: the file cannot be decoded.
        """
        from videoqa.answering.inquiries import Inquiry, answer_inquiries

        check_not_forked("ask")
        check_integer("top_k", top_k, minimum=1)
        thresholds = Thresholds(min_familiarity, min_probability)
        if isinstance(questions, str) or not isinstance(questions, Sequence) or not questions:
            requirement = "be a list of at least one question"
            raise Refusal("questions", requirement, questions, "For one question call `ask`.")
        notes = self.notes
        if isinstance(video, (str, os.PathLike)):
            refuse_url("video", video)
            video, found = find_video(video)
            notes += tuple(found)
        unknown = [self.unknown_words(question) for question in questions]
        clip, request = self._clip(video, start_seconds, end_seconds, fps)
        notes += self._notes_on_damage(video, start_seconds, end_seconds)
        answers = answer_inquiries(
            self,
            [
                Inquiry(clip, question, tuple(words), notes, thresholds, top_k)
                for question, words in zip(questions, unknown, strict=True)
            ],
        )
        too_large = request is not None and not self.folder.config.model.has_backbone
        for answer, question in zip(answers, questions, strict=True):
            vars(answer)["_asked"] = Asked(self, question, request, None if too_large else clip)
        return answers

    def predict(
        self,
        videos: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
        *,
        data: Any = None,
        num_test_clips: int | None = None,
        out: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        min_familiarity: float = MIN_FAMILIARITY,
        min_probability: float | None = None,
        progress: bool = True,
    ) -> "pd.DataFrame":
        """Return a table of answers about many clips, as `videoqa.predict` does."""
        from videoqa.answering.predict import predict

        options: dict[str, Any] = {"num_test_clips": num_test_clips, "out": out, "overwrite": overwrite}
        options |= {"min_familiarity": min_familiarity, "min_probability": min_probability}
        return predict(self, videos, data=data, progress=progress, **options)

    def watch(
        self, video: str | os.PathLike[str], questions: str | Sequence[str] = "", **options: Any
    ) -> "Iterator[WatchedWindow]":
        """Yield the answers about each window of a long video, as `videoqa.watch` with its `options` does."""
        from videoqa.answering.watch import watch

        return watch(video, questions, model=self, **options)

    def _notes_on_damage(
        self, video: Any, start_seconds: float | None, end_seconds: float | None
    ) -> tuple[str, ...]:
        """Return what is wrong with the pictures of a file, one sentence or none."""
        if not isinstance(video, (str, os.PathLike)):
            return ()
        request = ClipRequest(os.fspath(video), start_seconds, end_seconds)
        (damage,) = clip_damages([request], self.cache)
        return (f"The clip seems damaged: {damage}.",) if damage.num_suspect else ()

    def unknown_words(self, question: str) -> list[str]:
        """Return the words of a question that no training question had; an action model reads no words.

        Raises:
            ValueError: an empty or too long question, or one with unknown words only.
        """
        return [] if self.folder.vocabulary is None else self.folder.vocabulary.check_known(question)

    def _clip(
        self, video: Any, start_seconds: float | None, end_seconds: float | None, fps: float | None
    ) -> tuple[SampledClip, ClipRequest | None]:
        """Return the clip's frame grid, and what was read of a file; None for an array."""
        if isinstance(video, (str, os.PathLike)):
            if fps is not None:
                raise Refusal("fps", "be None for a file, which says when its frames are shown", fps)
            request = ClipRequest(os.fspath(video), start_seconds, end_seconds)
            return self.sample_file(request), request
        requirement = "be a path, or uint8 RGB frames (num_frames, height, width, 3)"
        frames = check_frames("video", video, requirement)
        if start_seconds is not None or end_seconds is not None:
            advice = "Cut the array itself."
            raise Refusal("start_seconds", "be None for an array of frames", start_seconds, advice)
        if fps is not None:
            check_number("fps", fps, minimum=0.001, maximum=1000)
        return self._sample_array(frames, fps), None

    def sample_file(self, request: ClipRequest) -> SampledClip:
        """Return the frame grid of a file, or of a segment of it.

        Raises:
            FileNotFoundError, ValueError, DecodingError: see `ask_many`.
        """
        sampling = self.folder.config.sampling
        if isinstance(self.encoder, FrameEncoder):
            return SampledClip(*clip_features(request, sampling, cache=self.cache, encoder=self.encoder))
        decoded = decode(request, sampling, frame_size=self.encoder.frame_size)
        return SampledClip(decoded.frames, tuple(decoded.timestamps_seconds.tolist()))

    def _sample_array(self, frames: np.ndarray, fps: float | None) -> SampledClip:
        numbers = grid_indices(len(frames), self.folder.config.sampling, fps)
        chosen = np.stack([resize_and_crop(frames[number], self.encoder.frame_size) for number in numbers])
        grid = encode_frames(chosen, self.encoder) if isinstance(self.encoder, FrameEncoder) else chosen
        return SampledClip(grid, frame_numbers=tuple(numbers.tolist()), frames=chosen)

    def examples(
        self, clips: Sequence[np.ndarray], questions: Sequence[str], clip_index: np.ndarray | None = None
    ) -> Examples:
        """Return one example per question.

        Args:
            clips: frame grids as the model reads them, at least one.
            questions: texts; an action model reads none.
            clip_index: int64 `(num_questions,)` into `clips`; None: all are about the first.

        Raises:
            ValueError: a clip that is too short for a model that skips such.
        """
        config, vocabulary = self.folder.config, self.folder.vocabulary
        sampling, model = config.sampling, config.model
        for clip in clips:
            check_long_enough(len(clip), sampling)
        return Examples(
            clips if model.sees_video else None,
            np.zeros(len(questions), np.int64) if clip_index is None else clip_index,
            None if vocabulary is None else vocabulary.encode(questions),
            np.zeros(len(questions), np.int32),
            sampling.num_frames,
            clip_input="features" if model.has_backbone else "clip",
            short_clips=sampling.short_clips,
            num_flow=model.num_flow,
            with_mask=model.facts.needs_mask,
        )


def check_long_enough(num_frames: int, sampling: SamplingConfig) -> None:
    """Refuse a clip with fewer frames in its grid than a model needs that skips short clips."""
    if sampling.short_clips == "skip" and num_frames < sampling.num_frames:
        requirement = f"have at least num_frames={sampling.num_frames} frames in its grid"
        raise Refusal("video", requirement, counted(num_frames, "frame"))
