"""Says what to install where the optional packages of a server are absent."""

from importlib.util import find_spec

from videoqa._checks import NotInstalled

PACKAGES = ("starlette", "uvicorn", "prometheus_client")
INSTALL = "pip install 'videoqa[web]'"


def check_web_installed(command: str = "videoqa serve") -> None:
    """Raise `NotInstalled`, with the line that installs them, unless all packages of a server are there."""
    if missing := missing_packages():
        raise NotInstalled(
            f"`{command}` needs packages that are not installed: {', '.join(missing)}. Type next:\n"
            f"  {INSTALL}"
        )


def missing_packages() -> list[str]:
    """Return the modules that a server needs and that are not installed."""
    return [name for name in PACKAGES if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a module that is set to None
        return False
