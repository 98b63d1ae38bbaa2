"""The surroundings that every stage of a run is trained in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from videoqa.training.control import RunControl

if TYPE_CHECKING:
    from videoqa.training.distribution import Strategy
    from videoqa.training.state import RunCheckpoints


@dataclass(frozen=True)
class RunContext:
    """What all stages of a run share on one process.

    Attributes:
        strategy: from `distribution.start_strategy`, one for all models of a process.
        control: the place of this process among the workers.
        checkpoints: of the run; what they restored decides where it goes on.
        prefetch_batches: batches prepared ahead of the step.
        progress: print messages, and a bar on a terminal.
    """

    strategy: "Strategy"
    control: RunControl
    checkpoints: "RunCheckpoints"
    prefetch_batches: int
    progress: bool
