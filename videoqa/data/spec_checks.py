"""Checks that a data set's description has the fields that its format needs."""

import re
import string
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from videoqa._checks import Refusal, check_choice

if TYPE_CHECKING:
    from videoqa.data.specs import Spec

TASKS_OF_FORMAT = {
    "drawn": ("open_ended", "action"),
    "records": ("open_ended",),
    "class_lists": ("action",),
    "class_split_files": ("action",),
    "class_folders": ("action",),
}
"""The tasks that rows of each format can serve."""
FORMATS_WITHOUT_FILES = ("drawn", "class_folders")
RECORD_COLUMNS = ("question_id", "question", "answer")
CLASS = "{class}"
"""Placeholder at the start of a file name; the set has one such file per class."""
MAPPED = "mapped"


def check_format(spec: "Spec") -> None:
    """Raise `ValueError` if a field is not what the reader of `spec.format` needs; its types are right."""
    for task in spec.tasks:
        tasks = TASKS_OF_FORMAT[spec.format]
        check_choice("tasks", task, tasks, f"The format {spec.format!r} gives no other.")
    _check_members("score_groups", spec.score_groups)
    _check_files(spec)
    _check_groups(spec)
    if spec.format == "records":
        _check_columns(spec)
        _check_video_names(spec)


def placeholders(pattern: str) -> set[str]:
    """Return the names in braces in `pattern`; raise `ValueError` if braces are not in pairs."""
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


def _check_members(name: str, table: Mapping[str, object]) -> None:
    """Refuse a table with an entry that is no list of texts, or is empty."""
    for key, members in table.items():
        is_list = isinstance(members, (list, tuple)) and len(members) > 0
        if not is_list or not all(isinstance(text, str) for text in members):  # type: ignore[attr-defined]
            raise Refusal(f"{name}.{key}", "be a list of at least one text", members)


def _check_texts(name: str, table: Mapping[str, object]) -> None:
    for key, text in table.items():
        if not isinstance(text, str):
            raise Refusal(f"{name}.{key}", "be a text", text)


def _check_files(spec: "Spec") -> None:
    files = dict(spec.files)
    if spec.format in FORMATS_WITHOUT_FILES:
        if files:
            requirement = f"be left out: the format {spec.format!r} has no annotation files"
            raise Refusal("files", requirement, files)
        return
    if not files:
        requirement = f"name the files of each split: the format {spec.format!r} is read from them"
        raise Refusal("files", requirement, files)
    _check_members("files", files)
    for split, names in files.items():
        for name in names:
            _check_file_name(f"files.{split}", name, spec.format == "class_split_files")
        if spec.format == "class_lists" and len(names) != 2:
            raise Refusal(f"files.{split}", "be [list of classes, list of clips]", names)
    if spec.format == "class_split_files":
        patterns = {name for names in files.values() for name in names}
        if "train" not in files or "validation" in files or len(patterns) > 1:
            requirement = "have one name for train and the same for test: each line says its split"
            raise Refusal("files", requirement, files)


def _check_file_name(field: str, name: str, of_class: bool) -> None:
    requirement = "have no placeholder but {fold}, and its braces in pairs"
    if of_class:
        requirement = f"begin with {CLASS}, and have no other placeholder but {{fold}}"
    try:
        known = placeholders(name) <= {"fold"} | ({"class"} if of_class else set())
        filled = name.format(**{"fold": 1, "class": "x"})
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Refusal(field, f"{requirement} ({error})", name) from error
    if not known or (of_class and (not name.startswith(CLASS) or name.count(CLASS) > 1)):
        raise Refusal(field, requirement, name)
    if not filled.strip() or PurePath(filled).is_absolute():
        raise Refusal(field, "name files as they are called in the folder of annotations", name)


def _check_groups(spec: "Spec") -> None:
    pattern = spec.group_pattern
    try:
        num_groups = re.compile(pattern).groups
    except re.error as error:
        requirement = f"be a regular expression ({error})"
        raise Refusal("group_pattern", requirement, pattern) from error
    if pattern and "action" not in spec.tasks:
        requirement = "be left out: a group is told by the class of a clip, and questions have none"
        raise Refusal("group_pattern", requirement, pattern)
    if pattern and num_groups != 1:
        requirement = "have exactly one pair of parentheses that captures, around what names the group"
        raise Refusal("group_pattern", requirement, pattern)
    if spec.disjoint_groups and not pattern:
        raise Refusal("disjoint_groups", "be left out where no `group_pattern` is given", True)


def _check_columns(spec: "Spec") -> None:
    _check_texts("columns", spec.columns)
    _check_texts("question_types", spec.question_types)
    if not set(RECORD_COLUMNS) <= set(spec.columns):
        requirement = f"name the set's own columns of {', '.join(RECORD_COLUMNS)}"
        raise Refusal("columns", requirement, dict(spec.columns))
    if spec.question_types and "question_type" not in spec.columns:
        requirement = "name the set's own column of question_type, which `question_types` translates"
        raise Refusal("columns", requirement, dict(spec.columns))


def _check_video_names(spec: "Spec") -> None:
    requirement = "hold texts such as 'vid{video_id}', with a column of the rows in each pair of braces"
    if not spec.video_names:
        raise Refusal("video_names", requirement, list(spec.video_names))
    for pattern in spec.video_names:
        try:
            names = placeholders(pattern)
            pattern.format(**dict.fromkeys(names, "x"))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise Refusal("video_names", requirement, pattern) from error
        if not names:
            raise Refusal("video_names", requirement, pattern)
    if MAPPED in placeholders(spec.video_names[0]):
        requirement = "have {mapped} not in the first one, by which `video_mapping` is searched"
        raise Refusal("video_names", requirement, list(spec.video_names))
