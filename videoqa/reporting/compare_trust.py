"""What two runs say of their own answers to the same rows, side by side, as a dict and as lines of text."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from videoqa.evaluation.row_marks import FAILED
from videoqa.evaluation.score_fields import CALIBRATION_FIELDS, PLAIN, TRUST_FIELDS
from videoqa.evaluation.scores import justified
from videoqa.evaluation.trust_scores import RowTrust
from videoqa.reporting.finished import Evaluation

NAMES = {name: field.column for name, field in (TRUST_FIELDS | CALIBRATION_FIELDS).items()}


def compare_trust(one: Evaluation, two: Evaluation, question_ids: Sequence[str]) -> dict[str, list[float]]:
    """Return the scores of the two models' judgement of some rows, those that both have.

    Args:
        one, two: their evaluations.
        question_ids: of the rows.

    Returns:
        Score field -> [the first model's, the second's]. Brier scores are not among them: they need all
        probabilities, which the predictions do not hold.
    """
    first, second = (_scores(each, question_ids) for each in (one, two))
    return {name: [first[name], second[name]] for name in NAMES if name in first and name in second}


def trust_lines(trust: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the table of `compare_trust` as lines with an empty one after it; none without any score."""
    if not trust:
        return []
    table = [["what they say of their own answers", "A", "B"]]
    table += [[NAMES[name], *(_cell(name, value) for value in values)] for name, values in trust.items()]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = [justified(line, widths) for line in table]
    return [text[0], "-" * len(text[0]), *text[1:], ""]


def _cell(name: str, value: float) -> str:
    return f"{value:.3f}" if name in PLAIN else f"{100 * value:.2f}"


def _scores(evaluation: Evaluation, question_ids: Sequence[str]) -> dict[str, Any]:
    """Return the scores of some rows, of the fields that the evaluation has for all of its rows."""
    rows = evaluation.predictions.set_index("question_id").loc[list(question_ids)]
    empty, unknown = pd.Series("", index=rows.index), np.full(len(rows), np.nan)

    def numbers(name: str) -> np.ndarray:
        return pd.to_numeric(rows.get(name, empty), errors="coerce").to_numpy(np.float64)

    reliable = rows.get("is_reliable", empty).map({"True": 1.0, "False": 0.0}).to_numpy(np.float64)
    probability = np.where(rows["status"] == FAILED, np.nan, rows["probability"])
    trust = RowTrust(reliable, numbers("num_likely"), probability, probability, unknown, unknown)
    correct = rows["correct"].to_numpy(bool)
    marks = trust.marks(correct, np.nan_to_num(numbers("gold_rank")))
    known = {name: mark[~np.isnan(mark)] for name, mark in marks.items()}
    found = {name: float(mark.mean()) for name, mark in known.items() if len(mark)} | trust.totals(correct)
    return {name: value for name, value in found.items() if evaluation.scores.get(name) is not None}
