"""Options: how the processes of a run are started, fed and watched. None changes what is learned."""

from dataclasses import dataclass

from videoqa._checks import Refusal, check_choice, check_integer, check_number
from videoqa.config.choices import RUNNERS
from videoqa.config.options import as_tuple, option


@dataclass(frozen=True)
class LaunchConfig:
    """Addresses of the workers and handling of failures; not stored in a model folder.

    Attributes:
        workers: "host:port" of each worker, the same on every machine; empty: from `TF_CONFIG` or Slurm.
        worker_index: index of this process in `workers`.
        local_workers: number of workers to start on this machine; None: one.
        runner: one of `RUNNERS`; what starts the workers.
        start_timeout: seconds to wait at the start for a silent worker.
        max_restarts: how often the job restarts from its newest checkpoint after a worker died.
        checkpoint_steps: training steps between checkpoints; each epoch also ends with one.
        keep_checkpoints: number of newest checkpoints to keep.
        decode_workers: threads that decode videos; None: one per core, but at most four beside a backbone.
        prefetch_batches: batches prepared ahead of the training step.
        gpu_memory_limit: MiB to use of each GPU; None: grows on demand.
    """

    workers: tuple[str, ...] = option(
        (), "host:port of every worker, as in a:2222,b:2222 (default: from TF_CONFIG or Slurm)"
    )
    worker_index: int | None = option(None, "which of --workers this machine is, from 0")
    local_workers: int | None = option(None, "start this many workers on this machine (default: one)")
    runner: str = option("processes", "what starts the workers")
    start_timeout: float = option(300.0, "seconds to wait at the start for a worker without a sign of life")
    max_restarts: int = option(0, "times to start again from the newest checkpoint after a worker died")
    checkpoint_steps: int = option(200, "steps between checkpoints; each epoch's end has one too")
    keep_checkpoints: int = option(2, "newest checkpoints kept")
    decode_workers: int | None = option(
        None, "threads that decode videos (default: one for each core, of which four beside a backbone)"
    )
    prefetch_batches: int = option(2, "batches prepared ahead of the step")
    gpu_memory_limit: int | None = option(None, "MiB of each GPU that may be used (default: grows on demand)")

    def __post_init__(self) -> None:
        object.__setattr__(self, "workers", as_tuple(self.workers))
        if self.worker_index is not None:
            check_integer("worker_index", self.worker_index, minimum=0)
        if self.local_workers is not None:
            check_integer("local_workers", self.local_workers, minimum=1, maximum=64)
            if self.workers or self.worker_index is not None:
                advice = "Give one of the two."
                raise Refusal("local_workers", "come without workers", self.local_workers, advice)
        check_choice("runner", self.runner, RUNNERS)
        if self.runner == "ray" and (self.workers or self.worker_index is not None):
            advice = "Ray chooses the machines; local_workers says how many workers."
            raise Refusal("runner", "come without workers and worker_index", self.runner, advice)
        check_number("start_timeout", self.start_timeout, minimum=1)
        check_integer("max_restarts", self.max_restarts, minimum=0)
        check_integer("checkpoint_steps", self.checkpoint_steps, minimum=1)
        check_integer("keep_checkpoints", self.keep_checkpoints, minimum=1)
        if self.decode_workers is not None:
            check_integer("decode_workers", self.decode_workers, minimum=1, maximum=256)
        check_integer("prefetch_batches", self.prefetch_batches, minimum=1, maximum=64)
        if self.gpu_memory_limit is not None:
            check_integer("gpu_memory_limit", self.gpu_memory_limit, minimum=1)
