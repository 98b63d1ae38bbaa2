"""`compare`: the difference of two runs on the same rows, with its interval, as a dict and as text."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_flag, check_integer, refusal
from videoqa._counted import counted
from videoqa._text_normalization import normalize_answer
from videoqa.data.source import PAIR
from videoqa.evaluation.bootstrap import cluster_sums, resampled_sums
from videoqa.evaluation.exact_intervals import difference_interval
from videoqa.evaluation.pairs import find_pairs
from videoqa.evaluation.scores import justified
from videoqa.reporting.compare_order import compare_order, order_lines
from videoqa.reporting.compare_trust import compare_trust, trust_lines
from videoqa.reporting.finished import Evaluation, find_evaluation

SEGMENT = ("start_seconds", "end_seconds")
SAME = ("video_id", "question", "answer")
"""Columns that must agree for two rows with one `question_id` to be the same row."""
HEADINGS = ("", "rows", "videos", "A", "B", "B - A", "95 % interval", "only A", "only B", "McNemar p")
NO_NAME, PAIRS, BOTH_WAYS = "(none)", "pairs, both right", "forwards and backwards"


def compare(
    run_a: str | os.PathLike[str],
    run_b: str | os.PathLike[str],
    *,
    split: str = "test",
    common: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Compare two runs on the rows of one split. Both must have the same rows.

    Rows are paired by `question_id`. The interval of the difference is a percentile bootstrap over videos:
    each of 2000 resamples draws videos with replacement and takes all their rows, the same for both runs. Of
    few videos, or where the runs hardly differ, it is joined from exact intervals, see `docs/scores.md`.
    McNemar's test assumes independent rows, but rows of one video are not: if the two disagree, trust the
    interval.

    Args:
        run_a, run_b: model folders, which are evaluated first if needed, or folders that `evaluate` wrote.
        split: "train", "validation" (or "val") or "test", of model folders.
        common: compare the rows that both runs have and leave out the others, instead of refusing.
        progress: print messages, and bars on a terminal.

    Returns:
        JSON-ready dict: "run_a", "run_b", "task", "num_left_out" (rows that the other run lacks or has with
        another answer), "splits" and "seen_rows" (of both runs: the split of the rows, and how many of these
        show a video that the model, or the one that it began from, has learned from) and, in total and in
        each entry of "by_question_type" (questions), "by_class" (actions) and "by_group": "num_rows",
        "num_videos", "accuracy_a", "accuracy_b", "difference" (B minus A, in [-1, 1]), "difference_interval"
        ([low, high], 95 %), "only_a_correct", "only_b_correct", "mcnemar_p_value". Where the data has pairs,
        "pairs" has the same of these: "num_rows" counts pairs, of which one is right if all its rows are, and
        "num_videos" the groups that they are drawn by. "trust" has the scores of what the models say of their
        own answers; where answers have opposites, "order" has those of clips in several orders, and
        "both_ways" the difference in rows that are right forwards and backwards.

    Raises:
        ValueError: runs of different tasks, or of different rows without `common`, or without a common row.
        FileNotFoundError: no such folder.

    Example:
        >>> comparison = videoqa.compare("runs/mine", "runs/mean")
        >>> low, high = comparison["difference_interval"]
        >>> low <= comparison["difference"] <= high
        True
    """
    check_flag("common", common)
    one, two = (find_evaluation(run, split=split, progress=progress) for run in (run_a, run_b))
    tasks = [each.scores.get("task") for each in (one, two)]
    if tasks[0] != tasks[1]:
        raise Refusal("run_b", f"be of the task of run_a, {tasks[0]!r}", f"{run_b} ({tasks[1]})")
    rows, num_left_out = _pair(one, two, common)
    result = {
        "run_a": str(one.folder),
        "run_b": str(two.folder),
        "task": tasks[0],
        "num_left_out": num_left_out,
        "splits": [each.scores["split"] for each in (one, two)],
        "seen_rows": [each.scores.get("seen_rows", 0) for each in (one, two)],
    }
    result |= _compare_rows(rows)
    result["trust"] = compare_trust(one, two, rows["question_id"].tolist())
    result["order"], both_ways = compare_order(one, two, rows["question_id"].tolist())
    if len(both_ways):
        result["both_ways"] = _compare_rows(both_ways)
    if (pairs := find_pairs(rows)) is not None:
        both = {name: pairs.all_of(rows[name].to_numpy(bool)) for name in ("correct_a", "correct_b")}
        result["pairs"] = _compare_rows(pd.DataFrame({"video_id": pairs.groups, **both}))
    kind, names = "by_question_type", rows["question_type"]
    keys = names
    if tasks[0] == "action":
        keys = rows["answer"].map(normalize_answer)
        kind, names = "by_class", rows["answer"].groupby(keys).transform("first")
    result[kind] = {str(name): _compare_rows(part) for name, part in rows.groupby(names)}
    result["by_group"] = {
        group: _compare_rows(rows[names.isin(members) | keys.isin(map(normalize_answer, members))])
        for group, members in one.scores.get("score_groups", {}).items()
    }
    return result


