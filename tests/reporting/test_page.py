"""Parts of a report's page that no small run has."""

import pytest

from videoqa.reporting.page import ReportContent, _made
from videoqa.reporting.tables import type_table

ENTRY = {"num_rows": 4, "accuracy": 0.5, "majority_accuracy": 0.25, "majority_per_type_accuracy": 0.25}


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"command": "", "num_tables": 1}, "on a DataFrame, which no command line can name"),
        ({"command": "", "num_tables": 0}, "The name of a class has a comma in it"),
        ({}, "Its command was not recorded."),
        ({"command": "videoqa-train --data x", "num_tables": 0}, "videoqa-train --data x"),
    ],
)
def test_why_there_is_no_command(metrics: dict, said: str) -> None:
    content = ReportContent("run", {}, metrics, {"training": {"seed": 0}}, [], [], [], [])
    assert said in _made(content)


def test_groups_of_actions_have_no_majority_per_type() -> None:
    assert "type majority" in type_table({"free": ENTRY}, None, "group", "open_ended")
    assert "type majority" not in type_table({"sports": ENTRY}, None, "group", "action")
