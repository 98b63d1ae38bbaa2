"""Draws why an answer was given: frames on a time line, what each moment, word and place contributes."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from videoqa._text_normalization import without_controls
from videoqa.evaluation.evidence import HIDDEN_SHARE, Evidence
from videoqa.evaluation.plots import BLUE, ORANGE, _in_every_script, _missing_letters_as_boxes, _png

WIDTH_INCHES, MARGIN_INCHES, DPI = 10.0, 0.35, 120
MOST_TILES, MOST_TICKS = 10, 12
MOST_TILE_INCHES, ANSWERS_INCHES = 2.0, 3.6
LETTERS = "ABC"
ANSWER_CHARACTERS, WORD_CHARACTERS, LINE_CHARACTERS = 24, 22, 118
HEADLINE_CHARACTERS = 72
MOST_LINES, MOST_ANSWERS = 8, 5
GREY = "#555555"


@dataclass(frozen=True)
class CloseUp:
    """A frame that counts most.

    Attributes:
        place: which of the evidence's frames it is.
        picture: uint8 RGB `(height, width, 3)`, the part that the model sees.
        heat: float32 `(map_height, map_width)` in [0, 1]; None if the model has no map of places.
    """

    place: int
    picture: np.ndarray
    heat: np.ndarray | None


@dataclass(frozen=True)
class Explanation:
    """All that is drawn of an answer.

    Attributes:
        headline: the answer as it is printed.
        question: as it was asked; "" for an action model.
        alternatives: (answer, probability) pairs, the most probable first.
        evidence: why the first of them.
        lines: what else is to be said.
        frames: one picture for each of the evidence's frames, uint8 RGB; none if they are not there.
        close_ups: of at most three frames.
    """

    headline: str
    question: str
    alternatives: Sequence[tuple[str, float]]
    evidence: Evidence
    lines: Sequence[str] = ()
    frames: Sequence[np.ndarray] = ()
    close_ups: Sequence[CloseUp] = ()


@_in_every_script
def explanation_png(explanation: Explanation) -> bytes:
    """Return the whole picture: question and words, time line, close-ups with heat, ranked answers, lines."""
    with _missing_letters_as_boxes():
        return _png(_draw(explanation, whole=True))


@_in_every_script
def time_line_png(explanation: Explanation) -> bytes:
    """Return only the frames on a time line and the bars below them."""
    with _missing_letters_as_boxes():
        return _png(_draw(explanation, whole=False))


def _draw(explanation: Explanation, *, whole: bool) -> Figure:
    """Return the figure; its parts are placed from the top down, in inches."""
    page = _Page()
    if whole:
        for line in _wrapped([explanation.headline], HEADLINE_CHARACTERS):
            page.text(line, size=14, weight="bold")
        _draw_words(page, explanation)
    if explanation.evidence.contributions:
        _draw_time_line(page, explanation)
    if whole:
        _draw_close_ups_and_answers(page, explanation)
        for line in _wrapped(explanation.lines):
            page.text(line, size=9, color=GREY)
    return page.finish()


class _Page:
    """A figure that grows downwards: everything is placed by its distance from the top."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH_INCHES, 1.0), dpi=DPI)
        self.renderer = FigureCanvasAgg(self.figure).get_renderer()
        self.y = MARGIN_INCHES / 2
        self._axes: list[tuple[Axes, float, float, float, float]] = []
        self._texts: list[tuple[mpl.text.Text, float, float]] = []

    def axes(self, x: float, width: float, height: float, y: float | None = None) -> Axes:
        """Return axes with their left edge at `x` and their top at `y`; None: below all so far."""
        axes = self.figure.add_axes((0, 0, 1, 1), label=str(len(self._axes)))
        self._axes.append((axes, x, self.y if y is None else y, width, height))
        return axes

    def text(self, text: str, *, x: float = MARGIN_INCHES, y: float | None = None, **look: object) -> float:
        """Write lines of text and return their width; without `y` below all so far, which moves down."""
        written = self.figure.text(0, 0, text, va="top", parse_math=False, **look)  # type: ignore[arg-type]
        box = written.get_window_extent(self.renderer)
        self._texts.append((written, x, self.y if y is None else y))
        if y is None:
            self.y += box.height / DPI + 0.06
        return float(box.width / DPI)

    def finish(self) -> Figure:
        """Return the figure at its height."""
        height = self.y + MARGIN_INCHES / 2
        self.figure.set_size_inches(WIDTH_INCHES, height)
        for axes, x, y, width, tall in self._axes:
            axes.set_position(
                (x / WIDTH_INCHES, 1 - (y + tall) / height, width / WIDTH_INCHES, tall / height)
            )
        for text, x, y in self._texts:
            text.set_position((x / WIDTH_INCHES, 1 - y / height))
        return self.figure


