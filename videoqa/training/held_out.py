"""Keeps corrections from the videos that models are tested on, and knows which these are."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._progress import say_note
from videoqa.data.superseding import CORRECTION
from videoqa.features.contents import hashes_of_videos, short_hash
from videoqa.saving import ModelFolder

TEST_VIDEOS = "test_videos"
"""Key of `metrics.json`: short hashes of the contents of the videos that the model is tested on."""
EARLIER = "earlier"
"""Key in its "videos": of those that the model it began from had learned from."""
SHOWN = 5
_ADVICE = "Delete these rows: a model that learns from them cannot be scored on their videos."


def check_corrections(table: pd.DataFrame, initial: ModelFolder | None) -> None:
    """Refuse corrections of videos that the new model, or the one it begins from, is tested on.

    Args:
        table: from `read_annotations`.
        initial: the model to begin from.

    Raises:
        ValueError: naming the first of them. Videos are the same by content, not by name.
    """
    places = table.attrs.get("held_out_corrections", [])
    if places:
        shown = ", ".join(places[:SHOWN]) + (
            f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        )
        received = f"{counted(len(places), 'correction')} of test videos: {shown}"
        raise Refusal(f"`data` must hold no correction of a test video. Received: {received}. {_ADVICE}")
    if initial is None or CORRECTION not in table:
        return
    if TEST_VIDEOS not in initial.metrics:
        say_note(
            f"{initial.path} does not say which videos it was tested on, as an earlier version wrote it: "
            "corrections of these cannot be told."
        )
        return
    learned = table[(table[CORRECTION] != "") & (table["split"] != "test")]
    rows = learned[_contents(learned).isin(initial.metrics[TEST_VIDEOS])]
    if len(rows):
        first = f"{rows['video_id'].iloc[0]!r} ({rows['question_id'].iloc[0]})"
        received = f"{counted(len(rows), 'correction')}, the first of {first}"
        requirement = f"hold no correction of a video that {initial.path} was tested on"
        raise Refusal(f"`data` must {requirement}. Received: {received}. {_ADVICE}")


def say_learned_before(table: pd.DataFrame, initial: ModelFolder | None, *, progress: bool = True) -> None:
    """Print how many test rows show a video that the model to begin from has learned from."""
    if initial is None or not initial.config.model.sees_video:
        return
    test = table[table["split"] == "test"]
    number = int(_contents(test).isin(learned_videos(initial.metrics)).sum())
    if number:
        rows = counted(number, "test row shows", "test rows show")
        say_note(
            f"{rows} a video that {initial.path} has learned from: scores on them are flattered.",
            progress=progress,
        )


def learned_videos(metrics: Mapping[str, Mapping[str, Sequence[str]]]) -> set[str]:
    """Return the short hashes of all videos that a model has learned from, or was chosen by."""
    return {video for videos in metrics.get("videos", {}).values() for video in videos}


def test_videos(
    table: pd.DataFrame, learned: Mapping[str, Collection[str]], initial: ModelFolder | None
) -> list[str]:
    """Return the short hashes of the videos of test rows, and of those of the model that was begun from.

    Args:
        table: rows of all splits, whose videos the model sees.
        learned: the short hashes of the videos of each other split; one of these is no test video.
        initial: the model that was begun from.
    """
    found = set(_contents(table[table["split"] == "test"]).dropna())
    if initial is not None:
        earlier = set(initial.metrics.get(TEST_VIDEOS, ()))
        found |= earlier.difference(*learned.values())
    return sorted(found)


def _contents(rows: pd.DataFrame) -> pd.Series:
    """Return the short hash of each row's video; NaN where it cannot be read."""
    hashes = hashes_of_videos(rows["video_path"].unique().tolist())
    return rows["video_path"].map({path: short_hash(content) for path, content in hashes.items()})
