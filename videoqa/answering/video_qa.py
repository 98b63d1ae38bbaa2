"""A loaded model that answers questions: the network, the encoder and the features it has seen."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._checks import Refusal, check_integer, check_number
from videoqa.evaluation.prediction import places_seen, predict_probabilities
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import clip_features
from videoqa.features.frame_encoder import FrameEncoder, encode_frames
from videoqa.features.kept_frames import FrameKeeper
from videoqa.input_pipeline import Examples
from videoqa.saving import ModelFolder
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.sampling import grid_indices
from videoqa.video.transforms import check_frames, resize_and_crop

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Answer:
    """The answer to one question about one clip; prints as its text.

    Attributes:
        text: the most probable answer.
        probability: of `text`, in [0, 1].
        alternatives: ranked (answer, probability) pairs, `text` first.
        unknown_words: words of the question that no training question had.
        notes: what to know before trusting it, one sentence each.
        timestamps_seconds: of the frames that the model saw, each once, in order; empty for an array and
            for a blind model.
    """

    text: str
    probability: float
    alternatives: tuple[tuple[str, float], ...]
    unknown_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    timestamps_seconds: tuple[float, ...] = ()

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as one JSON-ready object."""
        return {
            "text": self.text,
            "probability": self.probability,
            "alternatives": [{"answer": answer, "probability": value} for answer, value in self.alternatives],
            "unknown_words": list(self.unknown_words),
            "notes": list(self.notes),
            "timestamps_seconds": list(self.timestamps_seconds),
        }


