"""Evidence for an answer: what the model loses when a moment of the clip or a word is hidden."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa.evaluation.prediction import places_seen, predict_examples, windows_of
from videoqa.input_pipeline import Examples
from videoqa.text.vocabulary import UNKNOWN_ID

if TYPE_CHECKING:
    import keras

HIDDEN_SHARE = 0.15
"""Share of a clip's frames that is hidden on each side of a frame, together with it.

A single hidden frame could be guessed from its neighbours. This share and what takes the frames' place were
chosen on drawn clips; see "Evidence" in `benchmarks/README.md`.
"""
MOST_HIDDEN, MOST_HIDDEN_OF_FRAMES = 64, 16
"""Moments hidden one by one; with a model that reads frames each costs a pass through all its layers."""
ROWS_AT_ONCE = 32
GREY = 127
WEIGHTS_LAYER = "video_weights"
"""Of the attention branch: a weight for each frame."""


@dataclass(frozen=True)
class Evidence:
    """Why a model prefers one answer to another.

    Everything is measured on the margin: the logarithm of the answer's probability over that of the other
    answer (0: equally likely, 2.3: ten times as likely), before calibration. A contribution is how much of
    the margin is lost when something is hidden; below 0 it spoke for the other answer.

    Attributes:
        answer: the answer that is explained.
        against: the answer it is compared with, usually the runner-up among the answers that training
            questions with the same beginning had; "" if the model has only one answer.
        margin: the whole margin.
        timestamps_seconds: time of each different frame that the model saw; () for an array of frames.
        frame_numbers: of an array, the place of each different frame that the model saw; () for a file.
        contributions: of each such frame, hidden together with 15 % of the clip before and after it; () for
            a blind model.
        attention: weight of each such frame, summing to 1; None unless the model weighs frames.
        words: of the question, with the contribution of each when it is left out; () for an action model.
    """

    answer: str
    against: str
    margin: float
    timestamps_seconds: tuple[float, ...] = ()
    frame_numbers: tuple[int, ...] = ()
    contributions: tuple[float, ...] = ()
    attention: tuple[float, ...] | None = None
    words: tuple[tuple[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the evidence as one JSON-ready object."""
        return {
            "answer": self.answer,
            "against": self.against,
            "margin": self.margin,
            "timestamps_seconds": list(self.timestamps_seconds),
            "frame_numbers": list(self.frame_numbers),
            "contributions": list(self.contributions),
            "attention": None if self.attention is None else list(self.attention),
            "words": [{"word": word, "contribution": value} for word, value in self.words],
        }

    def most_important(self, number: int = 3) -> list[int]:
        """Return the places of the frames that speak most for the answer, the strongest first.

        Neighbours that are hidden together count as one moment. Where no frame speaks for the answer, it is
        the one that speaks least against it.
        """
        reach, left = _reach(len(self.contributions)), list(self.contributions)
        chosen: list[int] = []
        while len(chosen) < number and max(left, default=-np.inf) > (0 if chosen else -np.inf):
            place = int(np.argmax(left))
            chosen.append(place)
            first = max(place - reach, 0)
            left[first : place + reach + 1] = [-np.inf] * len(left[first : place + reach + 1])
        return chosen


def find_evidence(
    model: "keras.Model",
    example: Examples,
    answers: Sequence[str],
    *,
    words: Sequence[str] = (),
    timestamps_seconds: Sequence[float] = (),
    frame_numbers: Sequence[int] = (),
    pair: tuple[int, int] | None = None,
    rivals: Collection[int] = (),
    num_test_clips: int = 1,
) -> Evidence:
    """Return what an answer rests on, from one batched prediction.

    Args:
        model: takes the inputs of `example`.
        example: one row.
        answers: of the model's classes.
        words: the tokens of the question.
        timestamps_seconds, frame_numbers: one of them, with the time or number of the frame at each place of
            the clip's grid; none for a blind model.
        pair: ids of the answer to explain and of the one to compare it with; None: the most probable answer
            and the runner-up.
        rivals: ids of the answers that may be the runner-up; none: all.
        num_test_clips: windows whose probabilities are averaged, as in `predict_examples`.
    """
    shown = None
    if example.clips is not None:
        places = places_seen(example, 0, num_test_clips=num_test_clips)
        marks = timestamps_seconds if len(timestamps_seconds) else frame_numbers
        shown = _Frames.of(marks, places)
    hidden = [] if shown is None else shown.stretches(example.clip_input)
    rows = _with_parts_hidden(example, shown, hidden)
    batch_size = ROWS_AT_ONCE if example.clip_input == "features" else None
    found = predict_examples(model, rows, batch_size=batch_size, num_test_clips=num_test_clips).probabilities
    best, other = _two_best(found[0], rivals) if pair is None else pair
    logs = np.log(np.maximum(found.astype(np.float64), np.finfo(np.float32).tiny))
    margins = logs[:, best] - logs[:, other]
    lost = (margins[0] - margins[1:]).tolist()
    lost_words = dict(enumerate(lost[len(hidden) :]))
    return Evidence(
        answers[best],
        answers[other] if other != best else "",
        float(margins[0]),
        timestamps_seconds=() if shown is None else shown.of_seen(timestamps_seconds),
        frame_numbers=() if shown is None else shown.of_seen(frame_numbers),
        contributions=() if shown is None else shown.for_all_seen(hidden, lost[: len(hidden)]),
        attention=None if shown is None else _attention(model, example, shown, num_test_clips),
        words=tuple((word, lost_words[place]) for place, word in enumerate(words) if place in lost_words),
    )


