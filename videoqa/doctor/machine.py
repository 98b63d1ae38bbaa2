"""Checks folders, disks, memory, weights, the default model and the feature cache."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from videoqa._counted import counted
from videoqa._files import size_text
from videoqa._free_memory import available_bytes
from videoqa._home import home_directory
from videoqa.answering.ask import MODEL_VARIABLE, SHIPPED_MODEL
from videoqa.doctor.diagnose import Check
from videoqa.features.cache import FeatureCache
from videoqa.models.weight_files import (
    IMAGENET_FILE,
    IMAGENET_MD5,
    IMAGENET_URL,
    TINY_WEIGHTS_FILE,
    file_digest,
    keras_models_folder,
)
from videoqa.saving import load_model_folder

LOW_DISK_BYTES, NO_DISK_BYTES = 5e9, 0.2e9
LOW_MEMORY_BYTES, NO_MEMORY_BYTES = 3e9, 1e9
"""TensorFlow with InceptionV3 and a small training set takes about 2 GB."""


def machine_checks() -> Iterator[Check]:
    """Yield the checks of folders, disk, memory, cache and weights."""
    home, runs = home_directory(), Path("runs").absolute()
    for name, folder, remedy in (
        ("home folder", home, "Set VIDEOQA_HOME to a folder that you may write to."),
        ("runs folder", runs, "Change to a folder that you may write to, or give --out."),
        ("temporary folder", Path(tempfile.gettempdir()), "Set TMPDIR to a folder that you may write to."),
    ):
        yield _folder_check(name, folder, remedy)
    for name, folder in (("disk of the home", home), ("disk of the runs", runs)):
        yield _disk_check(name, folder)
    yield _memory_check()
    yield _cache_check()
    yield _imagenet_check()
    yield _tiny_check()
    yield _model_check()


def _folder_check(name: str, folder: Path, remedy: str) -> Check:
    """Check that files can be written in a folder; a missing one is created and removed again."""
    made = _missing_folders(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return Check(name, "problem", f"{folder} cannot be written to: {error.strerror or error}", remedy)
    finally:
        for each in made:
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()
    return Check(name, "ok", str(folder))


def _missing_folders(folder: Path) -> list[Path]:
    """Return the folder and its parents that do not exist, the innermost first."""
    missing = []
    while not folder.exists() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    return missing


def _disk_check(name: str, folder: Path) -> Check:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{size_text(free)} free in {folder}"
    advice = "Make room; `videoqa cache prune --max-gb N` shrinks the feature cache."
    return _by_size(name, free, found, advice, LOW_DISK_BYTES, NO_DISK_BYTES)


def _memory_check() -> Check:
    free = available_bytes()
    if free is None:
        return Check("memory", "ok", "the system does not say how much is free")
    advice = "Close other programs; `batch_size`, `num_frames` and `limit` make a run smaller."
    return _by_size("memory", free, f"{size_text(free)} free", advice, LOW_MEMORY_BYTES, NO_MEMORY_BYTES)


def _by_size(name: str, free: float, found: str, advice: str, low: float, too_low: float) -> Check:
    level = "problem" if free < too_low else "warning" if free < low else "ok"
    return Check(name, level, found, "" if level == "ok" else advice)


def _cache_check() -> Check:
    cache = FeatureCache()
    try:
        info = cache.info()
    except OSError as error:
        found = f"{cache.folder} cannot be read: {error.strerror or error}"
        return Check("feature cache", "problem", found, "Set VIDEOQA_HOME to a folder that you may read.")
    return Check(
        "feature cache",
        "ok",
        f"{counted(info['num_entries'], 'clip')}, {size_text(info['num_bytes'])} in {cache.folder}",
    )


def _imagenet_check() -> Check:
    name, path = "inception_v3 weights", keras_models_folder() / IMAGENET_FILE
    if not path.is_file():
        found = f"not here yet: {path}"
        advice = (
            f"They are downloaded at first use (88 MB); without network bring the file from {IMAGENET_URL}"
        )
        return Check(name, "warning", found, advice)
    if file_digest(path, "md5") != IMAGENET_MD5:
        return Check(name, "problem", f"{path} is another file or half of it", f"Remove {path}.")
    return Check(name, "ok", str(path))


def _tiny_check() -> Check:
    name = "tiny weights"
    if TINY_WEIGHTS_FILE.is_file():
        return Check(name, "ok", str(TINY_WEIGHTS_FILE))
    return Check(name, "problem", f"missing: {TINY_WEIGHTS_FILE}", "Install videoqa again.")


def _model_check() -> Check:
    """Check that the default model of `ask` loads."""
    chosen = os.environ.get(MODEL_VARIABLE)
    path = chosen or Path(__file__).parents[1] / SHIPPED_MODEL
    by = MODEL_VARIABLE if chosen else "the package"
    try:
        folder = load_model_folder(path)
    except (OSError, ValueError) as error:
        advice = (
            f"Set {MODEL_VARIABLE} to a model folder, or unset it." if chosen else "Install videoqa again."
        )
        return Check("default model", "problem", str(error), advice)
    return Check("default model", "ok", f"{folder.path}, by {by}")