class VideoQA:
    """A model folder ready to answer; make it with `videoqa.load`.

    Args:
        folder: checked contents of a model folder.
        notes: sentences that go with every answer.
        cache: where features are kept; None: the default one.
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
        """The network, starting from features, or from clips if it has no backbone."""
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
    ) -> Answer:
        """Return the answer to a question about a clip; for an action model the label of the clip.

        Asked again about the same file, nothing is decoded or encoded, but for models that see the frames
        themselves. Where the model is scored by several windows of a clip, their probabilities are averaged.

        Args:
            video: path of a video file, or uint8 RGB frames `(num_frames, height, width, 3)`.
            question: free text; an action model needs none.
            top_k, start_seconds, end_seconds, fps: see `ask_many`.

        Raises:
            ValueError, FileNotFoundError, DecodingError: see `ask_many`.
        """
        return self.ask_many(
            video, [question], top_k=top_k, start_seconds=start_seconds, end_seconds=end_seconds, fps=fps
        )[0]

    def ask_many(
        self,
        video: str | os.PathLike[str] | np.ndarray,
        questions: Sequence[str],
        *,
        top_k: int = 5,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        fps: float | None = None,
    ) -> list[Answer]:
        """Return the answers to several questions about one clip: it is decoded once, they are one batch.

        Args:
            video: path of a video file, or uint8 RGB frames `(num_frames, height, width, 3)`.
            questions: free texts; all are checked before the clip is looked at.
            top_k: length of `alternatives`.
            start_seconds, end_seconds: part `[start, end)` of a file to look at; None: from its beginning,
                to its end.
            fps: frames per second of an array, needed by a model that takes some of each second.

        Raises:
            ValueError: no question, an empty or over-long one, one of unknown words only, a segment outside
                the video, an array of another dtype or shape or without a needed `fps`, or too few frames
                where such clips are skipped.
            FileNotFoundError: no such file.
            DecodingError: the file cannot be decoded.
        """
        check_integer("top_k", top_k, minimum=1)
        if isinstance(questions, str) or not isinstance(questions, Sequence) or not questions:
            requirement = "be a list of at least one question"
            raise Refusal("questions", requirement, questions, "For one question call `ask`.")
        unknown = [self._check_question(question) for question in questions]
        clip, timestamps = self._clip(video, start_seconds, end_seconds, fps)
        examples = self._examples(clip, list(questions))
        num_test_clips = self.folder.config.sampling.num_test_clips
        rows = predict_probabilities(self.model, examples, num_test_clips=num_test_clips)
        seen = places_seen(examples, 0, num_test_clips=num_test_clips) if timestamps else ()
        times = tuple(dict.fromkeys(timestamps[place] for place in seen))
        return [self._answer(*row, times, top_k) for row in zip(rows, unknown, strict=True)]

    def predict(
        self,
        videos: str | os.PathLike[str] | None = None,
        *,
        data: Any = None,
        num_test_clips: int | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> "pd.DataFrame":
        """Return a table of answers about many clips; arguments and result are those of `videoqa.predict`."""
        from videoqa.answering.predict import predict

        return predict(self, videos, data=data, num_test_clips=num_test_clips, out=out, progress=progress)

    def _answer(
        self, probabilities: np.ndarray, unknown: list[str], timestamps: tuple[float, ...], top_k: int
    ) -> Answer:
        order = np.argsort(-probabilities, kind="stable")[:top_k]
        ranked = tuple((self.answers[index], float(probabilities[index])) for index in order)
        notes = self.notes
        if unknown:
            notes += (f"Words never seen in training: {', '.join(unknown)}.",)
        return Answer(*ranked[0], ranked, tuple(unknown), notes, timestamps)

    def _check_question(self, question: str) -> list[str]:
        """Refuse a question that cannot be answered and return its unknown words."""
        return [] if self.folder.vocabulary is None else self.folder.vocabulary.check_known(question)

    def _clip(
        self, video: Any, start_seconds: float | None, end_seconds: float | None, fps: float | None
    ) -> tuple[np.ndarray, tuple[float, ...]]:
        """Return what the model sees of a clip's grid, and the timestamps of the frames behind it.

        That is features float16 `(grid, feature_dim)`, or uint8 frames for a model without a backbone.
        """
        sampling = self.folder.config.sampling
        if isinstance(video, (str, os.PathLike)):
            if fps is not None:
                raise Refusal("fps", "be None for a file, which says when its frames are shown", fps)
            request = ClipRequest(os.fspath(video), start_seconds, end_seconds)
            if isinstance(self.encoder, FrameEncoder):
                return clip_features(request, sampling, cache=self.cache, encoder=self.encoder)
            decoded = decode(request, sampling, frame_size=self.encoder.frame_size)
            return decoded.frames, tuple(decoded.timestamps_seconds.tolist())
        requirement = "be a path, or uint8 RGB frames (num_frames, height, width, 3)"
        frames = check_frames("video", video, requirement)
        if start_seconds is not None or end_seconds is not None:
            advice = "Cut the array itself."
            raise Refusal("start_seconds", "be None for an array of frames", start_seconds, advice)
        if fps is not None:
            check_number("fps", fps, minimum=0.001, maximum=1000)
        chosen = frames[grid_indices(len(frames), sampling, fps)]
        if isinstance(self.encoder, FrameEncoder):
            return encode_frames(chosen, self.encoder), ()
        return np.stack([resize_and_crop(frame, self.encoder.frame_size) for frame in chosen]), ()

    def _examples(self, clip: np.ndarray, questions: list[str]) -> Examples:
        """Return a clip's grid with each of the questions as what the model takes."""
        config, vocabulary = self.folder.config, self.folder.vocabulary
        sampling, model = config.sampling, config.model
        if sampling.short_clips == "skip" and len(clip) < sampling.num_frames:
            requirement = f"have at least num_frames={sampling.num_frames} frames in its grid"
            raise Refusal("video", requirement, f"{len(clip)} frames")
        return Examples(
            [clip] if model.sees_video else None,
            np.zeros(len(questions), np.int64),
            None if vocabulary is None else vocabulary.encode(questions),
            np.zeros(len(questions), np.int32),
            sampling.num_frames,
            clip_input="features" if model.has_backbone else "clip",
            short_clips=sampling.short_clips,
            with_mask=model.facts.needs_mask,
        )
