"""The rows that a model is scored on, kept apart from those it was trained on or selected by."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal, check_choice
from videoqa._counted import counted
from videoqa._progress import say
from videoqa.config import SPLITS, DataConfig, field_names
from videoqa.data.annotations import read_annotations, say_notes, split_sources
from videoqa.data.opposites import DECLARED, with_known_opposites
from videoqa.data.specs import is_spec
from videoqa.data.splits import hold_out_fold, split_as_trained
from videoqa.features.contents import content_hashes, hashes_of_videos, short_hash
from videoqa.saving import ModelFolder

OPTIONS = tuple(name for name in field_names(DataConfig) if name not in ("data", "task", "mirror_labels"))
"""Clips that are scored are never mirrored."""


def rows_to_score(folder: ModelFolder, data: Any, split: str, options: dict[str, Any]) -> pd.DataFrame:
    """Return the annotation table to score a model on, split as `train` split it.

    Args:
        folder: the model.
        data: as for `train`; None: the data the model was trained on.
        split: the split to score. For public sets only the videos of this split must exist.
        options: fields of `DataConfig`, among `OPTIONS`.

    Returns:
        Annotation table; where it declares no opposites, with those of the model's training by answer.
        `attrs["seen_rows"]` counts the test rows whose video (compared by content) the
        model was trained on or selected by. In the model's own data they stay test rows, because the user
        chose the splits; in other data they leave the test split.

    Raises:
        ValueError: an unknown option, or rows that cannot be read.
    """
    for name in options:
        check_choice("option", name, OPTIONS)
    recorded = folder.config.data
    sources, tables = (recorded.data, []) if data is None else split_sources(data)
    if data is None and folder.metrics["num_tables"]:
        raise Refusal(f"{folder.path} was trained on a DataFrame. Give its rows, or a file, as `data`.")
    own = sources == recorded.data and bool(tables) == bool(folder.metrics["num_tables"])
    if data is None and options.get("limit") is None and recorded.limit is not None:
        say(
            f"At most {counted(recorded.limit, 'row is', 'rows are')} scored: the model was trained with "
            "that `limit`."
        )
    inherited = _inherited(recorded, sources, own)
    config = dataclasses.replace(
        inherited,
        **{"data": sources, "task": folder.config.model.task, **dict.fromkeys(DECLARED.values()), **options},
    )
    if data is not None and "limit" not in options:
        config = dataclasses.replace(config, limit=None)
    table = read_annotations(
        config,
        tables=tables,
        seed=folder.config.training.seed,
        with_videos=folder.config.model.sees_video,
        needed_splits=(split,),
        stratified=folder.metrics.get("stratified", False),
        contents=hashes_of_videos,
        test_is_held_out=not (own and folder.metrics.get("fold")),
    )
    say_notes(table)
    table = with_known_opposites(table, folder.opposites)
    if own and folder.metrics.get("fold"):
        number, num_folds = folder.metrics["fold"]
        table = hold_out_fold(table, number, num_folds, folder.config.training.seed)
    return _set_seen_apart(split_as_trained(table, folder.metrics["groups"]), folder, own)


def _inherited(recorded: DataConfig, sources: tuple[str, ...], own: bool) -> DataConfig:
    """Return the data options taken from the run: all for its own data, the fold for a set they share."""
    if own:
        return recorded
    if any(is_spec(source) and source in recorded.data for source in sources):
        kept = ("fold", "classes", "allow_other_counts")
        return DataConfig(**{name: getattr(recorded, name) for name in kept})
    return DataConfig()


def _set_seen_apart(table: pd.DataFrame, folder: ModelFolder, own: bool) -> pd.DataFrame:
    """Count test rows whose video the model has learned from; in other data, move them out of "test"."""
    table.attrs["seen_rows"] = 0
    learned: dict[str, list[str]] = folder.metrics.get("videos", {})
    test = table["split"] == "test"
    if not any(learned.values()) or not test.any():
        return table
    hashes, _ = content_hashes(table.loc[test, "video_path"].unique().tolist(), progress=False)
    contents = table["video_path"].map({path: short_hash(content) for path, content in hashes.items()})
    for split, known in learned.items():
        seen = test & contents.isin(known)
        table.attrs["seen_rows"] += int(seen.sum())
        if not own:
            table.loc[seen, "split"] = split if split in SPLITS else "train"
    if table.attrs["seen_rows"]:
        count = counted(table.attrs["seen_rows"], "test row shows a video", "test rows show videos")
        kept = "counted all the same, as your splits say" if own else "no test rows"
        what = "it is" if table.attrs["seen_rows"] == 1 else "they are"
        say(f"{count} that the model was trained on: {what} {kept}.")
    return table


def name_of(data: Any, options: Mapping[str, Any]) -> str:
    """Return the suffix of the default output folder; "" for the model's own rows."""
    names = [f"fold{options['fold']}"] if options.get("fold") is not None else []
    names += ["some-classes"] if options.get("classes") else []
    if data is not None:
        sources, tables = split_sources(data)
        names += [*(Path(source).stem for source in sources), *["table"] * bool(tables)]
    return "".join(f"-{name}" for name in names)
