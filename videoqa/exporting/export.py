"""`export`: a model folder to files that other runtimes load, each proved equal before it is handed over."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_choice, refusal
from videoqa._files import STAGED
from videoqa._manifest import write_json
from videoqa.config import EXPORT_FORMATS, EXPORT_STARTS
from videoqa.exporting.client import write_client
from videoqa.exporting.errors import NotExported
from videoqa.exporting.formats import FORMATS, check_installed, write_format
from videoqa.exporting.preprocessing import PREPROCESSING, preprocessing
from videoqa.exporting.proof import drawn_clips, prove
from videoqa.exporting.serving_models import QUESTION, possible_starts
from videoqa.saving import ANSWERS, VOCABULARY, ModelFolder, load_model_folder

COMPARISON = "comparison.json"


def export(
    model: str | os.PathLike[str],
    format: str | Sequence[str],
    out: str | os.PathLike[str],
    *,
    starts_from: str | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a model for other runtimes: from frames or features, and token ids, to calibrated probabilities.

    Each file is loaded back in a fresh process by its own runtime and asked about 32 clips; every probability
    must be within 1e-4 of the library's. Only then is `out` there, with all its files.

    Args:
        model: model folder.
        format: "saved_model", "onnx", "litert" or "keras"; or several of them.
        out: new folder.
        starts_from: "frames": uint8 RGB `(batch, num_frames, height, width, 3)` as `preprocessing.json`
            says; "features": float32 `(batch, num_frames, feature_dim)` of the backbone. None: frames, or
            features for a model that sees optical flow, which is found outside the network.
        overwrite: replace an earlier export in `out`.

    Returns:
        JSON-ready: "out", "starts_from", "kept_difference" (of a probability, if features are rounded to
        float16, as `ask` does and an export does not) and "formats": of each format its "file", "num_bytes",
        "num_clips", "largest_difference" of a probability (for each start that it takes) and
        "cold_start_seconds" (from the start of a process to its first answer).

    Raises:
        ValueError: an unknown format, or a start that the model does not have.
        FileNotFoundError: no model folder.
        FileExistsError: `out` exists.
        ImportError: a package of a format is not installed; the message has the line that installs it.
        RuntimeError: the format cannot hold the model, or answers otherwise; `out` is as it was.

    Example:
        >>> videoqa.export("runs/mine", "onnx", "exported/mine")  # doctest: +SKIP
    """
    names = _checked_formats(format)
    folder = load_model_folder(model)
    starts = _chosen_starts(folder, starts_from)
    target = _checked_out(out, overwrite, folder)
    for name in names:
        check_installed(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{target.name}{STAGED}", dir=target.parent))
    try:
        found = _write_and_prove(folder, names, starts, staged)
        write_json(staged / COMPARISON, found)
        staged.chmod(0o755)  # the temporary folder was for this user alone
        _put_in_place(staged, target)
    except NotExported as error:
        raise NotExported(f"{error} Nothing was written to {target}.") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return {"out": str(target), **found}


def _write_and_prove(
    folder: ModelFolder, names: Sequence[str], starts: tuple[str, ...], out: Path
) -> dict[str, Any]:
    """Write all files of an export to `out` and return what was found, without where."""
    clips = drawn_clips(folder, starts)
    found: dict[str, Any] = {}
    for name in names:
        path = write_format(name, folder, starts, out)
        taken = starts if FORMATS[name].several_starts else starts[:1]
        found[name] = {
            "file": FORMATS[name].file,
            "num_bytes": num_bytes(path),
            **prove(name, path, clips, taken),
        }
    write_json(out / PREPROCESSING, preprocessing(folder, starts[0]))
    folder.answers.save(out / ANSWERS)
    if folder.vocabulary is not None:
        folder.vocabulary.save(out / VOCABULARY)
    if "onnx" in names:
        write_client(out, folder)
    return {"starts_from": starts[0], "kept_difference": clips.kept_difference, "formats": found}


def num_bytes(path: Path) -> int:
    """Return the size of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _checked_formats(format: str | Sequence[str]) -> tuple[str, ...]:
    names = (format,) if isinstance(format, str) else tuple(format)
    if not names:
        raise Refusal("format", f"name at least one of {', '.join(map(repr, EXPORT_FORMATS))}", format)
    for name in names:
        check_choice("format", name, EXPORT_FORMATS)
    return tuple(dict.fromkeys(names))


def _chosen_starts(folder: ModelFolder, starts_from: str | None) -> tuple[str, ...]:
    """Return what the export starts from, first what is usually called.

    An export from frames takes features as well, where its format has more than one signature.
    """
    possible = possible_starts(folder)
    if starts_from is None:
        return possible
    check_choice("starts_from", starts_from, EXPORT_STARTS)
    if starts_from in possible:
        return possible[possible.index(starts_from) :]
    model = folder.config.model
    if possible == (QUESTION,):
        raise Refusal("starts_from", "be left out for a blind model, which reads no clip", starts_from)
    if not model.has_backbone:
        advice = f"{model.architecture} has no backbone whose features it could read."
        raise Refusal("starts_from", "be 'frames' for this model", starts_from, advice)
    advice = f"It was trained with motion={model.motion!r}, and optical flow is found outside the network."
    raise Refusal("starts_from", "be 'features' for this model", starts_from, advice)


def _checked_out(out: str | os.PathLike[str], overwrite: bool, folder: ModelFolder) -> Path:
    """Return the folder to write; refuse one that is there, unless it is an export to overwrite."""
    target = Path(os.path.abspath(out))
    if not target.exists() and not target.is_symlink():
        return target
    if not target.is_dir() or target.is_symlink():
        raise Refusal("out", "be a folder to write; this is a file or a link", str(out))
    if not any(target.iterdir()):
        return target
    if not (target / COMPARISON).is_file():
        requirement = "be a new folder, or an earlier export with --overwrite; this one holds something else"
        raise Refusal("out", requirement, str(out), "Name another folder.")
    if not overwrite:
        advice = "Name another folder, or add --overwrite (in Python: overwrite=True)."
        raise FileExistsError(refusal("out", "not exist yet", str(out), advice))
    return target


def _put_in_place(staged: Path, target: Path) -> None:
    """Rename the finished folder; what was there before goes once the new one is in its place."""
    if not target.exists():
        staged.rename(target)
        return
    before = Path(tempfile.mkdtemp(prefix=f".{target.name}{STAGED}", dir=target.parent))
    try:
        target.rename(before / target.name)
        try:
            staged.rename(target)
        except OSError:
            (before / target.name).rename(target)
            raise
    finally:
        shutil.rmtree(before, ignore_errors=True)
