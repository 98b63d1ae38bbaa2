"""`audit`: look at every row and every video of a data set before anything is trained on it."""

import os
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from videoqa._checks import Refusal, check_integer, check_not_read
from videoqa._progress import progress_bar, say
from videoqa.auditing.collecting import all_findings, tasks_of
from videoqa.auditing.records import Records, without_thumbnails
from videoqa.auditing.report import WRITTEN, AuditReport, videos_table, write_report
from videoqa.auditing.workers import Task, examine_all
from videoqa.config import RunConfig, run_config_from_options
from videoqa.config.keywords import AuditOptions, shows_options
from videoqa.data.annotation_files import folders_of
from videoqa.data.annotations import read_annotations, say_none_there, say_notes, split_sources
from videoqa.data.archives import check_unpacked
from videoqa.data.opposites import notes_on_opposites
from videoqa.data.specs import options_of
from videoqa.features.contents import content_hashes, hashes_of_videos


@shows_options(AuditOptions)
def audit(
    data: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    decode_workers: int | None = None,
    progress: bool = True,
    **options: Unpack[AuditOptions],
) -> AuditReport:
    """Look at every row and every video of a data set and report what is wrong with them.

    Each distinct content is decoded once, in worker processes. The results are kept in `<home>/audits`, so
    that running the audit again resumes a killed one.

    Args:
        data: path of a CSV or JSONL file, the name of a set, a DataFrame, or a list of these.
        out: folder to write to; None: `audits/<date-time>`.
        decode_workers: processes that decode; None: one per processor, at most 8.
        progress: print messages, and bars on a terminal.
        **options: any field of `DataConfig` (`videos`, `annotations`, `limit`, …) and `SamplingConfig`
            (`num_frames`, …), and `num_answers` and `seed` as `train` would have them.

    Returns:
        The report, whose tables are also written to `out`.

    Raises:
        ValueError: an option out of range, an unusable table, an archive given as a folder.
        FileNotFoundError: an annotation file or folder that does not exist.
        OSError: `out` cannot be written to.

    Example:
        >>> report = videoqa.audit("my.csv", videos="clips/")
        >>> report.num_rows, len(report.videos), report.num_decoded
        (36, 18, 18)
    """
    started = time.perf_counter()
    sources, tables = split_sources(data)
    config = run_config_from_options({**options_of(sources), **options, "data": sources})
    num_workers = min(8, os.cpu_count() or 1) if decode_workers is None else decode_workers
    check_integer("decode_workers", num_workers, minimum=1, maximum=256)
    table = _annotations(config, tables)
    say_notes(table, progress=progress)
    folder = _out_folder(out, config.data.videos)
    for name in WRITTEN:
        check_not_read("out", folder / name, sources)
    paths = table["video_path"].unique().tolist()
    hashes, failures = content_hashes(paths, progress=progress)
    kept = Records()
    records, num_decoded, notes = _examined(tasks_of(table, hashes), kept, num_workers, progress)
    known = {path: records[content] for path, content in hashes.items()}
    findings = all_findings(table, config, hashes, failures, known)
    videos = videos_table(paths, findings, hashes, failures, known)
    write_report(
        folder, findings, videos, lambda path: kept.thumbnails(hashes.get(path, ""), known.get(path, {}))
    )
    say_none_there(table, progress=progress)
    return AuditReport(
        out=folder,
        findings=findings,
        videos=videos,
        num_rows=len(table),
        num_decoded=num_decoded,
        num_known=len(records) - num_decoded,
        notes=(*table.attrs["notes"], *table.attrs["none_there"], *notes),
        seconds=time.perf_counter() - started,
    )


def _annotations(config: RunConfig, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the annotation table of all sources, whether or not its videos are there."""
    check_unpacked(config.data.videos)
    folders_of([*config.data.data, *tables], config.data, with_videos=True)
    table = read_annotations(
        config.data,
        tables=tables,
        seed=config.training.seed,
        with_videos=False,
        contents=hashes_of_videos,
    )
    table.attrs["notes"] += notes_on_opposites(table)
    return table


def _examined(
    tasks: list[Task], kept: Records, num_workers: int, progress: bool
) -> tuple[dict[str, dict[str, Any]], int, list[str]]:
    """Return the record of each content, the number of contents decoded now, and notes."""
    records = {}
    for content, _, segments in tasks:
        record = kept.read(content, segments)
        if record is not None:
            records[content] = without_thumbnails(record)
    todo = [task for task in tasks if task[0] not in records]
    notes: list[str] = []
    with progress_bar(progress=progress, desc="decoding", total=len(todo), unit="video") as bar:
        for content, record in examine_all(todo, min(num_workers, max(len(todo), 1))):
            try:
                records[content] = kept.keep(content, record)
            except OSError as error:
                records[content] = record
                notes = [f"What was seen cannot be kept in {kept.folder}: {error.strerror}."]
            bar.update()
    for note in notes:
        say(note, progress=progress)
    return records, len(todo), notes


def _out_folder(out: str | os.PathLike[str] | None, videos: Iterable[str]) -> Path:
    """Return the folder to write to, made if absent; refuse one inside a folder of videos."""
    folder = Path("audits") / f"{datetime.now():%Y-%m-%d-%H%M%S}" if out is None else Path(out)
    for place in videos:
        if folder.absolute().resolve().is_relative_to(Path(place).resolve()):
            requirement = f"lie outside the videos folder {place}"
            raise Refusal("out", requirement, str(folder), "Give another folder with --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise Refusal("out", "be a folder; a file stands in its way", str(folder)) from error
    return folder
