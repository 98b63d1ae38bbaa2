"""The version of this library, and the versions a run was made with."""

__version__ = "0.1.0"
OPENCV_WHEELS = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
"""Wheels that all install the one package `cv2`, over each other; the first is the required one."""
DISTRIBUTIONS = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "opencv": OPENCV_WHEELS,
    "av": ("av",),
    "nltk": ("nltk",),
    "pandas": ("pandas",),
}
"""Name shown -> the distributions that bring it; the first installed one counts."""


def installed_versions() -> dict[str, str]:
    """Return {package: version} of this library, Python, what scores depend on, and the platform.

    Reads the installed metadata and imports none of the packages.
    """
    import platform  # here, as in `installed_version`: `import videoqa` reads this file and stays quick

    versions = {"videoqa": __version__, "python": platform.python_version()}
    for name, distributions in DISTRIBUTIONS.items():
        versions[name] = next(filter(None, map(installed_version, distributions)), "not installed")
    return versions | {"platform": platform.platform()}


def installed_version(distribution: str) -> str | None:
    """Return the version of an installed distribution; None: it is not installed."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
