"""The output folder of an extraction: whether it may be used, its settings file, and its lists."""

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal
from videoqa._files import locked_folder, write_text
from videoqa._frame_folders import CLIPS, DONE, FAILED, LABELS, LISTS, PARTIAL, SETTINGS
from videoqa._manifest import read_json, write_json
from videoqa._tables import csv_text
from videoqa._version import __version__
from videoqa.config import DataConfig, ExtractionConfig
from videoqa.extraction.clips import Clip
from videoqa.video.frame_export import ExportedFrames

COMPARED_DATA = ("data", "fold", "classes", "limit")
"""Options of the data that decide which clips are extracted, and their places."""


def settings_of(
    config: ExtractionConfig, data: DataConfig, num_tables: int, classes: Sequence[str]
) -> dict[str, Any]:
    """Return the settings of an extraction, ready for JSON."""
    chosen = {name: getattr(data, name) for name in COMPARED_DATA}
    chosen = {name: list(each) if isinstance(each, tuple) else each for name, each in chosen.items()}
    chosen["data"] = [*chosen["data"], *["DataFrame"] * num_tables]
    return {**dataclasses.asdict(config), **chosen, "labels": list(classes)}


def check_out(out: Path, videos: Iterable[str]) -> None:
    """Raise `ValueError` if `out` is no folder, holds other files, or lies among the videos."""
    for place in videos:
        if out.absolute().resolve().is_relative_to(Path(place).resolve()):
            raise Refusal("out", f"lie outside the videos folder {place}", str(out))
    if out.exists() and not out.is_dir():
        raise Refusal("out", "be a folder; this is a file", str(out))
    if out.is_dir() and not (out / SETTINGS).exists():
        others = sorted(os.listdir(out))
        if others:
            requirement = "be empty, new, or an earlier extraction to go on with"
            advice = f"It holds {len(others)} other things, such as {others[0]!r}. Give another --out."
            raise Refusal("out", requirement, str(out), advice)


@contextlib.contextmanager
def opened_out(out: Path, settings: dict[str, Any]) -> Iterator[None]:
    """Make the folder, or check that its frames have the same settings, and lock it while the block runs.

    If the block fails before the first clip is done, the folder is left as it was, so that it takes other
    settings. What is done stays, with the settings it was made with.

    Raises:
        ValueError: other settings, naming each that differs.
        OSError: the folder cannot be made or written to.
    """
    existed = out.exists()
    try:
        _open_out(out, settings)
        with locked_folder(out) as locked:
            if locked:
                _clean(out)
            try:
                yield
            except BaseException:
                if locked and not _holds_clips(out):
                    _clean(out)
                    for name in (DONE, SETTINGS):
                        (out / name).unlink(missing_ok=True)
                raise
    except BaseException:
        if not existed:
            with contextlib.suppress(OSError):  # something lies there
                out.rmdir()
        raise
    with contextlib.suppress(OSError):  # none was needed, or another process is at work
        (out / PARTIAL).rmdir()


def _holds_clips(out: Path) -> bool:
    """Return whether a clip was recorded as done."""
    return (out / DONE).exists() and (out / DONE).stat().st_size > 0


def _open_out(out: Path, settings: dict[str, Any]) -> None:
    """Make the folder with its settings, or check that its frames have the same."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise Refusal("out", "be a folder; a file stands in its way", str(out)) from error
    if not (out / SETTINGS).exists():
        write_json(out / SETTINGS, {"made_by": f"videoqa {__version__}", **settings})
        return
    earlier = read_json(out / SETTINGS)
    differing = [name for name, value in settings.items() if earlier.get(name) != value]
    if differing:
        texts = [f"{name}={_short(settings[name])} (was {_short(earlier.get(name))})" for name in differing]
        advice = "Give them as they were, or another --out."
        raise Refusal(
            f"`out` must hold frames made with the same settings. Received: {', '.join(texts)} for "
            f"{str(out)!r}. {advice}"
        )


def _clean(out: Path) -> None:
    """Remove half-written clips of a killed run."""
    shutil.rmtree(out / PARTIAL, ignore_errors=True)


def write_lists(
    out: Path, classes: Sequence[str], done: Sequence[tuple[Clip, ExportedFrames]], failed: pd.DataFrame
) -> None:
    """Write the labels, the list of each split, the table of clips and the table of failed clips."""
    splits = [split for split in LISTS if split != "validation" or any(c.split == split for c, _ in done)]
    for split in splits:
        lines = [
            f"{clip.name} {clip.label} {made.num_frames}\n" for clip, made in done if clip.split == split
        ]
        write_text(out / LISTS[split], "".join(lines))
    rows = [
        (
            *(clip.name, clip.split, clip.label, classes[clip.label], clip.group, clip.request.path),
            *(clip.request.start_seconds, clip.request.end_seconds, made.num_frames, made.num_repeated),
        )
        for clip, made in done
    ]
    columns = ["clip", "split", "label", "class", "group", "video", "start_seconds", "end_seconds"]
    table = pd.DataFrame(rows, columns=[*columns, "num_frames", "num_repeated"])
    write_text(out / CLIPS, csv_text(table, lineterminator="\n"))
    if len(failed):
        write_text(out / FAILED, csv_text(failed, lineterminator="\n"))
    else:
        (out / FAILED).unlink(missing_ok=True)
    write_text(out / LABELS, "".join(f"{label}\n" for label in classes))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{len(value)} values"
