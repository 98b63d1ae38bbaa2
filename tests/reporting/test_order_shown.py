"""The order of the frames on the page of a report, and in a comparison of two runs."""

import re
from pathlib import Path

import pandas as pd

from videoqa.evaluation.order_scores import order_rows, order_scores
from videoqa.reporting.compare import describe_difference
from videoqa.reporting.compare_order import compare_order, order_lines
from videoqa.reporting.finished import Evaluation
from videoqa.reporting.page import ReportContent, build_page
from videoqa.reporting.verdict import verdict

ROWS = pd.DataFrame(
    {
        "question_id": [f"r{number}" for number in range(6)],
        "group": [f"g{number}" for number in range(6)],
        "answer": ["in", "out", "in", "out", "open", "shut"],
        "opposite": ["out", "in", "out", "in", "shut", "open"],
        "predicted_answer": ["in", "out", "in", "out", "open", ""],
        "backwards_answer": ["out", "in", "out", "out", "shut", ""],
        "backwards_correct": ["True", "True", "True", "False", "True", "False"],
        "shuffled_accuracy": ["1.0", "0.0", "1.0", "0.0", "1.0", "0.0"],
    }
)
"""Of one run, as read from its file; the fourth answer does not change, the last clip could not be read."""
BLIND = ROWS.assign(backwards_answer=ROWS["predicted_answer"], backwards_correct="False")
SCORES = {
    "num_rows": 6, "accuracy": 5 / 6, "accuracy_interval": [0.4, 1.0], "majority_accuracy": 0.5,
    "task": "action", "split": "test", "num_videos": 6, "num_failed_videos": 1, "absent_rows": 0,
    "majority_answer": "in", "blind_accuracy": None, "by_question_type": {}, "by_group": {},
    "confused_pairs": [], "limit": None, "seed": 0, "model_sha256": "0",
}  # fmt: skip
CONFIG = {"model": {"video_branch": "lstm"}, "training": {"seed": 0}, "data": {"data": ()}}


def evaluation(rows: pd.DataFrame) -> Evaluation:
    return Evaluation(Path("scores"), Path("model"), SCORES, rows)


def page(**scores: object) -> str:
    return build_page(ReportContent("run", SCORES | scores, {}, CONFIG, [], [], [], [], []))


def test_the_page_says_what_the_order_is_worth() -> None:
    order = order_scores(order_rows(ROWS))
    shown = page(order=order)
    assert order["conclusion"] in shown.split("</header>")[0]
    cells = re.findall(r"<bdi>(.*?)</bdi>", shown.split("The order of the frames")[1])
    assert cells[:4] == ["accuracy forwards", "83.33", "35.88 to 99.58", "75.00"], (
        "of in, out, open, not shut"
    )
    both, exchanged = (cells.index(name) for name in ("right both ways", "exchanged"))
    assert cells[both + 1] == "66.67" and cells[exchanged + 1] == "0.00"
    assert cells[cells.index("in / out") :][:3] == ["in / out", "4", "100.00"]
    assert "open / shut" in cells and "left out here" not in shown
    assert "The order of the frames" not in page()


def test_the_page_says_that_answers_do_not_depend_on_the_order() -> None:
    order = order_scores(order_rows(BLIND))
    assert "These answers do not depend on the order of the frames: every clip" in page(order=order)
    assert order["conclusion"] in verdict(SCORES | {"order": order})[1]


def test_the_page_says_why_there_is_no_table() -> None:
    nothing = order_scores(order_rows(ROWS.assign(backwards_correct="", shuffled_accuracy="")))
    shown = page(order=nothing)
    assert "6 rows left out here: the model cannot give the answer or its opposite" in shown
    assert "right both ways</bdi>" not in shown


def test_two_runs_side_by_side() -> None:
    ids = ROWS["question_id"].tolist()
    order, both = compare_order(evaluation(ROWS), evaluation(BLIND), ids)
    assert order["num_rows"] == 6 and order["both_right"] == [4 / 6, 0]
    assert order["changed_answers"] == [4 / 5, 0] and order["depends_on_order"] == [True, False]
    assert both["correct_a"].tolist() == [True, True, True, False, True, False]
    assert not both["correct_b"].any() and both["video_id"].tolist() == ROWS["group"].tolist()
    late = ROWS.assign(predicted_answer=["out", *ROWS["predicted_answer"][1:]])
    only_backwards = compare_order(evaluation(late), evaluation(BLIND), ids)[1]["correct_a"]
    assert only_backwards.tolist() == [False, True, True, False, True, False]
    lines = order_lines(order)
    assert "right both ways 66.67 0.00" in [" ".join(line.split()) for line in lines]
    assert "B: These answers do not depend on the order of the frames" in "\n".join(lines)
    assert max(map(len, lines)) <= 110


def test_the_last_sentence_says_that_it_is_about_accuracy_alone() -> None:
    order, _ = compare_order(evaluation(ROWS), evaluation(BLIND), ROWS["question_id"].tolist())
    result = {"difference_interval": (-0.1, 0.4), "num_videos": 3, "only_a_correct": 1, "only_b_correct": 2}
    apart = "do not tell the two runs apart"
    assert f"{apart} by accuracy: the interval" in describe_difference({**result, "order": order})
    assert f"{apart}: the interval" in describe_difference({**result, "order": {}})


def test_rows_with_another_opposite_are_not_compared() -> None:
    other = ROWS.assign(opposite=["OUT", "", "shut", "in", "shut", "open"])
    order, both = compare_order(evaluation(ROWS), evaluation(other), ["r0", "r1", "r2", "r3"])
    assert order["num_rows"] == 2 == len(both)
    without = evaluation(ROWS.drop(columns="opposite"))
    assert compare_order(evaluation(ROWS), without, ["r0"])[0] == {} and order_lines({}) == []
    assert len(compare_order(evaluation(ROWS), evaluation(other), ["r1"])[1]) == 0
