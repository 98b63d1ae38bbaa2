"""The answers about a film as one picture: a lane of coloured stretches for each question."""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MultipleLocator

from videoqa.evaluation.plots import _in_every_script, _png, _shown

COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442", "#882255", "#999933")
"""The palette of Okabe and Ito and two of Tol's: for the answers that take most of the time."""
OTHER = {"facecolor": "#666666"}
UNKNOWN = {"facecolor": "#F2F2F2", "hatch": "////", "edgecolor": "#B5B5B5"}
FAILED = {"facecolor": "#FFFFFF", "hatch": "xxxx", "edgecolor": "#CC3311"}
DAMAGED: dict[str, Any] = {"facecolor": "#CC3311"}
WIDTH_INCHES, LANE_INCHES = 13.0, 0.5
QUESTION_INCHES, TIMES_INCHES, ROW_INCHES, GAP_INCHES = 0.28, 0.28, 0.2, 0.12
CHARACTER_INCHES, SMALL_CHARACTER_INCHES = 0.085, 0.075
TICK_SECONDS = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800),
)
MOST_TICKS = 13
STRETCHES_IN_A_LINE, MOST_LINES = 250, 8
"""A lane of more stretches is broken into lines, or a film of two hours would be stripes of a pixel."""
LINE_SECONDS = (60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400)
"""Lengths of such lines."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a film with one answer.

    Attributes:
        start_seconds, end_seconds: of the film.
        question: of the lane; "" for the labels of an action model.
        answer: "" where it is not known.
        probability: in [0, 1], the height of the bar; None where the answer is not known.
        is_failed: the pictures cannot be read.
        is_damaged: some pictures are damaged.
    """

    start_seconds: float
    end_seconds: float
    question: str
    answer: str
    probability: float | None
    is_failed: bool = False
    is_damaged: bool = False

    @property
    def seconds(self) -> float:
        return self.end_seconds - self.start_seconds


@_in_every_script
def time_line_png(stretches: Iterable[Stretch]) -> bytes:
    """Return the time line as PNG bytes.

    The height of a bar is the probability of its answer; below each lane stand its answers with their shares
    of the time. Grey strokes: not known. Red crosses: the pictures cannot be read; a red line: some of them
    are damaged.

    Args:
        stretches: of one film, at least one; those of a question in the order of time.
    """
    lanes: dict[str, list[Stretch]] = defaultdict(list)
    for each in stretches:
        lanes[each.question].append(each)
    span = (
        min(lane[0].start_seconds for lane in lanes.values()),
        max(lane[-1].end_seconds for lane in lanes.values()),
    )
    lines = _lines(lanes.values(), *span)
    legends = {question: _in_rows(_legend(lane)) for question, lane in lanes.items()}
    blocks = [
        QUESTION_INCHES + (LANE_INCHES + TIMES_INCHES) * len(lines) + ROW_INCHES * len(rows) + GAP_INCHES
        for rows in legends.values()
    ]
    height = sum(blocks)
    figure, top = Figure(figsize=(WIDTH_INCHES, height)), height
    for (question, lane), block in zip(lanes.items(), blocks, strict=True):
        drawn = []
        for number, line in enumerate(lines):
            bottom = top - QUESTION_INCHES - LANE_INCHES - (LANE_INCHES + TIMES_INCHES) * number
            axes = figure.add_axes((0, bottom / height, 1, LANE_INCHES / height))
            _draw_line(axes, _cut_to(lane, line), line, _looks(lane), until=span[1])
            drawn.append(axes)
        _write_question(drawn[0], question, is_first=top == height)
        _write_legend(drawn[-1], legends[question])
        top -= block
    return _png(figure)


