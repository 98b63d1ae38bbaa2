"""Charts of scores as PNG bytes; `time_line.py` and `evidence_plot.py` are the other users of matplotlib."""

import contextlib
import io
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from videoqa._checks import Refusal, check_integer
from videoqa._text_normalization import normalize_answer, without_controls
from videoqa.evaluation.score_fields import FLOORS, SCORE_FIELDS, known_fields

BLUE, ORANGE, GREEN, PURPLE, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00"
"""The palette of Okabe and Ito, which colour-blind readers can tell apart."""
OTHER, NO_ANSWER = "(other)", "(none)"
LABEL_CHARACTERS = 24
CELL_INCHES = 0.36
MOST_ROWS_WITH_COUNTS = 20
MOST_BARS = 24
TEXT_DPI, LINE_PIXELS = 100, 16
"""Of lines of text that are a picture."""
MARKERS = {
    "majority_accuracy": ("o", ORANGE),
    "majority_per_type_accuracy": ("s", GREEN),
    "prefix_prior_accuracy": ("^", PURPLE),
    "blind_accuracy": ("D", RED),
}
"""Floor -> its marker and colour."""

FONTS = (
    "DejaVu Sans, Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, PingFang SC, Hiragino Sans GB, "
    "Microsoft YaHei, SimHei, WenQuanYi Micro Hei, WenQuanYi Zen Hei, Noto Sans CJK JP, Hiragino Sans, "
    "Yu Gothic, Malgun Gothic, Apple SD Gothic Neo, Noto Sans Thai, Leelawadee UI, Thonburi, "
    "Noto Sans Devanagari, Nirmala UI, Kohinoor Devanagari, Arial Unicode MS"
).split(", ")
"""Fonts that are looked through for a letter, in this order; the first comes with matplotlib, without CJK."""
_in_every_script = mpl.rc_context(
    {"font.family": [name for name in FONTS if name in font_manager.fontManager.get_font_names()]}
)


@_in_every_script
def confusion_matrix_png(
    gold: Sequence[str],
    predicted: Sequence[str | None],
    *,
    classes: Sequence[str] = (),
    max_classes: int = 30,
) -> bytes:
    """Return a confusion matrix as a picture; each row adds up to 100 %.

    Rows are the true answers, the most frequent first, then answers that were only given, then further
    classes if all find room; the rest share one row and one column "(other)". The column "(none)" counts rows
    without an answer, because the video failed. With few answers the cells show their counts.

    Args:
        gold: true answers, one per row, at least one.
        predicted: answers given; None, NaN or "" where there is none.
        classes: answers that the model can give.
        max_classes: most rows and columns, without "(other)" and "(none)".

    Returns:
        PNG bytes.

    Raises:
        ValueError: no rows, two different numbers of rows, or `max_classes` below 1.
    """
    check_integer("max_classes", max_classes, minimum=1)
    if len(gold) == 0 or len(gold) != len(predicted):
        raise Refusal(
            "`gold` and `predicted` must have the same number of rows, at least one. "
            f"Received: gold with {len(gold)}, predicted with {len(predicted)}."
        )
    counts, rows, columns = _count_pairs(gold, predicted, max_classes, classes)
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    width, height = len(columns) * CELL_INCHES, len(rows) * CELL_INCHES
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))  # the labels are outside; saving grows the picture to hold them
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    names = [f"{_shown(name)} ({total})" for name, total in zip(rows, totals, strict=True)]
    axes.set_yticks(range(len(rows)), names, parse_math=False)
    axes.set_xticks(range(len(columns)), map(_shown, columns), rotation=90, parse_math=False)
    axes.set_xlabel("answer given")
    axes.set_ylabel("true answer (its rows)")
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#DDDDDD", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    if len(rows) <= MOST_ROWS_WITH_COUNTS:
        _write_counts(axes, counts, shares)
    beside = figure.add_axes((1 + 0.25 / width, 0, 0.18 / width, 1))
    percent = PercentFormatter(1.0)
    figure.colorbar(image, cax=beside, format=percent, ticks=(0, 0.5, 1)).set_label("share of the row")
    return _png(figure)


