"""Joins features, token ids and answer ids into batches; owns the order of examples and their windows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from videoqa.config import RunConfig
from videoqa.text.vocabulary import AnswerList, Vocabulary
from videoqa.video.decoding import ClipRequest, DecodingError, decode
from videoqa.video.sampling import window_start_center, window_start_random

if TYPE_CHECKING:
    import tensorflow as tf

    from videoqa.features.encoding import FrameEncoder


@dataclass(frozen=True)
class Examples:
    """Rows as arrays, the clips they share stored once.

    Attributes:
        clips: per clip its grid: float16 features `(grid, feature_dim)` or uint8 RGB frames
            `(grid, height, width, 3)`; None for a blind model.
        clip_index: `(num_examples,)` int64 into `clips`; −1 where the video failed.
        token_ids: `(num_examples, num_tokens)` int32; None for actions.
        answer_ids: `(num_examples,)` int32; −1 outside the vocabulary.
        num_frames: frames of one window.
        clip_input: name of the model input the windows go to, "features" or "clip".
    """

    clips: Sequence[np.ndarray] | np.ndarray | None
    clip_index: np.ndarray
    token_ids: np.ndarray | None
    answer_ids: np.ndarray
    num_frames: int
    clip_input: str = "features"

    def __len__(self) -> int:
        return len(self.answer_ids)

    def select(self, rows: np.ndarray) -> "Examples":
        """Return the examples at `rows`, `(k,)` ints or `(num_examples,)` bools; the clips stay shared."""
        tokens = None if self.token_ids is None else self.token_ids[rows]
        return replace(
            self, clip_index=self.clip_index[rows], token_ids=tokens, answer_ids=self.answer_ids[rows]
        )

    def without_clips(self) -> "Examples":
        """Return the same rows for the blind model."""
        return replace(self, clips=None)

    def model_inputs(self, rows: np.ndarray, starts: np.ndarray) -> dict[str, np.ndarray]:
        """Return the inputs of the examples at `rows` whose windows begin at `starts`, `(k,)` each.

        Returns:
            "features" float32 `(k, num_frames, feature_dim)` or "clip" uint8, and "question" int32 as long as
            the longest of these rows, which saves most of the time an LSTM would spend on padding.
        """
        inputs: dict[str, np.ndarray] = {}
        if self.clips is not None:
            windows = [
                self.clips[clip][start : start + self.num_frames]
                for clip, start in zip(self.clip_index[rows], starts, strict=True)
            ]
            dtype = np.float32 if self.clip_input == "features" else np.uint8
            inputs[self.clip_input] = np.stack(windows).astype(dtype, copy=False)
        if self.token_ids is not None:
            inputs["question"] = trim_padding(self.token_ids[rows])
        return inputs

    def center_starts(self, rows: np.ndarray) -> np.ndarray:
        """Return the start of the centre window of each of `rows`: int64 `(k,)`."""
        return np.array([window_start_center(n, self.num_frames) for n in self._grid_lengths(rows)], np.int64)

    def random_starts(self, rows: np.ndarray, seed: int, epoch: int) -> np.ndarray:
        """Return a random window start of each of `rows`, drawn from (seed, epoch, row): int64 `(k,)`."""
        lengths = self._grid_lengths(rows)
        if all(length == self.num_frames for length in lengths):
            return np.zeros(len(rows), np.int64)
        starts = [
            window_start_random(length, self.num_frames, np.random.default_rng([seed, epoch, int(row)]))
            for row, length in zip(rows, lengths, strict=True)
        ]
        return np.array(starts, np.int64)

    def _grid_lengths(self, rows: np.ndarray) -> list[int]:
        if self.clips is None:
            return [self.num_frames] * len(rows)
        return [len(self.clips[clip]) for clip in self.clip_index[rows]]


def make_examples(
    table: pd.DataFrame,
    config: RunConfig,
    *,
    vocabulary: Vocabulary | None,
    answers: AnswerList,
    encoder: "FrameEncoder | None" = None,
    progress: bool = True,
) -> tuple[Examples, pd.DataFrame]:
    """Return the rows of an annotation table as `Examples`, with what became of each row's video.

    Args:
        table: annotation table.
        config: says what the model sees: nothing (`video_branch="none"`), cached features, or frames
            (`train_backbone=True`).
        vocabulary: None for actions.
        answers: answer of each class.
        encoder: an encoder to go on using; None: made when a clip is not in the cache.
        progress: show bars on a terminal.

    Returns:
        The examples, and a frame with `status` and `error` per row, indexed like `table`. A row whose
        video failed has `clip_index` −1 and must be left out of training and counted as wrong.
    """
    tokens = None if vocabulary is None else trim_padding(vocabulary.encode(table["question"].tolist()))
    answer_ids = answers.encode(table["answer"].tolist())
    if config.model.video_branch == "none":
        index = np.zeros(len(table), np.int64)
        outcome = pd.DataFrame({"status": "ok", "error": ""}, index=table.index)
        return Examples(None, index, tokens, answer_ids, config.sampling.num_frames), outcome
    load = _load_frames if config.model.train_backbone else _load_features
    requests, row_request = distinct_requests(table)
    clips, outcome = load(requests, config, encoder, progress)
    position = np.full(len(requests), -1, np.int64)
    good = np.flatnonzero(outcome["error"].to_numpy() == "")
    position[good] = np.arange(len(good))
    clip_input = "clip" if config.model.train_backbone else "features"
    examples = Examples(
        clips, position[row_request], tokens, answer_ids, config.sampling.num_frames, clip_input
    )
    return examples, outcome.iloc[row_request].set_index(table.index)


def distinct_requests(table: pd.DataFrame) -> tuple[list[ClipRequest], np.ndarray]:
    """Return the distinct (video, segment) requests of a table and each row's place among them."""
    seconds = table[["start_seconds", "end_seconds"]].astype(object)
    seconds = seconds.where(seconds.notna(), None)
    keys = pd.Series(
        list(zip(table["video_path"], seconds["start_seconds"], seconds["end_seconds"], strict=True))
    )
    row_request, distinct = keys.factorize()
    return [ClipRequest(*key) for key in distinct], row_request


