"""Scores per frame, for models that label every frame; pure numpy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from videoqa._counted import counted
from videoqa._text_normalization import normalize_answer

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
    classes = list(names.values())
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for label, seen in zip(labels, frame_classes, strict=True):
        counts[classes.index(label)] += np.bincount(seen, minlength=len(classes))
    return _scores_of_counts(counts, classes)


def pooled_frame_scores(
    parts: Sequence[Mapping[str, Any]], answers: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Return the scores of all frames together, each labelled by the model of its own part.

    Args:
        parts: `frame_scores` of each part.
        answers: the answers of each part's model. A class of one model is a class of all.
    """
    names = {normalize_answer(answer): answer for part in answers for answer in part}
    pairs = [pair for part in parts for pair in part["label_pairs"]]
    for pair in pairs:
        names.setdefault(normalize_answer(pair["labelled"]), pair["labelled"])
    number = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), np.int64)
    for pair in pairs:
        place = tuple(number[normalize_answer(pair[side])] for side in ("labelled", "classified"))
        counts[place] += pair["num_frames"]
    return _scores_of_counts(counts, list(names.values()))


def _scores_of_counts(counts: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Return what `frame_scores` does.

    Args:
        counts: int64 `(num_classes, num_classes)`: frames by their label and the class they were given.
        classes: name of each class.
    """
    pairs: list[dict[str, Any]] = [
        {"labelled": classes[row], "classified": classes[column], "num_frames": int(counts[row, column])}
        for row, column in np.argwhere(counts)
    ]
    wrong = [pair for pair in pairs if pair["labelled"] != pair["classified"]]
    return {
        "num_frames": int(counts.sum()),
        "num_classes": len(classes),
        "accuracy": float(counts.trace() / counts.sum()) if counts.any() else None,
        **_class_means(counts),
        "label_pairs": pairs,
        "confused_pairs": sorted(
            wrong, key=lambda pair: (-pair["num_frames"], pair["labelled"], pair["classified"])
        ),
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
            f"labelled as {pair['labelled']}, classified as {pair['classified']}: "
            f"{counted(pair['num_frames'], 'time')}"
            for pair in scores["label_pairs"]
        ),
    ]


def _class_means(counts: np.ndarray) -> dict[str, Any]:
    """Return the macro means of precision, recall and F1, and how many classes each leaves out."""
    right, given, labelled = counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1)
    both = (given > 0) & (labelled > 0)
    known = {
        "macro_precision": right[given > 0] / given[given > 0],
        "macro_recall": right[labelled > 0] / labelled[labelled > 0],
        "macro_f1": 2 * right[both] / (given + labelled)[both],
    }
    means = {field: float(each.mean()) if len(each) else None for field, each in known.items()}
    return means | {"classes_left_out": {field: len(counts) - len(each) for field, each in known.items()}}


def _left_out(number: int) -> str:
    return f" ({number} {'class' if number == 1 else 'classes'} left out)" if number else ""
