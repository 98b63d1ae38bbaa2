"""`evaluate`: scores a model folder on a split, beside the baselines that never see the video."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from videoqa._checks import Refusal, check_choice, check_not_read, refusal
from videoqa._files import files_of_folder, write_bytes, write_text
from videoqa._fork import check_not_forked
from videoqa._manifest import MANIFEST, file_sha256, write_json
from videoqa._progress import say
from videoqa._tables import csv_text
from videoqa.config import CROSS_VALIDATION, OTHER_SPLIT_NAMES, SPLITS, RunConfig
from videoqa.config.keywords import EvaluateOptions, shows_options
from videoqa.data.annotations import require_split, say_none_there
from videoqa.evaluation.evaluated import EvaluatedModel, EvaluatedRows
from videoqa.evaluation.order import opposites_of
from videoqa.evaluation.rows import name_of, rows_to_score
from videoqa.evaluation.score_fields import REVERSED
from videoqa.evaluation.scoring import Scored, score_examples
from videoqa.evaluation.views import change_view
from videoqa.input_pipeline import Examples, make_examples
from videoqa.saving import ModelFolder, load_model_folder
from videoqa.trust.trust import MIN_FAMILIARITY, Thresholds

WRITTEN = (
    "predictions.csv", "confusion.png", "curves.png", "reliability.png", "risk_coverage.png", "metrics.json",
)  # fmt: skip
CANNOT_JUDGE = (
    "cannot judge its answers, because {}: no answer is called reliable or not, and there are no prediction "
    "sets."
)
VIEWS = {"shuffle_frames": "shuffled", "single_frame": "single-frame", "reverse_frames": REVERSED}


@shows_options(EvaluateOptions)
def evaluate(
    model: str | os.PathLike[str],
    data: Any = None,
    *,
    split: str = "test",
    shuffle_frames: bool = False,
    single_frame: bool = False,
    reverse_frames: bool = False,
    num_test_clips: int | None = None,
    min_familiarity: float = MIN_FAMILIARITY,
    min_probability: float | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **options: Unpack[EvaluateOptions],
) -> dict[str, Any]:
    """Score a model folder on one split and return the scores. Every row counts.

    Args:
        model: model folder.
        data: as for `train`; None: the data the model was trained on. Without a `split` column, groups keep
            the split they had in training, and new groups are "test". In other data, rows whose video the
            model has learned from (compared by content, not by name) move out of the test split.
        split: "train", "validation" (or "val") or "test".
        shuffle_frames: show every clip's frames in random order, to measure what their order is worth.
        single_frame: show every clip's middle frame only, repeated.
        reverse_frames: show every clip's frames in reverse order, to measure how many answers depend on the
            order at all. "accuracy" is the share of rows that get the answer annotated for the clip as it is;
            what is right in reverse is known only where opposites are declared, see "order".
        num_test_clips: average the probabilities of this many evenly spaced windows of each clip; None: the
            model's own setting (usually 1, the centre window).
        min_familiarity, min_probability: below which an answer is not reliable, see `VideoQA.ask_many`.
        seed: of the shuffling and of the bootstrap intervals.
        out: folder for `metrics.json`, `predictions.csv` and pictures; None:
            `evaluation/<split>` in the model folder, with a suffix for what differs from the model's own
            test: `-shuffled`, `-single-frame`, `-reversed`, `-5-windows`, a fold, `-some-classes`, the name
            of the data.
        progress: show bars on a terminal.
        **options: any field of `DataConfig` but the task: `videos`, `annotations`, `limit`, `fold`, …

    Returns:
        JSON-ready dict: "accuracy", "num_rows", "majority_accuracy", "blind_accuracy", "video_gain",
        "by_question_type", "frames" (if the model labels frames), "pair_accuracy" (if the data has pairs),
        "order" (if opposite answers are declared),
        "share_reliable", "reliable_accuracy", "set_coverage", "expected_calibration_error", …
        (`docs/scores.md` has them all); with `reverse_frames` "order_dependent_answers", the
        share of rows whose answer is another one in reverse, and "forwards_accuracy"; and "split", "model",
        "out", "absent_rows" (rows of a public set left out because their video is missing) and "seen_rows"
        (test rows whose video the model has learned from).

    Raises:
        ValueError: no rows in the split, rows of another task, a damaged model folder, two views at once, a
            threshold outside [0, 1], or several windows for a model whose window is the whole clip.
        FileNotFoundError: no such model, data or folder.
    """
    folder = load_model_folder(model)
    protocol = EvaluationProtocol(
        view=_view(shuffle_frames=shuffle_frames, single_frame=single_frame, reverse_frames=reverse_frames),
        split=OTHER_SPLIT_NAMES.get(split, split),
        thresholds=Thresholds(min_familiarity, min_probability),
        num_test_clips=num_test_clips,
        seed=seed,
    )
    return score_folder(folder, data, protocol, out=out, progress=progress, options=options).scores


@dataclasses.dataclass(frozen=True)
class EvaluationProtocol:
    """How a model is evaluated; the fields are those arguments of `evaluate`.

    Attributes:
        view: of the clips, a value of `VIEWS`; "": as they are.
        split: one of `SPLITS`.
        thresholds: of reliable answers.
        num_test_clips: windows of each clip; None: the model's own number.
        seed: of the shuffling and of the bootstrap intervals.
    """

    view: str = ""
    split: str = "test"
    thresholds: Thresholds = Thresholds()
    num_test_clips: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("split", self.split, SPLITS)

    def shown(self, examples: Examples) -> Examples:
        """Return the examples as the view shows their clips."""
        wanted = {name: view == self.view for name, view in VIEWS.items()}
        return change_view(examples, seed=self.seed, **wanted)


@dataclasses.dataclass(frozen=True)
class ScoredFolder:
    """A model folder with its scores on one split.

    Attributes:
        folder: the model.
        rows: the rows of the split, with `status` and `error` of their videos; its `attrs` are the table's.
        scored: their scores, as `evaluate` returns them, and the predictions.
    """

    folder: ModelFolder
    rows: pd.DataFrame
    scored: Scored

    @property
    def scores(self) -> dict[str, Any]:
        """The scores as `evaluate` returns them."""
        return self.scored.scores

    @property
    def predictions(self) -> pd.DataFrame:
        """One row for each of `rows`, see `Scored`."""
        return self.scored.predictions


def score_folder(
    folder: ModelFolder,
    data: Any,
    protocol: EvaluationProtocol,
    *,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
    options: Mapping[str, Any],
) -> ScoredFolder:
    """Score a model and write its scores; arguments and errors are those of `evaluate`."""
    check_not_forked("evaluate")
    config = folder.config_to_score(protocol.num_test_clips)
    model_windows, num_windows = folder.config.sampling.num_test_clips, config.sampling.num_test_clips
    if data is None and protocol.split == "test":
        _check_held_out(folder)
    suffix = f"-{protocol.view}" if protocol.view else ""
    suffix += "" if num_windows == model_windows else f"-{num_windows}-windows"
    suffix += name_of(data, options)
    target = _check_target(out, folder.path / "evaluation" / (protocol.split + suffix))
    for name in WRITTEN:
        check_not_read("out", target / name, data if isinstance(data, (list, tuple)) else [data])
    table = rows_to_score(folder, data, protocol.split, dict(options))
    rows = _evaluated_rows(table, folder, config, protocol, progress)
    model = EvaluatedModel.of(folder, protocol.thresholds, num_windows)
    scored = score_examples(rows, model, seed=protocol.seed, progress=progress)
    asked = {
        "view": protocol.view,
        "num_test_clips": num_windows,
        "limit": options.get("limit", folder.config.data.limit if data is None else None),
        "seed": protocol.seed,
        "min_familiarity": protocol.thresholds.min_familiarity,
        "min_probability": protocol.thresholds.least_probability(folder.trust),
        "out": str(target),
    }
    about = _about(folder, table, protocol.split, asked)
    scored = dataclasses.replace(scored, scores=about | scored.scores)
    write_scores(target, scored, folder)
    _say_cannot_judge(folder)
    if folder.config.model.sees_video:
        say_none_there(table, progress=progress)
    return ScoredFolder(folder, rows.table, scored)


def _evaluated_rows(
    table: pd.DataFrame, folder: ModelFolder, config: RunConfig, protocol: EvaluationProtocol, progress: bool
) -> EvaluatedRows:
    """Return the rows of the split as the protocol shows them."""
    rows = require_split(table, protocol.split)
    examples, outcome = make_examples(
        rows, config, vocabulary=folder.vocabulary, answers=folder.answers, progress=progress
    )
    return EvaluatedRows(
        rows.join(outcome),
        protocol.shown(examples),
        forwards=examples if protocol.view == REVERSED else None,
        opposites=opposites_of(rows) if protocol.view in ("", REVERSED) else (),
        score_groups=table.attrs.get("score_groups"),
    )


def _say_cannot_judge(folder: ModelFolder) -> None:
    """Print why the model cannot judge its answers, if it cannot."""
    if folder.trust is None:
        sees_video = folder.config.model.sees_video
        why = "an earlier version wrote it (train it again)" if sees_video else "it never sees the video"
        say(f"{folder.path} {CANNOT_JUDGE.format(why)}")


def _view(**asked: bool) -> str:
    """Return the name of the view that is asked for, "" for none; refuse two."""
    wanted = [name for name, is_wanted in asked.items() if is_wanted]
    if len(wanted) > 1:
        raise Refusal(f"`{wanted[0]}` and `{wanted[1]}` must not both be True: give one of them.")
    return VIEWS[wanted[0]] if wanted else ""


def _check_held_out(folder: ModelFolder) -> None:
    """Refuse the test rows of a model that learned from every row."""
    if (folder.metrics.get("fold") or [1])[0] == 0 and not folder.metrics["num_test_rows"]:
        requirement = "be another one: this model learned from every row, its folds were scored instead"
        scores = folder.path / "evaluation" / CROSS_VALIDATION
        raise Refusal("split", requirement, "test", f"Their scores: videoqa report {scores}")


def _about(folder: ModelFolder, table: pd.DataFrame, split: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that name the model, the split and the options, and count unusual rows."""
    return {
        "model": str(folder.path),
        "model_sha256": file_sha256(folder.path / MANIFEST),
        "split": split,
        **asked,
        "seen_rows": table.attrs["seen_rows"] if split == "test" else 0,
        "absent_rows": table.attrs.get("absent", {}).get(split, 0),
        "score_groups": table.attrs.get("score_groups", {}),
    }


def _check_target(out: str | os.PathLike[str] | None, default: Path) -> Path:
    """Create and return the folder to write to; refuse a model folder and one that cannot be written."""
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


def write_scores(target: Path, scored: Scored, model: ModelFolder) -> None:
    """Write predictions, pictures and scores, all or none: `metrics.json`, the last, means done."""
    from videoqa.evaluation.plots import (
        confusion_matrix_png,
        reliability_png,
        risk_coverage_png,
        training_curves_png,
    )

    rows = scored.predictions
    given = rows["predicted_answer"].tolist()
    confusion = confusion_matrix_png(rows["answer"].tolist(), given, classes=model.answers.answers)
    with files_of_folder(target, last="metrics.json") as parts:
        write_text(parts / "predictions.csv", csv_text(rows))
        write_bytes(parts / "confusion.png", confusion)
        write_bytes(parts / "curves.png", training_curves_png(model.metrics["history"]))
        write_bytes(parts / "reliability.png", reliability_png(scored.scores))
        write_bytes(parts / "risk_coverage.png", risk_coverage_png(scored.scores))
        write_json(parts / "metrics.json", scored.scores)
