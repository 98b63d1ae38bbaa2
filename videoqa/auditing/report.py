"""The report of an audit: two tables, a picture of the suspicious videos, and the totals."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videoqa._counted import counted
from videoqa._files import files_of_folder, write_text
from videoqa._tables import csv_text
from videoqa.auditing.clip_findings import error_of
from videoqa.auditing.findings import totals
from videoqa.video.contact_sheet import save_image
from videoqa.video.jpeg_folders import folder_state
from videoqa.video.strips import strips

VIDEO_COLUMNS = (
    *("video_path", "status", "findings", "frames_announced", "frames_decoded", "frames_damaged"),
    *("fps", "seconds"),
    *("width", "height", "pixel_aspect", "codec", "bytes", "sha256"),
)
WRITTEN = ("findings.csv", "videos.csv", "suspicious.png")
SHOWN_ON_SHEET = 60
SHEET_FINDINGS = (
    *("undecodable", "damaged_frames", "header_count", "too_few_frames", "still"),
    *("duplicate_content", "same_video_in_two_splits"),
)
"""Findings whose videos are shown in the picture."""


@dataclass(frozen=True)
class AuditReport:
    """The findings of an audit.

    Attributes:
        out: folder of `findings.csv`, `videos.csv` and, if a video is suspicious, `suspicious.png`.
        findings: one row per finding, with the columns of `auditing.findings.COLUMNS`.
        videos: one row per distinct video path.
        num_rows: rows of the annotation table.
        num_decoded: contents decoded in this audit.
        num_known: contents known from an earlier audit.
        notes: further messages.
        seconds: duration of the audit.
    """

    out: Path
    findings: pd.DataFrame
    videos: pd.DataFrame
    num_rows: int
    num_decoded: int
    num_known: int
    notes: tuple[str, ...]
    seconds: float

    @property
    def sheet(self) -> Path | None:
        """The picture of the suspicious videos; None if there are none."""
        path = self.out / "suspicious.png"
        return path if path.exists() else None

    def to_dict(self) -> dict[str, Any]:
        """Return the totals as one JSON-ready object."""
        return {
            "out": str(self.out),
            "num_rows": self.num_rows,
            "num_videos": len(self.videos),
            "num_rows_with_findings": int(self.findings.loc[self.findings["row"] > 0, "row"].nunique()),
            "num_decoded": self.num_decoded,
            "num_known": self.num_known,
            "findings": totals(self.findings),
            "archives": self.findings.loc[self.findings["row"] == 0, "detail"].tolist(),
            "sheet": None if self.sheet is None else str(self.sheet),
            "notes": list(self.notes),
            "seconds": self.seconds,
        }


def videos_table(
    paths: list[str],
    findings: pd.DataFrame,
    hashes: Mapping[str, str],
    failures: Mapping[str, Exception],
    known: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Return one row per distinct video path with the columns `VIDEO_COLUMNS`."""
    found = findings.groupby("video_path")["finding"].agg(lambda each: " ".join(dict.fromkeys(each)))
    rows = []
    for path in paths:
        record = known.get(path, {})
        row = {name: record.get("video", {}).get(name) for name in VIDEO_COLUMNS}
        if path in failures:
            row["status"] = "missing" if isinstance(failures[path], FileNotFoundError) else "undecodable"
        else:
            row["status"] = "ok" if error_of(path, record) is None else "undecodable"
            row["bytes"] = _num_bytes(path)
        rows.append({**row, "video_path": path, "findings": found.get(path, ""), "sha256": hashes.get(path)})
    whole = {
        "frames_announced": "Int64",
        "frames_decoded": "Int64",
        "frames_damaged": "Int64",
        "width": "Int64",
        "height": "Int64",
    }
    return pd.DataFrame(rows, columns=list(VIDEO_COLUMNS)).astype({**whole, "bytes": "Int64"})


def write_report(
    out: Path, findings: pd.DataFrame, videos: pd.DataFrame, thumbnails: Callable[[str], Sequence[str]]
) -> None:
    """Write the files of an audit into `out`, all or none.

    Args:
        out: folder, which exists.
        findings: one row per finding.
        videos: one row per video.
        thumbnails: returns first, middle and last frame of a video path as JPEG in base64, or nothing.
    """
    sheet = _sheet(findings, thumbnails)
    with files_of_folder(out, last="findings.csv") as parts:
        for name, table in (("findings.csv", findings), ("videos.csv", videos)):
            write_text(parts / name, csv_text(table, lineterminator="\n"))
        if sheet is not None:
            save_image(parts / "suspicious.png", sheet)
    if sheet is None:
        (out / "suspicious.png").unlink(missing_ok=True)


def _sheet(findings: pd.DataFrame, thumbnails: Callable[[str], Sequence[str]]) -> np.ndarray | None:
    """Return the picture of the suspicious videos, uint8 RGB; None if there are none."""
    shown = findings[findings["finding"].isin(SHEET_FINDINGS)]
    names = shown.groupby("video_path", sort=False)["finding"].agg(
        lambda each: ", ".join(dict.fromkeys(each))
    )
    if not len(names):
        return None
    entries = [
        (thumbnails(str(path)), [_short(path), found]) for path, found in names.iloc[:SHOWN_ON_SHEET].items()
    ]
    title = f"{counted(len(names), 'suspicious video')}: first, middle and last frame"
    if len(names) > SHOWN_ON_SHEET:
        title = f"{title}; the first {SHOWN_ON_SHEET} are shown, findings.csv lists all"
    return strips(entries, title)


def _num_bytes(path: str) -> int:
    """Return the bytes of a video file, or of the frames in a folder."""
    if os.path.isdir(path):
        return sum(size for _, size, *_ in folder_state(path))
    return os.path.getsize(path)


def _short(path: object) -> str:
    """Return the file's name with its folder's."""
    return os.path.join(*Path(str(path)).parts[-2:])
