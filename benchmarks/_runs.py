"""Small training runs for benchmarks: drawn clips, `videoqa train` as a process, and what it leaves."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from videoqa import sample_clip
from videoqa.training.checkpoints import Checkpoint, newest_checkpoint
from videoqa.training.run_folder import CHECKPOINTS

LOOK_SECONDS = 0.02
GROUPS = ("model", "optimizer", "best")
"""Of a checkpoint's arrays."""
WEIGHT_FILES = ("model.weights.h5", "blind/model.weights.h5")
ACTIVITIES = ("loading", "unloading", "waving")
SMALL = {
    "backbone": "tiny",
    "num_frames": 8,
    "video_units": 16,
    "question_units": 8,
    "embedding_dim": 8,
    "hidden_units": 16,
    "dropout": 0.3,
    "patience": "none",
}
"""Options of a model whose training takes seconds."""


def draw_set(
    folder: Path, num_train: int, num_validation: int = 12, activities: Sequence[str] = ACTIVITIES
) -> dict[str, Path]:
    """Draw clips and return the annotation files, by task, with `num_train` and `num_validation` rows each.

    There are two questions on each clip: what is done, and whether he waves, "yes" or "no".
    """
    clips = []
    for number in range(num_train + num_validation):
        activity = activities[number % len(activities)]
        path = Path(sample_clip(activity, seed=number // len(activities), folder=folder / "clips"))
        clips.append((path.relative_to(folder).as_posix(), activity))
    splits = ["train"] * num_train + ["validation"] * num_validation
    actions = [(video, activity, split) for (video, activity), split in zip(clips, splits, strict=True)]
    questions = []
    for number, split in enumerate(splits):
        video, activity = clips[number // 2 if split == "train" else num_train + (number - num_train) // 2]
        yes = "yes" if activity == "waving" else "no"
        asked = ("what is he doing?", activity) if number % 2 else ("is the man waving?", yes)
        questions.append((video, *asked, split))
    tables = {
        "question": pd.DataFrame(questions, columns=["video", "question", "answer", "split"]),
        "action": pd.DataFrame(actions, columns=["video", "label", "split"]),
    }
    for task, table in tables.items():
        table.to_csv(folder / f"{task}.csv", index=False)
    return {task: folder / f"{task}.csv" for task in tables}


def train_command(data: Path | str | None, out: Path, **options: Any) -> list[str]:
    """Return the command that trains into `out`; options are those of `videoqa.train`."""
    words = [sys.executable, "-m", "videoqa", "train", "--out", str(out)]
    if data is not None:
        words += ["--data", str(data)]
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            words += [f"--{flag}", *map(str, values)]
    return words


def train(data: Path | str, out: Path, environment: Mapping[str, str] | None = None, **options: Any) -> Path:
    """Train in a process of its own and return `out`; raise `RuntimeError` with its words where it fails."""
    command = train_command(data, out, **options)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
    return out


def watch(command: Sequence[str], out: Path, look: Callable[[], int]) -> list[int]:
    """Run a training and return what `look` says at the end of each of its epochs."""
    seen: list[int] = []
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        while process.poll() is None:
            now = look()
            path = out / "logs" / "epochs.csv"
            num_epochs = max(0, len(path.read_text().splitlines()) - 1) if path.exists() else 0
            seen += [now] * (num_epochs - len(seen))
            time.sleep(LOOK_SECONDS)
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{log.read()[-3000:]}")
    return seen


def last_checkpoint(out: Path) -> Checkpoint:
    """Return the newest checkpoint of a run."""
    found = newest_checkpoint(out / CHECKPOINTS)
    if found is None:
        raise RuntimeError(f"{out} holds no checkpoint.")
    return found


def largest_difference(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> float:
    """Return the largest L2 distance of any tensor from its counterpart in `theirs`, relative to its norm.

    A norm under 1e-3, a step of Adam, counts as that: a bias before a batch norm is nothing but rounding.
    """
    norms = [
        (np.linalg.norm((a - b).ravel()), np.linalg.norm(b.ravel()))
        for a, b in zip(ours, theirs, strict=True)
    ]
    return max(float(distance / max(norm, 1e-3)) for distance, norm in norms)


def end_of(out: Path) -> list[np.ndarray]:
    """Return all tensors that a finished run leaves."""
    checkpoint = last_checkpoint(out)
    tensors = [array for group in GROUPS for array in checkpoint.arrays(group)]
    for name in [name for name in WEIGHT_FILES if (out / name).exists()]:
        with h5py.File(out / name) as file:
            found: dict[str, np.ndarray] = {}
            file.visititems(
                lambda key, item, found=found: (
                    found.update({key: item[()]}) if isinstance(item, h5py.Dataset) else None
                )
            )
        tensors += [found[key] for key in sorted(found)]
    return tensors


def compared(ours: list[np.ndarray], theirs: list[np.ndarray]) -> str:
    """Return "equal", or the largest relative L2 difference of a tensor."""
    if all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs, strict=True)):
        return "equal"
    return f"{largest_difference(ours, theirs):.1e}"


def epochs_of(out: Path) -> pd.DataFrame:
    """Return the figures of each epoch of a run."""
    return pd.read_csv(out / "logs" / "epochs.csv", index_col="epoch")
