"""Draw docs/images/opposites.png: a drawn clip and its opposite, the same frames in opposite order.

python benchmarks/draw_opposites.py
"""

import argparse
import tempfile
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

from videoqa import sample_clip  # noqa: E402
from videoqa.config import SamplingConfig  # noqa: E402
from videoqa.video.decoding import ClipRequest, decode  # noqa: E402

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "opposites.png"
NUM_SHOWN = 8
MARKED = {"loading": 3, "unloading": NUM_SHOWN - 1 - 3}
"""Activity -> the place of the frame that both clips have and that is marked."""
MARK, INK = "#d1495b", "#1f2933"


def frames_of(activity: str, seed: int) -> np.ndarray:
    """Return regular frames of a drawn clip, uint8 RGB `(NUM_SHOWN, height, width, 3)`."""
    with tempfile.TemporaryDirectory() as folder:
        path = sample_clip(activity, seed=seed, folder=folder)
        return decode(ClipRequest(path), SamplingConfig(num_frames=NUM_SHOWN)).frames


def draw_opposites(out: Path, seed: int) -> None:
    """Write both clips of a scene as rows of frames to `out` as PNG."""
    figure, axes = plt.subplots(len(MARKED), NUM_SHOWN, figsize=(11, 3.25), dpi=100)
    for row, (activity, marked) in zip(axes, MARKED.items(), strict=True):
        row[0].set_title(f"{activity} →", loc="left", color=INK, fontsize=13)
        for place, frame in enumerate(frames_of(activity, seed)):
            row[place].imshow(frame)
            row[place].set(xticks=[], yticks=[])
            row[place].spines[:].set(color=MARK if place == marked else "white", linewidth=3)
    figure.tight_layout(pad=0.3)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="where to write the PNG (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="which of the clips (default: %(default)s)")
    arguments = parser.parse_args()
    draw_opposites(arguments.out, arguments.seed)
