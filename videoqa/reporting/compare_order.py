"""What two runs make of the order of the frames, side by side, where answers have opposites."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from videoqa._text_normalization import normalize_answer
from videoqa.data.source import OPPOSITE
from videoqa.evaluation.order_scores import order_rows, order_scores
from videoqa.evaluation.row_marks import correct_answers
from videoqa.evaluation.score_fields import BALANCED, ORDER_FIELDS
from videoqa.evaluation.scores import LINE_CHARACTERS, justified
from videoqa.reporting.finished import Evaluation

NAMES = {name: field.name for name, field in ORDER_FIELDS.items()} | {
    f"balanced_{name}": f"{ORDER_FIELDS[name].name}, balanced" for name in BALANCED
}


def compare_order(
    one: Evaluation, two: Evaluation, question_ids: Sequence[str]
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the scores of two runs on clips in several orders, and which rows each has right both ways.

    Args:
        one, two: their evaluations.
        question_ids: of the rows to compare; those count that have the same opposite in both.

    Returns:
        JSON-ready dict: "num_rows", of each field of `order_scores` [the first run's, the second's], also of
        "depends_on_order" and "conclusion"; and one row for each that counts, with `video_id` (its group),
        `correct_a` and `correct_b`. Both are empty if no row counts.
    """
    a, b = (
        order_rows(each.predictions.set_index("question_id").loc[list(question_ids)]) for each in (one, two)
    )
    if a is None or b is None:
        return {}, pd.DataFrame()
    same = a[OPPOSITE].map(normalize_answer) == b[OPPOSITE].map(normalize_answer)
    counts = same & a["backwards_correct"].notna() & b["backwards_correct"].notna()
    if not counts.any():
        return {}, pd.DataFrame()
    rows = [each[counts].reset_index(drop=True) for each in (a, b)]
    first, second = (order_scores(each) for each in rows)
    fields = (*NAMES, "depends_on_order", "conclusion")
    scores = {"num_rows": int(counts.sum())} | {name: [first[name], second[name]] for name in fields}
    both = {f"correct_{run}": _right_both_ways(each) for run, each in zip("ab", rows, strict=True)}
    return scores, pd.DataFrame({"video_id": rows[0]["group"], **both})


def _right_both_ways(rows: pd.DataFrame) -> pd.Series:
    forwards = correct_answers(rows["forwards_answer"].tolist(), rows["answer"].tolist())
    return rows["backwards_correct"].astype(bool) & forwards


def order_lines(order: Mapping[str, Any]) -> list[str]:
    """Return the table of `compare_order` as lines with an empty one after it; none without any row."""
    if not order:
        return []
    table = [["clips forwards, backwards and shuffled", "A", "B"]]
    table += [[name, *(_cell(value) for value in order[field])] for field, name in NAMES.items()]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = [justified(line, widths) for line in table]
    said = [
        line
        for run, sentence in zip("AB", order["conclusion"], strict=True)
        for line in textwrap.wrap(f"{run}: {sentence}", LINE_CHARACTERS)
    ]
    return [text[0], "-" * len(text[0]), *text[1:], *said, ""]


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"
