"""Whether answers depend on the order of the frames, concluded from answers that are given by hand."""

import pandas as pd
import pytest

from videoqa.evaluation.order_scores import order_rows, order_scores
from videoqa.evaluation.scores import format_score_table

DO_NOT = "These answers do not depend on the order of the frames"


def rows_of(*kinds: tuple[str, int], num_groups: int | None = None) -> pd.DataFrame:
    """Return rows in equal parts of the answers "in" and "out".

    Args:
        kinds: a kind of answer and its number of rows: "right" (both ways), "exchanged", "in" (whatever is
            shown) or "other" (a third answer, and another backwards).
        num_groups: that the rows belong to, in turn; None: one for each.
    """
    rows = []
    for kind, number in kinds:
        for place in range(number):
            answer, opposite = ("in", "out") if place % 2 else ("out", "in")
            given = {"right": (answer, opposite), "exchanged": (opposite, answer), "in": ("in", "in")}
            forwards, backwards = given.get(kind, ("up", "down"))
            rows.append((answer, opposite, forwards, backwards, backwards == opposite))
    columns = ["answer", "opposite", "forwards_answer", "backwards_answer", "backwards_correct"]
    groups = [f"g{place % (num_groups or len(rows))}" for place in range(len(rows))]
    return pd.DataFrame(rows, columns=columns).assign(group=groups, shuffled_accuracy=0.5)


@pytest.mark.parametrize(
    ("rows", "depends", "said"),
    [
        (rows_of(("in", 40)), False, f"{DO_NOT}: every clip gets the same one"),
        (rows_of(("in", 5), num_groups=1), False, f"{DO_NOT}: every clip gets the same one"),
        (rows_of(("right", 30), ("in", 10)), True, "These answers depend on the order.*75.00 %.*0.00 %"),
        (rows_of(("right", 20), ("exchanged", 4)), True, "These answers depend on the order"),
        (rows_of(("exchanged", 20), ("right", 4)), True, "the wrong way round: 16.67 %.*83.33 %"),
        (rows_of(("in", 360), ("right", 20), ("exchanged", 20)), False, f"{DO_NOT} more than by chance"),
        (rows_of(("other", 100)), False, f"{DO_NOT} more than by chance: backwards 100.00 % change"),
        (rows_of(("right", 6), ("exchanged", 5)), None, "cannot be told from 11 rows of 11 groups"),
        (rows_of(("exchanged", 3), ("in", 3)), None, "cannot be told from 6 rows of 6 groups"),
        (rows_of(("right", 40), num_groups=4), None, "cannot be told from 4 groups of clips; 5 are needed"),
        (rows_of(("in", 4)), None, "cannot be told from 4 groups of clips; 5 are needed"),
        (rows_of(("in", 36), ("right", 4), num_groups=5), None, "cannot be told from 40 rows of 5 groups"),
    ],
)
def test_what_is_concluded(rows: pd.DataFrame, depends: bool | None, said: str) -> None:
    scores = order_scores(rows)
    assert scores["depends_on_order"] is depends
    assert pd.Series([scores["conclusion"]]).str.contains(said).all(), scores["conclusion"]


def test_balanced_accuracies_are_means_over_the_answers() -> None:
    rows = rows_of(("in", 6)).assign(answer=["in"] * 5 + ["out"], opposite=["out"] * 5 + ["in"])
    rows["backwards_correct"] = rows["backwards_answer"] == rows["opposite"]
    scores = order_scores(rows)
    assert scores["forwards_accuracy"] == 5 / 6 and scores["backwards_accuracy"] == 1 / 6
    assert scores["balanced_forwards_accuracy"] == pytest.approx((1 + 0) / 2)
    low, high = scores["balanced_forwards_accuracy_interval"]
    assert low < 1 / 2 < high and scores["both_ways_accuracy"] == 1 / 2


def test_each_pair_of_opposites_has_its_scores() -> None:
    other = rows_of(("right", 4)).replace({"in": "Open", "out": "shut"})
    rows = pd.concat([rows_of(("in", 4)), other, other.replace({"Open": "open"})], ignore_index=True)
    scores = order_scores(rows)
    assert list(scores["by_opposites"]) == ["in / out", "Open / shut"]
    first, second = scores["by_opposites"].values()
    assert (first["num_rows"], second["num_rows"]) == (4, 8)
    assert first["both_right"] == 0 and second["both_right"] == 1
    assert second["balanced_forwards_accuracy"] == 1, "one answer in two spellings is one"
    shown = format_score_table({"num_rows": 12, "num_failed_videos": 0, "order": scores})
    cells = [" ".join(line.split()) for line in shown.splitlines()]
    assert "balanced rows forwards backwards mean both right exchanged changed shuffled" in cells
    assert "Open / shut 8 100.00 100.00 100.00 100.00 0.00 100.00 50.00" in cells
    assert max(map(len, shown.splitlines())) <= 110


def test_rows_of_one_group_are_drawn_together() -> None:
    """Half of the groups are right both ways: as many rows, but less is known of few groups."""
    kinds = ("right", 60), ("in", 60)
    wide, narrow = (order_scores(rows_of(*kinds, num_groups=number)) for number in (40, None))
    apart = order_scores(rows_of(*kinds).assign(group=[f"g{place // 12}" for place in range(120)]))

    def width(scores: dict) -> float:
        low, high = scores["both_right_interval"]
        return high - low

    assert width(apart) > 2 * width(narrow) and width(wide) < width(apart)


def test_the_rows_of_a_file_give_the_same_scores(tmp_path) -> None:
    rows = rows_of(("right", 3), ("in", 2)).rename(columns={"forwards_answer": "predicted_answer"})
    rows["backwards_correct"] = rows["backwards_correct"].astype("boolean")
    rows.loc[0, ["backwards_answer", "backwards_correct", "shuffled_accuracy"]] = None
    rows.loc[1, ["predicted_answer", "backwards_answer"]] = None
    rows.to_csv(tmp_path / "predictions.csv", index=False)
    read = pd.read_csv(tmp_path / "predictions.csv", dtype=str, keep_default_na=False)
    scores = order_scores(order_rows(read))
    assert scores == order_scores(order_rows(rows))
    assert (scores["num_rows"], scores["num_left_out"]) == (4, 1) and scores["changed_answers"] == 1 / 3
    assert order_rows(rows.drop(columns="opposite")) is None
