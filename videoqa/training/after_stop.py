"""What to type after a training was stopped: the line that goes on with it, ends it, or begins it again."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from videoqa._command import typed_command
from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.training.run_folder import (
    CHECKPOINTS,
    FOLDS,
    are_unfinished_folds,
    checkpoint_names,
    holds_checkpoints,
)
from videoqa.training.state import CHECKPOINT_NAMES, PHASES_BEFORE_THE_MODEL


@contextlib.contextmanager
def how_to_go_on(folder: Callable[[], Path | None], job: Job, num_folds: int | None = None) -> Iterator[None]:
    """Add to a `KeyboardInterrupt` in the block what was kept of the run and what to type next, as a note.

    Args:
        folder: returns the run's folder; None: it has none yet.
        job: the call of `train`, as the user made it.
        num_folds: `cross_validate` of that call.
    """
    before = _checkpoints(Path(job.out)) if job.resume and job.out is not None else set()
    try:
        yield
    except KeyboardInterrupt as stop:
        out = folder() or (Path(job.out) if job.resume and job.out is not None else None)
        if out is not None and can_go_on(out):
            nothing_new = "Nothing new was kept yet. " if before == _checkpoints(out) else ""
            stop.add_note(nothing_new + _how_to_resume(out, job))
        elif not job.resume and not (out is None and _is_of_other_machines(job)):
            stop.add_note(_how_to_begin_again(out, job, num_folds))
        raise


def can_go_on(out: Path) -> bool:
    """Return whether `train` with `resume` takes this folder."""
    return holds_checkpoints(out) or (are_unfinished_folds(out) and holds_checkpoints(out / FOLDS / "fold-1"))


def can_be_finished(out: Path) -> bool:
    """Return whether `train` with `resume` and `finish` takes this folder: the model itself has begun."""
    names = checkpoint_names(out)
    before = tuple(CHECKPOINT_NAMES[phase] for phase in PHASES_BEFORE_THE_MODEL)
    return bool(names) and not max(names).startswith(before)


def _checkpoints(out: Path) -> set[Path]:
    """Return the checkpoints of a run, those of its folds among them."""
    return {path for parts in (CHECKPOINTS, f"{FOLDS}/*/{CHECKPOINTS}") for path in out.glob(f"{parts}/*")}


def _how_to_resume(out: Path, job: Job) -> str:
    """Return the line that goes on with a run, and the one that ends it where there is something to end.

    What a resumed run was given is given again: the newest checkpoint may be older, and not know of it.
    """
    again = (job.options if job.resume else {}) | _launch_options(job)
    if _holds_tables(job):
        given = "".join(f", {name}={value!r}" for name, value in again.items())
        line = f"videoqa.train(data, out={str(out.absolute())!r}, resume=True{given})"
        return f"Go on in Python, with the same data:\n  {line}"
    command = typed_command(out=out.absolute(), resume=True, data=job.data if job.resume else (), **again)
    ending = f"\nor make a model of what is there:\n  {command} --finish" if can_be_finished(out) else ""
    return f"Go on with:\n  {command}{ending}"


def _how_to_begin_again(out: Path | None, job: Job, num_folds: int | None) -> str:
    """Return that nothing was kept, and the line that begins the run again."""
    kept = "Nothing was kept yet: it was stopped before its first checkpoint."
    if _holds_tables(job):
        return f"{kept} Begin again with the same call of `videoqa.train`."
    where = job.out if out is None else out.absolute()
    named = {"out": where, "initial_model": job.initial_model, "cross_validate": num_folds}
    given = {name: value for name, value in named.items() if value is not None}
    command = typed_command(data=job.data, **given, **job.options, **_launch_options(job))
    return f"{kept} Begin again with:\n  {command}"


def _launch_options(job: Job) -> dict[str, Any]:
    """Return what differs from the defaults of how processes are started."""
    values = {item.name: (getattr(job.launch, item.name), item.default) for item in fields(LaunchConfig)}
    return {name: value for name, (value, default) in values.items() if value != default}


def _holds_tables(job: Job) -> bool:
    """Return whether the data is a DataFrame, which no command can name."""
    return not all(isinstance(entry, (str, os.PathLike)) for entry in job.data)


def _is_of_other_machines(job: Job) -> bool:
    """Return whether another machine may have the run's folder, and say what was kept."""
    here = job.launch.local_workers is not None or job.launch.runner == "ray"
    return job.options.get("strategy") == "multiworker" and not here