def _draw_words(page: _Page, explanation: Explanation) -> None:
    """Write the question word by word, each in a box whose colour shows its contribution, with the number."""
    words = explanation.evidence.words
    if not words:
        return
    page.text("question, and what each word contributes", size=9, color=GREY)
    strongest = max(abs(value) for _, value in words) or 1.0
    x, y = MARGIN_INCHES, page.y + 0.06
    for word, value in words:
        shown = _cut(word, WORD_CHARACTERS)
        # An estimate of the width, above the true one, says when a new line begins.
        if x + 0.12 * _columns(shown) + 0.3 > WIDTH_INCHES - MARGIN_INCHES and x > MARGIN_INCHES:
            x, y = MARGIN_INCHES, y + 0.6
        color = mpl.colors.to_rgba(BLUE if value >= 0 else ORANGE, 0.75 * abs(value) / strongest)
        box = {"facecolor": color, "edgecolor": "#BBBBBB", "linewidth": 0.6, "boxstyle": "round,pad=0.25"}
        width = page.text(shown, x=x + 0.06, y=y, size=12, bbox=box)
        narrow = page.text(signed(value), x=x + 0.06, y=y + 0.29, size=7.5, color=GREY)
        x += max(width, narrow) + 0.22
    page.y = y + 0.6


def _draw_time_line(page: _Page, explanation: Explanation) -> None:
    """Draw tiles in the order of time, and below them a bar for every frame that the model saw."""
    evidence, frames = explanation.evidence, explanation.frames
    number = len(evidence.contributions)
    left, width = MARGIN_INCHES + 0.45, WIDTH_INCHES - 2 * MARGIN_INCHES - 0.9
    if len(frames):
        num_tiles = min(number, MOST_TILES)
        aspect = frames[0].shape[1] / frames[0].shape[0]
        tile_width = min(width / num_tiles, MOST_TILE_INCHES * aspect)
        height = tile_width / aspect
        strip = page.axes(left, width, height)
        step = number / num_tiles
        for tile in range(num_tiles):
            middle = (tile + 0.5) * step - 0.5
            half = 0.485 * tile_width / width * number
            strip.imshow(
                frames[min(int(middle + 0.5), number - 1)],
                extent=(middle - half, middle + half, 0, 1), aspect="auto", interpolation="antialiased",
            )  # fmt: skip
            edge = mpl.patches.Rectangle((middle - half, 0), 2 * half, 1, fill=False, edgecolor="#CCCCCC")
            strip.add_patch(edge)
        strip.set_xlim(-0.5, number - 0.5)
        strip.set_ylim(0, 1)
        strip.axis("off")
        page.y += height + 0.05
    bars = page.axes(left, width, 1.35)
    _draw_bars(bars, evidence)
    page.y += 1.35 + 0.5
    against = _cut(evidence.against, ANSWER_CHARACTERS)
    x = left
    for color, hatch, text in (
        (BLUE, "", f"speaks for {_cut(evidence.answer, ANSWER_CHARACTERS)!r}"),
        (ORANGE, "////", f"for {against!r}" if against else "against it"),
    ):
        key = page.axes(x, 0.22, 0.13, y=page.y + 0.02)
        key.add_patch(mpl.patches.Rectangle((0, 0), 1, 1, facecolor=color, hatch=hatch, edgecolor="white"))
        key.axis("off")
        x += 0.28 + page.text(text, x=x + 0.28, y=page.y, size=9) + 0.3
    said = f"lost when hidden with {100 * HIDDEN_SHARE:.0f} % of the clip on each side"
    page.text(said, x=x, y=page.y, size=9, color=GREY)
    page.y += 0.32


