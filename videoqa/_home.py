"""The folder for everything that the library keeps between runs."""

import os
from pathlib import Path


def home_directory() -> Path:
    """Return the absolute path of `$VIDEOQA_HOME`, else `~/.cache/videoqa`. Nothing is created."""
    chosen = os.environ.get("VIDEOQA_HOME")
    return Path(chosen or "~/.cache/videoqa").expanduser().absolute()
