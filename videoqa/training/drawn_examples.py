"""The examples that an epoch of training begins with, as frames: their windows, crops and flips."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from videoqa._checks import Refusal
from videoqa.config import RunConfig
from videoqa.data.annotations import check_some_there, require_split
from videoqa.data.opposites import UNKNOWN, played_backwards
from videoqa.data.source import MIRRORED
from videoqa.input_pipeline import Examples, epoch_order
from videoqa.input_pipeline.windows import read_window
from videoqa.training.backwards import looks_the_same
from videoqa.training.memory import ONE_REPLICA
from videoqa.training.request import Request
from videoqa.training.rows import read_rows
from videoqa.video.decoding import ClipRequest, DecodingError, decode

NOT_LEARNED = "an answer that the data does not tell, so not learned from"


@dataclass(frozen=True)
class DrawnExample:
    """An example as an epoch shows it to the model.

    Attributes:
        row: the annotation row, with the answer that is right as the example is shown.
        number: its place among the training rows that can be read, with those shown backwards too behind
            them; it seeds its draws.
        frames: uint8 RGB `(n, height, width, 3)`, cropped and mirrored.
        timestamps_seconds: float64 `(n,)`.
        start, grid_length: first frame of the window in the clip's grid, and how many the grid has.
        corner: top and left of a random crop; None: the crop is the centre.
        surplus: how much higher and wider the frames are than the crop.
        is_flipped: whether it is mirrored left to right.
        is_backwards: whether it is played backwards.
    """

    row: dict[str, Any]
    number: int
    frames: np.ndarray
    timestamps_seconds: np.ndarray
    start: int
    grid_length: int
    corner: tuple[int, int] | None
    surplus: tuple[int, int]
    is_flipped: bool
    is_backwards: bool


@dataclass(frozen=True)
class DrawnEpoch:
    """The beginning of an epoch.

    Attributes:
        config: of the training.
        num_rows: training rows, without those that are known to be left out; one that is shown backwards too
            counts twice.
        failures: each clip looked at that training would leave out -> why.
        examples: in the order of the epoch.
    """

    config: RunConfig
    num_rows: int
    failures: dict[ClipRequest, str]
    examples: list[DrawnExample]


def draw_examples(request: Request, num_examples: int, epoch: int) -> DrawnEpoch:
    """Return the first examples of an epoch, drawn by the functions that training uses.

    Each draw depends on the seed, the epoch and the place of its row among the training rows that can be
    read. Missing videos are known, and of the clips drawn here those that cannot be read; another clip that
    training leaves out would move the draws of the rows behind it.

    Args:
        request: what would be trained.
        num_examples: at most so many, one for each row.
        epoch: 0 for the first.

    Raises:
        ValueError: no training row whose video can be read, or a model that sees no video.
    """
    table, config = read_rows(request, ONE_REPLICA)
    if not config.model.sees_video:
        raise Refusal("video_branch", "be one that sees the video", config.model.video_branch)
    check_some_there(table)
    rows = require_split(table, "train")
    requests = [_request(dict(row)) for _, row in rows.iterrows()]
    failures = {each: "The video is not there." for each in requests if not os.path.exists(each.path)}
    still = set[ClipRequest]()
    while True:
        rows = rows[[each not in failures for each in requests]].reset_index(drop=True)
        requests = [each for each in requests if each not in failures]
        if not requests:
            first, why = next(iter(failures.items()))
            raise Refusal(f"No training row has a video that can be read. The first is {first.path}: {why}")
        shown = _shown(rows, requests, still)
        order = epoch_order(config.training.seed, epoch, len(shown.rows))[:num_examples]
        drawn, failed, found = _draw(shown, config, order, epoch)
        if not failed and not found:
            return DrawnEpoch(config, len(shown.rows), failures, drawn)
        failures |= failed
        still |= found


class _Shown(NamedTuple):
    """The rows of an epoch, their clips, and whether each is played backwards: bool `(num_rows,)`."""

    rows: pd.DataFrame
    requests: list[ClipRequest]
    backwards: np.ndarray


def _shown(rows: pd.DataFrame, requests: list[ClipRequest], still: set[ClipRequest]) -> _Shown:
    """Return the training rows, and behind them those shown backwards too, as training orders them."""
    turned = played_backwards(rows)
    turned = turned.loc[np.array([requests[place] not in still for place in turned.index], bool)]
    both = pd.concat([rows, turned], ignore_index=True)
    of_both = [*requests, *(requests[place] for place in turned.index)]
    return _Shown(both, of_both, np.arange(len(both)) >= len(rows))


def _request(row: dict[str, Any]) -> ClipRequest:
    """Return the clip of a row."""
    bounds = (None if pd.isna(row[name]) else float(row[name]) for name in ("start_seconds", "end_seconds"))
    return ClipRequest(str(row["video_path"]), *bounds)


def _draw(
    shown: _Shown, config: RunConfig, order: np.ndarray, epoch: int
) -> tuple[list[DrawnExample], dict[ClipRequest, str], set[ClipRequest]]:
    """Return the examples in `order`, the clips that cannot be used, each with its reason, and those that are
    not to be shown backwards since they look the same."""
    held = _OneClip(len(shown.rows))
    examples = replace(_as_examples(held, config), backwards=shown.backwards)
    drawn, failed, still = list[DrawnExample](), dict[ClipRequest, str](), set[ClipRequest]()
    for number in order.tolist():
        row, request = shown.rows.iloc[number].to_dict(), shown.requests[number]
        if request in failed:
            continue
        try:
            times = held.hold(number, _decoded(request, config))
        except (DecodingError, OSError, ValueError) as error:
            failed[request] = str(error)
            continue
        if config.sampling.short_clips == "skip" and len(times) < config.sampling.num_frames:
            failed[request] = f"Its grid of {len(times)} frames is shorter than a window."
        elif shown.backwards[number] and looks_the_same(held[number], config.sampling.num_frames):
            still.add(request)
        elif not failed:
            drawn.append(_example(examples, row, number, times, config, epoch))
    return drawn, failed, still


def _decoded(request: ClipRequest, config: RunConfig) -> tuple[np.ndarray, np.ndarray]:
    """Return a clip's grid as training from frames keeps it, and its times."""
    clip = decode(
        request,
        config.sampling,
        frame_size=config.model.frame_size,
        keep_surplus=config.sampling.crop == "random",
    )
    return clip.frames, clip.timestamps_seconds


