"""The versions a run was made with."""

import platform
from importlib.metadata import PackageNotFoundError, version

from videoqa._version import __version__

DISTRIBUTIONS = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "opencv": (
        "opencv-python-headless",
        "opencv-python",
        "opencv-contrib-python-headless",
        "opencv-contrib-python",
    ),
    "av": ("av",),
    "nltk": ("nltk",),
    "pandas": ("pandas",),
}
"""Name shown -> the distributions that bring it; the first installed one counts."""
ABSENT = "not installed"


def installed_versions() -> dict[str, str]:
    """Return {package: version} of this library, Python, what scores depend on, and the platform.

    Read from the installed metadata: nothing is imported.
    """
    versions = {"videoqa": __version__, "python": platform.python_version()}
    versions |= {name: _first_version(names) for name, names in DISTRIBUTIONS.items()}
    return versions | {"platform": platform.platform()}


def _first_version(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ABSENT