def _lines(lanes: Iterable[Sequence[Stretch]], start: float, end: float) -> list[tuple[float, float]]:
    """Return the seconds of the lines that a lane is broken into where it has many stretches."""
    wanted = min(max(-(-len(lane) // STRETCHES_IN_A_LINE) for lane in lanes), MOST_LINES)
    if wanted == 1:
        return [(start, end)]
    least = (end - start) / wanted
    seconds = next((each for each in LINE_SECONDS if each >= least), least)
    count = math.ceil((end - start) / seconds - 1e-6)
    return [(start + seconds * number, start + seconds * (number + 1)) for number in range(count)]


def _cut_to(lane: Sequence[Stretch], line: tuple[float, float]) -> list[Stretch]:
    """Return what of a lane is in one line."""
    start, end = line
    return [
        replace(each, start_seconds=max(each.start_seconds, start), end_seconds=min(each.end_seconds, end))
        for each in lane
        if each.start_seconds < end and each.end_seconds > start
    ]


def _draw_line(
    axes: Axes,
    lane: Sequence[Stretch],
    span: tuple[float, float],
    look_of: dict[str | None, dict[str, Any]],
    until: float,
) -> None:
    """Draw the stretches of one line of a lane over an axis of time; the film ends at `until`."""
    axes.set_xlim(*span)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    groups: dict[str | None, list[Stretch]] = defaultdict(list)
    for each in lane:
        groups[_kind(each)].append(each)
    for kind, members in groups.items():
        corners = [
            [(a, 0), (a, height), (b, height), (b, 0)]
            for a, b, height in ((s.start_seconds, s.end_seconds, s.probability or 1.0) for s in members)
        ]
        axes.add_collection(PolyCollection(corners, linewidths=0, **look_of[kind]))
    _mark_damage(axes, lane)
    _write_answers(axes, lane, span)
    _label_times(axes, span, until)


def _write_question(axes: Axes, question: str, *, is_first: bool) -> None:
    """Write a question above its lane."""
    title = _cut(question, int(WIDTH_INCHES / CHARACTER_INCHES) - 25) or "label"
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", parse_math=False)
    if is_first:
        axes.set_title("height of a bar: probability", loc="right", fontsize=8, color="#666666")


def _write_legend(axes: Axes, rows: list[list["_Entry"]]) -> None:
    """Write the answers of a lane below it."""
    place: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
    for number, row in enumerate(rows):
        bottom = (0.1 - TIMES_INCHES - ROW_INCHES * (number + 1)) / LANE_INCHES
        for left, label, look in row:
            corner, size = (left / WIDTH_INCHES, bottom), (0.16 / WIDTH_INCHES, 0.11 / LANE_INCHES)
            axes.add_patch(Rectangle(corner, *size, **{"linewidth": 0, **place, **look}))
            text = {"fontsize": 9, "va": "baseline", "parse_math": False, **place}
            axes.text((left + 0.22) / WIDTH_INCHES, bottom, label, **text)


_Entry = tuple[float, str, dict[str, Any]]
"""Inches from the left, label and look of an answer below a lane."""


def _in_rows(labels: list[tuple[str, dict[str, Any]]]) -> list[list[_Entry]]:
    """Return labels in rows as wide as the picture."""
    rows: list[list[_Entry]] = [[]]
    left = 0.0
    for label, look in labels:
        width = 0.42 + _columns(label) * SMALL_CHARACTER_INCHES
        if rows[-1] and left + width > WIDTH_INCHES:
            rows.append([])
            left = 0.0
        rows[-1].append((left, label, look))
        left += width
    return rows


def _kind(stretch: Stretch) -> str | None:
    """Return what a stretch is drawn as: its answer, "" where it is not known, None where it failed."""
    return None if stretch.is_failed else stretch.answer


def _looks(lane: Sequence[Stretch]) -> dict[str | None, dict[str, Any]]:
    """Return how each kind of stretch is drawn; the answers that take most of the time get the colours."""
    ranked = sorted(_seconds_of(lane).items(), key=lambda item: -item[1])
    answers = [kind for kind, _ in ranked if kind]
    looks: dict[str | None, dict[str, Any]] = dict.fromkeys(answers, OTHER)
    looks |= {answer: {"facecolor": colour} for answer, colour in zip(answers, COLOURS, strict=False)}
    return looks | {"": UNKNOWN, None: FAILED}


def _legend(lane: Sequence[Stretch]) -> list[tuple[str, dict[str, Any]]]:
    """Return the labels below a lane and their looks, by their shares of the time."""
    seconds, looks = _seconds_of(lane), _looks(lane)
    total = sum(seconds.values())
    ranked = sorted((kind for kind in seconds if kind), key=lambda kind: -seconds[kind])
    entries: list[tuple[str, float, dict[str, Any]]] = [
        (_shown(answer), seconds[answer], looks[answer]) for answer in ranked[: len(COLOURS)]
    ]
    others = ranked[len(COLOURS) :]
    if others:
        name = _shown(others[0]) if len(others) == 1 else f"{len(others)} others"
        entries.append((name, sum(seconds[kind] for kind in others), OTHER))
    for kind, name in (("", "I don't know"), (None, "cannot be read")):
        if kind in seconds:
            entries.append((name, seconds[kind], looks[kind]))
    labels = [(f"{name} {_share(part / total)}", look) for name, part, look in entries]
    if any(each.is_damaged for each in lane):
        labels.append(("damaged in part", DAMAGED))
    return labels


def _share(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")


def _seconds_of(lane: Sequence[Stretch]) -> dict[str | None, float]:
    seconds: dict[str | None, float] = defaultdict(float)
    for each in lane:
        seconds[_kind(each)] += each.seconds
    return dict(seconds)


def _write_answers(axes: Axes, lane: Sequence[Stretch], span: tuple[float, float]) -> None:
    """Write the answer into each stretch that has room for it."""
    for each in lane:
        text = _shown(each.answer)
        room = each.seconds / (span[1] - span[0]) * WIDTH_INCHES
        if text and _columns(text) * SMALL_CHARACTER_INCHES < room - 0.06:
            middle = (each.start_seconds + each.end_seconds) / 2
            look: dict[str, Any] = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.2}
            place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9}
            axes.text(middle, (each.probability or 1) / 2, text, bbox=look, parse_math=False, **place)


def _mark_damage(axes: Axes, lane: Sequence[Stretch]) -> None:
    """Draw a line along the bottom of stretches with damaged pictures."""
    corners = [
        [(s.start_seconds, 0), (s.start_seconds, 0.09), (s.end_seconds, 0.09), (s.end_seconds, 0)]
        for s in lane
        if s.is_damaged
    ]
    axes.add_collection(PolyCollection(corners, linewidths=0, **DAMAGED))


def _label_times(axes: Axes, span: tuple[float, float], until: float) -> None:
    """Label the axis of time of one line of a film that ends at `until`."""
    seconds = span[1] - span[0]
    step = next((step for step in TICK_SECONDS if seconds / step <= MOST_TICKS), TICK_SECONDS[-1])
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _clock(value, step, until)))
    axes.tick_params(axis="x", labelsize=9)


def _clock(seconds: float, step: float, longest: float) -> str:
    """Return a time as 12.5 s, 1:05 or 1:02:00, as the step between ticks and the length of the film ask."""
    if longest < 60:
        return f"{seconds:.1f} s" if step < 1 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if longest < 3600:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _cut(text: str, columns: int) -> str:
    """Return a text cut to the columns that it may take."""
    if _columns(text) <= columns:
        return text
    while _columns(text) >= columns:
        text = text[:-1]
    return text + "…"


def _columns(text: str) -> int:
    """Return how many columns a text takes: two for each wide letter, as of Chinese."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
