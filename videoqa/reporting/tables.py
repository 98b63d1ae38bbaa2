"""The tables of a report: the score beside its floors, question types, classes, groups, confused pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

from videoqa.evaluation.row_marks import NO_TYPE
from videoqa.reporting.markup import definitions, element, plain, table, text
from videoqa.reporting.verdict import interval_text, percent, points

SHOWN_ENTRIES = 150
"""Of more types or classes than these, only the ones with most rows are shown."""
SHOWN_PAIRS = 20
LADDER = {
    "accuracy": ("this model", ""),
    "blind_accuracy": ("blind model", "the same network without the video"),
    "prefix_prior_accuracy": (
        "longest-prefix prior",
        "most frequent training answer after the longest known beginning of the question",
    ),
    "majority_per_type_accuracy": (
        "majority per type",
        "most frequent training answer of the question's type",
    ),
    "majority_accuracy": ("majority", "always one answer"),
    "share_in_vocabulary": ("ceiling", "rows whose answer the model can give at all"),
}
"""Field of the scores -> name and explanation of its bar, in order."""
OTHER_FIGURES = {
    "accuracy_at_5": "right answer among the best 5",
    "accuracy_at_10": "right answer among the best 10",
    "soft_accuracy_2": "soft accuracy, min(n/2, 1)",
    "soft_accuracy_3": "soft accuracy, min(n/3, 1)",
    "mean_class_accuracy": "mean accuracy of the classes",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
}
TYPE_COLUMNS = {
    "accuracy": "accuracy",
    "accuracy_interval": "95 % interval",
    "blind_accuracy": "blind",
    "video_gain": "gain",
    "video_gain_interval": "95 % interval of the gain",
    "prefix_prior_accuracy": "prefix prior",
    "majority_per_type_accuracy": "type majority",
    "share_in_vocabulary": "ceiling",
}


def ladder(scores: Mapping[str, Any]) -> str:
    """Return the score beside its floors and its ceiling, each with a bar."""
    notes = LADDER | {"majority_accuracy": ("majority", f"always answers {text(scores['majority_answer'])}")}
    rows = [
        ("model" if field == "accuracy" else "", _ladder_cells(scores, field, *notes[field]))
        for field in notes
        if scores.get(field) is not None and field not in _left_out_fields(scores.get("task"))
    ]
    return table(("", "score", "95 % interval", ""), rows)


def _left_out_fields(task: str | None) -> tuple[str, ...]:
    """Return the fields that say nothing of a task: actions have no question and so no type of it."""
    return ("majority_per_type_accuracy",) if task == "action" else ()


def _ladder_cells(scores: Mapping[str, Any], field: str, name: str, note: str) -> list[str]:
    value, range_ = scores[field], scores.get(f"{field}_interval")
    label = plain(name) + (f'<br><span class="soft">{note}</span>' if note else "")
    whisker = ""
    if range_ is not None:
        left, width = 100 * range_[0], 100 * (range_[1] - range_[0])
        whisker = f'<div class="whisker" style="left:{left:.2f}%;width:{width:.2f}%"></div>'
    bar = f'<div class="track"><div class="fill" style="width:{100 * value:.2f}%"></div>{whisker}</div>'
    return [label, percent(value), interval_text(range_), f'<td class="bar">{bar}</td>']


def other_figures(scores: Mapping[str, Any]) -> str:
    """Return the further figures that apply."""
    known = [
        (label, percent(scores[field]))
        for field, label in OTHER_FIGURES.items()
        if scores.get(field) is not None
    ]
    return definitions(known) if known else ""


def type_table(
    entries: Mapping[str, Mapping[str, Any]],
    total: Mapping[str, Any] | None,
    heading: str,
    task: str | None = None,
) -> str:
    """Return the scores of question types or groups, one row each, the total last."""
    kept = _most_rows({name: each for name, each in entries.items() if each["num_rows"]})
    shown = [each for each in (*kept.values(), total) if each is not None]
    columns = {
        field: label
        for field, label in TYPE_COLUMNS.items()
        if any(each.get(field) is not None for each in shown) and field not in _left_out_fields(task)
    }
    rows = [
        ("", _type_cells(text(name) if name != NO_TYPE else "(none)", each, columns))
        for name, each in kept.items()
    ]
    if total is not None:
        rows.append(("total", _type_cells("all", total, columns)))
    caption = "Per cent of the rows; the gain over the blind model in points."
    written = table((heading, "rows", *columns.values()), rows, caption=caption)
    return written + _left_out(len(kept), sum(each["num_rows"] > 0 for each in entries.values()))


def _type_cells(name: str, scores: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    cells = [name, str(scores["num_rows"])]
    for field in columns:
        value = scores.get(field)
        shown = points if field.startswith("video_gain") else percent
        cell = interval_text(value, shown) if field.endswith("_interval") else shown(value)
        cells.append(cell.removesuffix(" %"))
    return cells


def class_table(per_class: Mapping[str, Mapping[str, Any]]) -> str:
    """Return precision, recall and F1 of each class."""
    kept = _most_rows(per_class)
    rows = [
        (
            "",
            [
                text(name),
                str(each["num_rows"]),
                *(percent(each.get(field)) for field in ("precision", "recall", "f1")),
            ],
        )
        for name, each in kept.items()
    ]
    return table(("class", "rows", "precision", "recall", "F1"), rows) + _left_out(len(kept), len(per_class))


def pair_table(pairs: Sequence[Mapping[str, Any]]) -> str:
    """Return the pairs of answers taken for one another most often."""
    rows = [
        ("", [text(each["gold"]), text(each["predicted"]), str(each["num_rows"])])
        for each in pairs[:SHOWN_PAIRS]
    ]
    return table(("right answer", "answer given", "rows"), rows, class_="words")


def frame_table(scores: Mapping[str, Any]) -> str:
    """Return how often single frames got their clip's label, and which labels they got instead."""
    if not scores["num_frames"]:
        return element("p", "No frame was labelled.")
    known = [
        ("accuracy of single frames", percent(scores["accuracy"])),
        ("frames", f"{scores['num_frames']:,}"),
    ]
    rows = [
        ("", [text(each["labelled"]), text(each["classified"]), f"{each['num_frames']:,}"])
        for each in scores["confused_pairs"][:SHOWN_PAIRS]
    ]
    written = definitions(known)
    return written + (table(("labelled as", "classified as", "frames"), rows, class_="words") if rows else "")


def _most_rows(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return at most `SHOWN_ENTRIES` entries, those with most rows, in their own order."""
    kept = sorted(entries, key=lambda name: (-entries[name]["num_rows"], name))[:SHOWN_ENTRIES]
    return {name: each for name, each in entries.items() if name in set(kept)}


def _left_out(num_kept: int, num_all: int) -> str:
    if num_kept == num_all:
        return ""
    return element("p", f"{num_all - num_kept} more, with fewer rows, stand in metrics.json.", class_="soft")
