"""One training on one device, mirrored, and on several workers: how far the final weights lie apart.

    python benchmarks/equality.py
    python benchmarks/equality.py --inception inception_v3_imagenet2015_to_mixed8.weights.h5 --layer mixed8
    python benchmarks/equality.py --long

Every cell is `videoqa train` in processes of its own on drawn clips, with dropout and validation, compared
with the same training by `--strategy single`: the largest relative L2 difference of any weight tensor of the
newest checkpoint. For questions one of five answers is left out of the model: some rows have weight 0.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _runs import SMALL, draw_set, epochs_of, largest_difference, last_checkpoint, train

COLUMNS: dict[str, dict[str, Any]] = {
    "1 worker": {"strategy": "multiworker"},
    "mirrored 2": {"strategy": "mirrored"},
    "2 workers": {"strategy": "multiworker", "local_workers": 2},
    "3 workers": {"strategy": "multiworker", "local_workers": 3},
}
BOUNDS = {"float64": 1e-6, "float32": 1e-5}
"""Of float64 as derived in `tests/training/test_replicas.py`."""
QUESTION, ACTION = {"num_answers": 4, "blind": False}, {}
FEATURES, FRAMES = {}, {"train_backbone": True}
PROOF = {"batch_size": 7, "epochs": 12, "precision": "float64"}
"""12 epochs of 9 steps; the last batch of an epoch has 4 of the 60 rows."""
TEN_STEPS = {"batch_size": 7, "epochs": 2, "precision": "float32"}
"""2 epochs of 5 steps; the last batch of an epoch has 6 of the 34 rows."""


def proof_rows() -> dict[str, tuple[str, int, dict[str, Any]]]:
    """Return the rows of the table: name -> task, training rows, options."""
    return {
        "question, features, float64, 108 steps": ("question", 60, {**QUESTION, **FEATURES, **PROOF}),
        "question, end to end, float64, 108 steps": ("question", 60, {**QUESTION, **FRAMES, **PROOF}),
        "action, features, float64, 108 steps": ("action", 60, {**ACTION, **FEATURES, **PROOF}),
        "action, end to end, float64, 108 steps": ("action", 60, {**ACTION, **FRAMES, **PROOF}),
        "question, features, float32, 10 steps": ("question", 34, {**QUESTION, **FEATURES, **TEN_STEPS}),
        "question, end to end, float32, 10 steps": ("question", 34, {**QUESTION, **FRAMES, **TEN_STEPS}),
    }


def inception_rows(weights: str, layer: str | None) -> dict[str, tuple[str, int, dict[str, Any]]]:
    """Return the rows through InceptionV3.

    1e-5 is a usual learning rate for pretrained layers; at the default, 1e-3, ten steps change their kernels
    by 7 %, and what is rounded differently grows with the changes.
    """
    options = {
        **FRAMES,
        **TEN_STEPS,
        "backbone": "inception_v3",
        "backbone_weights": weights,
        "frame_size": (75, 75),
        "num_frames": 3,
    }
    if layer is not None:
        options["backbone_layer"] = layer
    name = "action, InceptionV3 end to end"
    return {
        f"{name}, float32, 10 steps, learning rate 1e-5": ("action", 34, {**options, "learning_rate": 1e-5}),
        f"{name}, float32, 10 steps, learning rate 1e-3": ("action", 34, options),
        f"{name}, float64, 10 steps, learning rate 1e-3": ("action", 34, {**options, "precision": "float64"}),
    }


def long_rows() -> dict[str, tuple[str, int, dict[str, Any]]]:
    """Return rows of longer float32 trainings, for which no bound is set."""
    rows = {}
    for epochs in (4, 12, 24):
        options = {**QUESTION, **PROOF, "precision": "float32", "epochs": epochs}
        rows[f"question, features, float32, {9 * epochs} steps"] = ("question", 60, options)
    return rows


def compare(single: Path, other: Path) -> tuple[float, float]:
    """Return the largest differences of a weight tensor and of a validation loss; check the positions."""
    ours, theirs = last_checkpoint(other), last_checkpoint(single)
    if ours.path.name != theirs.path.name:
        raise SystemExit(f"{other} ended at {ours.path.name}, {single} at {theirs.path.name}.")
    losses = [epochs_of(out)["val_loss"].to_numpy() for out in (other, single)]
    if len(losses[0]) != len(losses[1]):
        raise SystemExit(f"{other} trained {len(losses[0])} epochs, {single} {len(losses[1])}.")
    apart = float(np.max(np.abs(losses[0] - losses[1]) / losses[1]))
    return largest_difference(ours.arrays("model"), theirs.arrays("model")), apart


def run_row(name: str, row: tuple[str, int, dict[str, Any]], bound: float | None) -> bool:
    """Train one row's five runs, print its line and return whether all cells are within the bound."""
    task, num_rows, options = row
    with tempfile.TemporaryDirectory() as folder:
        data = draw_set(Path(folder), num_rows)[task]
        options = {**SMALL, **options}
        if task == "action":
            options = {key: options[key] for key in options if key not in ("question_units", "embedding_dim")}
        single = train(data, Path(folder, "single"), **options)
        cells, losses = [], []
        for column, spread in COLUMNS.items():
            other = train(data, Path(folder, column.replace(" ", "-")), **options, **spread)
            difference, loss = compare(single, other)
            cells.append(difference)
            losses.append(loss)
    good = bound is None or max(cells) <= bound
    shown = " | ".join(f"{cell:.1e}" if cell else "0" for cell in cells)
    print(
        f"| {name} | {'' if bound is None else f'≤ {bound:.0e}'} | {shown} | {max(losses):.1e} |"
        f"{'' if good else '  OVER THE BOUND'}",
        flush=True,
    )
    return good


def main() -> None:
    """Print the table; end with 1 where a cell is over its bound."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="WORDS", help="only rows whose name has these words")
    parser.add_argument("--inception", metavar="FILE", help="only the row through InceptionV3, these weights")
    parser.add_argument("--layer", help="cut InceptionV3 at this layer, the last the file has weights of")
    parser.add_argument("--long", action="store_true", help="only longer float32 runs, reported, not bounded")
    arguments = parser.parse_args()
    rows = proof_rows()
    if arguments.inception:
        rows = inception_rows(arguments.inception, arguments.layer)
    elif arguments.long:
        rows = long_rows()
    print(f"| | required | {' | '.join(COLUMNS)} | validation losses |")
    print("|" + "---|" * (len(COLUMNS) + 3), flush=True)
    good = [
        run_row(name, row, None if arguments.long else BOUNDS[row[2]["precision"]])
        for name, row in rows.items()
        if arguments.only in name
    ]
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
