"""The folder where everything this library keeps between runs lies."""

import os
from pathlib import Path


def home_directory() -> Path:
    """Return the absolute path of `$VIDEOQA_HOME`, else `~/.cache/videoqa`; nothing is created."""
    chosen = os.environ.get("VIDEOQA_HOME")
    return Path(chosen or "~/.cache/videoqa").expanduser().absolute()
