"""C3D on one device, mirrored, and on several workers: gradients of the first step, weights after five.

    python benchmarks/equality_c3d.py

A C3D of a sixteenth of the widths on frames of 32 x 32, float64, batches of 12; every cell is `videoqa train`
in processes of its own on drawn clips, compared with the same training by `--strategy single`: the largest
relative L2 difference of any tensor. Adam's slots after the first step are the gradients and their squares,
times constants. The last column: a single-worker training whose first weights were changed by 1e-15 of their
size: batch norm and Adam amplify rounding.
"""

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from _runs import draw_set, largest_difference, last_checkpoint, train
from equality import COLUMNS

import videoqa

ROWS = 12
OPTIONS: dict[str, Any] = {
    "architecture": "c3d",
    "width": 1 / 16,
    "frame_size": (32, 32),
    "num_frames": 8,
    "batch_size": ROWS,
    "precision": "float64",
    "patience": "none",
}
BOUNDS = {"gradients of step 1": 1e-9, "weights after 5 steps": 1e-6}
PERTURBATION = 1e-15


class Perturb(keras.callbacks.Callback):
    """Changes the first weights by random signs times `PERTURBATION` of their size."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Change them before the first step."""
        if epoch == 0:
            rng = np.random.default_rng(0)
            weights = self.model.get_weights()
            signs = [rng.choice((-1, 1), weight.shape) for weight in weights]
            self.model.set_weights(
                [weight * (1 + PERTURBATION * sign) for weight, sign in zip(weights, signs, strict=True)]
            )


def perturbed(data: Path, out: Path, epochs: int) -> Path:
    """Train in this process from perturbed weights."""
    options = {**OPTIONS, "patience": None, "epochs": epochs}
    videoqa.train(data, out=out, callbacks=[Perturb()], progress=False, **options)
    return out


def tensors(out: Path, epochs: int) -> list[np.ndarray]:
    """Return what a row compares: Adam's slots after one step, or the weights."""
    arrays = last_checkpoint(out).arrays("optimizer" if epochs == 1 else "model")
    return [array for array in arrays if array.ndim]


def main() -> None:
    """Print the table; end with 1 where a cell is over its bound."""
    print(f"| float64 | required | {' | '.join(COLUMNS)} | perturbed by {PERTURBATION:.0e} |")
    print("|" + "---|" * (len(COLUMNS) + 3), flush=True)
    good = True
    with tempfile.TemporaryDirectory() as name:
        data = draw_set(Path(name), ROWS, 6)["action"]
        for (row, bound), epochs in zip(BOUNDS.items(), (1, 5), strict=True):
            folder = Path(name, str(epochs))
            single = tensors(train(data, folder / "single", **OPTIONS, epochs=epochs), epochs)
            cells = []
            for column, spread in COLUMNS.items():
                out = train(data, folder / column.replace(" ", "-"), **OPTIONS, epochs=epochs, **spread)
                cells.append(largest_difference(tensors(out, epochs), single))
            good &= max(cells) <= bound
            growth = tensors(perturbed(data, folder / "perturbed", epochs), epochs)
            shown = " | ".join(f"{cell:.1e}" for cell in [*cells, largest_difference(growth, single)])
            print(f"| {row} | ≤ {bound:.0e} | {shown} |", flush=True)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
