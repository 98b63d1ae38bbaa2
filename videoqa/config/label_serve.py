"""Options: which tasks are shown to colleagues, where, and where their answers are kept."""

from dataclasses import dataclass

from videoqa._checks import Refusal, check_integer
from videoqa.config.listening import ListenConfig
from videoqa.config.options import option

MOST_ASSIGNMENTS = 1_000_000
"""People who are asked about each task."""


@dataclass(frozen=True, kw_only=True)
class LabelServeConfig(ListenConfig):
    """How tasks are shown in a page.

    Attributes:
        tasks: the `tasks.json` that `videoqa label export` wrote, or its folder.
        data_dir: folder for the answers; made if it does not exist.
        videos: folder of the videos; None: the tasks name their files, from their own folder or the current
            one.
        num_assignments: people to ask about each task; None: as many as the tasks were made for.
    """

    tasks: str
    data_dir: str
    videos: str | None = option(
        None,
        "folder of the videos, with all below (default: the tasks name paths, from their folder or here)",
    )
    num_assignments: int | None = option(
        None, "people to ask about each task (default: as many as label export was told)"
    )
    port: int = option(8001, "port to listen on; 0: any free one")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("tasks", "data_dir", "videos"):
            if getattr(self, name) == "":
                raise Refusal(name, "not be empty", "")
        if self.num_assignments is not None:
            check_integer("num_assignments", self.num_assignments, minimum=1, maximum=MOST_ASSIGNMENTS)
