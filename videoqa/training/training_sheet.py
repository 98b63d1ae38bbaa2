"""`training_sheet`: a picture of the clips as training draws them, with their labels."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from videoqa._checks import Refusal, check_integer, check_not_read, refusal
from videoqa._counted import counted
from videoqa._progress import say
from videoqa.config import LaunchConfig
from videoqa.config.keywords import SheetOptions, shows_options
from videoqa.launching.job import Job
from videoqa.training.drawn_examples import DrawnEpoch, DrawnExample, draw_examples
from videoqa.training.request import read_request
from videoqa.video.contact_sheet import IMAGE_SUFFIXES, contact_sheet, save_image
from videoqa.video.sampling import regular_indices

COLUMNS = 10
MOST_FRAMES = 20
"""Frames of an example in the picture; of a longer window regular ones are shown."""
TILE = 112
NAMED_FAILURES = 3


@dataclass(frozen=True)
class TrainingSheet:
    """A picture that was written.

    Attributes:
        path: the file.
        num_examples: examples in it.
        num_rows: training rows, of which they are drawn; those shown backwards too count twice.
        num_left_out: clips that training would leave out, among those looked at.
    """

    path: Path
    num_examples: int
    num_rows: int
    num_left_out: int


@shows_options(SheetOptions)
def training_sheet(
    data: Any = None,
    *,
    num_clips: int = 16,
    epoch: int = 0,
    out: str | os.PathLike[str] = "training-sheet.png",
    progress: bool = True,
    **options: Unpack[SheetOptions],
) -> TrainingSheet:
    """Write a picture of the examples that an epoch of training begins with, as the model gets them.

    Shown are the frames of each window, cropped and mirrored as that epoch draws them, with question and
    answer or with the label. The same data, options and seed give `train` the same draws. A model that learns
    from features of a frozen backbone sees the features of these frames. Nothing is trained or cached.

    Args:
        data: as for `train`.
        num_clips: at most so many examples, 100 at most; of several rows about a clip each is an example.
        epoch: whose draws, 0 for the first.
        out: the picture, .png or .jpg; its folder has to exist.
        progress: print messages.
        **options: those of `train` that decide which rows, frames, crops and flips there are.

    Raises:
        ValueError: options that do not fit together, no training row whose video can be read, another suffix.
        FileNotFoundError: no such source, or no folder for `out`.

    Example:
        >>> sheet = videoqa.training_sheet("my.csv", videos="clips/", num_clips=2, flip=True, backbone="tiny")
        >>> sheet.num_examples
        2
    """
    check_integer("num_clips", num_clips, minimum=1, maximum=100)
    check_integer("epoch", epoch, minimum=0)
    sources = list(data) if isinstance(data, (list, tuple)) else [] if data is None else [data]
    target = _check_target(out, sources)
    job = Job(data=tuple(sources), options=dict(options), launch=LaunchConfig(), progress=progress)
    drawn = draw_examples(read_request(job), num_clips, epoch)
    check_not_read("out", target, [example.row["video_path"] for example in drawn.examples])
    _say_left_out(drawn, progress)
    save_image(target, _picture(drawn, epoch))
    return TrainingSheet(target, len(drawn.examples), drawn.num_rows, len(drawn.failures))


def _check_target(out: str | os.PathLike[str], sources: list[Any]) -> Path:
    target = Path(out)
    if target.suffix.lower() not in IMAGE_SUFFIXES:
        raise Refusal("out", f"end in one of {', '.join(IMAGE_SUFFIXES)}", os.fspath(out))
    if not target.parent.is_dir():
        raise FileNotFoundError(refusal("out", "lie in an existing folder", os.fspath(out)))
    check_not_read("out", target, sources)
    return target


def _say_left_out(drawn: DrawnEpoch, progress: bool) -> None:
    if drawn.failures:
        named = [f"{each.path} ({why})" for each, why in list(drawn.failures.items())[:NAMED_FAILURES]]
        more = ", and others" if len(drawn.failures) > NAMED_FAILURES else ""
        clips = counted(len(drawn.failures), "clip")
        say(f"Training would leave out {clips}: {', '.join(named)}{more}.", progress=progress)


def _picture(drawn: DrawnEpoch, epoch: int) -> np.ndarray:
    """Return the sheet, uint8 RGB `(height, width, 3)`."""
    from videoqa.evaluation.plots import text_image

    strips = [_strip(example) for example in drawn.examples]
    width = max(760, *(strip.shape[1] for strip in strips))
    parts = [text_image(_title(drawn, epoch), width)]
    for example, strip in zip(drawn.examples, strips, strict=True):
        white = np.full((strip.shape[0], width - strip.shape[1], 3), 255, np.uint8)
        parts += [text_image(_lines(example), width), np.concatenate([strip, white], axis=1)]
    return np.concatenate(parts)


def _strip(example: DrawnExample) -> np.ndarray:
    places = np.arange(len(example.frames))
    if len(places) > MOST_FRAMES:
        places = regular_indices(len(places), MOST_FRAMES)
    times = example.timestamps_seconds[places]
    return contact_sheet(example.frames[places], times, COLUMNS, long_side=TILE)


def _title(drawn: DrawnEpoch, epoch: int) -> list[str]:
    sampling, model, seed = drawn.config.sampling, drawn.config.model, drawn.config.training.seed
    height, width = model.frame_size  # type: ignore[misc]
    sees = "frames" if model.learns_from_frames else f"features of {model.backbone} over frames"
    examples = counted(len(drawn.examples), "example")
    how = [f"{model.architecture}: {sees} of {height}×{width} pixels, {sampling.num_frames} of each clip"]
    how += [f"{sampling.crop} crops", "half of the windows mirrored" if sampling.flip else "none mirrored"]
    first = f"The first {examples} of {drawn.num_rows:,} that training draws in epoch {epoch}, seed {seed}"
    return [first, ", ".join(how) + "."]


def _lines(example: DrawnExample) -> list[str]:
    """Return the label of an example, and where its frames come from."""
    row, num_frames = example.row, len(example.frames)
    question, answer = str(row["question"]), str(row["answer"])
    turned = {"backwards": example.is_backwards, "mirrored": example.is_flipped}
    where = [name for name, is_so in turned.items() if is_so]
    if num_frames < example.grid_length:
        stop = example.start + num_frames - 1
        where.append(f"frames {example.start} to {stop} of a grid of {example.grid_length}")
    if example.corner is not None:
        places = zip(example.corner, example.surplus, ("down", "to the right"), strict=True)
        where += [f"crop {start} of {most} pixels {way}" for start, most, way in places if most]
    if num_frames > MOST_FRAMES:
        where.append(f"{MOST_FRAMES} of {num_frames} frames shown")
    where.append(str(row["video_id"]))
    return [f"{question} → {answer}" if question else answer, ", ".join(where)]
