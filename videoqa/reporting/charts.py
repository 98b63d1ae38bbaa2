"""The charts of a report, each with its title, its caption and a text that stands for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from videoqa._counted import counted
from videoqa.evaluation.plots import (
    confusion_matrix_png,
    reliability_png,
    risk_coverage_png,
    score_bars_png,
    training_curves_png,
)
from videoqa.evaluation.score_fields import REVERSED
from videoqa.reporting.finished import Evaluation
from videoqa.saving import ModelFolder


@dataclass(frozen=True)
class Chart:
    """A chart of a report.

    Attributes:
        title, caption: shown above and below it.
        alternative: text for those who do not see it.
        png: the picture.
        is_wide: whether it may be wider than the page.
    """

    title: str
    caption: str
    alternative: str
    png: bytes
    is_wide: bool = True


def charts_of(evaluation: Evaluation, model: ModelFolder) -> list[Chart]:
    """Return the charts of an evaluation, without those that its scores do not have."""
    scores, history = evaluation.scores, model.metrics.get("history")
    charts = []
    if scores.get("view") != REVERSED:  # there it is not known what is right: no bars, no floors
        charts.append(_score_bars(scores))
    charts.append(_confusion(evaluation.predictions, model.answers.answers))
    if scores.get("reliability"):
        charts.append(_reliability(scores))
    if scores.get("risk_coverage"):
        charts.append(_risk_coverage(scores))
    if history:
        charts.append(_training(history))
    return charts


def _score_bars(scores: Mapping[str, Any]) -> Chart:
    return Chart(
        "Scores",
        "The model with its 95 % interval beside its floors.",
        "Bars of the scores in the tables above.",
        score_bars_png(scores),
    )


def _confusion(rows: pd.DataFrame, classes: tuple[str, ...]) -> Chart:
    given = [answer or None for answer in rows["predicted_answer"]]
    return Chart(
        "Confusion matrix",
        "Right answers down, answers given across.",
        "How often each answer was given to each right one; the most confused pairs follow as a table.",
        confusion_matrix_png(list(rows["answer"]), given, classes=classes),
        is_wide=False,
    )


def _reliability(scores: Mapping[str, Any]) -> Chart:
    return Chart(
        "Do probabilities tell the truth?",
        "Above, how often the answers of each tenth of the probabilities are right: on the line, of answers "
        "that are 80 % probable 80 % are right. Below, how many rows there are.",
        "Share of right answers by their probability; metrics.json has the numbers.",
        reliability_png(scores),
    )


def _risk_coverage(scores: Mapping[str, Any]) -> Chart:
    return Chart(
        "What if it answers only when it is sure?",
        "The accuracy if only the most probable answers are given, from few on the left to all on the right. "
        "The star marks those that the model calls reliable.",
        "Accuracy by the share of the rows that is answered; metrics.json has the numbers.",
        risk_coverage_png(scores),
    )


def _training(history: Sequence[Mapping[str, float]]) -> Chart:
    return Chart(
        "Training",
        "Loss and accuracy of each epoch; the weights of the best validation epoch were kept.",
        f"Curves of loss and accuracy over {counted(len(history), 'epoch')}.",
        training_curves_png(history),
    )
