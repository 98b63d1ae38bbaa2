"""Encodes clips on a Ray cluster, whose processes build the backbone once and take a few clips at a time."""

import dataclasses
import itertools
import os
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from videoqa._checks import Refusal
from videoqa._collector import leave_out_tensorflow
from videoqa._keras_plots import leave_out_plots
from videoqa._ray import ray_session
from videoqa._version import __version__
from videoqa.config import SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.filling import MakeFeatures, features_made_here
from videoqa.features.frame_encoder import FrameEncoder
from videoqa.features.jobs import ClipJob
from videoqa.video.decoding import decoder_names

CLIPS_PER_TASK = 8
CPUS_PER_WORKER = 4
"""Cores per process; more hardly speed up one batch. A machine with fewer gives them all to one process."""
WORKER_BYTES = 1_500_000_000
"""Memory that Ray sets aside for each process: InceptionV3 and decoded clips take about 1 GB."""
START_SECONDS = 600.0
"""Longest wait for the first process to start; a cluster may have to add machines."""

Fail = Callable[[ClipJob, Exception], None]
Made = tuple[np.ndarray | None, dict[str, Any], str]
"""Features, their metadata, and "" or why there are none."""


class ClipWorker:
    """Decodes and encodes clips in one process of the cluster.

    Args:
        encoder: not built yet.
        sampling: which frames of a clip.
    """

    def __init__(self, encoder: FrameEncoder, sampling: SamplingConfig) -> None:
        leave_out_tensorflow()
        leave_out_plots()
        if (os.cpu_count() or 1) > CPUS_PER_WORKER:
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(CPUS_PER_WORKER)
            tf.config.threading.set_inter_op_parallelism_threads(CPUS_PER_WORKER)
        self._encoder, self._sampling = encoder, sampling
        self._cache = FeatureCache()  # for the content hashes it remembers; entries are written by the caller

    def start(self) -> tuple[str, dict[str, Any]]:
        """Build the backbone; return the machine's name and its `dependencies`."""
        _ = self._encoder.frames_per_run
        return platform.node(), dependencies(self._encoder)

    def encode(self, jobs: list[ClipJob]) -> list[Made]:
        """Return the outcome of each job, in their order."""
        features: dict[str, np.ndarray] = {}
        with features_made_here(self._sampling, self._cache, self._encoder) as make:
            for job, made in make(jobs, ClipJob.fail):
                features[job.key] = made
        return [(features.get(job.key), job.metadata, job.error) for job in jobs]


def dependencies(encoder: FrameEncoder) -> dict[str, Any]:
    """Return the versions and weights that must be the same wherever features of one cache are made."""
    return {"videoqa": __version__, **decoder_names(), **encoder.identity}


@contextmanager
def features_made_on_ray(
    sampling: SamplingConfig, cache: FeatureCache, encoder: FrameEncoder, num_threads: int | None = None
) -> Iterator[MakeFeatures]:
    """Yield a `MakeFeatures` on a Ray cluster, whose machines must see the videos under the same paths.

    This process writes the features; `num_threads` is ignored. If there is no cluster, one is started on this
    machine; see `videoqa._ray.ray_session`.

    Raises:
        ImportError: Ray is not installed.
        ValueError: a machine of the cluster has other versions or weights.
        RuntimeError: no process of the cluster can start.
    """
    with ray_session() as ray:
        pool = _Pool(ray, FrameEncoder(encoder.model, encoder.batch_size), sampling)
        try:
            yield pool.make
        finally:
            pool.kill()


@dataclass
class _Task:
    jobs: list[ClipJob]
    is_retry: bool = False