def _pair(one: Evaluation, two: Evaluation, common: bool) -> tuple[pd.DataFrame, int]:
    """Return a row per pair with `correct_a` and `correct_b`, and the number of rows without a partner."""
    a, b = (each.predictions.set_index("question_id", drop=False) for each in (one, two))
    for each, table in ((one, a), (two, b)):
        if table.index.has_duplicates:
            twice = table.index[table.index.duplicated()][0]
            raise Refusal("question_id", f"be different in every row of {each.folder}", twice)
    shared = a.index.intersection(b.index, sort=False)
    same = np.ones(len(shared), bool)
    for column in SAME:
        left, right = (table.loc[shared, column].map(normalize_answer).to_numpy() for table in (a, b))
        same &= left == right
    only_a, only_b, other = len(a) - len(shared), len(b) - len(shared), int((~same).sum())
    if not common and (only_a or only_b or other) or not same.any():
        alone = f"{counted(only_a, 'row')} only in A, {only_b} only in B"
        found = f"{alone}, {other} with another video, question or answer"
        advice = (
            f"Compare the {int(same.sum())} common ones with `common=True` (--common)." if same.any() else ""
        )
        requirement = "hold the same rows as run_a, by `question_id`, with the same answers"
        raise Refusal(
            f"{refusal('run_b', requirement, str(two.folder))} {found} of {len(a)} and {len(b)}. {advice}"
        )
    chosen = shared[same]
    columns = ["question_id", "video_id", "question", "question_type", "answer", PAIR, *SEGMENT]
    rows = a.loc[chosen, [name for name in columns if name in a]].copy()
    rows["correct_a"], rows["correct_b"] = a.loc[chosen, "correct"], b.loc[chosen, "correct"]
    return rows.reset_index(drop=True), only_a + only_b + 2 * other


