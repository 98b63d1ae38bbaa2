"""`extract_frames`: write frames of annotated clips as JPEG files."""

import os
import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from videoqa._checks import Refusal, check_choice, check_integer
from videoqa._counted import counted
from videoqa._files import size_text
from videoqa._frame_folders import PARTIAL
from videoqa._prefetch import run_ahead
from videoqa._progress import progress_bar, say
from videoqa.config import DataConfig, ExtractionConfig, field_names
from videoqa.config.keywords import ExtractOptions, shows_options
from videoqa.data.annotations import check_some_there, read_annotations, say_notes, split_sources
from videoqa.data.archives import check_unpacked
from videoqa.extraction.clips import Clip, clips_of
from videoqa.extraction.done import DoneClips, source_of
from videoqa.extraction.out_folder import check_out, opened_out, settings_of, write_lists
from videoqa.extraction.space import check_space, forecast
from videoqa.features.contents import hashes_of_videos
from videoqa.video.decoding import DecodingError
from videoqa.video.frame_export import ExportedFrames, export_frames
from videoqa.video.limits import limits_now
from videoqa.video.readers import NUM_DECODER_THREADS

Outcome = tuple[Clip, ExportedFrames | str, bool]
"""A clip, its frames or the reason why there are none, and whether they were there before."""
STATUSES = ("extracted", "present", "failed")


@dataclass(frozen=True)
class ExtractionReport:
    """One row per distinct clip, in the order of the table.

    Attributes:
        out: folder of the frames.
        rows: `clip` (`<class>/<video>`), `split`, `label` (number), `video`, `start_seconds`, `end_seconds`,
            `status` (one of `STATUSES`), `error` ("" unless failed), `num_frames`, `num_repeated` (those that
            repeat the frame before, since the clip has fewer per second) and `num_bytes`.
        classes: the lines of `label.txt`.
        seconds: how long it took.
    """

    out: Path
    rows: pd.DataFrame
    classes: tuple[str, ...]
    seconds: float

    @property
    def failed(self) -> pd.DataFrame:
        """The rows without frames."""
        return self.rows[self.rows["status"] == "failed"]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and the failures, JSON-serializable."""
        good = self.rows[self.rows["status"] != "failed"]
        columns = self.failed[["video", "start_seconds", "end_seconds", "split", "error"]].astype(object)
        return {
            "out": str(self.out),
            "num_classes": len(self.classes),
            "num_clips": len(self.rows),
            **{f"num_{status}": int((self.rows["status"] == status).sum()) for status in STATUSES},
            "num_frames": int(good["num_frames"].sum()),
            "num_repeated": int(good["num_repeated"].sum()),
            "num_bytes": int(good["num_bytes"].sum()),
            "splits": {split: int(count) for split, count in good["split"].value_counts(sort=False).items()},
            "failures": columns.where(columns.notna(), None).to_dict("records"),
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        extracted, present, failed = (int((self.rows["status"] == status).sum()) for status in STATUSES)
        return (
            f"{counted(extracted, 'clip')} extracted, {present} there already, {failed} failed ({self.out})"
        )


@shows_options(ExtractOptions)
def extract_frames(
    data: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    decode_workers: int | None = None,
    progress: bool = True,
    **options: Unpack[ExtractOptions],
) -> ExtractionReport:
    """Write frames of every clip of an action table as JPEG files, chosen by their timestamps.

    `out` gets `train/<class>/<video>/0000.jpg`, ..., `test/...`, `label.txt` (one class a line), and
    `train.txt` and `test.txt` with lines `<class>/<video> <label from 0> <number of frames>`; also
    `validation/` and `validation.txt` if the table has validation rows. Running it again resumes a killed
    run. The folder can be given as `data` to `train`, `evaluate`, `audit` and `predict`.

    Args:
        data: path of a CSV or JSONL file, the name of a set, a DataFrame, or a list of these.
        out: folder to write to: new, empty, or an earlier extraction with the same settings.
        decode_workers: threads that decode and write; None: one per processor.
        progress: print messages, and a bar on a terminal.
        **options: any field of `DataConfig` (`videos`, `annotations`, `fold`, ...) and `ExtractionConfig`
            (`fps`, `short_side`, `quality`).

    Returns:
        The report: clips extracted, clips there before, and failed clips with the reason, also in
        `failed.csv`.

    Raises:
        ValueError: an option out of range, an unusable table or one without labels, an `out` that holds
            other files or frames made with other settings, or too little space on the disk.
        FileNotFoundError: an annotation file or folder that does not exist.
        OSError: `out` cannot be written to; finished clips stay.

    Example:
        >>> report = videoqa.extract_frames("labels.csv", videos="clips/", fps=4, out="frames/")
        >>> report.rows["status"].value_counts().to_dict()
        {'extracted': 18}
    """
    started = time.perf_counter()
    sources, tables = split_sources(data)
    data_config, settings = configs_of(dict(options), sources)
    num_workers = (os.cpu_count() or 1) if decode_workers is None else decode_workers
    check_integer("decode_workers", num_workers, minimum=1, maximum=256)
    if out is None:
        raise Refusal("out", "name the folder to write to", None, "For example --out frames/")
    limits_now()  # refused once here, not once per clip
    folder = Path(out)
    check_out(folder, data_config.videos)
    check_unpacked(data_config.videos)
    table = read_annotations(data_config, tables=tables, contents=hashes_of_videos)
    clips, classes = clips_of(table)
    check_some_there(table)
    say_notes(table, progress=progress)
    _say_absent(table, progress)
    with opened_out(folder, settings_of(settings, data_config, len(tables), classes)):
        outcomes = _extract(clips, folder, settings, num_workers, progress)
    rows = _rows(outcomes)
    failed = rows.loc[rows["status"] == "failed", ["clip", "split", "video", "error"]]
    good = [(clip, made) for clip, made, _ in outcomes if isinstance(made, ExportedFrames)]
    write_lists(folder, classes, good, failed)
    return ExtractionReport(folder, rows, tuple(classes), time.perf_counter() - started)


def configs_of(options: dict[str, Any], sources: Sequence[str] = ()) -> tuple[DataConfig, ExtractionConfig]:
    """Return the two configurations of the options; raise `ValueError` for unknown options or bad values."""
    known = [*field_names(DataConfig)[1:], *field_names(ExtractionConfig)]
    for name in options:
        check_choice("option", name, sorted(known))
    own = {name: options[name] for name in field_names(ExtractionConfig) if name in options}
    others = {name: value for name, value in options.items() if name not in own}
    return DataConfig(data=tuple(sources), **others), ExtractionConfig(**own)


def _extract(
    clips: Sequence[Clip], out: Path, settings: ExtractionConfig, num_workers: int, progress: bool
) -> list[Outcome]:
    """Extract the missing clips and return the outcome of every clip."""
    done = DoneClips(out)
    found = {clip.place: done.find(clip) for clip in clips}
    todo = [clip for clip in clips if found[clip.place] is None]
    requests = [clip.request for clip in todo]
    num_files, num_bytes = forecast(requests, settings, num_workers)
    free = check_space(out, num_bytes)
    say(
        f"{len(todo):,} of {counted(len(clips), 'clip')} to extract: about {counted(num_files, 'frame')}, "
        f"{size_text(num_bytes)} of {size_text(free)} free.",
        progress=progress,
    )
    made: dict[str, ExportedFrames | str] = {}
    num_threads = max(1, NUM_DECODER_THREADS // max(1, min(num_workers, len(todo))))
    work = run_ahead(
        lambda clip: _extract_one(clip, out, settings, done, num_threads),
        todo,
        num_threads=num_workers,
        num_ahead=4 * num_workers,
    )
    bar = progress_bar(progress=progress, desc="extracting", total=len(todo), unit="clip")
    with closing(work), bar:
        for clip, outcome in work:
            made[clip.place] = _text(outcome) if isinstance(outcome, Exception) else outcome
            bar.update()
    return [(clip, found[clip.place] or made[clip.place], found[clip.place] is not None) for clip in clips]


def _extract_one(
    clip: Clip, out: Path, settings: ExtractionConfig, done: DoneClips, num_threads: int
) -> ExportedFrames:
    """Write a clip's frames into a temporary folder, move it to its place and record that it is done."""
    source = source_of(clip)
    partial = out / PARTIAL / f"{os.getpid()}-{os.urandom(6).hex()}"
    partial.mkdir(parents=True)
    try:
        exported = export_frames(clip.request, partial, settings, num_threads=num_threads)
        target = out / clip.place
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    done.add(clip, source, exported)
    return exported