@dataclass(frozen=True)
class _Stretch:
    """Neighbouring frames to hide: places in `_Frames.runs`, `[first, stop)` around the `middle` one."""

    middle: int
    first: int
    stop: int


@dataclass(frozen=True)
class _Frames:
    """The different frames of a clip.

    Attributes:
        runs: places in the grid of each, int64 arrays, in the order of time; a grid may repeat frames.
        seen: which of `runs` the model saw, increasing.
    """

    runs: list[np.ndarray]
    seen: list[int]

    @classmethod
    def of(cls, marks: Sequence[float], places: np.ndarray) -> "_Frames":
        """Return the frames of a grid whose frame at each place has the time or number `marks`."""
        runs = np.split(np.arange(len(marks)), np.flatnonzero(np.diff(marks)) + 1)
        wanted = set(places.tolist())
        return cls(runs, [number for number, run in enumerate(runs) if wanted & set(run.tolist())])

    def of_seen(self, marks: Sequence[Any]) -> tuple[Any, ...]:
        """Return those of `marks`, one for each place of the grid, that belong to the seen frames."""
        return tuple(marks[int(self.runs[number][0])] for number in self.seen) if len(marks) else ()

    def stretches(self, clip_input: str) -> list[_Stretch]:
        """Return what is hidden: each seen frame with its neighbours, or evenly spaced ones of many."""
        most = MOST_HIDDEN if clip_input == "features" else MOST_HIDDEN_OF_FRAMES
        spread = np.linspace(0, len(self.seen) - 1, min(most, len(self.seen)))
        middles = [self.seen[place] for place in np.rint(spread).astype(int)]
        reach, last = _reach(len(self.seen)), len(self.runs)
        return [_Stretch(middle, max(middle - reach, 0), min(middle + reach + 1, last)) for middle in middles]

    def for_all_seen(self, hidden: Sequence[_Stretch], lost: Sequence[float]) -> tuple[float, ...]:
        """Return a contribution for each seen frame, on the line between those that were measured."""
        return tuple(np.interp(self.seen, [stretch.middle for stretch in hidden], lost).tolist())


def _with_parts_hidden(example: Examples, shown: _Frames | None, hidden: Sequence[_Stretch]) -> Examples:
    """Return the example as it is, then with each stretch of its clip hidden, then without each token."""
    token_ids, num_clips = example.token_ids, 1 + len(hidden)
    shorter = np.zeros((0, 0), np.int32) if token_ids is None else _without_each_token(token_ids[0])
    clips = None
    if shown is not None and example.clips is not None:
        clip = example.clips[example.clip_index[0]]
        clips = _HiddenClips(clip, shown.runs, hidden, example.num_flow)
    return replace(
        example,
        clips=clips,
        clip_index=np.concatenate([np.arange(num_clips), np.zeros(len(shorter), np.int64)]),
        token_ids=None if token_ids is None else np.concatenate([token_ids.repeat(num_clips, 0), shorter]),
        answer_ids=np.zeros(num_clips + len(shorter), np.int32),
    )


