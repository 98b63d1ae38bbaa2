"""A service as tests use it: one event loop, clips sent as files."""

import asyncio
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from videoqa.answering.video_qa import VideoQA
from videoqa.config import ServeConfig
from videoqa.web.service import AnswerService, KnownClip


class Served:
    """A service and its loop.

    Attributes:
        service: the service.
        folder: its private folder.
    """

    def __init__(self, qa: VideoQA, folder: Path, **options: Any) -> None:
        self.loop, self.folder = asyncio.new_event_loop(), folder
        folder.mkdir()
        (folder / "uploads").mkdir()
        self.service = AnswerService(qa, ServeConfig(**options), folder=folder)
        self._num_sent = 0

    def run(self, *coroutines: Any) -> Any:
        """Return the result of a coroutine, or what each of several returned or raised."""
        if len(coroutines) == 1:
            return self.loop.run_until_complete(coroutines[0])

        async def together() -> list[Any]:
            return await asyncio.gather(*coroutines, return_exceptions=True)

        return self.loop.run_until_complete(together())

    def sending(self, video: str | Path, name: str = "my clip.avi") -> Any:
        """Return the coroutine that sends a copy of a file."""
        self._num_sent += 1
        upload = Path(shutil.copyfile(video, self.folder / "uploads" / str(self._num_sent)))
        return self.service.add_clip(upload, hashlib.sha256(upload.read_bytes()).hexdigest(), name)

    def send(self, video: str | Path, name: str = "my clip.avi") -> KnownClip:
        return self.run(self.sending(video, name))

    def ask(self, clip: KnownClip, *questions: str, **options: Any) -> list[dict[str, Any]]:
        return self.run(self.service.ask(clip.id, list(questions), **options))

    def number(self, name: str) -> float:
        return self.service.statistics()[name][1]

    def files(self) -> list[str]:
        """Return the names of all that is kept of clips."""
        kept = [path for name in ("clips", "uploads") for path in (self.folder / name).rglob("*")]
        return sorted(path.name for path in kept)


@contextmanager
def serving(qa: VideoQA, folder: Path, **options: Any) -> Iterator[Served]:
    served = Served(qa, folder, **options)
    try:
        yield served
    finally:
        served.run(served.service.close())
        served.loop.close()
        assert not folder.exists()