def _text(error: Exception) -> str:
    """Return why a clip failed; raise `OSError` if `out` cannot be written to, which ends the run."""
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        reason = error.strerror or str(error)
        raise OSError(
            error.errno, f"The frames cannot be written: {reason}. What is finished stays; run again."
        ) from error
    expected = isinstance(error, (DecodingError, FileNotFoundError, ValueError))
    return str(error) if expected else f"{type(error).__name__}: {error}"


def _rows(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    rows = []
    for clip, made, was_there in outcomes:
        request = clip.request
        status, error = ("present" if was_there else "extracted"), ""
        if isinstance(made, str):
            status, error, made = "failed", made, ExportedFrames(0, 0, 0)
        rows.append(
            (
                *(clip.name, clip.split, clip.label),
                *(request.path, request.start_seconds, request.end_seconds),
                *(status, error, made.num_frames, made.num_repeated, made.num_bytes),
            )
        )
    columns = ["clip", "split", "label", "video", "start_seconds", "end_seconds", "status", "error"]
    return pd.DataFrame(rows, columns=[*columns, "num_frames", "num_repeated", "num_bytes"])


def _say_absent(table: pd.DataFrame, progress: bool) -> None:
    if absent := table.attrs.get("absent"):
        counts = ", ".join(f"{split} {number:,}" for split, number in absent.items())
        say(f"Rows left out because the set's video is not there: {counts}.", progress=progress)
