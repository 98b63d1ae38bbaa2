"""The table that a terminal shows."""

import re
from typing import Any

import pytest

from videoqa.evaluation.scores import format_score_table


def entry(num_rows: int, **fields: Any) -> dict[str, Any]:
    """Return made-up scores; what is not given does not apply."""
    names = (
        "accuracy", "majority_accuracy", "majority_per_type_accuracy", "prefix_prior_accuracy",
        "blind_accuracy", "video_gain", "share_in_vocabulary", "accuracy_interval",
    )  # fmt: skip
    return {"num_rows": num_rows, "num_failed_videos": 0, **dict.fromkeys(names), **fields}


FULL = {
    "accuracy": 0.375,
    "accuracy_interval": [0.25, 0.5],
    "majority_accuracy": 0.25,
    "majority_per_type_accuracy": 0.3,
    "prefix_prior_accuracy": 0.31,
    "blind_accuracy": 0.32,
    "video_gain": 0.055,
    "share_in_vocabulary": 0.75,
}


def test_lines_of_types_groups_and_all() -> None:
    types = {"is": entry(3, **FULL), "": entry(1, **FULL), "who": entry(0)}
    scores = entry(8, **FULL) | {"by_question_type": types, "by_group": {"free": entry(4, **FULL)}}
    lines = format_score_table(scores).splitlines()
    headings = "type rows accuracy 95 % interval majority type majority prefix blind gain ceiling"
    assert " ".join(lines[0].split()) == headings
    assert [line.split()[0][:5] for line in lines[1:]] == [
        "-----", "is", "(none", "-----", "free", "-----", "all",
    ]  # fmt: skip
    assert " ".join(lines[-1].split()) == "all 8 37.50 25.0 to 50.0 25.00 30.00 31.00 32.00 +5.50 75.00"
    assert len({len(line) for line in lines}) == 1


def test_columns_that_do_not_apply_are_left_out() -> None:
    scores = entry(8, accuracy=0.5, accuracy_interval=[0.4, 0.6], majority_accuracy=0.25)
    lines = format_score_table({**scores, "by_question_type": {}, "by_group": {}}).splitlines()
    assert " ".join(lines[0].split()) == "type rows accuracy 95 % interval majority"
    assert " ".join(lines[-1].split()) == "all 8 50.00 40.0 to 60.0 25.00"


def test_actions_have_no_lines_of_types() -> None:
    parts = {"by_question_type": {"action": entry(8, **FULL)}, "by_group": {"sports": entry(4, **FULL)}}
    lines = format_score_table({"task": "action", **entry(8, **FULL), **parts}).splitlines()
    assert [line.split()[0][:6] for line in lines] == ["type", "------", "sports", "------", "all"]
    assert "majority" in lines[0] and "type majority" not in lines[0]


def test_an_entry_without_a_score_has_a_dash() -> None:
    lines = format_score_table(entry(8, **FULL) | {"by_question_type": {"is": entry(2)}}).splitlines()
    assert lines[2].split() == ["is", "2", *["-"] * 8]


def test_further_figures_and_counts_stand_below() -> None:
    further = {
        "accuracy_at_5": 0.5, "accuracy_at_10": 0.61, "soft_accuracy_2": 0.4, "soft_accuracy_3": 0.3,
        "mean_class_accuracy": 0.7, "macro_precision": 0.71, "macro_f1": 0.72,
        "video_gain_interval": [-0.01, 0.02], "num_failed_videos": 2, "absent_rows": 7,
    }  # fmt: skip
    text = format_score_table(entry(8, **FULL) | further)
    for line in (
        "accuracy@5 50.00   accuracy@10 61.00   soft accuracy n/2 40.00   soft accuracy n/3 30.00",
        "mean class accuracy 70.00   macro precision 71.00   macro F1 72.00",
        "95 % interval of the gain, by video: -1.0 to +2.0",
        "videos that could not be read (their rows count as wrong): 2",
        "rows left out because their video is not there: 7",
    ):
        assert re.search(f"^{re.escape(line)}$", text, re.MULTILINE), line
    assert "left out" not in format_score_table(entry(8, **FULL) | {"absent_rows": 0})


@pytest.mark.parametrize("name", ["is", "a question type with a name that goes on and on"])
def test_the_table_fits_into_110_characters(name: str) -> None:
    one = {key: [1.0, 1.0] if key.endswith("interval") else 1.0 for key in FULL}
    scores = entry(123456, **one) | {"by_question_type": {name: entry(123456, **one)}}
    assert max(map(len, format_score_table(scores).splitlines())) <= 110