@_in_every_script
def training_curves_png(history: Sequence[Mapping[str, float]]) -> bytes:
    """Return loss and accuracy of each epoch as a picture.

    Args:
        history: one mapping per epoch with `loss` and `accuracy`, and `val_loss` and `val_accuracy` if there
            are validation rows. A value is None if training diverged. May be empty.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for field, label, color, style in (
            (name, "training", BLUE, "-"),
            (f"val_{name}", "validation", ORANGE, "--"),
        ):
            points = [
                (epoch, logs[field]) for epoch, logs in enumerate(history, 1) if logs.get(field) is not None
            ]
            if points:
                epochs, values = zip(*points, strict=True)
                axes.plot(epochs, values, style, color=color, label=label, marker="o", ms=3)
        axes.set_xlabel("epoch")
        axes.set_title(name)
        axes.grid(color="#E5E5E5")
        axes.set_xlim(0.5, max(len(history), 1) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if axes.has_data():
            axes.legend()
        else:
            axes.text(0.5, 0.5, "nothing recorded", ha="center", transform=axes.transAxes)
    figure.axes[1].set_ylim(-0.02, 1.02)
    figure.axes[1].yaxis.set_major_formatter(PercentFormatter(1.0))
    return _png(figure)


@_in_every_script
def score_bars_png(scores: Mapping[str, Any]) -> bytes:
    """Return accuracies beside their floors as a picture: in total, per group and per question type.

    The bar is the model with its 95 % interval, each marker is a floor, and the grey tick is the ceiling: the
    share of rows whose answer is in the model's vocabulary.

    Args:
        scores: dict of `metrics.score_table`. Of many question types the most frequent are shown.
    """
    entries = _entries(scores)
    figure = Figure(figsize=(9, 0.46 * len(entries) + 1.8), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(entries))
    values = np.array([entry["accuracy"] for _, entry in entries])
    ends = [entry.get("accuracy_interval") or [entry["accuracy"]] * 2 for _, entry in entries]
    reach = np.maximum((np.array(ends) - values[:, None]).T * [[-1], [1]], 0)
    handles: list[Any] = [
        axes.barh(places, values, height=0.6, color=BLUE, alpha=0.55, label="model, with 95 % interval")
    ]
    axes.errorbar(values, places, xerr=reach, fmt="none", ecolor="#00395A", capsize=3, elinewidth=1.5)
    for field in known_fields(FLOORS, scores.get("task"), [entry for _, entry in entries]):
        known = [place for place in places if entries[place][1].get(field) is not None]
        shares = [entries[place][1][field] for place in known]
        look: dict[str, Any] = {"s": 34, "zorder": 3, "edgecolor": "black", "linewidth": 0.6}
        look |= dict(zip(("marker", "color"), MARKERS[field], strict=True))
        handles.append(axes.scatter(shares, known, label=SCORE_FIELDS[field].name, **look))
    ceilings = [entry["share_in_vocabulary"] for _, entry in entries]
    tick: dict[str, Any] = {"marker": "|", "s": 260, "color": "#555555", "linewidth": 2}
    handles.append(axes.scatter(ceilings, places, label="ceiling", **tick))
    names = [f"{_shown(name)} ({entry['num_rows']})" for name, entry in entries]
    axes.set_yticks(places, names, parse_math=False)
    axes.set_ylim(len(entries) - 0.4, -0.6)
    axes.set_xlim(-0.015, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="x", color="#E5E5E5")
    axes.set_axisbelow(True)
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    return _png(figure)


@_in_every_script
def text_image(lines: Sequence[str], width: int) -> np.ndarray:
    """Return lines of text as a picture, the first in bold; what is too long for the width is cut.

    Args:
        lines: at least one, in any script.
        width: of the picture in pixels.

    Returns:
        uint8 RGB `(16 * len(lines) + 8, width, 3)` on white.
    """
    figure = Figure(figsize=(width / TEXT_DPI, (LINE_PIXELS * len(lines) + 8) / TEXT_DPI), dpi=TEXT_DPI)
    canvas = FigureCanvasAgg(figure)
    with _missing_letters_as_boxes():
        for number, line in enumerate(lines):
            place = (4 / width, 1 - (LINE_PIXELS * number + 4) / figure.bbox.height)
            look: dict[str, Any] = {"fontsize": 8.5, "weight": "normal" if number else "bold", "va": "top"}
            text = figure.text(*place, without_controls(line), parse_math=False, **look)
            kept = text.get_text()
            while (wide := text.get_window_extent(canvas.get_renderer()).width) > width - 8 and kept:
                kept = kept[: min(len(kept) - 1, int(len(kept) * width / wide))]
                text.set_text(f"{kept}…")
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


@_in_every_script
def reliability_png(scores: Mapping[str, Any]) -> bytes:
    """Return how often answers are right, by their probability, as a picture: a reliability diagram.

    Above, the accuracy of each tenth of the probabilities, beside the line on which both are equal; below,
    the rows in it. With and without the temperature, if the model has one.

    Args:
        scores: dict of `metrics.score_table`.
    """
    figure = Figure(figsize=(5.6, 5.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    kinds = [
        ("reliability_before", "without the temperature", ORANGE, "s", "--"),
        (
            "reliability",
            "calibrated" if "reliability_before" in scores else "as the model gives them",
            BLUE,
            "o",
            "-",
        ),
    ]
    shown = [kind for kind in kinds if scores.get(kind[0])]
    above.plot([0, 1], [0, 1], color="#555555", linewidth=1, label="as probable as right")
    for place, (field, label, color, marker, style) in enumerate(shown):
        bins = scores[field]
        probabilities, accuracies = ([each[name] for each in bins] for name in ("probability", "accuracy"))
        error = scores[f"expected_calibration_error{field.removeprefix('reliability')}"]
        text = f"{label}: error {100 * error:.1f} %"
        above.plot(probabilities, accuracies, style, color=color, marker=marker, label=text)
        width = 0.08 / len(shown)
        starts = [each["from"] + 0.01 + place * width for each in bins]
        below.bar(starts, [each["num_rows"] for each in bins], width, align="edge", color=color)
    above.set_ylabel("share that is right")
    below.set_ylabel("rows")
    below.set_xlabel("probability of the answer")
    below.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
    above.set_ylim(-0.03, 1.03)
    above.yaxis.set_major_formatter(PercentFormatter(1.0))
    _percent_from_0_to_1(below)
    for axes in (above, below):
        axes.grid(color="#E5E5E5")
        axes.set_axisbelow(True)
    if not shown:
        above.text(0.5, 0.3, "nothing to score", ha="center", transform=above.transAxes)
    above.legend(loc="upper left")
    return _png(figure)


@_in_every_script
def risk_coverage_png(scores: Mapping[str, Any]) -> bytes:
    """Return the accuracy of the most probable answers by the share that is answered, as a picture.

    A star marks the answers that are called reliable.

    Args:
        scores: dict of `metrics.score_table`.
    """
    figure = Figure(figsize=(5.6, 4), layout="constrained")
    axes = figure.subplots()
    curve = scores.get("risk_coverage", [])
    if curve:
        shares, accuracies = ([each[name] for each in curve] for name in ("share_answered", "accuracy"))
        axes.plot(shares, accuracies, color=BLUE, label="the most probable answers first")
        axes.plot(shares[-1:], accuracies[-1:], "o", color=BLUE, ms=5)
        everything = accuracies[-1]
        axes.axhline(everything, color="#555555", linewidth=1, linestyle=":", label="in random order")
    else:
        axes.text(0.5, 0.5, "nothing to score", ha="center", transform=axes.transAxes)
    share, accuracy = scores.get("share_reliable"), scores.get("reliable_accuracy")
    if share is not None and accuracy is not None:
        text = f"called reliable: {100 * share:.0f} % of the rows, {100 * accuracy:.0f} % of them right"
        look: dict[str, Any] = {"s": 190, "zorder": 3, "edgecolor": "black", "linewidth": 0.8}
        axes.scatter([share], [accuracy], marker="*", color=ORANGE, label=text, **look)
    axes.set_xlabel("share of the rows that is answered")
    axes.set_ylabel("share of these that is right")
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    _percent_from_0_to_1(axes)
    axes.grid(color="#E5E5E5")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left")
    return _png(figure)


def _percent_from_0_to_1(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def _count_pairs(
    gold: Sequence[str], predicted: Sequence[str | None], max_classes: int, classes: Sequence[str] = ()
) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the counts of the confusion matrix, and the names of its rows and columns."""
    spelled: dict[str, str] = {}
    for answer in [*gold, *classes, *predicted]:
        if isinstance(answer, str):
            spelled.setdefault(normalize_answer(answer), answer)
    true = [normalize_answer(answer) for answer in gold]
    given = [normalize_answer(guess) if isinstance(guess, str) and guess else None for guess in predicted]
    frequency = Counter(true)
    only_given = Counter(guess for guess in given if guess is not None and guess not in frequency)
    kept = [*_most_frequent(frequency), *_most_frequent(only_given)]
    others = [key for key in dict.fromkeys(map(normalize_answer, classes)) if key not in kept]
    kept = [*kept, *others] if len(kept) + len(others) <= max_classes else kept[:max_classes]
    place = {answer: number for number, answer in enumerate(kept)}
    counts = np.zeros((len(kept) + 1, len(kept) + 2), int)
    for answer, guess in zip(true, given, strict=True):
        column = len(kept) + 1 if guess is None else place.get(guess, len(kept))
        counts[place.get(answer, len(kept)), column] += 1
    names = [spelled[answer] for answer in kept]
    rows = [*names, OTHER] if frequency.keys() - place.keys() else names
    columns = list(range(len(kept))) + [n for n in (len(kept), len(kept) + 1) if counts[:, n].any()]
    return counts[: len(rows), columns], rows, [[*names, OTHER, NO_ANSWER][n] for n in columns]


