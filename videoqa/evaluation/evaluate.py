"""`evaluate`: a model folder scored on a split, every score beside its floors."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_choice, refusal
from videoqa._files import write_bytes, write_text
from videoqa._manifest import MANIFEST, file_sha256, write_json
from videoqa.config import OTHER_SPLIT_NAMES, SPLITS
from videoqa.config.keywords import EvaluateOptions, shows_options
from videoqa.data.annotations import require_split
from videoqa.evaluation.rows import name_of, rows_to_score
from videoqa.evaluation.scoring import Scored, score_examples
from videoqa.input_pipeline import Examples, make_examples
from videoqa.saving import ModelFolder, load_model_folder


@shows_options(EvaluateOptions)
def evaluate(
    model: str | os.PathLike[str],
    data: Any = None,
    *,
    split: str = "test",
    shuffle_frames: bool = False,
    single_frame: bool = False,
    num_test_clips: int | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **options: Unpack[EvaluateOptions],
) -> dict[str, Any]:
    """Score a model folder on one split and return the scores; every row counts, none is dropped.

    Args:
        model: model folder.
        data: as for `train`; None: the data the model was trained on. In data without a `split`
            column the groups the model was trained on and chosen by stay "train" and "validation", and
            all others are "test". In other data a video that the model was trained on, by its content, is no
            test row, whatever it is called there.
        split: "train", "validation" (or "val") or "test".
        shuffle_frames: show every clip's frames in random order: what order in time is worth.
        single_frame: show every clip's middle frame only, repeated.
        num_test_clips: evenly spaced windows of each clip whose probabilities are averaged; None: as the
            model's own configuration says, usually 1, the centre window.
        seed: of the shuffling, and of the resamples behind the intervals.
        out: folder for `metrics.json`, `predictions.csv`, `confusion.png` and `curves.png`; None:
            `evaluation/<split>` in the model folder (with `-shuffled` or `-single-frame` behind it, another
            number of windows as in `-5-windows`, and the name of other data, another fold, or
            `-some-classes`).
        progress: show bars on a terminal.
        **options: any field of `DataConfig` but the task: `videos`, `annotations`, `limit`, `fold`, …

    Returns:
        JSON-ready dict: "accuracy", "num_rows", "majority_accuracy", "blind_accuracy", "video_gain",
        "by_question_type", "frames" of a model that labels each, … (see `metrics.score_table` and
        `frame_scores`), and "split", "model", "out", "absent_rows" (rows of a public set that were left out
        because its video is not there) and "seen_rows" (test rows whose video the model was trained on).

    Raises:
        ValueError: no rows in the split, rows of another task, a damaged model folder, both views at once,
            several windows where one is the whole clip.
        FileNotFoundError: no such model, data or folder.
    """
    if shuffle_frames and single_frame:
        raise Refusal("`shuffle_frames` and `single_frame` must not both be True: give one of them.")
    folder = load_model_folder(model)
    split = OTHER_SPLIT_NAMES.get(split, split)
    check_choice("split", split, SPLITS)
    view = "-shuffled" if shuffle_frames else "-single-frame" if single_frame else ""
    config = folder.config_to_score(num_test_clips)
    windows = config.sampling.num_test_clips
    named = "" if windows == folder.config.sampling.num_test_clips else f"-{windows}-windows"
    target = _check_target(out, folder.path / "evaluation" / (split + view + named + name_of(data, options)))
    table = rows_to_score(folder, data, split, dict(options))
    rows = require_split(table, split)
    examples, outcome = make_examples(
        rows, config, vocabulary=folder.vocabulary, answers=folder.answers, progress=progress
    )
    examples = change_view(examples, shuffle_frames=shuffle_frames, single_frame=single_frame, seed=seed)
    scored = score_examples(
        rows.join(outcome), examples, folder.build(), blind=folder.blind, answers=folder.answers,
        majority=folder.metrics["majority_answers"], question_prior=folder.question_prior,
        score_groups=table.attrs.get("score_groups"), seed=seed,
        num_test_clips=windows, progress=progress,
    )  # fmt: skip
    shown = {"view": view.removeprefix("-"), "num_test_clips": windows}
    asked = {"limit": options.get("limit", folder.config.data.limit if data is None else None), "seed": seed}
    scores = _about(folder, table, split, {**shown, **asked, "out": str(target)}) | scored.scores
    _write(target, Scored(scores, scored.predictions), folder.metrics["history"])
    return scores


def _about(folder: ModelFolder, table: pd.DataFrame, split: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that say what was scored, and of which rows besides those of the split."""
    return {
        "model": str(folder.path),
        "model_sha256": file_sha256(folder.path / MANIFEST),
        "split": split,
        **asked,
        "seen_rows": table.attrs["seen_rows"] if split == "test" else 0,
        "absent_rows": table.attrs.get("absent", {}).get(split, 0),
        "score_groups": table.attrs.get("score_groups", {}),
    }


def change_view(examples: Examples, *, shuffle_frames: bool, single_frame: bool, seed: int) -> Examples:
    """Return examples whose clips show their frames in random order, or only the middle one."""
    if examples.clips is None or not (shuffle_frames or single_frame):
        return examples
    lengths = examples.grid_lengths
    orders = [
        np.random.default_rng([seed, index]).permutation(length)
        if shuffle_frames
        else np.full(length, length // 2)
        for index, length in enumerate(lengths.tolist())
    ]
    return dataclasses.replace(examples, clips=_Reordered(examples.clips, orders, lengths))


class _Reordered(Sequence[np.ndarray]):
    """Clips with their frames in another order, made when a clip is asked for: frames may lie on disk."""

    def __init__(
        self, clips: Sequence[np.ndarray] | np.ndarray, orders: list[np.ndarray], lengths: np.ndarray
    ) -> None:
        self._clips, self._orders, self.lengths = clips, orders, lengths

    def __len__(self) -> int:
        return len(self._orders)

    def __getitem__(self, index: Any) -> Any:
        return self._clips[index][self._orders[index]]


def _check_target(out: str | os.PathLike[str] | None, default: Path) -> Path:
    """Return the folder to write to, made if absent; a model folder is not written into."""
    target = default if out is None else Path(out)
    if (target / MANIFEST).exists():
        raise FileExistsError(refusal("out", "not be a model folder", str(target), "Name another folder."))
    try:
        target.mkdir(parents=True, exist_ok=True)
        write_text(target / ".probe", "")
        (target / ".probe").unlink()
    except OSError as error:
        requirement = "be a folder that can be written to"
        raise PermissionError(refusal("out", requirement, str(target), f"Cause: {error}.")) from error
    return target


def _write(target: Path, scored: Scored, history: list[dict[str, float]]) -> None:
    """Write scores, predictions and pictures; the scores go first and come last: they mean done."""
    from videoqa.evaluation.plots import confusion_matrix_png, training_curves_png

    rows = scored.predictions
    (target / "metrics.json").unlink(missing_ok=True)
    write_text(target / "predictions.csv", rows.to_csv(index=False))
    write_bytes(
        target / "confusion.png",
        confusion_matrix_png(rows["answer"].tolist(), rows["predicted_answer"].tolist()),
    )
    write_bytes(target / "curves.png", training_curves_png(history))
    write_json(target / "metrics.json", scored.scores)
