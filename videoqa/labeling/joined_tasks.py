"""Tasks of several exports as one: what was written, and what was checked, in one round or more."""

import os
from collections.abc import Sequence
from dataclasses import replace

from videoqa._checks import Refusal
from videoqa.labeling.result_rows import ResultRow
from videoqa.labeling.tasks import Task, TaskFile, read_tasks

KINDS = ("write", "verify")


class JoinedTasks:
    """The tasks of several files, and which of them a row of results is about.

    The same answer to check in two files is one task, whose checks are joined. A clip to write about is
    another task in each file, so that one person may write about it twice.

    Args:
        paths: files of tasks of kind "write" and "verify", or their folders; the same one twice counts once.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: none, tasks of another kind, or a file that was changed.
    """

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        if not paths:
            raise Refusal("tasks", "name the tasks.json that the results are to", None)
        files = {file.sha256: file for file in map(read_tasks, paths)}
        joined: dict[str, Task] = {}
        self._ids: dict[tuple[str, str], str] = {}
        for sha256, file in files.items():
            for task in file.tasks:
                if task.kind not in KINDS:
                    advice = "Answers to the others become rows by `videoqa label import`."
                    raise Refusal("tasks", "be of kind write or verify", task.kind, advice)
                is_other = task.kind == "write" and task.id in joined
                ident = f"{task.id} {sha256[:16]}" if is_other else task.id
                self._ids[sha256, task.id] = ident
                joined.setdefault(ident, replace(task, id=ident))
        self.file = TaskFile(tuple(joined.values()), {})
        self.by_id = joined

    @property
    def has_checks(self) -> bool:
        """Whether some tasks are to check answers."""
        return any(task.kind == "verify" for task in self.file.tasks)

    def routed(self, row: ResultRow) -> ResultRow:
        """Return a row with the id of its joined task, as far as it says which one it is about."""
        ident = self._ids.get((row.tasks_sha256, row.task))
        return row if ident is None else replace(row, task=ident, tasks_sha256="")
