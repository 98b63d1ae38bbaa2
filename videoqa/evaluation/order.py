"""Answers to clips in another order of their frames, where it is declared which answers are opposite.

Of a clip of "loading", played backwards, "unloading" is right. So two answers to each clip can be scored, and
a model that does not see the order, and says the same both ways, has at most one of them right.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videoqa._text_normalization import normalize_answer
from videoqa.data.source import OPPOSITE
from videoqa.evaluation.prediction import best_answers, predict_examples
from videoqa.evaluation.row_marks import correct_answers
from videoqa.evaluation.views import change_view
from videoqa.input_pipeline import Examples
from videoqa.text.answers import AnswerList

if TYPE_CHECKING:
    import keras

NUM_SHUFFLES = 3
"""Random orders of each clip of features, whose average is less noisy than one."""
NUM_FRAME_SHUFFLES = 1
"""Random orders of each clip of frames, where each takes as long as the whole evaluation."""


def opposites_of(rows: pd.DataFrame) -> list[str]:
    """Return the opposite of each row's answer, `(num_rows,)`; "" where none is declared."""
    return rows[OPPOSITE].fillna("").tolist() if OPPOSITE in rows else [""] * len(rows)


def answer_in_other_orders(
    rows: pd.DataFrame,
    opposites: Sequence[str],
    examples: Examples,
    model: "keras.Model",
    answers: AnswerList,
    *,
    forwards: Sequence[str | None],
    backwards: Sequence[str | None] | None = None,
    num_test_clips: int = 1,
    seed: int = 0,
    progress: bool = False,
) -> pd.DataFrame | None:
    """Return the answers to clips backwards and shuffled, of the rows with an opposite; None without any.

    Features of the clips are used as they are: nothing is read or encoded again.

    Args:
        rows: annotation rows.
        opposites: of each row's answer, "" where it has none.
        examples: the rows as arrays, the clips as they are.
        model: takes the inputs of `examples`.
        answers: those the model can give.
        forwards: its answers to the clips as they are; None where the video failed.
        backwards: those to the clips backwards, where they are known already.
        num_test_clips: windows of each clip.
        seed: of the shuffling.
        progress: show a bar on a terminal.

    Returns:
        One row for each of `rows`: `group`; `opposite`; `forwards_answer`; `backwards_answer`;
        `backwards_correct`, whether that is the opposite; `shuffled_accuracy`, the share of several random
        orders whose answer is right. The last three are missing where there is no opposite, and where the
        model cannot give the answer or its opposite: it could not tell the two apart if it saw the order. A
        row whose video failed is wrong.
    """
    known = set(map(normalize_answer, answers.answers))
    declared = np.array([bool(opposite) for opposite in opposites])
    if examples.clips is None or not declared.any():
        return None
    texts = zip(rows["answer"], opposites, strict=True)
    counted = declared & [{normalize_answer(one), normalize_answer(other)} <= known for one, other in texts]
    places = np.flatnonzero(counted).tolist()
    some, gold = examples.select(np.array(places, np.int64)), rows["answer"].iloc[places].tolist()

    def answered(shown: Examples) -> list[str | None]:
        found = predict_examples(model, shown, num_test_clips=num_test_clips, progress=progress)
        return best_answers(found.probabilities, answers)

    if backwards is None:
        reverse = answered(some.played_backwards())
    else:
        reverse = [backwards[place] for place in places]
    number = NUM_SHUFFLES if "clip" not in model.input else NUM_FRAME_SHUFFLES
    shuffles = [
        change_view(some, shuffle_frames=True, single_frame=False, seed=seed + shuffle)
        for shuffle in range(number if len(places) else 0)
    ]
    right = [correct_answers(answered(shown), gold) for shown in shuffles]
    wanted = [opposites[place] for place in places]
    found = pd.DataFrame(
        {
            "backwards_answer": pd.Series(reverse, places, dtype=object),
            "backwards_correct": pd.Series(correct_answers(reverse, wanted), places, dtype="boolean"),
            "shuffled_accuracy": pd.Series(np.mean(right, axis=0) if right else [], places, dtype=np.float64),
        }
    ).reindex(range(len(rows)))
    groups = rows["group" if "group" in rows else "video_id"].to_numpy(object)
    about = {"group": groups, OPPOSITE: list(opposites), "forwards_answer": list(forwards)}
    return pd.DataFrame(about).join(found).set_axis(rows.index)
