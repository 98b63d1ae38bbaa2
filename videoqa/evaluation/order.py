"""Answers to clips in another order of their frames, where it is declared which answers are opposite.

Of a clip of "loading", played backwards, "unloading" is right. So two answers to each clip can be scored, and
a model that does not see the order, and says the same both ways, has at most one of them right.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from videoqa._text_normalization import normalize_answer
from videoqa.data.source import OPPOSITE
from videoqa.evaluation.evaluated import EvaluatedModel, EvaluatedRows
from videoqa.evaluation.row_marks import RowAnswers, correct_answers
from videoqa.evaluation.views import change_view
from videoqa.input_pipeline import Examples
from videoqa.text.answers import AnswerList

NUM_SHUFFLES = 3
"""Random orders of each clip of features, whose average is less noisy than one."""
NUM_FRAME_SHUFFLES = 1
"""Random orders of each clip of frames, where each takes as long as the whole evaluation."""


def opposites_of(rows: pd.DataFrame) -> list[str]:
    """Return the opposite of each row's answer, `(num_rows,)`; "" where none is declared."""
    return rows[OPPOSITE].fillna("").tolist() if OPPOSITE in rows else [""] * len(rows)


def answer_in_other_orders(
    rows: EvaluatedRows, model: EvaluatedModel, given: RowAnswers, *, seed: int = 0, progress: bool = False
) -> pd.DataFrame | None:
    """Return the answers to clips backwards and shuffled, of the rows with an opposite; None without any.

    Features of the clips are used as they are: nothing is read or encoded again.

    Args:
        rows: with the opposite of each row's answer.
        model: that answers.
        given: its answers; where `rows` show the clips in reverse, these are not asked for again.
        seed: of the shuffling.
        progress: show a bar on a terminal.

    Returns:
        One row for each of `rows`: `group`; `opposite`; `forwards_answer`; `backwards_answer`;
        `backwards_correct`, whether that is the opposite; `shuffled_accuracy`, the share of several random
        orders whose answer is right. The last three are missing where there is no opposite, and where the
        model cannot give the answer or its opposite: it could not tell the two apart if it saw the order. A
        row whose video failed is wrong.
    """
    table, examples, opposites = rows.table, rows.clips_as_they_are, rows.opposites
    if examples.clips is None or not any(opposites):
        return None
    places = _told_apart(table["answer"].tolist(), opposites, model.answers)
    some, gold = examples.select(np.array(places, np.int64)), table["answer"].iloc[places].tolist()
    if given.forwards is None:
        forwards, backwards = given.predicted, model.answers_to(some.played_backwards(), progress=progress)
    else:
        forwards, backwards = given.forwards, [given.predicted[place] for place in places]
    number = NUM_FRAME_SHUFFLES if examples.clip_input == "clip" else NUM_SHUFFLES
    right = [
        correct_answers(model.answers_to(shown, progress=progress), gold)
        for shown in _shuffled(some, seed, number if places else 0)
    ]
    wanted = [opposites[place] for place in places]
    found = pd.DataFrame(
        {
            "backwards_answer": pd.Series(backwards, places, dtype=object),
            "backwards_correct": pd.Series(correct_answers(backwards, wanted), places, dtype="boolean"),
            "shuffled_accuracy": pd.Series(np.mean(right, axis=0) if right else [], places, dtype=np.float64),
        }
    ).reindex(range(len(table)))
    groups = table["group" if "group" in table else "video_id"].to_numpy(object)
    about = {"group": groups, OPPOSITE: list(opposites), "forwards_answer": list(forwards)}
    return pd.DataFrame(about).join(found).set_axis(table.index)


def _told_apart(gold: Sequence[str], opposites: Sequence[str], answers: AnswerList) -> list[int]:
    """Return the places of the rows whose answer and its opposite are both among those of the model."""
    known = set(map(normalize_answer, answers.answers))
    pairs = enumerate(zip(gold, opposites, strict=True))
    return [place for place, pair in pairs if pair[1] and {normalize_answer(each) for each in pair} <= known]


def _shuffled(examples: Examples, seed: int, number: int) -> Iterator[Examples]:
    """Yield the clips in several random orders of their frames."""
    for shuffle in range(number):
        yield change_view(examples, shuffle_frames=True, single_frame=False, seed=seed + shuffle)
