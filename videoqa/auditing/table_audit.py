"""Prints the findings that need no decoding, before `train` starts."""

import os

import pandas as pd

from videoqa._counted import counted
from videoqa._progress import say_note
from videoqa.auditing.collecting import folders_above
from videoqa.auditing.findings import findings_table
from videoqa.auditing.table_findings import (
    gold_answer_findings,
    long_cell_findings,
    pair_findings,
    row_contents,
    split_findings,
    vocabulary_findings,
)
from videoqa.config import RunConfig
from videoqa.data.archives import archives_in
from videoqa.features.contents import content_hashes

SHOWN_ARCHIVES = 3


def say_table_findings(table: pd.DataFrame, config: RunConfig, *, progress: bool = True) -> None:
    """Print a line for each kind of finding about the table and its videos' bytes; nothing if all is well.

    Unreadable videos are reported later, when they are encoded. For a blind model no video is opened.

    Args:
        table: annotation table with all its splits.
        config: of the run.
        progress: False prints nothing.
    """
    hashes: dict[str, str] = {}
    if config.model.sees_video:
        hashes, failures = content_hashes(table["video_path"].unique().tolist(), progress=progress)
        missing = [path for path, error in failures.items() if isinstance(error, FileNotFoundError)]
        for line in _archive_lines(missing, config):
            say_note(line, progress=progress)
    contents = row_contents(table, hashes)
    lines = [
        *_split_lines(table, contents),
        *_pair_lines(table),
        *_gold_answer_lines(table, contents),
        *_vocabulary_lines(table, config),
        *_long_cell_lines(table),
    ]
    for line in lines:
        say_note(line, progress=progress)
    if lines:
        say_note("`videoqa audit` lists these rows.", progress=progress)


def _archive_lines(missing: list[str], config: RunConfig) -> list[str]:
    if not missing:
        return []
    archives = list(archives_in(config.data.videos or folders_above(missing)))
    lines = [
        f"{counted(len(missing), 'video is', 'videos are')} not there, but an archive is: "
        f"{os.path.basename(path)} is {advice}"
        for path, advice in archives[:SHOWN_ARCHIVES]
    ]
    if len(archives) > SHOWN_ARCHIVES:
        lines.append(f"{len(archives) - SHOWN_ARCHIVES} more archives lie there.")
    return lines


def _split_lines(table: pd.DataFrame, contents: pd.Series) -> list[str]:
    found = findings_table(table, split_findings(table, contents))
    if not len(found):
        return []
    splits = ", ".join(f"{split} {number:,}" for split, number in found["split"].value_counts().items())
    videos = counted(contents[found["row"] - 1].nunique(), "video")
    return [
        f"The same video, by its content, is in two splits: {videos}, "
        f"rows: {splits}. Scores on them are flattered."
    ]


def _pair_lines(table: pd.DataFrame) -> list[str]:
    number = sum(1 for _ in pair_findings(table))
    if not number:
        return []
    rows = counted(number, "row has a clip", "rows have clips")
    return [f"{rows} of a `pair` that is in two splits: the other clip shows nearly the same frames."]


def _gold_answer_lines(table: pd.DataFrame, contents: pd.Series) -> list[str]:
    number = sum(1 for _ in gold_answer_findings(table, contents))
    if not number:
        return []
    what = "label" if table.attrs.get("task") == "action" else "answer to the same question"
    return [f"{counted(number, 'row has', 'rows have')} a clip that has another {what} in another row."]


def _vocabulary_lines(table: pd.DataFrame, config: RunConfig) -> list[str]:
    found = findings_table(table, vocabulary_findings(table, config))
    parts = [
        f"{split} {number:,} of {counted(int((table['split'] == split).sum()), 'row')}"
        for split, number in found["split"].value_counts().items()
    ]
    return [f"Answers that the model cannot give, counted as wrong: {', '.join(parts)}."] if parts else []


def _long_cell_lines(table: pd.DataFrame) -> list[str]:
    found = list(long_cell_findings(table))
    if not found:
        return []
    row, _, detail = found[0]
    return [f"{len(found):,} cells are too long to be meant; in row {row + 1} {detail}."]
