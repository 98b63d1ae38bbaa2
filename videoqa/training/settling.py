"""What worker 0 decides for all before a run starts: its folder, and whether it goes on from a checkpoint."""

from datetime import datetime
from pathlib import Path
from typing import Any

from videoqa._checks import refusal
from videoqa.launching.job import Job
from videoqa.saving import UNFINISHED, check_new_folder, holds_checkpoints


class Settling:
    """Settles a run once; called again for the same run after a worker died, goes on with what there is."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def __call__(self, job: Job) -> dict[str, Any]:
        """Return {"out": absolute path of the run's folder, "resume": whether to restore a checkpoint}.

        Raises:
            FileExistsError: the folder holds a run already.
            ValueError: nothing to resume.
        """
        if self._folder is not None:
            return {"out": str(self._folder), "resume": holds_checkpoints(self._folder)}
        name = job.out or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
        folder = Path(name).absolute()
        if job.resume:
            check_resumable(folder)
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
