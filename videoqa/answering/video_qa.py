"""A loaded model that answers questions: the network, the encoder and the features it has seen."""

import os
from functools import cached_property
from typing import Any

import numpy as np

from videoqa._checks import check_integer, refusal
from videoqa.answering.answer import Answer
from videoqa.evaluation.prediction import inference_function
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import clip_features
from videoqa.features.frame_encoder import FrameEncoder, encode_frames
from videoqa.saving import ModelFolder
from videoqa.video.decoding import ClipRequest
from videoqa.video.sampling import grid_indices, window_start_center


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
        self.encoder = FrameEncoder(folder.encoder_config)

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
        """The network, starting from features."""
        return self.folder.build()

    def ask(
        self,
        video: str | os.PathLike[str] | np.ndarray,
        question: str = "",
        *,
        top_k: int = 5,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
    ) -> Answer:
        """Return the answer to a question about a clip; for an action model the label of the clip.

        Asked again about the same file, nothing is decoded or encoded.

        Args:
            video: path of a video file, or uint8 RGB frames `(num_frames, height, width, 3)`.
            question: free text; an action model needs none.
            top_k: length of `alternatives`.
            start_seconds, end_seconds: part `[start, end)` of a file to look at; None: from its beginning,
                to its end.

        Raises:
            ValueError: an empty or over-long question, one of unknown words only, a segment outside the
                video, or an array of another dtype or shape.
            FileNotFoundError: no such file.
            DecodingError: the file cannot be decoded.
        """
        check_integer("top_k", top_k, minimum=1)
        unknown = self._check_question(question)
        features, timestamps = self._features(video, start_seconds, end_seconds)
        probabilities = self._probabilities(features, question)
        order = np.argsort(-probabilities, kind="stable")[:top_k]
        ranked = tuple((self.answers[index], float(probabilities[index])) for index in order)
        notes = self.notes
        if unknown:
            notes += (f"Words never seen in training: {', '.join(unknown)}.",)
        return Answer(*ranked[0], ranked, tuple(unknown), notes, timestamps)

    def _check_question(self, question: str) -> list[str]:
        """Refuse a question that cannot be answered and return its unknown words."""
        return [] if self.folder.vocabulary is None else self.folder.vocabulary.check_known(question)

    def _features(
        self, video: Any, start_seconds: float | None, end_seconds: float | None
    ) -> tuple[np.ndarray, tuple[float, ...]]:
        """Return float16 `(grid, feature_dim)` and the timestamps of the frames behind them."""
        sampling = self.folder.config.sampling
        if isinstance(video, (str, os.PathLike)):
            request = ClipRequest(os.fspath(video), start_seconds, end_seconds)
            return clip_features(request, sampling, cache=self.cache, encoder=self.encoder)
        frames = _check_frames(video)
        if start_seconds is not None or end_seconds is not None:
            advice = "Cut the array itself."
            raise ValueError(
                refusal("start_seconds", "be None for an array of frames", start_seconds, advice)
            )
        chosen = frames[grid_indices(len(frames), sampling)]
        return encode_frames(chosen, self.encoder).astype(np.float16), ()

    def _probabilities(self, features: np.ndarray, question: str) -> np.ndarray:
        """Return the softmax over `answers`, float32 `(num_answers,)`."""
        num_frames = self.folder.config.sampling.num_frames
        start = window_start_center(len(features), num_frames)
        inputs: dict[str, np.ndarray] = {}
        if self.folder.config.model.video_branch != "none":
            inputs["features"] = features[None, start : start + num_frames].astype(np.float32)
        if self.folder.vocabulary is not None:
            inputs["question"] = self.folder.vocabulary.encode([question])
        return inference_function(self.model)(inputs)[0]


def _check_frames(frames: Any) -> np.ndarray:
    requirement = "be a path, or uint8 RGB frames (num_frames, height, width, 3)"
    if not isinstance(frames, np.ndarray):
        raise ValueError(refusal("video", requirement, type(frames).__name__))
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
        raise ValueError(refusal("video", requirement, f"{frames.dtype} array of shape {frames.shape}"))
    return frames
