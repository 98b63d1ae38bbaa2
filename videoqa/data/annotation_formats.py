"""Reads the annotation files of named sets: one function per format."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from videoqa._checks import Refusal, check_choice, check_columns
from videoqa._counted import counted
from videoqa._text_normalization import collapse_spaces
from videoqa.config import OTHER_SPLIT_NAMES, SPLITS
from videoqa.data.annotation_columns import as_text, column_as, refuse_rows
from videoqa.data.source import Source
from videoqa.data.spec_checks import MAPPED, placeholders
from videoqa.data.specs import Spec
from videoqa.data.text_files import annotation_file, read_lines, read_records
from videoqa.data.video_index import VideoIndex


def read_annotation_files(
    spec: Spec, folder: Path | None, fold: int, index: VideoIndex | None
) -> pd.DataFrame:
    """Return all rows of a named set, as its own files have them.

    Args:
        spec: the set.
        folder: of its annotation files; None if it has none.
        fold: from 1.
        index: the videos; None if they are not needed.

    Returns:
        Table with `split`, `names` (tuple of str: possible names of the video, without suffix),
        `video_id`, and `label` or `question`, `answer`, `question_id` and perhaps `question_type`.
        `attrs["classes"]`: the labels in the set's own order.

    Raises:
        FileNotFoundError: an annotation file is missing.
        ValueError: an invalid file, naming line or row.
    """
    return READERS[spec.format](spec, folder, fold, index)


def _read_records(spec: Spec, folder: Path, fold: int, index: VideoIndex | None) -> pd.DataFrame:
    """Read lists of JSON objects; the files of a split are joined by the question's id."""
    splits = []
    for split, names in spec.files.items():
        paths = [annotation_file(folder, name.format(fold=fold), spec.homepage) for name in names]
        joined = _joined(paths, spec)
        check_columns(joined.columns, _columns_used(spec), " and ".join(map(str, paths)))
        splits.append(joined.assign(split=split))
    table = pd.concat(splits, ignore_index=True)
    renamed = pd.DataFrame({ours: table[theirs] for ours, theirs in spec.columns.items()})
    renamed["split"] = table["split"]
    renamed["names"] = _video_names(spec, folder, table)
    renamed["video_id"] = renamed["names"].str[0]
    if spec.question_types:
        renamed["question_type"] = renamed["question_type"].map(dict(spec.question_types))
    return renamed


def _columns_used(spec: Spec) -> list[str]:
    """Return the set's columns that are renamed to ours or are part of a video's name."""
    return list(dict.fromkeys([*spec.columns.values(), *_columns_of_names(spec)]))


def _columns_of_names(spec: Spec) -> list[str]:
    return sorted({name for pattern in spec.video_names for name in placeholders(pattern)} - {MAPPED})


def _joined(paths: list[Path], spec: Spec) -> pd.DataFrame:
    """Return the first file's rows, with the columns that the other files add for the same key."""
    key = spec.columns["question_id"]
    joined = _keyed(paths[0], key, spec)
    for path in paths[1:]:
        other = _keyed(path, key, spec)
        lost = joined.index.symmetric_difference(other.index)
        if len(lost):
            both = f"{counted(len(joined), 'row')} and {counted(len(other), 'row')}"
            counts = f"{both}, {len(lost)} without a partner"
            advice = f"The first of these: {key}={lost[0]!r}. Both files must be of one release."
            raise Refusal(f"{paths[0]} and {path} must have the same rows. Received: {counts}. {advice}")
        joined = joined.join(other[other.columns.difference(joined.columns)])
    return joined.reset_index()


def _keyed(path: Path, key: str, spec: Spec) -> pd.DataFrame:
    """Return one file's rows by key, with used cells as texts, checked while their row numbers are known."""
    table = pd.DataFrame(read_records(path))
    check_columns(table.columns, [key], str(path))
    source = Source(str(path), table, path.parent)
    for column in table.columns.intersection(_columns_used(spec)):
        table[column] = column_as(source, column, as_text)
    for column in table.columns.intersection([key, *placeholders(spec.video_names[0])]):
        refuse_rows(table[column] == "", source, column, "be filled in every row", table[column])
    types = spec.columns.get("question_type", "")
    if spec.question_types and types in table:
        known = [*spec.question_types, ""]
        requirement = f"be one of {', '.join(map(repr, known))}"
        refuse_rows(~table[types].isin(known), source, types, requirement, table[types])
    keys = table[key]
    twice = keys.duplicated()
    if twice.any():
        advice = f"{counted(int(twice.sum()), 'row repeats', 'rows repeat')} one."
        requirement = f"be different in every row of {path}"
        raise Refusal(key, requirement, keys[twice.argmax()], advice)
    return table.drop(columns=key).set_index(keys)


