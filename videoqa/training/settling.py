"""What worker 0 decides for all before a run starts: its folder, and whether it goes on from a checkpoint."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from videoqa._checks import refusal
from videoqa.launching.job import Job
from videoqa.saving import UNFINISHED
from videoqa.training.run_folder import CHECKPOINTS, check_new_folder, holds_checkpoints


class Settling:
    """Settles a run once; called again for the same run after a worker died, goes on with what there is."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def __call__(self, job: Job) -> dict[str, Any]:
        """Return {"out": absolute path of the run's folder, "resume": whether to restore a checkpoint}.

        Raises:
            FileExistsError: the folder holds a run already.
            ValueError: nothing to resume.
            PermissionError: the folder, or that of its checkpoints, cannot be written to.
        """
        if self._folder is not None:
            return {"out": str(self._folder), "resume": holds_checkpoints(self._folder)}
        name = job.out or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
        folder = Path(name).absolute()
        if job.resume:
            check_resumable(folder)
            _check_writable(folder / CHECKPOINTS)
        else:
            check_new_folder(folder)
        self._folder = folder
        return {"out": str(folder), "resume": job.resume}


def check_resumable(folder: Path) -> None:
    """Raise `ValueError` when a folder holds no checkpoint, saying what it holds instead."""
    if holds_checkpoints(folder):
        return
    found = "no such folder" if not folder.exists() else "no checkpoint in it"
    if (folder / UNFINISHED).exists():
        found = "it was stopped before its first checkpoint"
    requirement = f"hold a run to resume ({found})"
    raise ValueError(refusal("out", requirement, str(folder), "Leave out --resume to begin one."))


def _check_writable(checkpoints: Path) -> None:
    """Refuse to train for hours what could not be saved."""
    try:
        with tempfile.TemporaryFile(dir=checkpoints) as file:
            file.write(b"0")
    except OSError as error:
        requirement = "have a folder of checkpoints that can be written to"
        message = refusal("out", requirement, str(checkpoints.parent), f"Cause: {error.strerror}.")
        raise PermissionError(message) from error
