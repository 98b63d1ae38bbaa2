"""Messages about the rows of a run, printed before it is trained."""

import numpy as np
import pandas as pd

from videoqa._counted import counted
from videoqa._progress import say
from videoqa.config import SamplingConfig
from videoqa.data.splits import AUTOMATIC_SPLIT
from videoqa.input_pipeline import Examples
from videoqa.text.answers import AnswerList

SHOWN_ERRORS = 5
SHOWN_ANSWERS = 20
SHORT_CLIPS_ARE = {
    "repeat": "are repeated evenly",
    "loop": "are gone round from their start",
    "mask": "are followed by masked ones",
}
"""What becomes of the frames of a clip shorter than a window; skipped clips are counted as left out."""


def description(table: pd.DataFrame, training_rows: pd.DataFrame, answers: AnswerList, num_clips: int) -> str:
    """Return how many rows, clips and answers there are, and how many rows have one of the answers."""
    covered = (answers.encode(training_rows["answer"].tolist()) >= 0).mean()
    return (
        f"{counted(len(training_rows), 'training row')} and "
        f"{counted(len(table) - len(training_rows), 'validation row')} of {counted(num_clips, 'clip')}; "
        f"{counted(len(answers), 'answer')}, which {covered:.1%} of the training rows have."
    )


def say_left_out(table: pd.DataFrame, progress: bool) -> None:
    """Print how many rows of other tasks the table was read without, and whether its splits were drawn."""
    for task, number in table.attrs.get("left_out", {}).items():
        say(f"{counted(number, 'row')} of the task {task!r} left out.", progress=progress)
    if table.attrs.get("automatic_split"):
        drawn = table.groupby("split")["group"].nunique().reindex(list(AUTOMATIC_SPLIT), fill_value=0)
        counts = ", ".join(f"{split} {number:,}" for split, number in drawn.items())
        say(
            f"No `split` column: groups drawn, each answer's share in each split: {counts}.",
            progress=progress,
        )
    if absent := table.attrs.get("absent"):
        counts = ", ".join(f"{split} {number:,}" for split, number in absent.items())
        say(f"Rows left out because the set's video is not there: {counts}.", progress=progress)


def say_classes(table: pd.DataFrame, answers: AnswerList, progress: bool) -> None:
    """Print which of a set's classes the model has, and their new numbers, where that is not all of them."""
    listed = table.attrs.get("num_listed_classes", len(answers))
    if listed > len(answers):
        numbered = ", ".join(f"{number} {label}" for number, label in enumerate(answers.answers))
        say(
            f"{len(answers)} of {counted(listed, 'class', 'classes')}, numbered anew: {numbered}.",
            progress=progress,
        )


def say_untested(answers: AnswerList, table: pd.DataFrame, progress: bool) -> list[str]:
    """Print which of the model's answers no test row has, and return them.

    Of questions only where the split was drawn; nothing where the user's own splits have no test rows.

    Args:
        answers: those that the model can give.
        table: rows of all splits, with the attributes of `read_annotations`.
        progress: print them.
    """
    test_rows, automatic = table[table["split"] == "test"], table.attrs["automatic_split"]
    is_action = table.attrs["task"] == "action"
    if not automatic and not (is_action and len(test_rows)):
        return []
    untested = answers.absent_from(test_rows["answer"])
    if untested:
        named = ", ".join(untested[:SHOWN_ANSWERS]) + (
            f" and {len(untested) - SHOWN_ANSWERS} more" if len(untested) > SHOWN_ANSWERS else ""
        )
        kind = "classes" if is_action else "answers"
        say(
            f"{len(untested)} of {len(answers)} {kind} without a test row, so how well they are known stays "
            f"open: {named}.",
            progress=progress,
        )
    return untested


def say_dropped(num_rows: int, failures: dict[str, str], progress: bool) -> None:
    """Print how many rows are left out, and the first errors of their videos."""
    if not failures:
        return
    videos = counted(len(failures), "video")
    say(f"{counted(num_rows, 'row')} left out, of {videos} that could not be used:", progress=progress)
    for error in list(failures.values())[:SHOWN_ERRORS]:
        say(f"  {error}", progress=progress)
    if len(failures) > SHOWN_ERRORS:
        say("  ... metrics.json in the run's folder lists all of them.", progress=progress)


def say_short(examples: Examples, sampling: SamplingConfig, progress: bool) -> None:
    """Print how many clips are shorter than a window, and what becomes of them."""
    if examples.clips is None or not sampling.takes_windows or sampling.short_clips not in SHORT_CLIPS_ARE:
        return
    clips = np.unique(examples.clip_index)
    number = int((examples.grid_lengths[clips] < sampling.num_frames).sum())
    if number:
        whose = "its own" if number == 1 else "theirs"
        clips_have = f"{counted(len(clips), 'training clip')} {'has' if number == 1 else 'have'}"
        fewer = f"{number} of {clips_have} fewer frames than num_frames={sampling.num_frames}"
        say(f"{fewer}: {whose} {SHORT_CLIPS_ARE[sampling.short_clips]}.", progress=progress)
