"""The clips of a run both ways round, from which the video branch learns forwards or backwards."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from videoqa._checks import Refusal
from videoqa.config import RunConfig
from videoqa.input_pipeline import Examples
from videoqa.training.backwards import looks_the_same
from videoqa.training.checks import check_num_rows

FORWARDS, BACKWARDS = 0, 1
"""The two answers."""


@dataclass(frozen=True)
class OrderClips:
    """Distinct clips both ways round: first all forwards, then the same backwards.

    Attributes:
        training: of the training rows; `answer_ids` are `FORWARDS` and `BACKWARDS`.
        validation: the same of the validation rows; without any, all epochs are trained.
        groups: `(num_clips,)` str, the group of each validation clip.
        num_still: training clips left out because they look the same backwards, as a clip of one frame does.
        num_round: training clips left out because they are short and go round (`short_clips="loop"`): where
            they begin anew would give the direction away.
    """

    training: Examples
    validation: Examples
    groups: np.ndarray
    num_still: int
    num_round: int


def clips_both_ways(table: pd.DataFrame, examples: Examples, config: RunConfig) -> OrderClips:
    """Return the training and the validation clips of a run both ways round.

    Args:
        table: training and validation rows.
        examples: the same rows.
        config: of the run.

    Raises:
        ValueError: every training clip looks the same backwards or goes round, or there are too few for a
            batch.
    """
    split = table["split"].to_numpy()
    rows = {name: _first_rows(examples, split == name) for name in ("train", "validation")}
    whole = {name: each[~_go_round(examples, each)] for name, each in rows.items()}
    moving = {name: each[_looks_different(examples, each)] for name, each in whole.items()}
    num_round, num_still = (
        len(before["train"]) - len(after["train"]) for before, after in ((rows, whole), (whole, moving))
    )
    if not len(moving["train"]):
        or_short = ", or is shorter than a window and goes round" if num_round else ""
        requirement = f"be left out: every training clip looks the same backwards{or_short}"
        raise Refusal("pretrain", requirement, config.training.pretrain)
    training, validation = (_both_ways(examples, each) for each in moving.values())
    check_num_rows(config.model, len(training), config.training.batch_size)
    groups = table["group"].to_numpy(object)[moving["validation"]]
    return OrderClips(training, validation, groups, num_still, num_round)


def _first_rows(examples: Examples, wanted: np.ndarray) -> np.ndarray:
    """Return the first of the wanted rows of each clip, in the order of the rows."""
    rows = np.flatnonzero(wanted)
    _, first = np.unique(examples.clip_index[rows], return_index=True)
    return rows[np.sort(first)]


def _both_ways(examples: Examples, rows: np.ndarray) -> Examples:
    """Return the clips of `rows` forwards, then backwards, without questions; a mirror changes no answer."""
    forwards = replace(examples.select(rows), backwards=None, token_ids=None, mirrored_ids=None)
    twice = forwards.select(np.tile(np.arange(len(rows)), 2))
    answer_ids = np.repeat(np.array([FORWARDS, BACKWARDS], np.int32), len(rows))
    return replace(twice, answer_ids=answer_ids, backwards=answer_ids == BACKWARDS)


def _go_round(examples: Examples, rows: np.ndarray) -> np.ndarray:
    """Return of which rows the clip begins anew within a window and does not end with it, bool `(k,)`."""
    lengths = examples.grid_lengths[examples.clip_index[rows]]
    is_short = (lengths < examples.num_frames) & (examples.num_frames % lengths > 0)
    return is_short & (examples.short_clips == "loop")


def _looks_different(examples: Examples, rows: np.ndarray) -> np.ndarray:
    """Return of which rows the clip looks different backwards, bool `(k,)`."""
    assert examples.clips is not None
    clips = (examples.clips[index] for index in examples.clip_index[rows].tolist())
    return np.array(
        [not looks_the_same(clip, examples.num_frames, examples.num_flow) for clip in clips], bool
    )
