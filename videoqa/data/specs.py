"""Descriptions of the data sets known by name: one TOML file each, shipped with the package."""

import importlib.resources
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_choice, check_file, check_flag, check_integer, refusal
from videoqa.config import SPLITS, TASKS
from videoqa.data.spec_checks import TASKS_OF_FORMAT, check_format

SPEC_SUFFIX = ".toml"
COUNTS = ("clips", *SPLITS)
FORMATS = tuple(TASKS_OF_FORMAT)
"""Formats of a set's annotation files; `annotation_formats` has a reader for each."""


@dataclass(frozen=True)
class Spec:
    """What is known about a data set, and how its own files become our table.

    Attributes:
        name: the value of `--data`.
        title: one line saying what it is.
        tasks: the tasks its rows can serve, the usual one first.
        format: one of `FORMATS`.
        licence: SPDX name of its licence, or the terms in words.
        homepage: where to get it; empty if the package itself makes the set.
        citation: whom to cite; empty if nobody.
        counts: published rows of each split, and distinct clips, by the names in `COUNTS`; a list if folds
            differ. Splits without a figure are not checked.
        folds: number of official splits.
        files: split -> annotation files that are joined into its rows; `{fold}` stands for the fold,
            `{class}` for the class if each has a file.
        columns: our column -> the set's own ("records" only); `question_id` is the key of a join.
        question_types: text in the set's own column of types -> our name for it; empty: kept as it is.
        num_answers: answers kept, the most frequent of the training split; None: the usual default.
        video_names: possible names of a row's video, without suffix; `{column}` stands for the row's own
            text, `{mapped}` for its `video_mapping`. The first one is the `video_id`.
        video_suffix: usual ending of the videos, for messages; others are found as well.
        video_mapping: file of lines "name video_id" beside the annotations; it may be missing.
        group_pattern: regular expression over a clip's file name (actions only); the row's group is its class
            and the text that the pattern's one pair of parentheses captures.
        disjoint_groups: refuse a group that is in training and in test.
        score_groups: name -> the question types, or action labels, scored together.
    """

    name: str
    title: str
    tasks: Sequence[str]
    format: str
    licence: str
    homepage: str
    citation: str
    counts: Mapping[str, int | Sequence[int]]
    folds: int = 1
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    question_types: Mapping[str, str] = field(default_factory=dict)
    num_answers: int | None = None
    video_names: Sequence[str] = ()
    video_suffix: str = ".mp4"
    video_mapping: str = ""
    group_pattern: str = ""
    disjoint_groups: bool = False
    score_groups: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item in fields(self):
            self._check_kind(item.name, getattr(self, item.name), item.type)
        for task in self.tasks or [""]:
            check_choice("tasks", task, TASKS)
        check_choice("format", self.format, FORMATS)
        check_integer("folds", self.folds, minimum=1)
        check_flag("disjoint_groups", self.disjoint_groups)
        if self.num_answers is not None:
            check_integer("num_answers", self.num_answers, minimum=2)
        self._check_counts()
        for split in self.files:
            check_choice("files", split, SPLITS)
        check_format(self)

    def expected_counts(self, fold: int) -> dict[str, int]:
        """Return the published rows of each split that has a figure, `fold` counted from 1."""
        counts = {name: self.counts[name] for name in SPLITS if name in self.counts}
        return {name: count if isinstance(count, int) else count[fold - 1] for name, count in counts.items()}

    def _check_kind(self, name: str, value: Any, kind: Any) -> None:
        """Refuse a field that is no text, list of texts or table where it should be."""
        is_texts = isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value)
        if kind is str and not isinstance(value, str):
            raise Refusal(name, "be a text", value)
        if kind == Sequence[str] and not is_texts:
            raise Refusal(name, "be a list of texts", value)
        if getattr(kind, "__origin__", None) is Mapping and not isinstance(value, Mapping):
            requirement = f"have the fields {', '.join(COUNTS)}" if name == "counts" else "be a table"
            raise Refusal(name, requirement, value)

    def _check_counts(self) -> None:
        for name, count in self.counts.items():
            if name not in COUNTS:
                raise Refusal("counts", f"have the fields {', '.join(COUNTS)}", dict(self.counts))
            several = isinstance(count, (list, tuple))
            if several and len(count) != self.folds:  # type: ignore[arg-type]
                raise Refusal(f"counts.{name}", f"have one figure for each of {self.folds} folds", count)
            for each in count if several else [count]:  # type: ignore[union-attr]
                check_integer(f"counts.{name}", each, minimum=0)


