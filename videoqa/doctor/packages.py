"""Checks Python, the required packages, and OpenCV wheels that overwrite each other."""

import configparser
import json
import os
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import videoqa
from videoqa._version import OPENCV_WHEELS, installed_version
from videoqa.doctor.diagnose import Check


def package_checks() -> Iterator[Check]:
    """Check Python, every required package, the wheels of cv2 and the backend of Keras."""
    python, requirements = _requirements()
    yield from _version_check("python", platform.python_version(), python)
    yield Check("videoqa", "ok", f"{videoqa.__version__} in {Path(videoqa.__file__).parent}")
    for requirement in requirements:
        yield from _package_check(requirement)
    yield _cv2_check()
    yield _backend_check()
    yield _serve_check()


def _requirements() -> tuple[str, list[str]]:
    """Return the required Python versions and packages, from the checkout or the installed wheel."""
    setup = Path(videoqa.__file__).parents[1] / "setup.cfg"
    if setup.is_file():
        parser = configparser.ConfigParser()
        parser.read(setup, encoding="utf-8")
        if parser.get("metadata", "name", fallback="") == "videoqa":
            options = parser["options"]
            lines = (line.strip() for line in options["install_requires"].splitlines())
            return options["python_requires"], [line for line in lines if line and not line.startswith("#")]
    installed = metadata.metadata("videoqa")
    required = [line for line in metadata.requires("videoqa") or [] if "extra ==" not in line]
    return installed["Requires-Python"], required


def _package_check(text: str) -> Iterator[Check]:
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    version = installed_version(requirement.name)
    if version is not None:
        yield from _version_check(requirement.name, version, str(requirement.specifier))
    elif requirement.name != OPENCV_WHEELS[0]:
        yield Check(requirement.name, "problem", "not installed", f'pip install "{text}"')


def _version_check(name: str, version: str, wanted: str) -> Iterator[Check]:
    from packaging.specifiers import SpecifierSet

    if SpecifierSet(wanted).contains(version, prereleases=True):
        yield Check(name, "ok", version)
        return
    advice = f"Use a Python {wanted}." if name == "python" else f'pip install "{name}{wanted}"'
    yield Check(name, "warning", f"{version}, outside {wanted}, with which nothing was tested", advice)


def _cv2_check() -> Check:
    """Check that exactly one wheel brings `cv2`."""
    present = {name: version for name in OPENCV_WHEELS if (version := installed_version(name)) is not None}
    listed = ", ".join(f"{name} {version}" for name, version in present.items())
    wanted = OPENCV_WHEELS[0]
    if not present:
        return Check("cv2", "problem", "no wheel brings it", f"pip install {wanted}")
    if len(present) > 1:
        others = " ".join(name for name in present if name != wanted)
        advice = f"pip uninstall -y {others} && pip install --force-reinstall --no-deps {wanted}"
        return Check("cv2", "problem", f"installed over each other: {listed}", advice)
    if wanted not in present:
        [other] = present
        advice = f"pip uninstall -y {other} && pip install {wanted}"
        return Check("cv2", "warning", f"{listed} in place of {wanted}", advice)
    return Check("cv2", "ok", f"one wheel brings it, {listed}")


def _backend_check() -> Check:
    """Check which backend Keras will choose, without loading Keras."""
    chosen, where = os.environ.get("KERAS_BACKEND"), "KERAS_BACKEND"
    file = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "keras.json"
    if chosen is None:
        where = str(file)
        try:
            chosen = json.loads(file.read_text("utf-8")).get("backend", "tensorflow")
        except FileNotFoundError:
            chosen, where = "tensorflow", "its default"
        except (OSError, ValueError, AttributeError) as error:
            return Check("keras backend", "warning", f"{file} cannot be read: {error}", f"Remove {file}.")
    if chosen == "tensorflow":
        return Check("keras backend", "ok", f"tensorflow, by {where}")
    advice = "Set KERAS_BACKEND=tensorflow: the training loop leans on TensorFlow."
    return Check("keras backend", "problem", f"{chosen}, by {where}", advice)


def _serve_check() -> Check:
    """Check the optional packages of a server."""
    versions = {name: installed_version(name) for name in ("starlette", "uvicorn", "prometheus-client")}
    if missing := [name for name, version in versions.items() if version is None]:
        found = f"not installed: {', '.join(missing)}; only `videoqa serve` needs them"
        return Check("videoqa serve", "ok", found, 'For a page to ask in: pip install "videoqa[web]"')
    return Check("videoqa serve", "ok", ", ".join(f"{name} {version}" for name, version in versions.items()))
