"""The rows that people could be asked about: of annotations, or of predictions with what a model said."""

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal, check_columns, check_file
from videoqa._tables import without_guard
from videoqa._text_normalization import check_question, matching_form
from videoqa._words import question_words
from videoqa.config import DataConfig
from videoqa.data.annotation_columns import as_texts, task_of_rows
from videoqa.data.annotation_files import open_source
from videoqa.data.annotations import read_questions
from videoqa.data.delimited_files import read_delimited
from videoqa.data.text_files import read_text
from videoqa.data.video_index import VideoIndex
from videoqa.labeling.tasks import check_part

SEPARATOR = " | "
"""Between the likely answers of a row of predictions."""
_DECIMAL_COMMA = re.compile(r"(-?\d*),(\d+)")


@dataclass(frozen=True)
class Candidate:
    """One row.

    Attributes:
        video: as the table names it.
        start_seconds, end_seconds: the part that is meant; None: from the start, to the end.
        question: "" of an action.
        question_type: as the table has it, else the question's first word.
        truth: the annotated answer; "": none.
        ranked: the model's answers, the most probable first, each with its probability or None.
        margin: how much more probable the best answer is than the second, calibrated; None: unknown.
        familiarity: of the clip; None: unknown.
        row_id: `question_id` of the row.
        group: of the row.
        split: of the row, as the table has it; "": it has none.
    """

    video: str
    start_seconds: float | None
    end_seconds: float | None
    question: str
    question_type: str
    truth: str
    ranked: tuple[tuple[str, float | None], ...]
    margin: float | None
    familiarity: float | None
    row_id: str
    group: str
    split: str

    def __post_init__(self) -> None:
        if not self.video.strip():
            raise Refusal("video", "be filled", self.video)
        check_part(self.start_seconds, self.end_seconds)

    @property
    def probability(self) -> float | None:
        """How probable the best answer is; None: unknown."""
        return self.ranked[0][1] if self.ranked else None

    @property
    def is_wrong(self) -> bool:
        """Whether the model answers otherwise than is annotated."""
        return bool(
            self.truth and self.ranked and matching_form(self.ranked[0][0]) != matching_form(self.truth)
        )


def read_candidates(
    source: str | os.PathLike[str] | pd.DataFrame,
    videos: str | os.PathLike[str] | None = None,
    *,
    name: str = "data",
) -> list[Candidate]:
    """Return the rows of annotations, or of the predictions that `predict` or `evaluate` wrote.

    Rows whose video failed are left out.

    Args:
        source: CSV file of predictions, annotations as for `train`, or either as a DataFrame.
        videos: folder of the videos of annotations; None: beside the file.
        name: of the option, for messages.
    """
    if not isinstance(source, pd.DataFrame) and Path(source).suffix:
        check_file(name, source)
    table = source if isinstance(source, pd.DataFrame) else _predictions(source)
    if table is None or "probability" not in table:
        return _annotated(source, videos)
    return _predicted(table, "DataFrame" if isinstance(source, pd.DataFrame) else os.fspath(source))


def read_videos(folder: str | os.PathLike[str]) -> list[Candidate]:
    """Return a row without a question for each video of a folder and its subfolders.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: it has no video.
    """
    index = VideoIndex(folder)
    if not index.paths:
        raise Refusal("videos", "hold a video", os.fspath(folder), index.why_empty())
    return read_candidates(pd.DataFrame({"video": index.paths}), folder)


def _predictions(source: str | os.PathLike[str]) -> pd.DataFrame | None:
    """Return a CSV file of predictions as texts, whose index is their lines; None of another file."""
    path = Path(source)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    table, lines = read_delimited(read_text(path), str(path))
    if not {"probability", "likely"} <= set(table):
        return None
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise Refusal(f"{path} must name each column once. Received: {twice[0]!r} more than once.")
    return table.map(without_guard).set_axis(lines)


def _predicted(table: pd.DataFrame, name: str) -> list[Candidate]:
    scored = "predicted_answer" in table
    video, best = ("video_id", "predicted_answer") if scored else ("video", "answer")
    check_columns(table.columns, (video, best, "probability", "likely"), name)
    rows = []
    for place, row in zip(table.index, table.to_dict("records"), strict=True):
        answer = _answer(row[best])
        if not answer or _text(row.get("status")) == "failed":
            continue
        try:
            known = {"video": _text(row[video]), "truth": _answer(row.get("answer" if scored else "truth"))}
            rows.append(_candidate(row, **known, **_ranked(row, answer)))
        except Refusal as error:
            raise Refusal(f"{error} It is line {place} of {name}.") from error
    return rows


def _ranked(row: dict[Any, Any], answer: str) -> dict[str, Any]:
    """Return "ranked" and "margin" of a row of predictions and its best answer."""
    probability, margin = _number(row["probability"]), _number(row.get("margin"))
    second = _answer(row.get("second_answer"))
    known = {answer: probability}
    if second and margin is not None and probability is not None:
        known[second] = probability - margin
    likely = (second, *map(_answer, _text(row["likely"]).split(SEPARATOR)))
    answers = dict.fromkeys(each for each in (answer, *likely) if each)
    return {"ranked": tuple((each, known.get(each)) for each in answers), "margin": margin}


def _annotated(source: Any, videos: str | os.PathLike[str] | None) -> list[Candidate]:
    table = annotated_table(source, videos)
    return [
        _candidate(
            row, video=row["video_id"], truth=_answer(without_guard(row["answer"])), ranked=(), margin=None
        )
        for row in table.to_dict("records")
    ]


def annotated_table(source: Any, videos: str | os.PathLike[str] | None) -> pd.DataFrame:
    """Return annotations whose answers may be empty; `split` is as they have it, "" without one."""
    folder = None if videos is None else os.path.abspath(videos)
    raw = as_texts(open_source(source, DataConfig(), videos=folder)).table
    is_bare = not {"question", "label", "answer", "answers"} & set(raw.columns)  # videos to write about
    is_action = is_bare or (task_of_rows(raw) == "action").all()
    table = read_questions(source, folder, task="action" if is_action else "open_ended")
    return table if "split" in raw else table.assign(split="")


def _candidate(row: dict[Any, Any], **known: Any) -> Candidate:
    question = without_guard(_text(row.get("question"))).strip()
    question = check_question(question) if question else ""
    kind = _text(row.get("question_type")) or next(iter(question_words(question)), "")
    return Candidate(
        start_seconds=_number(row.get("start_seconds")),
        end_seconds=_number(row.get("end_seconds")),
        question=question,
        question_type=kind if question else "",
        familiarity=_number(row.get("familiarity")),
        row_id=_text(row.get("question_id")),
        group=_text(row.get("group")),
        split=_text(row.get("split")),
        **known,
    )


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    return "" if cell is None or pd.isna(cell) else str(cell)


def _answer(cell: Any) -> str:
    """Return the answer in a cell; "" if there is nothing to see."""
    text = _text(cell).strip()
    return text if matching_form(text) else ""


def _number(cell: Any) -> float | None:
    """Return the number in a cell, whose decimals may begin with a comma; None of what is none."""
    if isinstance(cell, str) and (parts := _DECIMAL_COMMA.fullmatch(cell.strip())):
        cell = ".".join(parts.groups())
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
