"""What is to be known of questions that people wrote: totals, and tables of all and of writers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._files import write_text
from videoqa._tables import csv_text, spreadsheet_safe
from videoqa._words import question_words
from videoqa.labeling.question_audit import (
    AUDIT_COLUMNS,
    BLIND_ONLY,
    BOTH,
    PRIOR_ONLY,
    UNTOLD,
    share_without_video,
)
from videoqa.labeling.question_table import DECIMALS, QuestionTable
from videoqa.labeling.written_questions import (
    RIGHT,
    SEVERAL_RIGHT,
    STATES,
    UNCHECKED,
    UNDECIDED,
    WRONG,
    Question,
    contradictions,
)

REPORT_FILES = ("questions.csv", "writers.csv", "workers.csv")
SAYS_ITSELF, NO_MARK = "with the answer in the question", "without a question mark"
QUESTION_MARKS = "?\uff1f\u061f\u037e\u055e\u1367\u2e2e;"
"""Of all scripts that have one; the last is the Greek one as it is compared."""
FEWEST_OF_WRITER = 5
"""Questions of a writer below which nothing is said of a share."""


def question_summary(questions: Sequence[Question], table: QuestionTable) -> dict[str, Any]:
    """Return what is to be known of the questions.

    Args:
        questions: of all results.
        table: with the rows that came of them.

    Returns:
        "states", how many questions have each; "remarks", how many rows have each; "contradictions", lists
        of questions with several answers; "audit": "too_few" (why nothing is judged), "num_rows",
        "num_untold", "both", "blind" and "prior" (see `share_without_video`) and "beginnings"; "questions"
        and "writers", tables; "look_at_writers".
    """
    states = {state: sum(each.state == state for each in questions) for state in STATES}
    shown = _question_table(questions, table)
    rows = table.audit.rows
    audit = {
        "too_few": table.audit.too_few,
        "num_rows": len(rows),
        "num_untold": int((rows["without_video"] == UNTOLD).sum()),
        "both": share_without_video(table.rows, rows, (BOTH,)),
        "blind": share_without_video(table.rows, rows, (BOTH, BLIND_ONLY)),
        "prior": share_without_video(table.rows, rows, (BOTH, PRIOR_ONLY)),
        "beginnings": table.audit.beginnings,
    }
    without_video = dict(zip(shown["row_id"], shown["without_video"], strict=True))
    writers = _writer_table(questions, without_video)
    remarks = shown.loc[shown["row_id"].isin(table.rows["row_id"]), "remark"]
    return {
        "states": {state: number for state, number in states.items() if number},
        "remarks": remarks[remarks != ""].value_counts().to_dict(),
        "contradictions": [
            {
                "video": group[0].video,
                "question": group[0].question,
                "answers": [each.answer for each in group],
            }
            for group in contradictions(questions)
        ],
        "audit": audit,
        "questions": shown,
        "writers": writers,
        "look_at_writers": writers["writer"][writers["why_look"] != ""].tolist(),
    }


def write_question_report(folder: Path, summary: dict[str, Any]) -> None:
    """Write the tables of `REPORT_FILES`."""
    with spreadsheet_safe(True):
        for name in REPORT_FILES:
            write_text(folder / name, csv_text(summary[name.removesuffix(".csv")], lineterminator="\n"))


def remark_on(question: str, answer: str) -> str:
    """Return what a person should look at in a question; "" if nothing."""
    asked, said = question_words(question), question_words(answer)
    starts = range(len(asked) - len(said) + 1)
    if said and any(asked[start : start + len(said)] == said for start in starts):
        return SAYS_ITSELF
    return "" if any(mark in question for mark in QUESTION_MARKS) else NO_MARK


def _question_table(questions: Sequence[Question], table: QuestionTable) -> pd.DataFrame:
    """Return all questions of the results, then the rows of the table that no result tells of any more."""
    audit = table.audit.rows[list(AUDIT_COLUMNS)].assign(row_id=table.rows["row_id"].to_numpy())
    columns = ["video", "start_seconds", "end_seconds", "question", "answer", "state", "num_assignments"]
    columns += ["agreement", "certainty", "writers", "remark", "row_id"]
    shown = [
        {name: getattr(question, name, "") for name in columns} | {"writers": " | ".join(question.writers)}
        for question in questions
    ]
    told = {question.row_id for question in questions}
    state = {"write": UNCHECKED, "verify": RIGHT}
    for row in table.rows.to_dict("records"):
        if row["row_id"] not in told:
            shown.append({name: row.get(name, "") for name in columns} | {"state": state[row["kind"]]})
    found = pd.DataFrame(shown, columns=columns, dtype=object)
    found["remark"] = [remark_on(*each) for each in zip(found["question"], found["answer"], strict=True)]
    for name in ("agreement", "certainty"):
        found[name] = pd.to_numeric(found[name]).round(DECIMALS)
    found = found.merge(audit, on="row_id", how="left")
    texts = [name for name in AUDIT_COLUMNS if name != "blind_probability"]
    return found.fillna(dict.fromkeys(texts, ""))


def _writer_table(questions: Sequence[Question], without_video: dict[str, str]) -> pd.DataFrame:
    """Return a row for each writer: how many questions, what became of them, how many need no video."""
    names = {"num_right": RIGHT, "num_wrong": WRONG, "num_undecided": UNDECIDED}
    names |= {"num_several_right": SEVERAL_RIGHT, "num_not_checked": UNCHECKED}
    rows = []
    for writer in dict.fromkeys(name for question in questions for name in question.writers):
        own = [question for question in questions if writer in question.writers]
        found = [without_video.get(question.row_id, UNTOLD) for question in own]
        row: dict[str, Any] = {"writer": writer, "num_questions": len(own)}
        row |= {name: sum(each.state == state for each in own) for name, state in names.items()}
        row |= {"num_judged": sum(each != UNTOLD for each in found), "num_both": found.count(BOTH)}
        row |= {"num_blind": row["num_both"] + found.count(BLIND_ONLY)}
        row |= {"num_prior": row["num_both"] + found.count(PRIOR_ONLY)}
        rows.append(row | {"why_look": _why_look(row)})
    columns = [
        "writer",
        "num_questions",
        *names,
        "num_judged",
        "num_both",
        "num_blind",
        "num_prior",
        "why_look",
    ]
    return pd.DataFrame(rows, columns=columns)


def _why_look(row: dict[str, Any]) -> str:
    decided = row["num_right"] + row["num_wrong"]
    if decided >= FEWEST_OF_WRITER and row["num_wrong"] * 2 >= decided:
        return "half of the answers or more are wrong"
    if row["num_judged"] >= FEWEST_OF_WRITER and row["num_both"] * 2 >= row["num_judged"]:
        return "half of the questions or more need no video"
    return ""
