"""Scores of single frames, for a model that labels each; pure numpy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from videoqa._normalizing import normalize_answer

MOST_LINES = 20


def frame_scores(
    gold: Sequence[str], frame_classes: Sequence[np.ndarray], answers: Sequence[str]
) -> dict[str, Any]:
    """Return how often the frames of clips got the label of their clip.

    Args:
        gold: the label of each row, which all of its frames have.
        frame_classes: `Predictions.frame_classes`; frames of a video that failed are not known, nor counted.
        answers: label of each class.

    Returns:
        JSON-ready: "num_frames"; "accuracy" in [0, 1], None without frames; "confused_pairs": every pair of
        different labels as "labelled", "classified" and "num_frames", the most frequent first.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for label, classes in zip(gold, frame_classes, strict=True):
        for index, number in Counter(classes.tolist()).items():
            counts[label, answers[index]] += number
    total = sum(counts.values())
    wrong = [pair for pair in counts if normalize_answer(pair[0]) != normalize_answer(pair[1])]
    num_wrong = sum(counts[pair] for pair in wrong)
    return {
        "num_frames": total,
        "accuracy": (total - num_wrong) / total if total else None,
        "confused_pairs": [
            {"labelled": pair[0], "classified": pair[1], "num_frames": counts[pair]}
            for pair in sorted(wrong, key=lambda pair: (-counts[pair], *pair))
        ],
    }


def frame_lines(scores: Mapping[str, Any]) -> list[str]:
    """Return the scores of `frame_scores` as lines of text, the most frequent confusions first."""
    if not scores["num_frames"]:
        return ["frames: none was labelled"]
    pairs = scores["confused_pairs"]
    lines = [f"frames: {scores['num_frames']}, accuracy {100 * scores['accuracy']:.2f}"]
    lines += [
        f"labelled as {pair['labelled']}, classified as {pair['classified']}: {pair['num_frames']} times"
        for pair in pairs[:MOST_LINES]
    ]
    if len(pairs) > MOST_LINES:
        lines.append(f"and {len(pairs) - MOST_LINES} rarer pairs, in metrics.json")
    return lines
