"""How much each training row counts by how far people agreed on its answer."""

import math
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa.data.correction_tables import AGREEMENT


def label_weights(table: pd.DataFrame, label_weight: str | None) -> np.ndarray | None:
    """Return the weight of each row's loss: the share of the people asked who gave its answer.

    These are weights of rows, not soft labels. A soft label would teach the answers of the minority too, and
    among these are those of people who do not look, whom Dawid and Skene's model has just set aside; so the
    model would learn again what the import took out. With a weight a row that people doubt counts less, and
    what it says stays what they found. Validation and test rows are never weighed: scores stay comparable.

    Args:
        table: annotation rows. In an empty cell, as where nobody was asked, the weight is 1.
        label_weight: None: no weights; "agreement": by the column of this name.

    Returns:
        float32 `(num_rows,)` in [0, 1], or None.

    Raises:
        ValueError: no row has an agreement, one is no number in [0, 1], or all training rows have 0.
    """
    if label_weight is None:
        return None
    cells = table[AGREEMENT].tolist() if AGREEMENT in table else []
    weights = np.ones(len(table), np.float32)
    is_given = [not _is_empty(cell) for cell in cells]
    if not any(is_given):
        advice = "Give the table that `videoqa label import` wrote, or leave the option out."
        raise Refusal("label_weight", f"be left out: no row has an {AGREEMENT}", label_weight, advice)
    for row in np.flatnonzero(is_given).tolist():
        weights[row] = _share(cells[row], table["question_id"].iloc[row])
    if not weights[(table["split"] == "train").to_numpy()].any():
        raise Refusal(AGREEMENT, "be above 0 in some training row", 0)
    return weights


def label_weights_in_words(weights: np.ndarray) -> str:
    """Return a sentence on the weights of training rows, float32 `(n,)`."""
    less = int((weights < 1).sum())
    if not less:
        return "--label-weight changes nothing: people agreed on every row."
    return (
        f"{less:,} of {counted(len(weights), 'training row')} {'weighs' if less == 1 else 'weigh'} less than "
        f"1, as people disagreed: from {weights.min():.2g}, on average {weights.mean():.2g}."
    )


def _is_empty(cell: Any) -> bool:
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell))


def _share(cell: Any, question_id: str) -> float:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value <= 1:
        raise Refusal(AGREEMENT, "be a number from 0 to 1", cell, f"It is in the row {question_id}.")
    return value
