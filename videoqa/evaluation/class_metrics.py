"""Precision, recall and F1 of each class of an action model, and the classes it confuses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MOST_PAIRS = 20
MOST_NAMED = 20


def class_scores(
    gold: Sequence[str], predicted: Sequence[str | None], classes: Sequence[str] = ()
) -> dict[str, Any]:
    """Return precision, recall and F1 of each class that has gold rows, and their unweighted means.

    A class that is never predicted has precision 0 and F1 0. A class without gold rows has no entry; wrong
    predictions of it lower the recall of the true classes. Macro F1 is the mean of the classes' F1.

    Args:
        gold: the true label of each row, at least one row.
        predicted: the label given to each row; None (no label) counts as wrong.
        classes: labels that the model can give.

    Returns:
        `mean_class_accuracy` (equal to macro recall), `macro_precision`, `macro_recall`, `macro_f1`, and
        `per_class`: label -> `num_rows`, `precision`, `recall`, `f1`, labels sorted. All but `num_rows` are
        in [0, 1]. `classes_without_rows`: those of `classes` that have no gold row.

    Source:
        Opitz and Burst, Macro F1 and Macro F1, arXiv:1911.03347: the mean of the classes' F1.
    """
    num_gold, num_predicted = Counter(gold), Counter(predicted)
    num_right = Counter(true for true, guess in zip(gold, predicted, strict=True) if true == guess)
    per_class: dict[str, dict[str, Any]] = {}
    for label in sorted(num_gold):
        right, guesses = num_right[label], num_predicted[label]
        per_class[label] = {
            "num_rows": num_gold[label],
            "precision": right / guesses if guesses else 0.0,
            "recall": right / num_gold[label],
            "f1": 2 * right / (guesses + num_gold[label]),
        }
    means = {
        name: float(np.mean([scores[name] for scores in per_class.values()]))
        for name in ("precision", "recall", "f1")
    }
    return {
        "mean_class_accuracy": means["recall"],
        "macro_precision": means["precision"],
        "macro_recall": means["recall"],
        "macro_f1": means["f1"],
        "per_class": per_class,
        "classes_without_rows": [label for label in classes if label not in num_gold],
    }


def classes_not_tested(scores: Mapping[str, Any]) -> str:
    """Return a sentence that names the classes without rows in the scores of an action model; "" for none."""
    names = scores.get("classes_without_rows") or []
    if not names:
        return ""
    named = ", ".join(names[:MOST_NAMED]) + (
        f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    )
    verb, them = ("has", "it") if len(names) == 1 else ("have", "them")
    total = len(names) + len(scores.get("per_class", {}))
    return f"{len(names)} of {total} classes {verb} no row here, so the means leave {them} out: {named}."


def confused_pairs(
    gold: Sequence[str], predicted: Sequence[str | None], most: int = MOST_PAIRS
) -> list[dict[str, Any]]:
    """Return the `most` most frequent mistakes as dicts of `gold`, `predicted` and `num_rows`.

    The most frequent comes first, ties in alphabetical order. Rows without an answer are not counted.
    """
    answers = zip(gold, predicted, strict=True)
    counts = Counter((true, guess) for true, guess in answers if guess is not None and guess != true)
    pairs = sorted(counts, key=lambda pair: (-counts[pair], *pair))[:most]
    return [{"gold": true, "predicted": guess, "num_rows": counts[true, guess]} for true, guess in pairs]
