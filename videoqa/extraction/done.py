"""Records the finished clips of an extraction, one line each, written after a clip's last frame."""

import json
import os
import threading
from pathlib import Path
from typing import Any

from videoqa._files import write_text
from videoqa._frame_folders import DONE, frame_files
from videoqa.extraction.clips import Clip
from videoqa.video.frame_export import ExportedFrames

Record = dict[str, Any]


class DoneClips:
    """The file of finished clips in a set's folder; the incomplete last line of a killed run is dropped.

    Args:
        out: the set's folder.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}
        path = out / DONE
        if path.exists():
            self._records = {record["clip"]: record for record in map(_record, _lines(path)) if record}
            write_text(path, "".join(map(_line, self._records.values())))

    def find(self, clip: Clip) -> ExportedFrames | None:
        """Return a clip's frames; None unless they are complete and their video is unchanged."""
        record = self._records.get(clip.place)
        if record is None or record["source"] != source_of(clip):
            return None
        folder = self.out / clip.place
        try:
            sizes = [os.path.getsize(folder / name) for name in frame_files(folder).values()]
        except OSError:
            return None
        found = ExportedFrames(len(sizes), record["num_repeated"], sum(sizes))
        return found if (len(sizes), sum(sizes)) == (record["num_frames"], record["num_bytes"]) else None

    def add(self, clip: Clip, source: Record | None, exported: ExportedFrames) -> None:
        """Record that the folder of a clip is complete."""
        record = {"clip": clip.place, "source": source, **vars(exported)}
        with self._lock:
            self._records[clip.place] = record
            with open(self.out / DONE, "a", encoding="utf-8") as file:
                file.write(_line(record))


def source_of(clip: Clip) -> Record | None:
    """Return what identifies a clip and its unchanged video; None if there is no such video."""
    request = clip.request
    try:
        status = os.stat(request.path)
    except OSError:
        return None
    return {
        "path": os.path.abspath(request.path),
        "start_seconds": request.start_seconds,
        "end_seconds": request.end_seconds,
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
    }


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8", errors="replace").split("\n")


def _record(line: str) -> Record | None:
    """Return the record of a line; None if the line is incomplete."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    fields = {"clip", "source", "num_frames", "num_repeated", "num_bytes"}
    return record if isinstance(record, dict) and set(record) == fields else None


def _line(record: Record) -> str:
    return json.dumps(record) + "\n"
