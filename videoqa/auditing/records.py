"""Keeps the result of examining each video content in a JSON file, so that none is decoded twice."""

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from videoqa._files import write_bytes
from videoqa._home import home_directory
from videoqa._version import __version__
from videoqa.video.decoding import decoder_names
from videoqa.video.examining import (
    BLOCKS,
    FEWEST_BLOCK_PIXELS,
    LOOKED_FRAMES,
    THUMBNAIL_LONG_SIDE,
    Segment,
    segment_name,
)
from videoqa.video.limits import limits_now

RULES_VERSION = 5
"""Raised when `examine` finds something else than before, so that records made earlier are made again."""

_log = logging.getLogger(__name__)


class Records:
    """Results of `examine` by content, in `<home>/audits`; a damaged or outdated file counts as absent.

    Args:
        folder: None: `audits` in `$VIDEOQA_HOME`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = home_directory() / "audits" if folder is None else folder
        self._made_by = made_by()

    def read(self, content: str, segments: Iterable[Segment]) -> dict[str, Any] | None:
        """Return the record of a content; None unless it covers all `segments`."""
        try:
            kept = json.loads(self._path(content).read_bytes())
            record = kept["record"]
            if kept["made_by"] != self._made_by or kept["content"] != content:
                return None
            known = record.get("segments")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.debug("no record of %s: %s", content, error)
            return None
        return record if known is None or all(segment_name(each) in known for each in segments) else None

    def keep(self, content: str, record: dict[str, Any]) -> dict[str, Any]:
        """Write the record of a content and return it without its thumbnails.

        A failure that may be gone next time ("passing": a process died) is not written.

        Raises:
            OSError: the folder cannot be written to.
        """
        if record.get("passing"):
            return record
        path = self._path(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"made_by": self._made_by, "content": content, "record": record}
        write_bytes(path, json.dumps(kept).encode(), durable=True)
        return without_thumbnails(record)

    def thumbnails(self, content: str, record: Mapping[str, Any]) -> list[str]:
        """Return the first, middle and last frame of a content as JPEG in base64; [] if it has none."""
        if "thumbnails" not in record:
            record = self.read(content, ()) or {}
        return list(record.get("thumbnails", ()))

    def _path(self, content: str) -> Path:
        return self.folder / content[:2] / f"{content}.json"


def made_by() -> list[Any]:
    """Return everything except the content that a record depends on."""
    rules = (RULES_VERSION, LOOKED_FRAMES, BLOCKS, FEWEST_BLOCK_PIXELS, THUMBNAIL_LONG_SIDE)
    return [__version__, sorted(decoder_names().values()), *rules, *limits_now()]


def without_thumbnails(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without its thumbnails, small enough to keep very many in memory."""
    return {name: value for name, value in record.items() if name != "thumbnails"}
