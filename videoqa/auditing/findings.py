"""The names of all findings of an audit, and the table of findings."""

from collections.abc import Iterable, Iterator

import pandas as pd

FINDINGS = (
    "missing",
    "undecodable",
    "segment_outside_video",
    "damaged_frames",
    "header_count",
    "clock_jump",
    "too_few_frames",
    "still",
    "duplicate_content",
    "same_video_in_two_splits",
    "pair_in_two_splits",
    "several_gold_answers",
    "answer_outside_vocabulary",
    "long_cell",
    "packed_archive",
)
"""In the order of printing; `docs/audit.md` says what each means and what to do."""
COLUMNS = ("row", "question_id", "video_id", "video_path", "split", "finding", "detail")

Found = tuple[int, str, str]
"""Position of a row in the table from 0, one of `FINDINGS`, and the detail."""


def findings_table(table: pd.DataFrame, found: Iterable[Found]) -> pd.DataFrame:
    """Return one row per finding with the columns `COLUMNS`, ordered by the annotation table's rows.

    Args:
        table: annotation table, index 0, 1, ...
        found: what was found of its rows.
    """
    names = {name: place for place, name in enumerate(FINDINGS)}
    ordered = sorted(found, key=lambda each: (each[0], names[each[1]]))
    facts = [table[name].to_numpy() for name in ("question_id", "video_id", "video_path", "split")]
    rows = [(row + 1, *(fact[row] for fact in facts), name, detail) for row, name, detail in ordered]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def archive_findings(
    archives: Iterable[tuple[str, str]],
) -> Iterator[tuple[int, str, str, str, str, str, str]]:
    """Yield the rows of the table for archives, given as path and advice; their `row` is 0."""
    for path, advice in archives:
        yield (0, "", "", path, "", "packed_archive", advice)


def totals(findings: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return the numbers of `rows` and of distinct `videos` of each finding that occurs."""
    return {
        name: {"rows": len(rows), "videos": int(rows["video_path"].nunique())}
        for name in FINDINGS
        if len(rows := findings[findings["finding"] == name])
    }
