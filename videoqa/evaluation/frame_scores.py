"""Scores per frame, for models that label every frame; pure numpy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from videoqa._normalizing import normalize_answer

MEANS = {"macro_precision": "macro precision", "macro_recall": "macro recall", "macro_f1": "macro F1"}
"""Field of the scores -> its name in print."""


def frame_scores(
    gold: Sequence[str], frame_classes: Sequence[np.ndarray], answers: Sequence[str]
) -> dict[str, Any]:
    """Return scores that count every frame; the true label of a frame is the label of its clip.

    The macro means follow the published evaluation. Precision leaves out classes that were never predicted,
    recall leaves out classes without frames, and F1 leaves out both. Macro F1 is the mean of the classes' F1,
    also with two classes, where the published evaluation gives the F1 of the second class alone.

    Args:
        gold: the label of each row.
        frame_classes: `Predictions.frame_classes`; a failed video has no frames and is not counted.
        answers: label of each class. A row's label that is not among them becomes a further class.

    Returns:
        JSON-ready dict: "num_frames"; "num_classes"; "accuracy", "macro_precision", "macro_recall" and
        "macro_f1" in [0, 1], None without frames; "classes_left_out": their number for each macro mean;
        "label_pairs": the non-zero cells of the confusion matrix in class order, as "labelled", "classified"
        and "num_frames"; "confused_pairs": those off its diagonal, the most frequent first.

    Source: `Evaluation` of Deeplearning4j, read in deeplearning4j/deeplearning4j.
    """
    names = {normalize_answer(answer): answer for answer in answers}
    labels = [names.setdefault(normalize_answer(label), label) for label in gold]
    counts: Counter[tuple[str, str]] = Counter()
    for label, classes in zip(labels, frame_classes, strict=True):
        counts.update((label, answers[index]) for index in classes.tolist())
    place = {name: number for number, name in enumerate(names.values())}
    pairs = sorted(counts, key=lambda pair: (place[pair[0]], place[pair[1]]))
    wrong = sorted((pair for pair in counts if pair[0] != pair[1]), key=lambda pair: (-counts[pair], *pair))
    total = sum(counts.values())
    return {
        "num_frames": total,
        "num_classes": len(names),
        "accuracy": sum(counts[name, name] for name in place) / total if total else None,
        **_class_means(counts, list(place)),
        "label_pairs": [_entry(pair, counts) for pair in pairs],
        "confused_pairs": [_entry(pair, counts) for pair in wrong],
    }


def frame_lines(scores: Mapping[str, Any]) -> list[str]:
    """Return the result of `frame_scores` as lines of text, one line per pair of labels."""
    if not scores["num_frames"]:
        return ["frames: none was labelled"]
    head = f"frames: {scores['num_frames']}, classes {scores['num_classes']}"
    means = [
        f"{name} {100 * scores[field]:.2f}{_left_out(scores['classes_left_out'][field])}"
        for field, name in MEANS.items()
        if scores[field] is not None
    ]
    return [
        f"{head}, accuracy {100 * scores['accuracy']:.2f}",
        ", ".join(means),
        *(
            f"labelled as {pair['labelled']}, classified as {pair['classified']}: {pair['num_frames']} times"
            for pair in scores["label_pairs"]
        ),
    ]


def _class_means(counts: Mapping[tuple[str, str], int], classes: Sequence[str]) -> dict[str, Any]:
    """Return the macro means of precision, recall and F1, and how many classes each leaves out."""
    labelled: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for (label, other), number in counts.items():
        labelled[label] += number
        given[other] += number
    right = {name: counts.get((name, name), 0) for name in classes}
    known = {
        "macro_precision": [right[name] / given[name] for name in classes if given[name]],
        "macro_recall": [right[name] / labelled[name] for name in classes if labelled[name]],
        "macro_f1": [
            2 * right[name] / (given[name] + labelled[name])
            for name in classes
            if given[name] and labelled[name]
        ],
    }
    means = {field: float(np.mean(each)) if each else None for field, each in known.items()}
    return means | {"classes_left_out": {field: len(classes) - len(each) for field, each in known.items()}}


def _entry(pair: tuple[str, str], counts: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    return {"labelled": pair[0], "classified": pair[1], "num_frames": counts[pair]}


def _left_out(number: int) -> str:
    return f" ({number} {'class' if number == 1 else 'classes'} left out)" if number else ""
