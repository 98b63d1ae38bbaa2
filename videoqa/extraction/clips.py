"""Lists the clips of an annotation table and names their folders of frames."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import pandas as pd

from videoqa._checks import Refusal
from videoqa.features.contents import distinct_requests
from videoqa.video.decoding import ClipRequest

NAME_LENGTH = 120
_UNSAFE = re.compile(r"[^\w.+~@=,()\[\]-]")


@dataclass(frozen=True)
class Clip:
    """One clip of the table and its place among the frames.

    Attributes:
        name: `<class>/<video>`, safe as a path and different for each clip.
        label: number of the class, from 0.
        split: of its row.
        group: of its row.
        request: the video, or a segment of it.
    """

    name: str
    label: int
    split: str
    group: str
    request: ClipRequest

    @property
    def place(self) -> str:
        """Return its folder below the set's, `<split>/<class>/<video>`."""
        return f"{self.split}/{self.name}"


def clips_of(table: pd.DataFrame) -> tuple[list[Clip], list[str]]:
    """Return the distinct clips of an action table, in its order, and its classes.

    The table's own validation rows keep their split. Automatically drawn ones become training rows, of which
    `train` draws validation rows again.

    Raises:
        ValueError: the table holds questions, not actions.
    """
    if table.attrs["task"] != "action":
        advice = "Give a table with a `label` column and no questions; --task action where it has both."
        requirement = "hold actions: frames are kept by class, and a question has none"
        raise Refusal("data", requirement, ", ".join(table.attrs["sources"]), advice)
    classes = list(table.attrs.get("classes") or sorted(set(table["answer"])))
    folders = dict(zip(classes, distinct_names(classes), strict=True))
    columns = ["video_path", "start_seconds", "end_seconds", "answer", "split"]
    rows = table.drop_duplicates(columns)
    rows = rows.assign(stem=[PurePath(path).stem for path in rows["video_path"]])
    if table.attrs["automatic_split"]:
        rows["split"] = rows["split"].replace("validation", "train")
    names = rows.groupby("answer", sort=False)["stem"].transform(lambda stems: distinct_names(stems.tolist()))
    requests, row_request = distinct_requests(rows)
    numbers = {label: number for number, label in enumerate(classes)}
    clips = [
        Clip(f"{folders[label]}/{name}", numbers[label], split, group, requests[request])
        for label, name, split, group, request in zip(
            rows["answer"], names, rows["split"], rows["group"], row_request, strict=True
        )
    ]
    return clips, classes


def distinct_names(texts: Sequence[str]) -> list[str]:
    """Return a safe file name for each text, all different even on disks that ignore letter case.

    Letters, digits and a few marks stay; everything else, such as `/`, becomes `_`. Repeated names get a
    suffix `~2`, `~3`, ...
    """
    safe = [safe_name(text) for text in texts]
    taken: set[str] = set()
    names = []
    for name in safe:
        number, distinct = 1, name
        while distinct.casefold() in taken:
            number += 1
            distinct = f"{name}~{number}"
        taken.add(distinct.casefold())
        names.append(distinct)
    return names


def safe_name(text: str) -> str:
    """Return a text as one part of a path: not empty, without separators, not hidden and not too long."""
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", text))
    while len(name.encode()) > NAME_LENGTH:
        name = name[:-1]
    name = name.rstrip(".")
    return f"_{name}" if not name or name[0] in ".-" else name