def _as_examples(clips: "_OneClip", config: RunConfig) -> Examples:
    """Return the training rows as `make_examples` would, with frames where it may have features."""
    sampling, model = config.sampling, config.model
    return Examples(
        clips,
        np.arange(len(clips)),
        None,
        np.zeros(len(clips), np.int32),
        sampling.num_frames,
        clip_input="clip",
        short_clips=sampling.short_clips,
        frame_size=model.frame_size if model.learns_from_frames else None,
        random_crop=sampling.crop == "random",
        flip=sampling.flip,
    )


def _example(
    examples: Examples, row: dict[str, Any], number: int, times: np.ndarray, config: RunConfig, epoch: int
) -> DrawnExample:
    windows = examples.random_windows(np.array([number]), config.training.seed, epoch)
    start, flipped = int(windows.starts[0]), windows.is_flipped(0)
    places, size = examples.window_frames(number, start), examples.frame_size
    grid = examples.clips[number]  # type: ignore[index]
    height, width = grid.shape[1:3]
    if flipped and row.get(MIRRORED):
        row["answer"] = NOT_LEARNED if row[MIRRORED] == UNKNOWN else row[MIRRORED]
    return DrawnExample(
        row=row,
        number=number,
        frames=read_window(grid, places, size, windows.corner(0), flipped).copy(),
        timestamps_seconds=times[places],
        start=start,
        grid_length=len(grid),
        corner=windows.corner(0) if size is not None else None,
        surplus=(0, 0) if size is None else (height - size[0], width - size[1]),
        is_flipped=flipped,
        is_backwards=examples.backwards is not None and bool(examples.backwards[number]),
    )


class _OneClip(Sequence[np.ndarray]):
    """The clips of all rows, of which one at a time is in memory.

    Attributes:
        lengths: frames in the grid of each clip held so far, int64 `(num_rows,)`.
    """

    def __init__(self, num_rows: int) -> None:
        self.lengths = np.zeros(num_rows, np.int64)
        self._held: tuple[int, np.ndarray] = (-1, np.zeros(0, np.uint8))

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: Any) -> Any:
        assert index == self._held[0], "hold() was not called for this clip"
        return self._held[1]

    def hold(self, index: int, clip: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Take the frames of a clip in place of those before, and return their times."""
        frames, times = clip
        self._held, self.lengths[index] = (index, frames), len(frames)
        return times
