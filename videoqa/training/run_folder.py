"""The folder of a run: chosen once, refused if it holds another run, emptied of a run without checkpoints."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, refusal
from videoqa._files import write_text
from videoqa._manifest import MANIFEST, read_json
from videoqa.config import CROSS_VALIDATION
from videoqa.launching.job import Job
from videoqa.saving import BLIND, METRICS, PARTS_OF_A_FOLDER, UNFINISHED, remove

CHECKPOINTS = "checkpoints"
FOLDS = "folds"
"""The folder of a cross-validation's models, in that of the model on everything."""
PARTS_OF_A_RUN = (*PARTS_OF_A_FOLDER[:-1], MANIFEST, BLIND, "logs", "evaluation", CHECKPOINTS)


class RunFolder:
    """Chooses the folder of a run, on worker 0 alone, and whether the run resumes what lies there.

    Called again for the same run, after a worker died, it returns the same folder, to be resumed if it holds
    a checkpoint by now.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None

    @property
    def folder(self) -> Path | None:
        """The folder that was chosen; None: none yet."""
        return self._folder

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


def check_new_folder(out: str | os.PathLike[str]) -> Path:
    """Return `out` as a `Path`, made if absent, refused if it holds a run or cannot be written to.

    It holds a file `UNFINISHED` until `save_model_folder` is done. What a run left that was stopped before
    its first checkpoint is removed.

    Raises:
        FileExistsError: it already holds a run, or one that can be resumed.
        ValueError: it is a file.
        PermissionError: it cannot be written to.
    """
    path = Path(out)
    advice = "Choose another folder, or delete it if the run is not wanted any more."
    if path.exists() and not path.is_dir():
        raise Refusal("out", "be a folder; this is a file", str(path))
    unfinished = (path / UNFINISHED).exists() and not (path / MANIFEST).exists()
    if unfinished and holds_checkpoints(path):
        advice = "Add --resume (in Python: resume=True) to go on with it, or delete the folder."
        raise FileExistsError(refusal("out", "not hold a run that was stopped", str(path), advice))
    if not unfinished and any((path / name).exists() for name in PARTS_OF_A_RUN):
        raise FileExistsError(refusal("out", "not hold a run yet", str(path), advice))
    existed = path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        write_text(path / UNFINISHED, "This run is going on, or was stopped: its parts make no model.\n")
        for name in PARTS_OF_A_RUN if unfinished else ():
            remove(path / name)
    except OSError as error:
        if not existed:
            with contextlib.suppress(OSError):
                path.rmdir()
        cause = f"Cause: {error.strerror or error}."
        message = refusal("out", "be a folder that can be written to", str(path), cause)
        raise PermissionError(message) from error
    return path


def check_resumable(folder: Path) -> None:
    """Raise `ValueError` when a folder holds no checkpoint, saying what it holds instead."""
    if holds_checkpoints(folder):
        return
    found = "no such folder" if not folder.exists() else "no checkpoint in it"
    if (folder / UNFINISHED).exists():
        found = "it was stopped before its first checkpoint"
    requirement = f"hold a run to resume ({found})"
    raise Refusal("out", requirement, str(folder), "Leave out --resume to begin one.")


def _check_writable(checkpoints: Path) -> None:
    """Refuse a folder of checkpoints that nothing can be saved in, before hours of training are lost."""
    try:
        with tempfile.TemporaryFile(dir=checkpoints) as file:
            file.write(b"0")
    except OSError as error:
        requirement = "have a folder of checkpoints that can be written to"
        message = refusal("out", requirement, str(checkpoints.parent), f"Cause: {error.strerror}.")
        raise PermissionError(message) from error


def holds_checkpoints(run: Path) -> bool:
    """Whether the folder of a run holds a whole checkpoint.

    What a kill left half written or half removed has a hidden name, and is none.
    """
    return bool(checkpoint_names(run))


def checkpoint_names(run: Path) -> list[str]:
    """Return the names of the whole checkpoints in the folder of a run; the newest sorts last."""
    names = [path.name for path in (run / CHECKPOINTS).glob("*")]
    whole = [name for name in names if not name.startswith(".") or ".replaced-" in name]
    return [name.removeprefix(".") for name in whole]


def are_unfinished_folds(out: str | os.PathLike[str] | None) -> bool:
    """Return whether a folder holds a cross-validation that lacks its last model, or the pooled scores.

    A last model that was finished early, by `finish`, may still be trained to its end.
    """
    if out is None or not (Path(out) / FOLDS).is_dir():
        return False
    run = Path(out)
    if not ((run / MANIFEST).exists() and (run / "evaluation" / CROSS_VALIDATION / METRICS).exists()):
        return True
    return read_json(run / METRICS).get("finished_after") is not None


@contextlib.contextmanager
def removed_if_left_empty(folder: Path) -> Iterator[None]:
    """Remove `folder` again if the block inside fails before it has written anything there."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            if [path.name for path in folder.iterdir()] == [UNFINISHED]:
                shutil.rmtree(folder)
        raise
