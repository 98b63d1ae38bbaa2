"""Shows tasks in a page until it is stopped, and keeps the answers; loads no TensorFlow."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from videoqa._checks import Refusal, check_directory, check_integer
from videoqa._counted import counted
from videoqa.config.label_serve import MOST_ASSIGNMENTS, LabelServeConfig
from videoqa.labeling.answers_database import AnswersDatabase
from videoqa.labeling.tasks import TaskFile, read_tasks
from videoqa.web.labeling_app import LabelingApi
from videoqa.web.labeling_clips import ClipFiles, clip_files
from videoqa.web.labeling_frames import FrameStrips
from videoqa.web.listening import address_of, listening_socket, read_token, serving
from videoqa.web.private_folder import private_folder

LOCK = ".in-use.lock"
STOP_SECONDS = 10.0


def serve_tasks(config: LabelServeConfig) -> dict[str, Any]:
    """Show tasks until Ctrl-C or SIGTERM; then finish what is running, and return what was collected.

    Returns:
        JSON-ready dict: "data_dir", "num_answers" and "num_people" that gave them, of all times.

    Raises:
        FileNotFoundError: no such tasks, or none of their videos.
        ValueError: tasks that were changed, a folder with answers to other tasks or in use by another
            server, a port in use, an address of another machine, or a public one without a token.
    """
    token = None if config.token_file is None else read_token(config.token_file)
    file = read_tasks(config.tasks)
    path = Path(config.tasks)
    clips = clip_files(file, config.videos, path if path.is_dir() else path.parent)
    with listening_socket(config, token) as listening, _own_folder(config.data_dir) as folder:
        number = config.num_assignments or _asked_number(file)
        database = AnswersDatabase(folder, file, num_people=number, available=clips.paths.keys())
        with contextlib.closing(database), private_folder() as private:
            with contextlib.closing(FrameStrips(private)) as strips:
                _say_missing(clips, file)
                guard = LabelingApi(file, database, clips, strips, token=token).application(config)
                started = f"{counted(len(clips.paths), 'task')} at {address_of(listening)} (Ctrl-C stops it)."
                asyncio.run(serving(guard, listening, started=started, stop_seconds=STOP_SECONDS))
            num_answers, num_people = database.counts()
    return {"data_dir": config.data_dir, "num_answers": num_answers, "num_people": num_people}


@contextlib.contextmanager
def _own_folder(path: str) -> Iterator[Path]:
    """Yield a folder that no other server uses meanwhile; the system drops the lock of one that is killed."""
    folder = Path(path)
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            (folder / LOCK).open("ab").close()  # where this fails the library of the lock fails as a bug does
    except OSError as error:
        requirement = f"be a folder that can be written ({error.filename}: {error.strerror})"
        raise Refusal("data_dir", requirement, path, "Name another folder.") from error
    check_directory("data_dir", folder)
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        advice = "Several people can use one server at once: open its address, or name another folder."
        raise Refusal("data_dir", "not be in use by another server", path, advice) from error
    with lock:
        yield folder


def _asked_number(file: TaskFile) -> int:
    """Return how many people the tasks were made for."""
    number = file.about.get("num_assignments", 1)
    advice = "So the file of tasks says: use --num-assignments."
    check_integer("num_assignments", number, minimum=1, maximum=MOST_ASSIGNMENTS, advice=advice)
    return number


def _say_missing(clips: ClipFiles, file: TaskFile) -> None:
    if clips.missing:
        number = len(file.tasks) - len(clips.paths)
        tasks = counted(number, "task is", "tasks are")
        print(f"{tasks} not shown: there is no {clips.missing[0]!r}.", file=sys.stderr, flush=True)
