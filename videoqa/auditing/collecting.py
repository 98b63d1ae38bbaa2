"""Collects all findings from the table, the content hashes and the records of the videos."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa.auditing.clip_findings import clip_findings
from videoqa.auditing.findings import COLUMNS, Found, archive_findings, findings_table
from videoqa.auditing.table_findings import (
    SHOWN,
    duplicates,
    gold_answer_findings,
    long_cell_findings,
    pair_findings,
    row_contents,
    split_findings,
    vocabulary_findings,
)
from videoqa.auditing.workers import Task
from videoqa.config import RunConfig
from videoqa.data.archives import archives_in
from videoqa.features.contents import segments_of
from videoqa.video.examining import WHOLE, Segment


def tasks_of(table: pd.DataFrame, hashes: Mapping[str, str]) -> list[Task]:
    """Return one task per distinct content, with the segments of all its rows."""
    segments: dict[str, dict[Segment, None]] = {}
    paths: dict[str, str] = {}
    for path, segment in zip(table["video_path"], segments_of(table), strict=True):
        content = hashes.get(path)
        if content is not None:
            paths.setdefault(content, path)
            segments.setdefault(content, {})[segment] = None
    return [
        (content, path, [segment for segment in segments[content] if segment != WHOLE])
        for content, path in paths.items()
    ]


def all_findings(
    table: pd.DataFrame,
    config: RunConfig,
    hashes: Mapping[str, str],
    failures: Mapping[str, Exception],
    known: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Return every finding of the table and of its folders."""
    looks = {path: record["fingerprint"] for path, record in known.items() if "fingerprint" in record}
    contents = row_contents(table, {**hashes, **looks})
    found: list[Found] = [
        *_video_findings(table, config, failures, known),
        *_duplicate_findings(table, hashes, looks),
        *split_findings(table, contents),
        *pair_findings(table),
        *gold_answer_findings(table, contents),
        *vocabulary_findings(table, config),
        *long_cell_findings(table),
    ]
    rows = findings_table(table, found)
    missing = [path for path, error in failures.items() if isinstance(error, FileNotFoundError)]
    if not missing:
        return rows
    folders = config.data.videos or folders_above(missing)
    archives = pd.DataFrame(archive_findings(archives_in(folders)), columns=list(COLUMNS))
    return pd.concat([archives, rows], ignore_index=True) if len(archives) else rows


def _video_findings(
    table: pd.DataFrame,
    config: RunConfig,
    failures: Mapping[str, Exception],
    known: Mapping[str, Mapping[str, Any]],
) -> Iterator[Found]:
    """Yield what is wrong with each row's clip."""
    seen: dict[tuple[str, Segment], list[tuple[str, str]]] = {}
    for row, key in enumerate(zip(table["video_path"], segments_of(table), strict=True)):
        path, segment = key
        if key not in seen:
            error = failures.get(path)
            if error is not None:
                name = "missing" if isinstance(error, FileNotFoundError) else "undecodable"
                seen[key] = [(name, "there is no such file" if name == "missing" else str(error))]
            else:
                seen[key] = list(clip_findings(path, segment, known[path], config.sampling))
        for name, detail in seen[key]:
            yield row, name, detail


def _duplicate_findings(
    table: pd.DataFrame, hashes: Mapping[str, str], looks: Mapping[str, str]
) -> Iterator[Found]:
    """Yield a finding for each row whose video also exists under another name."""
    paths = table["video_path"].unique().tolist()
    same_frames, same_bytes = duplicates(paths, looks), duplicates(paths, hashes)
    for row, path in enumerate(table["video_path"]):
        others = same_bytes.get(path) or same_frames.get(path)
        if others:
            what = "bytes" if path in same_bytes else "frames"
            more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
            yield row, "duplicate_content", f"the same {what} as {', '.join(others[:SHOWN])}{more}"


def folders_above(paths: Iterable[str]) -> list[str]:
    """Return the nearest existing folder above each path, without folders inside others."""
    folders = set()
    for path in paths:
        folder = Path(path).parent
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        folders.add(folder)
    return sorted(str(folder) for folder in folders if not folders & set(folder.parents))
