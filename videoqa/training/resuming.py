"""Resuming a run: what is taken from the run that was stopped, and what may differ from it."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._manifest import MANIFEST
from videoqa._progress import say
from videoqa.config import (
    ARCHITECTURES,
    BACKBONE_OPTIONS,
    GRID_OPTIONS,
    PARTS,
    RunConfig,
    field_names,
    run_config_from_json,
)
from videoqa.data.annotations import split_sources
from videoqa.launching.job import Job
from videoqa.saving import load_model_folder
from videoqa.training.checkpoints import newest_checkpoint
from videoqa.training.run_folder import CHECKPOINTS, check_resumable
from videoqa.training.state import PHASE_NAMES, PHASES_BEFORE_THE_MODEL

FREE = (
    "data", "videos", "annotations", "reverse_labels", "mirror_labels", "pretrain_videos",
    "strategy", "epochs", "unfreeze_epochs",
)  # fmt: skip
"""Options that may differ: paths of the same rows and videos, the strategy, and more epochs."""
LENGTHS = ("epochs", "unfreeze_epochs")
"""Those of `FREE` that may only grow."""
SO_FAR = {
    "blind": "the blind model has been trained",
    "order": "forwards or backwards has been learned",
}
"""What was done in each phase before the model."""
OF_THE_BACKBONE = ("backbone_weights", "frame_size")
"""Options whose defaults depend on the backbone."""


def resumed(job: Job) -> tuple[Job, dict[str, Any] | None]:
    """Return the job, its missing options filled in from the run to resume, and that run's newest state.

    A worker that does not see the run's folder gets its job back, and None as the state.

    Raises:
        ValueError: no `out`, nothing to resume, data that has to be given again, another initial model, or
            another strategy where the run averages weights.
    """
    if job.out is None:
        raise Refusal("out", "be given with resume: the folder of the run to go on with", None)
    folder = Path(job.out)
    if not (folder / CHECKPOINTS).is_dir() and job.data:
        return job, None
    check_resumable(folder)
    newest = newest_checkpoint(folder / CHECKPOINTS, progress=False)
    assert newest is not None  # check_resumable saw one
    saved = newest.state
    if job.finish and saved["phase"] in PHASES_BEFORE_THE_MODEL:
        advice = f"So far only {SO_FAR[saved['phase']]}: go on with --resume alone."
        raise Refusal("finish", "be given once the training of the model itself has begun", True, advice)
    if job.initial_model not in (None, saved["initial_model"]):
        requirement = f"be left out, or be as it was: {saved['initial_model']!r}"
        raise Refusal("initial_model", requirement, job.initial_model)
    given = {**job.options, "data": split_sources(list(job.data))[0]} if job.data else job.options
    options = options_of_run(saved["config"], given, num_tables=saved["num_tables"])
    if options["averaging_frequency"] is not None and options["strategy"] != "multiworker":
        advice = "Leave out --strategy; one worker will do."
        requirement = "be 'multiworker', as it was: the run averages the weights of its workers"
        raise Refusal("strategy", requirement, options["strategy"], advice)
    sources = options.pop("data", ())
    initial_model = saved["initial_model"]
    if (
        saved["phase"] not in PHASES_BEFORE_THE_MODEL
        and initial_model is not None
        and not Path(initial_model).is_dir()
    ):
        initial_model = None  # its weights have long been taken
    job = dataclasses.replace(
        job,
        data=job.data or tuple(sources),
        options=options,
        initial_model=initial_model,
        stratified=saved.get("stratified", False),
        fold=None if saved.get("fold") is None else tuple(saved["fold"]),
    )
    return job, saved


def check_resumed(
    saved: Mapping[str, Any], config: RunConfig, folder: Path, hashes: Mapping[str, str] | None = None
) -> None:
    """Refuse a run that differs from the one it resumes, or has come to its end.

    Args:
        saved: state of the newest checkpoint.
        config: the configuration now, made as the saved one was.
        folder: of the run.
        hashes: those of the saved kinds, now; None: the data has not been read yet.

    Raises:
        ValueError: naming every option and hash that differs, or no epoch is left.
    """
    check_same_run(saved, config, saved["hashes"] if hashes is None else hashes)
    check_unfinished(saved, config, folder)


def options_of_run(
    saved_config: Mapping[str, Any], typed: Mapping[str, Any], *, num_tables: int = 0
) -> dict[str, Any]:
    """Return the flat options of a resumed run: those of the saved configuration, the typed ones over them.

    They stand for themselves: with nothing typed, `run_config_from_options` makes the saved configuration of
    them whatever the defaults of the data or of this version are.

    Args:
        saved_config: `dataclasses.asdict` of the configuration as asked for, read back from JSON: with the
            most answers and words wanted, not with those found, and without an inferred task.
        typed: flat options given now; `data` only where it was given.
        num_tables: how many of the run's sources were DataFrames, which no configuration holds.

    Raises:
        ValueError: the data was a DataFrame and is not given again, or the configuration has unknown fields.
    """
    config = run_config_from_json(saved_config)
    if "data" not in typed and (num_tables or not config.data.data):
        advice = "The run was begun from a DataFrame, which it does not keep: pass the same data again."
        raise Refusal("data", "be given to resume this run", None, advice)
    parts = [getattr(config, key) for key in PARTS]
    options = {name: getattr(part, name) for part in parts for name in field_names(part)}
    options["task"] = config.data.task
    if typed.get("architecture", config.model.architecture) != config.model.architecture:
        options = {name: value for name, value in options.items() if name not in _of_an_architecture()}
    elif typed.get("backbone", config.model.backbone) != config.model.backbone:
        # So that it is the backbone that is refused, not that the old one's weights do not fit it.
        options = {name: value for name, value in options.items() if name not in OF_THE_BACKBONE}
    if any(typed.get(name) is not None for name in GRID_OPTIONS):
        # So that it is the other grid that is refused, not that there are two.
        options |= dict.fromkeys(GRID_OPTIONS)
    return {**options, **typed}


def _of_an_architecture() -> set[str]:
    """Return the options that another architecture may not have, or has other defaults of."""
    absent = {name for facts in ARCHITECTURES.values() for name in facts.absent_options}
    return {*BACKBONE_OPTIONS, *absent, "frame_size", "l2", "dropout", "short_clips"}


def check_same_run(saved: Mapping[str, Any], config: RunConfig, hashes: Mapping[str, str]) -> None:
    """Refuse to resume with a change in anything but the `FREE` options.

    Args:
        saved: "config": `dataclasses.asdict` of the run's configuration, read back from JSON; "hashes": of
            "data", "vocabulary", "answers" and "backbone".
        config: the configuration now, made as the saved one was.
        hashes: those of the saved kinds, now.

    Raises:
        ValueError: naming every option and hash that differs, with both values; or the fields of the saved
            configuration that this version does not know.
    """
    changes = _changed_options(run_config_from_json(saved["config"]), config)
    for name in LENGTHS:
        before, now = saved["config"].get("training", {}).get(name, 0), getattr(config.training, name)
        if now < before:
            changes.append(f"{name}={now} (was {before}, and may only be more)")
        elif name == "epochs" and now > before and saved.get("phase") == "unfrozen":
            changes.append(f"epochs={now} (was {before}, and its stage is over)")
    old = saved["hashes"]
    for kind in sorted({*old, *hashes}):
        if old.get(kind) != hashes.get(kind):
            changes.append(f"hash of the {kind}={hashes.get(kind)!r} (was {old.get(kind)!r})")
    if changes:
        raise Refusal(
            f"`resume` must go on with the run as it was. Received: {', '.join(changes)}. "
            "Give them as they were, or start a new run with another --out."
        )


def check_unfinished(saved: Mapping[str, Any], config: RunConfig, folder: Path) -> None:
    """Refuse to go on with a run that has come to its end.

    Args:
        saved: state of its newest checkpoint.
        config: the configuration now.
        folder: of the run.

    Raises:
        ValueError: its model is there, and no epoch is left.
    """
    position, training = saved["position"], config.training
    last_phase, epochs, ended, option = "model", training.epochs, "this one", "--epochs"
    if training.unfreeze_from is not None:
        last_phase, epochs = "unfrozen", training.unfreeze_epochs
        ended, option = "its second stage", "--unfreeze-epochs"
    done = position["finished"] or position["epoch"] >= epochs
    if saved["phase"] == last_phase and done and _holds_its_model(folder, len(position["history"])):
        requirement = f"hold a run with epochs left: {ended} ended after {position['epoch']}"
        advice = "" if position["finished"] else f"Give more {option} to go on with it."
        raise Refusal("out", requirement, str(folder), advice)


def _holds_its_model(folder: Path, num_epochs: int) -> bool:
    """Return whether the folder holds the model of all `num_epochs`, not one of fewer whose run went on."""
    if not (folder / MANIFEST).exists():
        return False
    return len(load_model_folder(folder).metrics["history"]) >= num_epochs


def say_new_schedule(saved: Mapping[str, Any], config: RunConfig, *, progress: bool) -> None:
    """Print that more epochs stretch the schedule of the learning rate."""
    epochs, schedule = saved["config"]["training"]["epochs"], config.training.learning_rate_schedule
    if schedule != "constant" and epochs != config.training.epochs:
        now = counted(config.training.epochs, "epoch")
        message = f"The {schedule} schedule of the learning rate now ends after {now}"
        say(f"{message} instead of {epochs}: from here on it follows the new curve.", progress=progress)


@contextlib.contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Explain, if a trained model cannot be written, as on a full disk, what of its run stays."""
    try:
        yield
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else str(error)
        message = f"The trained model could not be written to {folder} ({cause}). {_what_stays(folder)}"
        raise OSError(message) from error


def _what_stays(folder: Path) -> str:
    """Return a sentence on the newest checkpoint of a run, and what to do about it or without it."""
    newest = None
    with contextlib.suppress(OSError, ValueError):
        newest = newest_checkpoint(folder / CHECKPOINTS, progress=False)
    if newest is None:
        return "No checkpoint of it could be saved either: make room, or name another --out, and train again."
    phase, num_epochs = newest.state["phase"], newest.state["position"]["epoch"]
    reached = f"{PHASE_NAMES[phase]}, after {counted(num_epochs, 'epoch')}"
    return f"Its newest checkpoint ({reached}) stays: make room, then go on with --resume."


def _changed_options(before: RunConfig, now: RunConfig) -> list[str]:
    """Return "name=value (was value)" for each option that differs and may not.

    `task` is a field of two parts, and named once.
    """
    changes: dict[str, str] = {}
    for key, part in PARTS.items():
        for name in field_names(part):
            old, new = getattr(getattr(before, key), name), getattr(getattr(now, key), name)
            if old != new and name not in FREE:
                changes.setdefault(name, f"{name}={new!r} (was {old!r})")
    return list(changes.values())
