"""`report`: writes one HTML file about a run, with its pictures inside."""

import dataclasses
import os
from pathlib import Path

import pandas as pd

from videoqa._checks import Refusal, refusal
from videoqa._files import write_text
from videoqa.evaluation.row_marks import FAILED
from videoqa.reporting.charts import charts_of
from videoqa.reporting.clip_evidence import with_evidence
from videoqa.reporting.clips import most_unfamiliar, show_clips, surest_right, surest_wrong
from videoqa.reporting.finished import Evaluation, find_evaluation
from videoqa.reporting.page import ReportContent, build_page
from videoqa.saving import load_model_folder

SUFFIXES = (".html", ".htm")
SHOWN_ERRORS = 20


def report(
    run: str | os.PathLike[str],
    *,
    split: str = "test",
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Path:
    """Write one HTML file about a run and return its path. It needs no other file, network or script.

    The report shows the score beside its floors and its ceiling and says what that means. Tables per question
    type, class and group follow, then what the model says of its own answers, the confusion matrix, the
    training curves, the best, the worst and the most unfamiliar clips with their frames, and the command,
    versions, seeds and row counts of the run. It holds frames of the videos: everyone who gets the file sees
    them.

    Args:
        run: a model folder, which is evaluated first if needed, or a folder that `evaluate` wrote.
        split: "train", "validation" (or "val") or "test", of a model folder.
        out: the file, ending in .html; None: `report.html` beside the scores.
        progress: print messages, and bars on a terminal.

    Raises:
        ValueError: another suffix, or neither kind of folder.
        FileNotFoundError: no such run, or no folder for `out`.
    """
    _check_out(out)
    evaluation = find_evaluation(run, split=split, progress=progress)
    target = evaluation.folder / "report.html" if out is None else Path(out)
    page = build_page(_content(evaluation, progress))
    write_text(target, page)
    return target


def _check_out(out: str | os.PathLike[str] | None) -> None:
    if out is None:
        return
    if Path(out).suffix.lower() not in SUFFIXES or Path(out).is_dir():
        raise Refusal("out", "be a file ending in .html", os.fspath(out))
    if not Path(out).parent.is_dir():
        raise FileNotFoundError(refusal("out", "lie in an existing folder", os.fspath(out)))


def _content(evaluation: Evaluation, progress: bool) -> ReportContent:
    model, predictions = load_model_folder(evaluation.model), evaluation.predictions
    chosen = (surest_right(predictions), surest_wrong(predictions))
    best, worst = (show_clips(rows, progress=progress) for rows in chosen)
    if not (evaluation.scores.get("view") or evaluation.scores.get("folds")):  # the folds' models answered
        windows = evaluation.scores.get("num_test_clips", model.config.sampling.num_test_clips)
        shown = with_evidence([*best, *worst], model, windows)
        best, worst = shown[: len(best)], shown[len(best) :]
    return ReportContent(
        name=evaluation.model.resolve().name,
        scores=evaluation.scores,
        metrics=model.metrics,
        config=dataclasses.asdict(model.config),
        charts=charts_of(evaluation, model),
        best=best,
        worst=worst,
        unfamiliar=show_clips(most_unfamiliar(predictions), progress=progress),
        unreadable=_unreadable(predictions),
    )


def _unreadable(predictions: pd.DataFrame) -> list[tuple[str, str]]:
    failed = predictions[predictions["status"] == FAILED].drop_duplicates("video_id").head(SHOWN_ERRORS)
    return list(zip(failed["video_id"], failed["error"], strict=True))
