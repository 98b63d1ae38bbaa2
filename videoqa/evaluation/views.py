"""Clips shown in another way than they are: frames shuffled, in reverse, or one frame alone."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from videoqa.features.motion import without_flow
from videoqa.input_pipeline import Examples


def change_view(
    examples: Examples, *, shuffle_frames: bool, single_frame: bool, seed: int, reverse_frames: bool = False
) -> Examples:
    """Return the examples with each clip's frames shuffled, reversed, or replaced by the middle frame.

    Nothing moves in a single frame, and how shuffled frames would move is not known: there the flow is 0.
    """
    if reverse_frames:
        return examples.played_backwards()
    if examples.clips is None or not (shuffle_frames or single_frame):
        return examples
    lengths = examples.grid_lengths
    orders = [
        np.random.default_rng([seed, index]).permutation(length)
        if shuffle_frames
        else np.full(length, length // 2)
        for index, length in enumerate(lengths.tolist())
    ]
    clips = _Reordered(examples.clips, orders, lengths, examples.num_flow)
    return dataclasses.replace(examples, clips=clips)


class _Reordered(Sequence[np.ndarray]):
    """Clips with reordered frames; a clip is read only when asked for, since frames may be on disk."""

    def __init__(
        self,
        clips: Sequence[np.ndarray] | np.ndarray,
        orders: list[np.ndarray],
        lengths: np.ndarray,
        num_flow: int,
    ) -> None:
        self._clips, self._orders, self.lengths, self._num_flow = clips, orders, lengths, num_flow

    def __len__(self) -> int:
        return len(self._orders)

    def __getitem__(self, index: Any) -> Any:
        return without_flow(self._clips[index][self._orders[index]], self._num_flow)