def spec_names() -> tuple[str, ...]:
    """Return the names of the data sets known by name, in alphabetical order."""
    names = (item.name for item in _folder().iterdir())
    return tuple(sorted(name.removesuffix(SPEC_SUFFIX) for name in names if name.endswith(SPEC_SUFFIX)))


def is_spec(entry: str) -> bool:
    """Return whether `entry` is the name of a known set or the path of a description."""
    return entry in spec_names() or entry.lower().endswith(SPEC_SUFFIX)


def load_spec(entry: str, *, argument: str = "data") -> Spec:
    """Return the description of the data set called `entry`, or the one in the TOML file of that path.

    Args:
        entry: name or path.
        argument: the caller's name for it, for messages.

    Raises:
        ValueError: no such name, no TOML, or as `spec_from_dict`.
        FileNotFoundError: no such file.
    """
    own_file = entry.lower().endswith(SPEC_SUFFIX)
    if not own_file:
        check_choice(argument, entry, spec_names())
    source: Traversable = check_file(argument, entry) if own_file else _folder() / f"{entry}{SPEC_SUFFIX}"
    shown = entry if own_file else f"data_specs/{entry}{SPEC_SUFFIX}"
    try:
        content = tomllib.loads(source.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal(f"{shown} must be TOML in UTF-8. Cause: {error}.") from error
    spec = spec_from_dict(content, shown)
    if not own_file and spec.name != entry:
        raise Refusal(f"{shown} must have the name of its file. Received: {spec.name!r}.")
    if own_file and spec.format == "drawn":
        requirement = f"be one of {', '.join(map(repr, FORMATS[1:]))}"
        advice = "Only the built-in set is drawn."
        raise Refusal(f"{shown}: {refusal('format', requirement, spec.format, advice)}")
    return spec


def spec_from_dict(content: dict[str, Any], source: str) -> Spec:
    """Return the `Spec` with the fields of `content`.

    Raises:
        ValueError: a field that is unknown, missing, of the wrong type or invalid; `source` names the file.
    """
    known = [item.name for item in fields(Spec)]
    needed = [
        item.name for item in fields(Spec) if item.default is MISSING and item.default_factory is MISSING
    ]
    unknown = [name for name in content if name not in known]
    missing = [name for name in needed if name not in content]
    if unknown or missing:
        raise Refusal(
            f"{source} must have the fields {', '.join(needed)} and may have "
            f"{', '.join(name for name in known if name not in needed)}. "
            f"Unknown: {', '.join(unknown) or 'none'}. Missing: {', '.join(missing) or 'none'}."
        )
    try:
        return Spec(**content)
    except ValueError as error:
        raise Refusal(f"{source}: {error}") from error


def options_of(entries: Sequence[str]) -> dict[str, Any]:
    """Return the options that a run takes from its only named set."""
    if len(entries) != 1 or not is_spec(entries[0]):
        return {}
    num_answers = load_spec(entries[0]).num_answers
    return {} if num_answers is None else {"num_answers": num_answers}


def usual_task(entries: Sequence[str]) -> str | None:
    """Return the usual task of the only named set; None for other data."""
    if len(entries) != 1 or not is_spec(entries[0]):
        return None
    return load_spec(entries[0]).tasks[0]


def _folder() -> Traversable:
    """Return the folder of descriptions in the installed package, or in the checkout."""
    try:
        return importlib.resources.files("videoqa.data_specs")
    except ModuleNotFoundError:
        return Path(__file__).resolve().parents[2] / "data_specs"