def trim_padding(token_ids: np.ndarray) -> np.ndarray:
    """Return `token_ids` `(n, t)` without the columns that are padding in every row (masked anyway)."""
    used = np.flatnonzero(token_ids.any(axis=0))
    return token_ids[:, : used[-1] + 1 if len(used) else 1]


def _load_features(
    requests: list[ClipRequest], config: RunConfig, encoder: "FrameEncoder | None", progress: bool
) -> tuple[Any, pd.DataFrame]:
    from videoqa.features.encoding import encode_clips, load_features

    report = encode_clips(requests, config.sampling, config.model, encoder=encoder, progress=progress)
    failed = report.rows["status"] == "failed"
    status = report.rows["status"].where(failed, report.rows["decoding_status"])
    return load_features(report), pd.DataFrame({"status": status, "error": report.rows["error"]})


def _load_frames(
    requests: list[ClipRequest], config: RunConfig, encoder: "FrameEncoder | None", progress: bool
) -> tuple[Any, pd.DataFrame]:
    from videoqa._progress import progress_bar

    clips, outcome = [], []
    for request in progress_bar(requests, progress=progress, desc="decoding", unit="clip"):
        try:
            clip = decode(request, config.sampling, frame_size=config.model.frame_size)
        except (DecodingError, OSError, ValueError) as error:
            outcome.append(("failed", str(error)))
        else:
            clips.append(clip.frames)
            outcome.append((clip.status, ""))
    return clips, pd.DataFrame(outcome, columns=["status", "error"])


def epoch_order(seed: int, epoch: int, num_examples: int, block_size: int | None = None) -> np.ndarray:
    """Return the order in which an epoch visits the examples: a permutation, int64 `(num_examples,)`.

    Args:
        seed: the run's seed.
        epoch: 0 for the first.
        num_examples: how many there are.
        block_size: None: any order. Otherwise blocks of this many neighbours come in random order, each
            shuffled within, so that data read from disk stays local.
    """
    rng = np.random.default_rng([seed, epoch])
    if block_size is None or block_size >= num_examples:
        return rng.permutation(num_examples)
    blocks = np.split(np.arange(num_examples), np.arange(block_size, num_examples, block_size))
    return np.concatenate([rng.permutation(blocks[block]) for block in rng.permutation(len(blocks))])


def training_batches(
    examples: Examples, *, seed: int, epoch: int, batch_size: int, first_batch: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield an epoch's batches from `first_batch` on; the last may be smaller.

    Yields:
        "inputs" (see `Examples.model_inputs`), "answer_ids" int32 `(k,)` with −1 replaced by 0,
        "weights" float32 `(k,)` with 0 for those, "positions" int32 `(k,)` in the global batch.
    """
    order = epoch_order(seed, epoch, len(examples))
    for begin in range(first_batch * batch_size, len(order), batch_size):
        rows = order[begin : begin + batch_size]
        answer_ids = examples.answer_ids[rows]
        yield {
            "inputs": examples.model_inputs(rows, examples.random_starts(rows, seed, epoch)),
            "answer_ids": np.maximum(answer_ids, 0),
            "weights": (answer_ids >= 0).astype(np.float32),
            "positions": np.arange(len(rows), dtype=np.int32),
        }


def batch_dataset(
    examples: Examples, *, seed: int, epoch: int, batch_size: int, first_batch: int = 0
) -> "tf.data.Dataset":
    """Return `training_batches` as a `tf.data.Dataset` that prepares two batches ahead."""
    import tensorflow as tf

    def batches() -> Iterator[dict[str, Any]]:
        return training_batches(
            examples, seed=seed, epoch=epoch, batch_size=batch_size, first_batch=first_batch
        )

    spec = batch_spec(examples)
    return tf.data.Dataset.from_generator(batches, output_signature=spec).prefetch(2)


def batch_spec(examples: Examples) -> dict[str, Any]:
    """Return the `tf.TensorSpec` of everything in a batch; numbers of rows and of words are left open."""
    import tensorflow as tf

    batch = next(training_batches(examples.select(np.arange(1)), seed=0, epoch=0, batch_size=1))
    spec = tf.nest.map_structure(lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), batch)
    if "question" in spec["inputs"]:
        spec["inputs"]["question"] = tf.TensorSpec((None, None), tf.int32)
    return spec
