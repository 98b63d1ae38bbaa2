"""Training rows that are also shown backwards, with the opposite answer."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from videoqa._counted import counted
from videoqa._progress import say, say_note
from videoqa.config import RunConfig
from videoqa.data.opposites import mirrored_answers, played_backwards
from videoqa.data.source import MIRRORED, OPPOSITE
from videoqa.features.motion import exchange_flow, reversed_features
from videoqa.input_pipeline import Examples
from videoqa.text.answers import AnswerList


@dataclass(frozen=True)
class BackwardsRows:
    """Which rows are shown backwards too, and what is right then.

    Attributes:
        rows: int64 `(k,)`, places in the table of a run.
        answer_ids: int32 `(k,)`, the opposite answers.
        mirrored_ids: int32 `(k,)`, the answers of the reversed clips in a mirror.
        num_still: rows with an opposite whose clip looks the same backwards, so that it would contradict it.
    """

    rows: np.ndarray
    answer_ids: np.ndarray
    mirrored_ids: np.ndarray
    num_still: int

    def appended(self, examples: Examples, rows: np.ndarray) -> Examples:
        """Return the examples at `rows`, int64 `(n,)`, and behind them those that are shown backwards.

        Args:
            examples: the rows of the run's table.
            rows: the training rows.
        """
        chosen = examples.select(np.concatenate([rows, self.rows]))
        if not len(self.rows):
            return chosen
        of_train = slice(len(rows))
        mirrored = None if chosen.mirrored_ids is None else [chosen.mirrored_ids[of_train], self.mirrored_ids]
        return replace(
            chosen,
            answer_ids=np.concatenate([chosen.answer_ids[of_train], self.answer_ids]),
            backwards=np.arange(len(chosen)) >= len(rows),
            mirrored_ids=None if mirrored is None else np.concatenate(mirrored),
        )


def find_backwards_rows(table: pd.DataFrame, examples: Examples, answers: AnswerList) -> BackwardsRows:
    """Return the training rows that are shown backwards too.

    Args:
        table: training and validation rows, index 0, 1, ...
        examples: the same rows.
        answers: of the model.
    """
    turned = played_backwards(table[table["split"] == "train"])
    if examples.clips is None:
        turned = turned.iloc[:0]
    ids, mirrored = answers.encode(turned["answer"].tolist()), answers.encode(mirrored_answers(turned))
    rows = turned.index.to_numpy(np.int64)
    clips = examples.clip_index[rows]
    still = np.isin(clips, [clip for clip in np.unique(clips).tolist() if _is_still(examples, clip)])
    return BackwardsRows(rows[~still], ids[~still], mirrored[~still], int(still.sum()))


def looks_the_same(clip: np.ndarray, num_frames: int, num_flow: int = 0) -> bool:
    """Return whether windows of a clip say nothing of its direction: of one frame, or the same in reverse.

    Args:
        clip: the grid, frames or features `(grid, ...)`; where its ends differ, only they are read from disk.
        num_frames: of a window.
        num_flow: columns of each flow block behind features.
    """
    if num_frames < 2:
        return True
    ends_agree = np.array_equal(clip[0], exchange_flow(clip[-1], num_flow))
    return ends_agree and np.array_equal(clip, reversed_features(clip, num_flow))


def _is_still(examples: Examples, clip_index: int) -> bool:
    assert examples.clips is not None
    return looks_the_same(examples.clips[clip_index], examples.num_frames, examples.num_flow)


def say_backwards(
    table: pd.DataFrame, found: BackwardsRows, answers: AnswerList, config: RunConfig, progress: bool
) -> None:
    """Print how many training rows are shown backwards too, where the data declares opposites."""
    rows = table[table["split"] == "train"]
    if OPPOSITE not in table or not (table[OPPOSITE] != "").any():
        if config.data.reverse_labels is not None:
            say("No row is shown backwards: none has an answer with an opposite.", progress=progress)
        return
    if not config.model.sees_video:
        say("No row is shown backwards: the model sees no video.", progress=progress)
        return
    num_rows = counted(len(rows), "training row")
    message = f"{len(found.rows)} of {num_rows} {'is' if len(found.rows) == 1 else 'are'} shown backwards too"
    still = f"; {counted(found.num_still, 'more looks', 'more look')} the same backwards"
    say(f"{message}, with the opposite answer{still if found.num_still else ''}.", progress=progress)
    _say_answers_turned(rows, found, answers, progress)
    if len(found.rows) and config.model.video_branch == "mean" and config.model.motion == "none":
        say_note(
            "video_branch='mean' does not see the order of the frames: it is shown the same twice, with an "
            "answer and with its opposite, and cannot learn to tell them apart.",
            progress=progress,
        )


def _say_answers_turned(
    rows: pd.DataFrame, found: BackwardsRows, answers: AnswerList, progress: bool
) -> None:
    """Print the answers that no training row has: those learned from clips turned round, and the others."""
    turned = np.concatenate(
        [found.answer_ids, found.mirrored_ids, answers.encode(mirrored_answers(rows))]
    ).tolist()
    only_turned = answers.absent_from(rows["answer"])
    never = [answer for answer in only_turned if not np.isin(answers.encode([answer]), turned).any()]
    if learned := [answer for answer in only_turned if answer not in never]:
        say(f"Learned from clips turned round alone: {', '.join(learned)}.", progress=progress)
    if never:
        say(f"Learned from no clip, so the model cannot know it: {', '.join(never)}.", progress=progress)


def say_undeclared_mirrors(rows: pd.DataFrame, config: RunConfig, progress: bool) -> None:
    """Print how many training rows speak of left or right and are mirrored without another answer."""
    if not (config.sampling.flip and config.model.sees_video):
        return
    texts = (rows["question"] + " " + rows["answer"]).str.lower()
    undeclared = texts.str.contains(_SIDES) & (rows[MIRRORED] == "" if MIRRORED in rows else True)
    if not undeclared.any():
        return
    first = rows[undeclared].iloc[0]
    shown = f"{first['question']} {first['answer']}".strip()
    number = counted(int(undeclared.sum()), "training row speaks", "training rows speak")
    say_note(
        f"{number} of left or right, such as {shown!r}, and half of their windows are mirrored (--flip) with "
        "the same answer. Declare the other with --mirror-labels or in the column 'mirrored', or leave out "
        "--flip.",
        progress=progress,
    )


_SIDES = r"(?<![a-z])(?:left|right)(?![a-z])"
"""Words of English that a mirror exchanges."""
