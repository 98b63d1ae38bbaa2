"""Options: where annotations and videos come from."""

import os
from dataclasses import dataclass

from videoqa._checks import Refusal, check_choice, check_flag, check_integer
from videoqa.config.choices import TASKS
from videoqa.config.options import as_tuple, option


@dataclass(frozen=True)
class DataConfig:
    """Where annotations and videos come from.

    Attributes:
        data: CSV or JSONL paths, or names of sets; their rows are joined.
        videos: folders of the video files, one for all of `data` or one for each, in order; empty: the folder
            of each annotation file. A single path need not be in a tuple. Paths are made absolute, so that a
            run works from another folder.
        annotations: folders of the annotation files of named sets, given like `videos`.
        reverse_labels: CSV file with the columns `label` and `opposite`: answers that turn into each other
            when a clip is played backwards. Training then also sees each such clip backwards. None: what the
            `opposite` column of the data says.
        mirror_labels: the same for clips mirrored left to right; None: what the `mirrored` column says.
        task: one of `TASKS`; None: inferred from the columns.
        fold: number of a named set's official split, from 1; None: 1.
        classes: action labels to keep, in the order of the model's classes; empty: all.
        allow_other_counts: accept a named set whose files have other row counts than published.
        limit: keep only this many rows of each split, for a smoke run.
    """

    data: tuple[str, ...] = ()
    videos: tuple[str, ...] = option(
        (), "folder of the video files (default: beside the annotation file); may be repeated, as --data"
    )
    annotations: tuple[str, ...] = option(
        (), "folder of a named set's own annotation files; may be repeated, as --data"
    )
    reverse_labels: str | None = option(
        None,
        "CSV file of label,opposite: answers that turn into each other when a clip is played backwards "
        "(default: the column 'opposite')",
    )
    mirror_labels: str | None = option(
        None,
        "CSV file of label,opposite: answers that turn into each other when a clip is mirrored (default: the "
        "column 'mirrored')",
    )
    task: str | None = option(None, "the task (default: inferred from the columns)")
    fold: int | None = option(None, "which of a named set's official splits (default: 1)")
    classes: tuple[str, ...] = option((), "keep only these action labels, as in A,B (default: all)")
    allow_other_counts: bool = option(
        False, "take a named set whose files have other row counts than the published ones"
    )
    limit: int | None = option(None, "keep only this many rows of each split, for a smoke run")

    def __post_init__(self) -> None:
        for name in ("videos", "annotations"):
            paths = tuple(os.path.abspath(path) for path in as_tuple(getattr(self, name)))
            object.__setattr__(self, name, paths)
        for name in ("reverse_labels", "mirror_labels"):
            path = getattr(self, name)
            if not isinstance(path, (str, os.PathLike, type(None))) or path == "":
                raise Refusal(name, "be the path of a CSV file of label,opposite", path)
            object.__setattr__(self, name, path and os.path.abspath(path))
        classes = tuple(str(label).strip() for label in as_tuple(self.classes))
        if "" in classes or len(set(classes)) < len(classes):
            raise Refusal("classes", "be different labels, none of them blank", self.classes)
        object.__setattr__(self, "classes", classes)
        if self.task is not None:
            check_choice("task", self.task, TASKS)
        for name in ("fold", "limit"):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), minimum=1)
        check_flag("allow_other_counts", self.allow_other_counts)
