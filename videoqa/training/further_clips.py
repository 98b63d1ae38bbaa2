"""Clips without labels, which only the phase "order" learns from; those of held-out rows are left out."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from videoqa._counted import counted
from videoqa._progress import say
from videoqa.data.annotations import check_some_there, read_clips, read_questions, say_notes
from videoqa.data.video_index import VIDEO_SUFFIXES
from videoqa.features.contents import content_hashes
from videoqa.training.startup_messages import SHOWN_ERRORS

CLIP = ["content", "start_seconds", "end_seconds"]
"""What makes two rows show the same clip; the content is the sha256 of the video."""
COLUMNS = ["video_path", "start_seconds", "end_seconds", "question", "answer", "split", "group", "content"]


def further_clips(places: Sequence[str], table: pd.DataFrame, *, progress: bool = True) -> pd.DataFrame:
    """Return the clips of folders and tables of which no labelled row shows the video, each once.

    Args:
        places: folders of videos, single videos, or files of annotations, whose labels are not read.
        table: the run's rows of all splits.
        progress: print how many there are, and why others are left out.

    Returns:
        A table with `COLUMNS`, without rows where there are no `places`: the split is "train", the question
        one of the run's, which nobody reads, the answer "".

    Raises:
        FileNotFoundError: no such folder or file.
        ValueError: a folder without videos, or a file that cannot be read as annotations.
    """
    if not places:
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat([_clips_in(place, progress) for place in places], ignore_index=True)
    paths = dict.fromkeys([*found["video_path"], *table["video_path"]])
    hashes, failures = content_hashes(list(paths), progress=progress)
    found["content"], known = found["video_path"].map(hashes), table["video_path"].map(hashes)
    is_held_out = found["content"].isin(known[table["split"] != "train"].dropna())
    is_labelled = found["content"].isin(known.dropna()) & ~is_held_out
    is_absent = found["content"].isna()
    is_new = ~(is_held_out | is_labelled | is_absent)
    clips = found[is_new].drop_duplicates(CLIP).reset_index(drop=True)
    left_out = {
        "of videos of validation or test rows": is_held_out.sum(),
        "of videos of training rows, which are learned from anyway": is_labelled.sum(),
        "that cannot be read": is_absent.sum(),
        "there twice": is_new.sum() - len(clips),
    }
    whys = ", ".join(f"{number} {reason}" for reason, number in left_out.items() if number)
    count = counted(len(clips), "further clip")
    say(f"{count} without labels for --pretrain{whys and f'; left out: {whys}'}.", progress=progress)
    for path in [path for path in found.loc[is_absent, "video_path"] if path in failures][:SHOWN_ERRORS]:
        say(f"  {failures[path]}", progress=progress)
    asked = table["question"].iloc[0]
    return clips.assign(question=asked, answer="", split="train", group=clips["content"])[COLUMNS]


def say_unusable(further: pd.DataFrame, outcome: pd.DataFrame, *, progress: bool = True) -> None:
    """Print how many of the clips could not be used, and the first reasons.

    Args:
        further: from `further_clips`.
        outcome: `status` and `error` of each of its rows.
        progress: print it.
    """
    errors = outcome.loc[(outcome["status"] == "failed").to_numpy(), "error"].tolist()
    if errors:
        say(f"{counted(len(errors), 'further clip')} of {len(further)} could not be used:", progress=progress)
    for error in errors[:SHOWN_ERRORS]:
        say(f"  {error}", progress=progress)


def _clips_in(place: str, progress: bool) -> pd.DataFrame:
    """Return the rows of a table, or one for each video in a folder."""
    from videoqa.answering.predict import find_videos

    path = Path(place)
    if path.is_file() and path.suffix.lower() not in VIDEO_SUFFIXES:
        table = read_questions(place, task="action")
        check_some_there(table)
    else:
        paths, root, notes = find_videos(place, "pretrain_videos")
        table = read_clips([os.fspath(path.relative_to(root)) for path in paths], root)
        table.attrs["notes"] += notes
    say_notes(table, progress=progress)
    return table
