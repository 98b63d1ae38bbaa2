"""The drawn clips that a page offers: VP9 in WebM, drawn into the server's folder when first asked for."""

import asyncio
import errno
import os
import shutil
from pathlib import Path

from videoqa._child import how_it_ended, python_command

SAMPLES = {
    name.replace(" ", "-"): name
    for name in ("loading", "unloading", "walking left", "waving", "jumping", "empty")
}
"""Name in the address -> activity; a model that was trained on drawn clips knows all but the last."""
SEED = 11
"""With it the small model in the package is right about each clip but the last, and says so."""
LEAST_FREE_BYTES = 2**20
"""With less room on the disk, that is why a clip could not be written."""
PROGRAM = """
import sys
from pathlib import Path
from videoqa.sample.sample_set import write_sample_webm
write_sample_webm(Path(sys.argv[1]), sys.argv[2], seed=int(sys.argv[3]))
"""
"""Run in a process of its own: OpenCV's writer prints on stderr, and takes a core for a second."""


class SampleClips:
    """Draws each clip once.

    Args:
        folder: where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drawing = asyncio.Lock()

    async def path(self, name: str) -> Path:
        """Return the file of a clip.

        Args:
            name: a key of `SAMPLES`.

        Raises:
            OSError: it cannot be written.
        """
        path = self._folder / f"{name}.webm"
        async with self._drawing:
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                await _draw(path, SAMPLES[name])
        return path


async def _draw(path: Path, activity: str) -> None:
    command = [*python_command(PROGRAM), str(path), activity, str(SEED)]
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, printed = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    if child.returncode:
        if shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        ended = how_it_ended(child.returncode)
        raise OSError(f"{path} could not be drawn ({ended}): {printed.decode('utf-8', 'replace')[-2000:]}")
