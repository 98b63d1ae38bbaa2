"""Draw docs/images/architecture.png: how a clip and a question become an answer.

python benchmarks/draw_diagram.py
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.patches import FancyBboxPatch, Rectangle  # noqa: E402

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "architecture.png"
INK = "#1f2933"
FILLS = {"input": "#f5f0e6", "frozen": "#dbe7f3", "trained": "#fbe3c8"}
LEGEND = {"trained": "trained", "frozen": "frozen: computed once per clip, then cached"}
VIDEO_ROW, JOIN_ROW, QUESTION_ROW = 3.1, 2.0, 0.9
# name: (x of the centre, y of the centre, width, height, fill, title, what it gives)
BOXES = {
    "clip": (1.15, VIDEO_ROW, 2.1, 1.0, "input", "clip", "20 frames, uint8 RGB"),
    "backbone": (3.95, VIDEO_ROW, 2.5, 1.0, "frozen", "backbone per frame", "InceptionV3, pooled"),
    "video_lstm": (6.6, VIDEO_ROW, 1.8, 1.0, "trained", "LSTM", "256 numbers"),
    "question": (1.15, QUESTION_ROW, 2.1, 1.0, "input", "question", "32 token ids at most"),
    "embedding": (3.95, QUESTION_ROW, 2.5, 1.0, "trained", "embedding", "256 numbers per word"),
    "question_lstm": (6.6, QUESTION_ROW, 1.8, 1.0, "trained", "LSTM", "128 numbers"),
    "join": (8.75, JOIN_ROW, 1.5, 1.0, "input", "join", "384 numbers"),
    "hidden": (10.75, JOIN_ROW, 1.6, 1.0, "trained", "dense, relu", "128 numbers"),
    "answer": (13.0, JOIN_ROW, 2.0, 1.0, "trained", "dense, softmax", "1000 answers"),
}
ARROWS = (
    ("clip", "backbone"),
    ("backbone", "video_lstm"),
    ("question", "embedding"),
    ("embedding", "question_lstm"),
    ("video_lstm", "join"),
    ("question_lstm", "join"),
    ("join", "hidden"),
    ("hidden", "answer"),
)


def draw_diagram(out: Path) -> None:
    """Write the picture of the default open-ended model to `out` as PNG."""
    figure, axes = plt.subplots(figsize=(14.1, 4.3), dpi=110)
    axes.set(xlim=(0, 14.1), ylim=(-0.15, 4.15), aspect="equal")
    axes.axis("off")
    for box in BOXES.values():
        _draw_box(axes, *box)
    for start, end in ARROWS:
        _draw_arrow(axes, start, end)
    for number, (fill, text) in enumerate(LEGEND.items()):
        left = 8.4 + 1.5 * number
        axes.add_patch(
            Rectangle((left, 0.12), 0.22, 0.22, facecolor=FILLS[fill], edgecolor=INK, linewidth=0.8)
        )
        axes.text(left + 0.32, 0.23, text, va="center", fontsize=9.5, color=INK)
    axes.text(3.95, 3.85, "what each frame shows", fontsize=10, color=INK, ha="center", style="italic")
    axes.text(6.6, 3.85, "in which order", fontsize=10, color=INK, ha="center", style="italic")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, facecolor="white", bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def _draw_box(
    axes: Any, x: float, y: float, width: float, height: float, fill: str, title: str, gives: str
) -> None:
    corner = (x - width / 2, y - height / 2)
    style = "round,pad=0,rounding_size=0.12"
    box = FancyBboxPatch(corner, width, height, boxstyle=style, facecolor=FILLS[fill], edgecolor=INK)
    axes.add_patch(box)
    axes.text(x, y + 0.15, title, ha="center", va="center", fontsize=11, color=INK, weight="bold")
    axes.text(x, y - 0.2, gives, ha="center", va="center", fontsize=9, color=INK)


def _draw_arrow(axes: Any, start: str, end: str) -> None:
    start_x, start_y, start_width = BOXES[start][:3]
    end_x, end_y, end_width = BOXES[end][:3]
    # Both branches enter the join on its left side, one above the other.
    entry = end_y + 0.25 * ((start_y > end_y) - (start_y < end_y))
    axes.annotate(
        "",
        xy=(end_x - end_width / 2, entry),
        xytext=(start_x + start_width / 2, start_y),
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="where to write the PNG (default: %(default)s)"
    )
    draw_diagram(parser.parse_args().out)