@dataclass
class _Pool:
    """The processes, started as clips need them; Ray restarts one that dies."""

    ray: Any
    encoder: FrameEncoder
    sampling: SamplingConfig
    actors: list[Any] = field(default_factory=list)
    idle: list[Any] = field(default_factory=list)
    pending: dict[Any, tuple[Any, _Task | None]] = field(default_factory=dict)
    """Ray's reference to a result -> the process that owes it, and its task; None: it is starting."""
    num_failed_starts: int = 0

    def __post_init__(self) -> None:
        machines = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        num_gpus = int(sum(machine.get("GPU", 0) for machine in machines))
        num_cpus = [int(machine["CPU"]) for machine in machines if machine.get("CPU", 0) >= 1]
        each = min([CPUS_PER_WORKER, *num_cpus])
        self.num_workers = num_gpus or max(1, sum(number // each for number in num_cpus))
        self.needs = {"num_gpus": 1} if num_gpus else {"num_cpus": each, "memory": WORKER_BYTES}

    def make(self, jobs: Iterable[ClipJob], fail: Fail) -> Iterator[tuple[ClipJob, np.ndarray]]:
        """Yield each job with its features as they arrive; see `filling.MakeFeatures`."""
        waiting: deque[_Task] = deque()
        source = iter(jobs)
        while True:
            self._hand_out(waiting, source)
            if not waiting and not self._is_working:
                return
            for result in self._next_results():
                yield from self._take(result, waiting, fail)

    def kill(self) -> None:
        """End every process."""
        for actor in self.actors:
            self.ray.kill(actor)

    @property
    def _is_working(self) -> bool:
        return any(task for _, task in self.pending.values())

    def _hand_out(self, waiting: deque[_Task], source: Iterator[ClipJob]) -> None:
        """Give work to idle processes, and start more for the rest of it."""
        num_starting = sum(task is None for _, task in self.pending.values())
        num_wanted = len(self.idle) + num_starting + self.num_workers - len(self.actors)
        while len(waiting) < num_wanted and (part := list(itertools.islice(source, CLIPS_PER_TASK))):
            waiting.append(_Task(part))
        while waiting and self.idle:
            actor, task = self.idle.pop(), waiting.popleft()
            sent = [_as_sent(job) for job in task.jobs]  # not retried as it is: one clip may kill again
            self.pending[actor.encode.options(max_task_retries=0).remote(sent)] = actor, task
        for _ in range(min(len(waiting) - num_starting, self.num_workers - len(self.actors))):
            # with no retries at all Ray would refuse `start` while a process is started again, not queue it
            retries = {"max_restarts": -1, "max_task_retries": 1}
            actor_class = self.ray.remote(ClipWorker).options(**self.needs, **retries)
            self.actors.append(actor_class.remote(self.encoder, self.sampling))
            self._start(self.actors[-1])

    def _start(self, actor: Any) -> None:
        self.pending[actor.start.remote()] = actor, None

    def _next_results(self) -> list[Any]:
        """Wait until there is a result, and return all that are there."""
        timeout = None if self._is_working else START_SECONDS
        done, _ = self.ray.wait(list(self.pending), num_returns=1, timeout=timeout)
        if not done:
            raise RuntimeError(
                f"No process of the Ray cluster started within {START_SECONDS:.0f} seconds; each needs "
                f"{self.needs}. The cluster has {self.ray.cluster_resources()}."
            )
        return done

    def _take(self, result: Any, waiting: deque[_Task], fail: Fail) -> Iterator[tuple[ClipJob, np.ndarray]]:
        """Yield what a process has done; the clips of one that died are tried once more, singly."""
        actor, task = self.pending.pop(result)
        try:
            done = self.ray.get(result)
        except self.ray.exceptions.RayTaskError as error:
            raise RuntimeError(f"A process of the Ray cluster failed: {error.cause!r}") from error
        except self.ray.exceptions.RayError as error:
            self.num_failed_starts += task is None
            if self.num_failed_starts > self.num_workers:
                raise RuntimeError(f"The processes of the Ray cluster die as they start: {error}") from error
            self._start(actor)
            if task is not None and task.is_retry:
                fail(task.jobs[0], ValueError(_died(task.jobs[0])))
            elif task is not None:
                waiting.extendleft(_Task([job], is_retry=True) for job in reversed(task.jobs))
            return
        self.idle.append(actor)
        if task is None:
            self._check_same(*done)
            return
        for job, (features, metadata, error_text) in zip(task.jobs, done, strict=True):
            job.metadata = metadata
            if features is None:
                fail(job, ValueError(error_text))
            else:
                yield job, features

    def _check_same(self, machine: str, found: dict[str, Any]) -> None:
        here = dependencies(self.encoder)
        differing = [name for name in {**here, **found} if here.get(name) != found.get(name)]
        if differing:
            both = "; ".join(f"{name} {here.get(name)} here, {found.get(name)} there" for name in differing)
            raise Refusal(
                f"The Ray cluster's machine {machine!r} would make other features: {both}. Install the same "
                "versions on every machine, then run again."
            )


def _as_sent(job: ClipJob) -> ClipJob:
    """Return a job with an absolute path, valid in another working directory."""
    request = dataclasses.replace(job.request, path=os.path.abspath(job.request.path))
    return dataclasses.replace(job, request=request)


def _died(job: ClipJob) -> str:
    return f"{job.request.path}: the process that decoded it died, and so did the next one."
