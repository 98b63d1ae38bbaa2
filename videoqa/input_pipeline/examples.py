"""`Examples`: annotation rows as arrays, from which model inputs are made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from videoqa.features.motion import exchange_flow
from videoqa.input_pipeline.windows import Windows, draw_window, read_window, window_frames
from videoqa.video.sampling import window_start_center

if TYPE_CHECKING:
    from videoqa.input_pipeline.regularisation import Regularisation


@dataclass(frozen=True)
class Examples:
    """Annotation rows as arrays; rows share clips, which are stored once.

    Attributes:
        clips: the grid of each clip: float16 features `(grid, feature_dim)` or uint8 RGB frames
            `(grid, height, width, 3)`, perhaps on disk; None for a blind model.
        clip_index: `(num_examples,)` int64 into `clips`; −1 where the video failed.
        token_ids: `(num_examples, num_tokens)` int32; None for actions.
        answer_ids: `(num_examples,)` int32; −1 outside the vocabulary.
        num_frames: frames of one window.
        clip_input: name of the model input for windows, "features" or "clip".
        short_clips: how windows of shorter grids are filled, see `SamplingConfig`.
        frame_size: (height, width) that frames are cropped to; None: no crop.
        with_mask: add the input "mask", which marks the real frames of a window.
        random_crop, flip: whether random windows are cropped and mirrored at random.
        backwards: bool `(num_examples,)`, whose windows have their frames in reverse order; None: no one's.
        mirrored_ids: `(num_examples,)` int32, the answers of mirrored windows; None: those of the others.
        num_flow: columns of each of the two flow blocks behind the features, which windows in reverse order
            have exchanged; 0: there are none.
        flipped_clips: features of each clip's mirrored frames, or None if not made; None: mirror frames.
        row_weights: float32 `(num_examples,)`, how much each counts; None: all alike.
        regularisation: how windows are changed in training, for these rows only; None: they are not.
    """

    clips: Sequence[np.ndarray] | np.ndarray | None
    clip_index: np.ndarray
    token_ids: np.ndarray | None
    answer_ids: np.ndarray
    num_frames: int
    clip_input: str = "features"
    short_clips: str = "repeat"
    frame_size: tuple[int, int] | None = None
    with_mask: bool = False
    random_crop: bool = False
    flip: bool = False
    backwards: np.ndarray | None = None
    num_flow: int = 0
    flipped_clips: Sequence[np.ndarray | None] | None = None
    mirrored_ids: np.ndarray | None = None
    row_weights: np.ndarray | None = None
    regularisation: "Regularisation | None" = None

    def __len__(self) -> int:
        return len(self.answer_ids)

    def select(self, rows: np.ndarray) -> "Examples":
        """Return the examples at `rows`, `(k,)` ints or `(num_examples,)` bools; the clips stay shared.

        Their windows are not changed: `regularisation` knows the rows by their places.
        """
        tokens = None if self.token_ids is None else self.token_ids[rows]
        return replace(
            self,
            clip_index=self.clip_index[rows],
            token_ids=tokens,
            answer_ids=self.answer_ids[rows],
            backwards=None if self.backwards is None else self.backwards[rows],
            mirrored_ids=None if self.mirrored_ids is None else self.mirrored_ids[rows],
            row_weights=None if self.row_weights is None else self.row_weights[rows],
            regularisation=None,
        )

    def without_clips(self) -> "Examples":
        """Return the same rows for the blind model."""
        return replace(self, clips=None, flipped_clips=None, with_mask=False, mirrored_ids=None)

    def played_backwards(self) -> "Examples":
        """Return the same rows with every window the other way round."""
        backwards = np.zeros(len(self), bool) if self.backwards is None else self.backwards
        return replace(self, backwards=~backwards)

    def answers_of(self, rows: np.ndarray, windows: Windows) -> np.ndarray:
        """Return the answer ids of the examples at `rows` by what their windows show: int32 `(k,)`."""
        if self.mirrored_ids is None or windows.flipped is None:
            return self.answer_ids[rows]
        return np.where(windows.flipped, self.mirrored_ids[rows], self.answer_ids[rows])

    def model_inputs(self, rows: np.ndarray, windows: np.ndarray | Windows) -> dict[str, np.ndarray]:
        """Return the inputs of the examples at `rows`, `(k,)`.

        Args:
            rows: which examples.
            windows: what they show; or int64 `(k,)`, the starts of windows with centre crops.

        Returns:
            "features" float32 `(k, num_frames, feature_dim)` or "clip" uint8; with `with_mask` "mask" bool
            `(k, num_frames)`, False after a clip's end, where the frames are zeros; and "question" int32, as
            long as the longest question here, so that an LSTM spends little time on padding.
        """
        inputs: dict[str, np.ndarray] = {}
        if self.clips is not None:
            shown = windows if isinstance(windows, Windows) else Windows(windows)
            inputs[self.clip_input], mask = self._read(rows, shown)
            if self.with_mask:
                inputs["mask"] = mask
        if self.token_ids is not None:
            inputs["question"] = trim_padding(self.token_ids[rows])
        return inputs

    def window_frames(self, row: int, start: int) -> np.ndarray:
        """Return the indices, in its clip's grid, of the frames in one example's window: int64 `(n,)`."""
        length = int(self.grid_lengths[self.clip_index[row]])
        frames = window_frames(length, start, self.num_frames, self.short_clips)
        return frames[::-1] if self._is_backwards(row) else frames

    def clips_shown(self) -> Iterator[np.ndarray]:
        """Yield the grid of each clip that some row shows, once."""
        assert self.clips is not None
        for index in np.unique(self.clip_index[self.clip_index >= 0]).tolist():
            yield self.clips[index]

    def center_starts(self, rows: np.ndarray) -> np.ndarray:
        """Return the start of the centre window of each of `rows`: int64 `(k,)`."""
        return np.array([window_start_center(n, self.num_frames) for n in self._grids_of(rows)], np.int64)

    def random_windows(self, rows: np.ndarray, seed: int, epoch: int) -> Windows:
        """Return the random window of each of `rows` in an epoch, drawn from (seed, epoch, row)."""
        lengths = self._grids_of(rows)
        plain = self.clips is None or not (self.random_crop or self.flip)
        if plain and all(length <= self.num_frames for length in lengths):
            return Windows(np.zeros(len(rows), np.int64))
        drawn = [
            draw_window(
                length,
                self.num_frames,
                self._surplus(row),
                self.flip,
                np.random.default_rng([seed, epoch, int(row)]),
            )
            for row, length in zip(rows, lengths, strict=True)
        ]
        starts, corners, flipped = (np.array(part) for part in zip(*drawn, strict=True))
        return Windows(starts, corners if self.random_crop else None, flipped if self.flip else None)

    @cached_property
    def grid_lengths(self) -> np.ndarray:
        """Frames in the grid of each clip, int64 `(num_clips,)`."""
        assert self.clips is not None
        return grid_lengths(self.clips)

    def _grids_of(self, rows: np.ndarray) -> list[int]:
        if self.clips is None:
            return [self.num_frames] * len(rows)
        return self.grid_lengths[self.clip_index[rows]].tolist()

    def _surplus(self, row: int) -> tuple[int, int] | None:
        """Return how much higher and wider an example's frames are than a crop; None: no random crops."""
        if not self.random_crop or self.frame_size is None or self.clips is None:
            return None
        height, width = self.clips[self.clip_index[row]].shape[1:3]
        return height - self.frame_size[0], width - self.frame_size[1]

    def _read(self, rows: np.ndarray, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
        """Return the windows and the mask of their real frames."""
        parts = [self._window(int(row), place, windows) for place, row in enumerate(rows)]
        dtype = np.float32 if self.clip_input == "features" else np.uint8
        whole = np.zeros((len(rows), self.num_frames, *parts[0].shape[1:]), dtype)
        for target, part in zip(whole, parts, strict=True):
            target[: len(part)] = part
        lengths = np.array([len(part) for part in parts])
        return whole, np.arange(self.num_frames) < lengths[:, None]

    def _window(self, row: int, place: int, windows: Windows) -> np.ndarray:
        index, flipped = self.clip_index[row], windows.is_flipped(place)
        clip = self.clips[index]  # type: ignore[index]
        if flipped and self.flipped_clips is not None:
            clip, flipped = self.flipped_clips[index], False
        frames = self.window_frames(row, int(windows.starts[place]))
        window = read_window(clip, frames, self.frame_size, windows.corner(place), flipped)
        return exchange_flow(window, self.num_flow) if self._is_backwards(row) else window

    def _is_backwards(self, row: int) -> bool:
        return self.backwards is not None and bool(self.backwards[row])


def grid_lengths(clips: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Return the frames in the grid of each clip, int64 `(num_clips,)`, without opening files."""
    known = getattr(clips, "lengths", None)
    return np.array([len(clip) for clip in clips], np.int64) if known is None else known


def trim_padding(token_ids: np.ndarray) -> np.ndarray:
    """Return `token_ids` `(n, t)` without the columns that are padding in every row."""
    used = np.flatnonzero(token_ids.any(axis=0))
    return token_ids[:, : used[-1] + 1 if len(used) else 1]