def _draw_bars(axes: Axes, evidence: Evidence) -> None:
    number = len(evidence.contributions)
    places, values = np.arange(number), np.array(evidence.contributions)
    for chosen, color, hatch in ((values >= 0, BLUE, ""), (values < 0, ORANGE, "////")):
        axes.bar(places[chosen], values[chosen], 0.84, color=color, hatch=hatch, edgecolor="white", lw=0.4)
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    tall = max(high - low, 1e-6)
    axes.set_ylim(low - 0.08 * tall, high + 0.24 * tall)  # room for the letters
    axes.axhline(0, color="black", linewidth=0.8)
    for letter, place in zip(LETTERS, evidence.most_important(len(LETTERS)), strict=False):
        height = max(float(values[place]), 0.0)
        axes.annotate(letter, (place, height), (0, 2), textcoords="offset points", ha="center", weight="bold")
    ticks = range(0, number, -(-number // MOST_TICKS))
    axes.set_xticks(ticks, [moment(evidence, place, unit=False) for place in ticks])
    axes.set_xlim(-0.5, number - 0.5)
    axes.set_xlabel("seconds" if evidence.timestamps_seconds else "frame of the array", fontsize=9)
    axes.set_ylabel("contribution", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    if evidence.attention is not None:
        beside = axes.twinx()
        beside.plot(places, evidence.attention, ".-", color="black", linewidth=0.9, markersize=4)
        beside.set_ylim(0, 1.35 * max(*evidence.attention, 1e-6))
        beside.set_ylabel("attention (line)", fontsize=9)
        beside.tick_params(labelsize=8)
        beside.spines[["top"]].set_visible(False)


def moment(evidence: Evidence, place: int, *, unit: bool = True) -> str:
    """Return when one of the evidence's frames is shown, as text."""
    if evidence.timestamps_seconds:
        return f"{evidence.timestamps_seconds[place]:.2f}" + (" s" if unit else "")
    return ("frame " if unit else "") + str(evidence.frame_numbers[place])


def signed(value: float) -> str:
    """Return a contribution as text."""
    text = f"{value:+.1f}" if abs(value) >= 1 else f"{value:+.2f}"
    return "0" if text in ("-0.00", "+0.00") else text


def _draw_close_ups_and_answers(page: _Page, explanation: Explanation) -> None:
    """Draw the frames that count most side by side, and the ranked answers at their right."""
    top, x = page.y + 0.08, MARGIN_INCHES
    evidence, close_ups = explanation.evidence, explanation.close_ups
    sides = [close_up.picture.shape[:2] for close_up in close_ups]
    widths = sum(columns / rows for rows, columns in sides)
    height = min(2.0, (WIDTH_INCHES - ANSWERS_INCHES) / widths) if close_ups else 0.0
    for letter, close_up, (rows, columns) in zip(LETTERS, close_ups, sides, strict=False):
        width = height * columns / rows
        page.text(
            f"{letter}  {moment(evidence, close_up.place)}  {signed(evidence.contributions[close_up.place])}",
            x=x, y=top, size=9, weight="bold",
        )  # fmt: skip
        axes = page.axes(x, width, height, y=top + 0.22)
        axes.imshow(_heated(close_up), aspect="auto")
        axes.axis("off")
        x += width + 0.12
    beside = x + 0.1 if close_ups else MARGIN_INCHES
    _draw_answers(page, explanation, beside, top)
    page.y = top + max(height + 0.3, 0.36 * len(explanation.alternatives[:MOST_ANSWERS]) + 0.3)
    if any(close_up.heat is not None for close_up in close_ups):
        page.text(
            "yellow: places that speak for the answer more than the rest of the frame", size=8, color=GREY
        )
    page.y += 0.05


def _draw_answers(page: _Page, explanation: Explanation, x: float, top: float) -> None:
    """Draw a bar for each ranked answer, its name above it."""
    width = min(WIDTH_INCHES - MARGIN_INCHES - x, 5.0)
    page.text("answers, with their probabilities", x=x, y=top, size=9, weight="bold")
    for place, (answer, probability) in enumerate(explanation.alternatives[:MOST_ANSWERS]):
        y = top + 0.24 + 0.36 * place
        name = _cut(answer, max(int(width / 0.085) - 9, 8))
        page.text(f"{100 * probability:5.1f} %  {name}", x=x, y=y, size=9)
        bar = page.axes(x, width, 0.09, y=y + 0.19)
        bar.barh([0], [1], 1, color="#E8E8E8")
        bar.barh([0], [probability], 1, color=BLUE if place == 0 else GREY)
        bar.set_xlim(0, 1)
        bar.set_ylim(-0.5, 0.5)
        bar.axis("off")


def _heated(close_up: CloseUp) -> np.ndarray:
    """Return a picture, dim where no place counts and yellow where places count: uint8 RGB."""
    picture = close_up.picture
    if close_up.heat is None or not close_up.heat.any():
        return picture
    weights = enlarged(close_up.heat, picture.shape[0], picture.shape[1])[..., None]
    grey = 0.55 * picture.mean(axis=-1, keepdims=True) + 0.25 * picture
    lit = 0.5 * picture + 0.5 * np.array([255, 225, 0])
    return np.clip(grey * (1 - weights) + lit * weights, 0, 255).astype(np.uint8)


def enlarged(heat: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a map at another size, on straight lines between the middles of its places: float64."""
    for axis, length in enumerate((height, width)):
        have = heat.shape[axis]
        middles = (np.arange(length) + 0.5) * have / length - 0.5
        low = np.clip(np.floor(middles).astype(int), 0, have - 1)
        high, share = np.minimum(low + 1, have - 1), np.clip(middles - low, 0, 1)
        share = share.reshape((-1, 1) if axis == 0 else (1, -1))
        heat = np.take(heat, low, axis) * (1 - share) + np.take(heat, high, axis) * share
    return heat


def _columns(text: str) -> int:
    """Return how many narrow letters a text is as wide as."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _cut(text: str, columns: int) -> str:
    """Return a text cut to a width in narrow letters."""
    text = without_controls(text)
    if _columns(text) <= columns:
        return text
    while _columns(text) >= columns:
        text = text[:-1]
    return text + "…"


def _wrapped(lines: Sequence[str], columns: int = LINE_CHARACTERS) -> list[str]:
    """Return texts broken into lines that fit the page, at spaces where there are some; at most a few."""
    found: list[str] = []
    for line in lines:
        rest = without_controls(line)
        while _columns(rest) > columns:
            end = len(rest)
            while _columns(rest[:end]) > columns:
                end -= 1
            space = rest.rfind(" ", 0, end)
            end = space + 1 if space > end // 2 else end
            found.append(rest[:end].rstrip())
            rest = rest[end:]
        found.append(rest)
    return found if len(found) <= MOST_LINES else [*found[: MOST_LINES - 1], "…"]
