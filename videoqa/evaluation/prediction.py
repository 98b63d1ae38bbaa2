"""Predicts the answer probabilities of examples with a built model, batch by batch."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from videoqa._progress import progress_bar
from videoqa.evaluation.inference import inference_function, inference_with_hidden, windows_at_once
from videoqa.input_pipeline import Examples
from videoqa.text.answers import AnswerList
from videoqa.video.sampling import window_starts_spread

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Predictions:
    """The predictions of a model.

    Attributes:
        probabilities: float32 `(num_examples, num_answers)`, the mean over the windows of a clip, and over
            their frames if the model labels frames; zeros if the video failed.
        frame_classes: for each example the answer id of each frame the model saw, int64 `(num_seen,)` in the
            order of time. A frame in several windows has the mean of their probabilities. Empty if the video
            failed. None for a model that labels whole clips.
        hidden: float32 `(num_examples, units)`, what went into the last layer, the mean over windows (and
            frames); zeros if the video failed. None: it was not asked for.
    """

    probabilities: np.ndarray
    frame_classes: list[np.ndarray] | None
    hidden: np.ndarray | None = None


def predict_examples(
    model: "keras.Model",
    examples: Examples,
    *,
    batch_size: int | None = None,
    num_test_clips: int = 1,
    with_hidden: bool = False,
    progress: bool = False,
) -> Predictions:
    """Return the softmax of every example, averaged over evenly spaced windows of its clip.

    Args:
        model: takes the inputs of `examples`.
        examples: rows; those whose video failed (`clip_index` −1) get zeros.
        batch_size: windows per call of the model; None: `windows_at_once`.
        num_test_clips: windows of each clip; 1: the centre window.
        with_hidden: return the outputs of the last hidden layer too.
        progress: show a bar on a terminal.
    """
    call = inference_with_hidden(model) if with_hidden else inference_function(model)
    batch_size = batch_size or windows_at_once(model, examples.num_frames)
    averages = _Averages(examples, model.output_shape)
    usable = np.flatnonzero(examples.clip_index >= 0)
    rows, starts = windows_of(examples, usable, num_test_clips)
    begins: Iterable[int] = range(0, len(rows), batch_size)
    if progress:  # a hidden bar takes a tenth of the time of one question
        begins = progress_bar(begins, desc="predicting", unit="batch", leave=False)
    for begin in begins:
        part = slice(begin, begin + batch_size)
        inputs = examples.model_inputs(rows[part], starts[part])
        outputs = call(inputs)
        answers, hidden = outputs if isinstance(outputs, tuple) else (outputs, None)
        averages.add(rows[part], starts[part], answers, hidden, inputs.get("mask"))
    return averages.finish()


def best_answers(probabilities: np.ndarray, answers: AnswerList) -> list[str | None]:
    """Return the most probable answer of each row; None if all are 0 because the video failed."""
    best = [answers.answers[index] for index in probabilities.argmax(axis=1)]
    return [answer if row.any() else None for answer, row in zip(best, probabilities, strict=True)]


def places_seen(examples: Examples, row: int, *, num_test_clips: int = 1) -> np.ndarray:
    """Return the grid positions of the frames that `predict_examples` reads for one example.

    Returns:
        int64 `(num_seen,)`, increasing; empty for a blind model.
    """
    if examples.clips is None:
        return np.zeros(0, np.int64)
    _, starts = windows_of(examples, np.array([row]), num_test_clips)
    return np.unique(np.concatenate([examples.window_frames(row, int(start)) for start in starts]))


def windows_of(examples: Examples, rows: np.ndarray, num_windows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the start of every window, two int64 `(num_windows,)`, ordered by row."""
    if examples.clips is None or num_windows == 1:
        return rows, examples.center_starts(rows)
    lengths = examples.grid_lengths[examples.clip_index[rows]]
    starts = [window_starts_spread(int(length), examples.num_frames, num_windows) for length in lengths]
    counts = [len(each) for each in starts]
    return np.repeat(rows, counts), np.concatenate([*starts, np.zeros(0, np.int64)])


class _Averages:
    """Averages probabilities over windows, and over frames if the model labels frames."""

    def __init__(self, examples: Examples, output_shape: tuple[int | None, ...]) -> None:
        self._examples = examples
        self._sums = np.zeros((len(examples), int(output_shape[-1] or 0)), np.float32)
        self._counts = np.zeros(len(examples), np.float32)
        self._hidden: np.ndarray | None = None
        self._by_frame = len(output_shape) == 3
        self._frame_classes = [np.zeros(0, np.int64)] * len(examples)
        self._row = -1
        self._frames = np.zeros((0, 0), np.float32)

    def add(
        self,
        rows: np.ndarray,
        starts: np.ndarray,
        outputs: np.ndarray,
        hidden: np.ndarray | None,
        mask: np.ndarray | None,
    ) -> None:
        """Add the outputs for one window of each of `rows`; rows come in ascending order."""
        if self._by_frame:
            there = np.ones(outputs.shape[:2], bool) if mask is None else mask
            for row, start, output, present in zip(rows, starts, outputs, there, strict=True):
                self._add_frames(int(row), int(start), output[present])
            weights = there[..., None].astype(np.float32)
            totals = np.maximum(weights.sum(axis=1), 1)
            outputs = (outputs * weights).sum(axis=1) / totals
            hidden = None if hidden is None else (hidden * weights).sum(axis=1) / totals
        if hidden is not None:
            if self._hidden is None:
                self._hidden = np.zeros((len(self._sums), hidden.shape[1]), np.float32)
            np.add.at(self._hidden, rows, hidden)
        np.add.at(self._sums, rows, outputs)
        np.add.at(self._counts, rows, 1)

    def finish(self) -> Predictions:
        """Return the averages of all rows."""
        self._end_row()
        counts = np.maximum(self._counts, 1)[:, None]
        hidden = None if self._hidden is None else self._hidden / counts
        return Predictions(self._sums / counts, self._frame_classes if self._by_frame else None, hidden)

    def _add_frames(self, row: int, start: int, probabilities: np.ndarray) -> None:
        if row != self._row:
            self._end_row()
            length = int(self._examples.grid_lengths[self._examples.clip_index[row]])
            self._row, self._frames = row, np.zeros((length, probabilities.shape[-1]), np.float32)
        np.add.at(self._frames, self._examples.window_frames(row, start), probabilities)

    def _end_row(self) -> None:
        """Choose the class of each frame of the finished row; windows that share a frame count equally."""
        if self._row >= 0:
            seen = self._frames.any(axis=1)
            self._frame_classes[self._row] = self._frames[seen].argmax(axis=1)
        self._row = -1