def _attention(
    model: "keras.Model", example: Examples, shown: _Frames, num_test_clips: int
) -> tuple[float, ...] | None:
    """Return the weight of each seen frame, averaged over windows; None if the model weighs no frames."""
    import keras

    if WEIGHTS_LAYER not in [layer.name for layer in model.layers]:
        return None
    weigh = keras.Model(model.input["features"], model.get_layer(WEIGHTS_LAYER).output)
    rows, starts = windows_of(example, np.zeros(1, np.int64), num_test_clips)
    weights = np.asarray(weigh(example.model_inputs(rows, starts)["features"]), np.float64)[..., 0]
    sums = np.zeros(int(example.grid_lengths[example.clip_index[0]]))
    for start, each in zip(starts, weights, strict=True):
        places = example.window_frames(0, int(start))
        np.add.at(sums, places, each[: len(places)] / len(weights))
    return tuple(float(sums[shown.runs[number]].sum()) for number in shown.seen)


def _reach(num_frames: int) -> int:
    """Return how many neighbours on each side are hidden together with a frame."""
    return round(HIDDEN_SHARE * num_frames)


class _HiddenClips(Sequence[np.ndarray]):
    """A clip's grid, then the same grid with each of some stretches hidden, made when asked for.

    Attributes:
        lengths: frames of each, int64 `(num_clips,)`.
    """

    def __init__(
        self, clip: np.ndarray, runs: Sequence[np.ndarray], hidden: Sequence[_Stretch], num_flow: int
    ) -> None:
        self._clip, self._runs, self._hidden, self._num_flow = clip, runs, hidden, num_flow
        self.lengths = np.full(1 + len(hidden), len(clip), np.int64)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: Any) -> Any:
        if index == 0:
            return self._clip
        stretch = self._hidden[index - 1]
        first, last = self._runs[stretch.first][0], self._runs[stretch.stop - 1][-1]
        return hide_moment(self._clip, int(first), int(last) + 1, self._num_flow)


def hide_moment(clip: np.ndarray, first: int, stop: int, num_flow: int) -> np.ndarray:
    """Return a clip without its frames `[first, stop)` and without the flow that shows them.

    The flow from the last of them is behind the frame after, and the flow from the first behind the frame
    before.

    Args:
        clip, first, stop: see `hide_frames`; features.
        num_flow: columns of each flow block behind the features.
    """
    if not num_flow:
        return hide_frames(clip, first, stop)
    others, forwards, backwards = np.split(clip, [-2 * num_flow, -num_flow], axis=1)
    hidden = [
        hide_frames(others, first, stop),
        hide_frames(forwards, first, min(stop + 1, len(clip))),
        hide_frames(backwards, max(first - 1, 0), stop),
    ]
    return np.concatenate(hidden, axis=1)


def hide_frames(clip: np.ndarray, first: int, stop: int) -> np.ndarray:
    """Return a clip in which the frames `[first, stop)` tell nothing: they blend the frame before into the
    frame after. At an end of the clip the nearest frame stays; a clip hidden whole becomes 0, frames grey.

    Args:
        clip: float features `(num_frames, feature_dim)` or uint8 frames `(num_frames, height, width, 3)`.
        first, stop: at least one frame.

    Returns:
        A new array of the same shape and dtype.
    """
    changed = np.array(clip)
    if first == 0 and stop == len(clip):
        changed[:] = GREY if clip.dtype == np.uint8 else 0
        return changed
    before, after = clip[max(first - 1, 0)], clip[min(stop, len(clip) - 1)]
    if first == 0 or stop == len(clip):
        changed[first:stop] = after if first == 0 else before
        return changed
    shares = np.arange(1, stop - first + 1) / (stop - first + 1)
    shares = shares.reshape(-1, *[1] * (clip.ndim - 1)).astype(np.float32)
    blended = before.astype(np.float32) * (1 - shares) + after.astype(np.float32) * shares
    changed[first:stop] = np.rint(blended) if clip.dtype == np.uint8 else blended
    return changed


def _without_each_token(token_ids: np.ndarray) -> np.ndarray:
    """Return a question without each of its tokens in turn: int32 `(num_tokens, length)`.

    A question of one token has it replaced by the unknown word.
    """
    used = token_ids[token_ids != 0]
    shorter = np.zeros((len(used), len(token_ids)), np.int32)
    for place in range(len(used)):
        shorter[place, : len(used) - 1] = np.delete(used, place)
    if len(used) == 1:
        shorter[0, 0] = UNKNOWN_ID
    return shorter


def _two_best(probabilities: np.ndarray, rivals: Collection[int]) -> tuple[int, int]:
    """Return the ids of the best answer and of the best other one, among `rivals` if they hold another."""
    order = np.argsort(-probabilities, kind="stable").tolist()
    others = [number for number in order[1:] if number in rivals] or order[1:] or order
    return order[0], others[0]
