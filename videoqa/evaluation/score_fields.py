"""The scores that people see: their order, their names, and which of them apply to a task."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ScoreField:
    """The names of a score.

    Attributes:
        column: short name for a table or a line in a terminal.
        name: name in a report or a legend.
        note: explanation for readers who do not know the name.
        phrase: name inside a sentence.
    """

    column: str
    name: str = ""
    note: str = ""
    phrase: str = ""


SCORE_FIELDS = {
    "accuracy": ScoreField("accuracy", "this model"),
    "accuracy_interval": ScoreField("95 % interval"),
    "majority_accuracy": ScoreField("majority", "majority", "always one answer", "the most frequent answer"),
    "majority_per_type_accuracy": ScoreField(
        "type majority",
        "majority per type",
        "most frequent training answer of the question's type",
        "the most frequent answer of each question type",
    ),
    "prefix_prior_accuracy": ScoreField(
        "prefix",
        "longest-prefix prior",
        "most frequent training answer after the longest known beginning of the question",
        "the longest-prefix prior",
    ),
    "blind_accuracy": ScoreField(
        "blind", "blind model", "the same network without the video", "the blind model"
    ),
    "video_gain": ScoreField("gain"),
    "video_gain_interval": ScoreField("95 % interval of the gain"),
    "share_in_vocabulary": ScoreField("ceiling", "ceiling", "rows whose answer the model can give at all"),
    "accuracy_at_5": ScoreField("accuracy@5", "right answer among the best 5"),
    "accuracy_at_10": ScoreField("accuracy@10", "right answer among the best 10"),
    "soft_accuracy_2": ScoreField("soft accuracy n/2", "soft accuracy, min(n/2, 1)"),
    "soft_accuracy_3": ScoreField("soft accuracy n/3", "soft accuracy, min(n/3, 1)"),
    "mean_class_accuracy": ScoreField("mean class accuracy", "mean accuracy of the classes (macro recall)"),
    "macro_precision": ScoreField("macro precision", "macro precision"),
    "macro_f1": ScoreField("macro F1", "macro F1"),
}
"""Field of the scores -> its names, in the order of a table; macro recall is the mean class accuracy."""
PAIR_FIELDS = {
    "num_pairs": ScoreField("pairs"),
    "accuracy": ScoreField("accuracy"),
    "pair_accuracy": ScoreField("pair accuracy"),
    "pair_accuracy_interval": ScoreField("95 % interval"),
    "num_differing_pairs": ScoreField("that differ"),
    "differing_pair_accuracy": ScoreField("pair accuracy"),
    "differing_pair_accuracy_interval": ScoreField("95 % interval"),
}
"""Scores of pairs, where the data has some, beside the accuracy of rows; types and groups have them too."""
REVERSED_FIELDS = {
    "forwards_accuracy": ScoreField("accuracy forwards"),
    "order_dependent_answers": ScoreField("order-dependent answers"),
    "order_dependent_answers_interval": ScoreField("95 % interval"),
    "accuracy": ScoreField("answer of forwards"),
}
"""What is shown of clips in reverse, of which nobody says what is right."""
ORDER_FIELDS = {
    "forwards_accuracy": ScoreField("forwards", "accuracy forwards"),
    "backwards_accuracy": ScoreField("backwards", "accuracy backwards", "the opposite is right"),
    "both_ways_accuracy": ScoreField("mean", "mean of the two", "without the order at most 50 %"),
    "both_right": ScoreField("both right", "right both ways", "without the order 0 %"),
    "both_exchanged": ScoreField("exchanged", "exchanged", "forwards the opposite, backwards the answer"),
    "changed_answers": ScoreField("changed", "answers that change", "backwards another one than forwards"),
    "shuffled_accuracy": ScoreField("shuffled", "accuracy shuffled", "frames in random order"),
}
"""Scores of clips in several orders of their frames, where answers have opposites."""
BALANCED = ("forwards_accuracy", "backwards_accuracy", "both_ways_accuracy", "shuffled_accuracy")
"""Those of them that are also averaged over the answers, each of which weighs the same: "balanced_..."."""
TRUST_FIELDS = {
    "share_reliable": ScoreField("reliable"),
    "reliable_accuracy": ScoreField("accuracy of these"),
    "reliable_accuracy_interval": ScoreField("95 % interval"),
    "set_coverage": ScoreField("set holds the answer"),
    "set_coverage_interval": ScoreField("95 % interval"),
    "mean_set_size": ScoreField("set size"),
}
"""Scores of what a model says of its own answers; types and groups have them too."""
CALIBRATION_FIELDS = {
    "expected_calibration_error": ScoreField("expected calibration error"),
    "brier_score": ScoreField("Brier score"),
    "area_under_risk_coverage": ScoreField("area under the risk–coverage curve"),
}
"""Scores of the probabilities, of the total; the first two also with "_before", without the temperature."""
PLAIN = ("mean_set_size", "brier_score", "area_under_risk_coverage")
"""Scores that are not shown in per cent."""
REVERSED = "reversed"
"""The `view` of an evaluation of clips in reverse."""
FLOORS = ("majority_accuracy", "majority_per_type_accuracy", "prefix_prior_accuracy", "blind_accuracy")
"""Scores of baselines that never see the video; the simplest first."""
COLUMNS = tuple(SCORE_FIELDS)[: tuple(SCORE_FIELDS).index("accuracy_at_5")]
"""Fields with a column in the table; question types and groups have them too."""
FURTHER = tuple(SCORE_FIELDS)[len(COLUMNS) :]
"""Fields that only the total has."""


def known_fields(fields: Iterable[str], task: str | None, entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return those of `fields` that some entry has and that apply to the task.

    Actions have no question types: their majority per type would repeat the majority.
    """
    entries = list(entries)
    return [
        field
        for field in fields
        if any(each.get(field) is not None for each in entries)
        and not (task == "action" and field == "majority_per_type_accuracy")
    ]