def _most_frequent(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda answer: (-counts[answer], answer))


def _write_counts(axes: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    """Write the number of rows into each cell that is not empty."""
    for row, column in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[row, column] > 0.55 else "black"
        axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=color, fontsize=8)


def _entries(scores: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the names and scores to draw: all rows, the groups, then the most frequent types."""
    parts = {
        part: [
            (name or "(no type)", entry) for name, entry in scores.get(part, {}).items() if entry["num_rows"]
        ]
        for part in ("by_group", "by_question_type")
    }
    types = sorted(parts["by_question_type"], key=lambda item: -item[1]["num_rows"])
    types = types if len(types) > 1 else []
    return [("all", scores), *parts["by_group"], *types][: MOST_BARS + 1]


def _shown(label: str) -> str:
    """Return the label cut to the space at an axis."""
    cut = label if len(label) <= LABEL_CHARACTERS else label[: LABEL_CHARACTERS - 1] + "…"
    return without_controls(cut)


@contextlib.contextmanager
def _missing_letters_as_boxes() -> Iterator[None]:
    """Draw characters that all fonts lack as boxes, without a warning; the data has the text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _png(figure: Figure) -> bytes:
    """Return a figure as PNG bytes, cut or grown to what is drawn unless a layout has made it fit."""
    fitted: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.1}
    buffer = io.BytesIO()
    with _missing_letters_as_boxes():
        # to fit it draws everything once more
        figure.savefig(buffer, format="png", dpi=120, **({} if figure.get_layout_engine() else fitted))
    return buffer.getvalue()
