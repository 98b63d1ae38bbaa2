"""Batches: order, windows, padding, failed videos, answers outside the vocabulary."""

import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from videoqa.config import run_config_from_options
from videoqa.data.annotations import read_annotations
from videoqa.input_pipeline import (
    Examples,
    batch_dataset,
    epoch_order,
    make_examples,
    training_batches,
    trim_padding,
)
from videoqa.text.answers import AnswerList
from videoqa.text.vocabulary import build_vocabulary


def numbered_examples(num_examples: int, grid: int = 4, num_frames: int = 4) -> Examples:
    """Return examples whose features say which clip and frame they are: 100 * clip + frame."""
    clips = np.arange(num_examples)[:, None, None] * 100 + np.arange(grid)[None, :, None]
    return Examples(
        clips=clips.astype(np.float16),
        clip_index=np.arange(num_examples),
        token_ids=np.arange(num_examples, dtype=np.int32)[:, None],
        answer_ids=np.arange(num_examples, dtype=np.int32) - 1,
        num_frames=num_frames,
    )


def test_an_epochs_order_is_a_permutation_of_its_seed_and_number() -> None:
    first = epoch_order(3, 0, 50)
    assert sorted(first) == list(range(50))
    assert np.array_equal(first, epoch_order(3, 0, 50))
    assert not np.array_equal(first, epoch_order(3, 1, 50))
    assert not np.array_equal(first, epoch_order(4, 0, 50))


def test_blocks_stay_together() -> None:
    order = epoch_order(0, 0, 10, block_size=4)
    assert sorted(order) == list(range(10))
    blocks = (order // 4).tolist()
    assert sum(a != b for a, b in zip(blocks, blocks[1:], strict=False)) == 2


def test_every_example_comes_once_and_the_last_batch_is_smaller() -> None:
    batches = list(training_batches(numbered_examples(10), seed=0, epoch=0, batch_size=4))
    assert [len(batch["answer_ids"]) for batch in batches] == [4, 4, 2]
    seen = np.concatenate([batch["inputs"]["question"][:, 0] for batch in batches])
    assert sorted(seen) == list(range(10))
    for batch in batches:
        clips = batch["inputs"]["features"][:, 0, 0] // 100
        assert np.array_equal(clips, batch["inputs"]["question"][:, 0])


def test_an_answer_outside_the_vocabulary_weighs_nothing() -> None:
    (batch,) = training_batches(numbered_examples(5), seed=0, epoch=0, batch_size=5)
    outside = batch["inputs"]["question"][:, 0] == 0
    assert batch["answer_ids"].min() == 0
    assert batch["weights"].tolist() == (~outside).astype(float).tolist()


def test_a_later_start_continues_the_same_epoch() -> None:
    whole = list(training_batches(numbered_examples(10), seed=5, epoch=2, batch_size=3))
    rest = list(training_batches(numbered_examples(10), seed=5, epoch=2, batch_size=3, first_batch=2))
    assert len(rest) == 2
    assert np.array_equal(whole[2]["inputs"]["features"], rest[0]["inputs"]["features"])


def test_the_dataset_gives_the_same_batches() -> None:
    examples = numbered_examples(10)
    plain = list(training_batches(examples, seed=1, epoch=0, batch_size=4))
    dataset = list(batch_dataset(examples, seed=1, epoch=0, batch_size=4).as_numpy_iterator())
    assert len(plain) == len(dataset)
    for a, b in zip(plain, dataset, strict=True):
        assert np.array_equal(a["inputs"]["features"], b["inputs"]["features"])
        assert b["inputs"]["features"].dtype == np.float32


def test_a_random_window_is_drawn_from_seed_epoch_and_row() -> None:
    examples = numbered_examples(40, grid=9, num_frames=4)
    rows = np.arange(40)
    starts = examples.random_windows(rows, seed=0, epoch=0).starts
    assert set(starts) == set(range(6)), "both ends are reachable"
    assert np.array_equal(starts[7:9], examples.random_windows(rows[7:9], seed=0, epoch=0).starts)
    assert not np.array_equal(starts, examples.random_windows(rows, seed=0, epoch=1).starts)
    window = examples.model_inputs(np.array([7]), starts[7:8])["features"][0, :, 0]
    assert window.tolist() == [700 + starts[7] + frame for frame in range(4)]


def test_the_centre_window_is_in_the_middle() -> None:
    assert numbered_examples(1, grid=10, num_frames=4).center_starts(np.array([0])).tolist() == [3]


def test_padding_that_no_row_needs_is_trimmed() -> None:
    tokens = np.array([[2, 3, 0, 0], [2, 0, 0, 0]], np.int32)
    assert trim_padding(tokens).tolist() == [[2, 3], [2, 0]]
    assert trim_padding(np.zeros((2, 4), np.int32)).shape == (2, 1)


@pytest.mark.parametrize("train_backbone", [False, True])
def test_a_failed_video_is_a_row_and_no_crash(small_set: Path, train_backbone: bool) -> None:
    config = run_config_from_options(
        {
            "data": (str(small_set / "questions.csv"),),
            "backbone": "tiny",
            "num_frames": 4,
            "train_backbone": train_backbone,
        }
    )
    table = read_annotations(config.data).head(6)
    table.loc[2:3, "video_path"] = str(small_set / "missing.avi")
    vocabulary = build_vocabulary(table["question"])
    examples, outcome = make_examples(
        table, config, vocabulary=vocabulary, answers=AnswerList(("yes", "no")), progress=False
    )
    assert examples.clip_index.tolist() == [0, 0, -1, -1, 1, 1]
    assert outcome["status"].tolist()[2:4] == ["failed", "failed"]
    assert "missing.avi" in outcome["error"][2]
    shape = (4, 96, 96, 3) if train_backbone else None
    assert shape is None or examples.clips[0].shape == shape
    assert examples.answer_ids.tolist() == [-1, 1, -1, 1, -1, 0]


class Noted(list):
    """Clips that note which of them were looked at."""

    def __init__(self, clips):
        super().__init__(clips)
        self.seen = 0

    def __getitem__(self, index):
        self.seen += 1
        return super().__getitem__(index)


def test_batches_are_made_ahead_of_the_one_in_use_also_with_deterministic_ops() -> None:
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    clips = Noted([np.full((3, 2), number, np.float16) for number in range(40)])
    examples = Examples(clips, np.arange(40), None, np.zeros(40, np.int32), num_frames=3)
    options = {"seed": 0, "epoch": 0, "batch_size": 4, "prefetch_batches": 3}
    spec_alone = clips.seen
    batches = iter(batch_dataset(examples, **options))
    next(batches)
    deadline = time.monotonic() + 120
    while clips.seen - spec_alone < 4 * 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert clips.seen - spec_alone >= 4 * 4
    assert clips.seen - spec_alone < 30, "no more than asked for"


def test_epochs_follow_each_other_from_where_the_first_was_left() -> None:
    clips = [np.full((3, 2), number, np.float16) for number in range(10)]
    examples = Examples(clips, np.arange(10), None, np.arange(10, dtype=np.int32), num_frames=3)
    options = {"seed": 1, "batch_size": 4}
    joined = batch_dataset(examples, epoch=2, first_batch=1, num_epochs=2, **options).as_numpy_iterator()
    expected = [
        *training_batches(examples, epoch=2, first_batch=1, **options),
        *training_batches(examples, epoch=3, **options),
    ]
    found = list(joined)
    assert [batch["answer_ids"].tolist() for batch in found] == [
        batch["answer_ids"].tolist() for batch in expected
    ]
