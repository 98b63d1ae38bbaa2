"""Where results are read from, and where the tables made of them may be written."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_directory, check_file, check_not_read, refusal
from videoqa._manifest import file_sha256
from videoqa.labeling.page_results import is_answers_database, results_path

PathOrPaths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def paths_of(given: PathOrPaths) -> list[Path]:
    """Return the paths of one file or several."""
    return [Path(given)] if isinstance(given, (str, os.PathLike)) else [Path(path) for path in given]


def result_files(results: PathOrPaths) -> list[Path]:
    """Return the files of results; of a folder of `videoqa label serve` the one in it.

    Raises:
        FileNotFoundError: one is missing.
        ValueError: there is none.
    """
    paths = [results_path(path) for path in paths_of(results)]
    if not paths:
        raise Refusal("results", "name at least one file", results)
    for path in paths:
        check_file("results", path)
    return paths


def distinct_files(paths: Sequence[Path]) -> list[Path]:
    """Return the first file of each content, in their order."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(_identity(path), path)
    return list(found.values())


def check_out(out: Path, read: Sequence[Any]) -> None:
    """Refuse a table that is a folder or one of the files that are read, or that has no folder."""
    check_not_read("out", out, list(read))
    if out.is_dir():
        raise Refusal("out", "be a file; this is a folder", str(out))
    if not out.absolute().parent.is_dir():
        raise Refusal("out", "be a file in an existing folder", str(out))


def new_report_folder(
    path: str | os.PathLike[str], names: Sequence[str], others: Sequence[str | os.PathLike[str]]
) -> Path:
    """Return the folder of a report, made if need be.

    Args:
        path: the folder.
        names: of the files that will be written into it.
        others: further files that will be written.

    Raises:
        FileExistsError: it has one of them.
        ValueError: it is no folder, none that can be made, or one of its files is one of the others.
    """
    folder = Path(path)
    if folder.exists():
        check_directory("report", folder)
    taken = {Path(other).resolve() for other in others}
    for name in names:
        if (folder / name).resolve() in taken:
            advice = "Name another folder."
            raise Refusal(
                "report", f"have {name} for itself, which is another file to write", str(path), advice
            )
        if (folder / name).exists():
            advice = "Name another folder: what is there is never overwritten."
            raise FileExistsError(refusal("report", f"hold no {name} yet", str(path), advice))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal("report", f"be a folder that can be made ({error.strerror})", str(path)) from error
    return folder


def _identity(path: Path) -> str:
    """Return what two files of the same results have in common; a database may grow while it is read."""
    return str(path.resolve()) if is_answers_database(path) else file_sha256(path)
