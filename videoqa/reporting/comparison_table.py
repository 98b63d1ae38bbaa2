"""A comparison of two runs as plain text for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from videoqa.evaluation.scores import justified

HEADINGS = ("", "rows", "videos", "A", "B", "B - A", "95 % interval", "only A", "only B", "McNemar p")
NO_NAME = "(none)"


def format_comparison(result: Mapping[str, Any]) -> str:
    """Return what `compare` found as lines of text: who is who, a table, and one plain sentence.

    Accuracies are per cent with two decimals, differences signed points.
    """
    lines = [f"A: {result['run_a']}", f"B: {result['run_b']}"]
    if result["num_left_out"]:
        lines.append(f"{result['num_left_out']} rows left out: the other run does not have them.")
    table = [list(HEADINGS), *_rows(result)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = [justified(line, widths) for line in table]
    rule = "-" * len(text[0])
    lines += ["", text[0], rule, *text[1:-1], *([rule] if len(text) > 2 else []), text[-1], ""]
    return "\n".join([*lines, describe_difference(result)])


def describe_difference(result: Mapping[str, Any]) -> str:
    """Return one sentence on what the interval of the total lets one say."""
    low, high = result["difference_interval"]
    videos = f"{result['num_videos']} video{'s' if result['num_videos'] != 1 else ''}"
    if result["only_a_correct"] == result["only_b_correct"] == 0:
        return "Both runs are right on exactly the same rows."
    if low <= 0 <= high:
        return f"These {videos} do not tell the two runs apart: the interval includes 0."
    better = "B" if low > 0 else "A"
    return f"{better} is better on these {videos}: the interval does not include 0."


def _rows(result: Mapping[str, Any]) -> Iterator[list[str]]:
    for kind in ("by_question_type", "by_class", "by_group"):
        entries = result.get(kind, {})
        if kind == "by_question_type" and len(entries) < 2:
            continue
        prefix = "group " if kind == "by_group" else ""
        yield from (
            _cells(f"{prefix}{name or NO_NAME}", each) for name, each in entries.items() if each["num_rows"]
        )
    yield _cells("all", result)


def _cells(name: str, figures: Mapping[str, Any]) -> list[str]:
    low, high = figures["difference_interval"]
    return [
        name,
        str(figures["num_rows"]),
        str(figures["num_videos"]),
        f"{100 * figures['accuracy_a']:.2f}",
        f"{100 * figures['accuracy_b']:.2f}",
        f"{100 * figures['difference']:+.2f}",
        f"{100 * low:+.2f} to {100 * high:+.2f}",
        str(figures["only_a_correct"]),
        str(figures["only_b_correct"]),
        f"{figures['mcnemar_p_value']:.3g}",
    ]
