"""CSV files whose texts no spreadsheet computes."""

import io

import pandas as pd
import pytest

from videoqa._tables import SAFE_VARIABLE, csv_text, spreadsheet_safe, without_guard
from videoqa.cli.main import build_parser

FORMULAS = ["=1+1", "+49", "-5", "@SUM(A1)", "\tx", "\uff1dx", "'=quoted", "''-2"]
TEXTS = [*FORMULAS, "plain", "'quoted", "", "a=b", " =x", "é", "'", "''"]


def test_texts_that_begin_a_formula_are_guarded_on_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SAFE_VARIABLE, raising=False)
    table = pd.DataFrame({"=name": TEXTS, "number": range(-1, len(TEXTS) - 1), "share": -0.5, "flag": True})
    table["count"] = pd.array([None, *range(-1, len(TEXTS) - 2)], dtype="Int64")
    plain = table.to_csv(index=False)
    assert csv_text(table) == plain
    with spreadsheet_safe(False):
        assert csv_text(table) == plain
    with spreadsheet_safe(True):
        safe = csv_text(table)
        assert csv_text(table.iloc[:0]).startswith("'=name,number")
    assert csv_text(table) == plain
    cells = pd.read_csv(io.StringIO(safe), dtype=str, keep_default_na=False)
    guarded = [f"'{text}" for text in FORMULAS]
    assert cells["'=name"].tolist() == [*guarded, *TEXTS[len(FORMULAS) :]]
    assert cells["number"].tolist()[0] == "-1" and cells["share"].tolist()[0] == "-0.5"
    assert cells["count"].tolist()[:2] == ["", "-1"]
    assert [without_guard(cell) for cell in cells["'=name"]] == TEXTS


def test_the_environment_variable_asks_for_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SAFE_VARIABLE, "1")
    assert csv_text(pd.DataFrame({"a": ["=x"]})) == "a\n'=x\n"
    with spreadsheet_safe(True):
        pass
    assert csv_text(pd.DataFrame({"a": ["=x"]})) == "a\n'=x\n"


@pytest.mark.parametrize(
    "typed",
    [
        ["audit", "--data", "my.csv"],
        ["evaluate", "runs/a"],
        ["predict", "runs/a", "clips"],
        ["extract-frames", "--data", "my.csv", "--out", "frames"],
        ["train", "--data", "my.csv"],
    ],
)
def test_every_command_that_writes_tables_has_the_flag(typed: list[str]) -> None:
    assert build_parser().parse_args([*typed, "--spreadsheet-safe"]).spreadsheet_safe
    assert not hasattr(build_parser().parse_args(typed), "spreadsheet_safe")