def _video_names(spec: Spec, folder: Path, table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the possible names of each row's video: the spec's patterns, filled with the row's texts."""
    columns = _columns_of_names(spec)
    mapped = {}
    if spec.video_mapping and (folder / spec.video_mapping).is_file():
        mapped = {words[-1]: words[0] for _, words in read_lines(folder / spec.video_mapping)}
    names: dict[tuple[str, ...], tuple[str, ...]] = {}
    rows = list(zip(*(table[column] for column in columns), strict=True))
    for row in set(rows):
        fields = dict(zip(columns, row, strict=True))
        first = spec.video_names[0].format(**fields)
        filled = (pattern.format(**fields, mapped=mapped.get(first, "")) for pattern in spec.video_names)
        names[row] = tuple(name for name in filled if name)
    return [names[row] for row in rows]


def _read_class_lists(spec: Spec, folder: Path, fold: int, index: VideoIndex | None) -> pd.DataFrame:
    """Read a numbered list of classes, and per split a list of `class/clip` with or without that number."""
    rows, classes = [], {}
    for split, names in spec.files.items():
        class_file, list_file = (name.format(fold=fold) for name in names)
        classes = _numbered_classes(annotation_file(folder, class_file, spec.homepage))
        path = annotation_file(folder, list_file, spec.homepage)
        lines: dict[str, int] = {}
        for number, words in read_lines(path):
            clip = PurePosixPath(words[0].replace("\\", "/"))
            where = f"It is line {number} of {path}."
            check_choice("class", clip.parent.name, list(classes), where)
            if len(words) > 1 and words[1] != str(classes[clip.parent.name]):
                requirement = (
                    f"be {classes[clip.parent.name]}, the number of {clip.parent.name!r} in {class_file}"
                )
                raise Refusal("label", requirement, words[1], where)
            _check_once(_video_id(clip), number, lines, path)
            rows.append((clip.parent.name, clip, split))
    return _action_table(rows, classes)


def _check_once(video_id: str, number: int, lines: dict[str, int], path: Path) -> None:
    """Refuse a clip with a second line; `lines` remembers each clip's first."""
    first = lines.setdefault(video_id, number)
    if first != number:
        where = f"It stands in line {first} and in line {number}: remove one."
        raise Refusal("clip", f"have one line in {path}", video_id, where)


def _numbered_classes(path: Path) -> dict[str, int]:
    """Return class -> number, from lines `number name` counted from 1."""
    classes = {}
    for position, (number, words) in enumerate(read_lines(path), start=1):
        if len(words) != 2 or words[0] != str(position) or words[1] in classes:
            requirement = f"hold lines such as '{position} ClassName', numbered from 1, each class once"
            raise Refusal(f"{path} must {requirement}. Received: line {number}, {' '.join(words)!r}.")
        classes[words[1]] = position
    return classes


def _read_class_split_files(spec: Spec, folder: Path, fold: int, index: VideoIndex | None) -> pd.DataFrame:
    """Read one file per class with lines `clip number`: 1 training, 2 test, 0 not used."""
    meanings = {"0": None, "1": "train", "2": "test"}
    ending = spec.files["train"][0].format(**{"class": "", "fold": fold})
    paths = sorted(path for path in folder.glob(f"*{ending}") if path.is_file())
    if not paths:
        annotation_file(folder, f"*{ending}", spec.homepage)  # raises, saying what to do
    rows = []
    for path in paths:
        lines: dict[str, int] = {}
        for number, words in read_lines(path):
            check_choice("split number", words[-1], list(meanings), f"It is line {number} of {path}.")
            label = path.name.removesuffix(ending)
            clip = PurePosixPath(label, words[0])
            _check_once(_video_id(clip), number, lines, path)
            if split := meanings[words[-1]]:
                rows.append((label, clip, split))
    return _action_table(rows, [path.name.removesuffix(ending) for path in paths])


def _read_class_folders(spec: Spec, folder: Path | None, fold: int, index: VideoIndex | None) -> pd.DataFrame:
    """List folders of clips named after their class, perhaps inside folders named after the splits."""
    if index is None:
        raise Refusal("videos", "name the folder that holds one folder of clips per class", None)
    rows = []
    for path in map(PurePosixPath, index.paths):
        parts = path.parts
        split = OTHER_SPLIT_NAMES.get(parts[0].lower(), parts[0].lower()) if len(parts) > 2 else ""
        label = collapse_spaces(parts[1] if split in SPLITS else parts[0])
        if len(parts) > 1:
            rows.append((label, path, split if split in SPLITS else ""))
    if not rows:
        requirement = "hold one folder of clips per class"
        raise Refusal("videos", requirement, str(index.folder), index.why_empty())
    classes = sorted({label for label, _, _ in rows})
    _check_case(classes, index)
    return _action_table(rows, classes)


def _check_case(classes: Sequence[str], index: VideoIndex) -> None:
    """Refuse two classes whose names differ by letter case only."""
    seen: dict[str, str] = {}
    for label in classes:
        first = seen.setdefault(label.casefold(), label)
        if first != label:
            requirement = f"hold one folder for a class, not {first!r} and {label!r}"
            raise Refusal(
                "videos", requirement, str(index.folder), "Give both the same name, or move the clips."
            )


def _action_table(rows: Iterable[tuple[str, PurePosixPath, str]], classes: Iterable[str]) -> pd.DataFrame:
    labels, clips, splits = zip(*rows, strict=True)
    table = pd.DataFrame({"label": labels, "split": splits}, dtype=object)
    table["video_id"] = [_video_id(clip) for clip in clips]
    table["names"] = [(video_id,) for video_id in table["video_id"]]
    table.attrs["classes"] = list(classes)
    return table


def _video_id(clip: PurePosixPath) -> str:
    return str(clip.with_suffix(""))


READERS: dict[str, Callable[..., pd.DataFrame]] = {
    "records": _read_records,
    "class_lists": _read_class_lists,
    "class_split_files": _read_class_split_files,
    "class_folders": _read_class_folders,
}
"""Format of a spec → its reader. The built-in "drawn" set has no files."""