def _compare_rows(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the scores of some pairs of rows."""
    if not len(rows):
        return {"num_rows": 0, "num_videos": 0}
    a, b = rows["correct_a"].to_numpy(bool), rows["correct_b"].to_numpy(bool)
    columns = np.column_stack([b & ~a, a & ~b, np.ones(len(rows))])
    by_video = cluster_sums(columns, rows["video_id"].to_numpy(object))
    drawn = resampled_sums(by_video)
    differences = (drawn[:, 0] - drawn[:, 1]) / drawn[:, 2]
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return {
        "num_rows": len(rows),
        "num_videos": int(rows["video_id"].nunique()),
        "accuracy_a": float(a.mean()),
        "accuracy_b": float(b.mean()),
        "difference": (only_b - only_a) / len(rows),
        "difference_interval": difference_interval(
            by_video[:, 0], by_video[:, 1], by_video[:, 2], differences
        ),
        "only_a_correct": only_a,
        "only_b_correct": only_b,
        "mcnemar_p_value": mcnemar_p_value(only_a, only_b),
    }


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p-value of McNemar's test, in (0, 1].

    That is the probability of a split at least this uneven, if each row that only one model has right were
    equally likely to be either model's. The test assumes independent rows.

    Args:
        only_first: rows that only the first model has right.
        only_second: rows that only the second model has right.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions or
        percentages, Psychometrika 12 (1947); for two classifiers T. G. Dietterich, Approximate statistical
        tests for comparing supervised classification learning algorithms, Neural Computation 10 (1998). The
        exact form sums the binomial distribution instead of approximating it by chi-squared.

    Example:
        >>> mcnemar_p_value(1, 6)
        0.125
    """
    for name, number in (("only_first", only_first), ("only_second", only_second)):
        check_integer(name, number, minimum=0)
    total, term, tail = only_first + only_second, 1, 1
    for smaller in range(min(only_first, only_second)):
        term = term * (total - smaller) // (smaller + 1)
        tail += term
    return min(1.0, 2 * tail / 2**total)


def format_comparison(result: Mapping[str, Any]) -> str:
    """Return the result of `compare` as text: the names, a table and one sentence.

    Accuracies are per cent with two decimals, differences are signed points.
    """
    lines = [f"A: {result['run_a']}", f"B: {result['run_b']}"]
    lines.append(_rows_in_words(result))
    if result["num_left_out"]:
        lines.append(f"{counted(result['num_left_out'], 'row')} left out: not in the other run.")
    table = [list(HEADINGS), *_lines(result)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = [justified(line, widths) for line in table]
    rule = "-" * len(text[0])
    lines += ["", text[0], rule, *text[1:-1], *([rule] if len(text) > 2 else []), text[-1], ""]
    lines += [*trust_lines(result["trust"]), *order_lines(result["order"])]
    return "\n".join([*lines, describe_difference(result)])


def _rows_in_words(result: Mapping[str, Any]) -> str:
    """Return a sentence on which rows are compared, and whether a model has learned from their videos."""
    one, two = result["splits"]
    split = f"the split {one!r} of both" if one == two else f"the split {one!r} of A and {two!r} of B"
    rows = f"{counted(result['num_rows'], 'row')} of {counted(result['num_videos'], 'video')}, {split}."
    seen = [
        f"{name} has learned from the videos of {number}"
        for name, number in zip("AB", result["seen_rows"], strict=True)
        if number
    ]
    return f"{rows} {' and '.join(seen)} of them." if seen else rows


def describe_difference(result: Mapping[str, Any]) -> str:
    """Return one sentence that says what the interval of the total shows."""
    low, high = result["difference_interval"]
    videos = f"{result['num_videos']} video{'s' if result['num_videos'] != 1 else ''}"
    if result["only_a_correct"] == result["only_b_correct"] == 0:
        return "Both runs are right on exactly the same rows."
    by = " by accuracy" if result["order"] else ""  # what was said of the order just above may differ
    if low <= 0 <= high:
        return f"These {videos} do not tell the two runs apart{by}: the interval includes 0."
    better = "B" if low > 0 else "A"
    return f"{better} is better{by} on these {videos}: the interval does not include 0."


def _lines(result: Mapping[str, Any]) -> Iterator[list[str]]:
    for kind in ("by_question_type", "by_class", "by_group"):
        entries = result.get(kind, {})
        if kind == "by_question_type" and len(entries) < 2:
            continue
        prefix = "group " if kind == "by_group" else ""
        yield from (
            _cells(f"{prefix}{name or NO_NAME}", each) for name, each in entries.items() if each["num_rows"]
        )
    if "pairs" in result:
        yield _cells(PAIRS, result["pairs"])
    if "both_ways" in result:
        yield _cells(BOTH_WAYS, result["both_ways"])
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
