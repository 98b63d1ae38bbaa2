"""Reads the workers of a run from Slurm's variables."""

import re
from collections.abc import Mapping

from videoqa._checks import Refusal

SLURM_PORT = 29400
"""Port of the first task on a node; further tasks there take the next ports."""
NODE_LISTS = ("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST")
TASK_COUNTS = ("SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE")
MAX_NODES = 65536
_NAME = re.compile(r"([^,\[\]]+)(?:\[([0-9,-]+)\])?([^,\[\]]*)")
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


def slurm_workers(environment: Mapping[str, str]) -> tuple[list[str], int] | None:
    """Return "host:port" of each task and the index of this one; None if this is no task of several.

    Tasks are ordered by node; `TASK_COUNTS` says how many each node has.

    Raises:
        ValueError: variables that are malformed or do not fit together.
    """
    if "SLURM_PROCID" not in environment:
        return None
    num_tasks = _integer(environment, "SLURM_NTASKS", "1", 1)
    if num_tasks == 1:
        return None
    nodes_name = _first_set(environment, NODE_LISTS)
    if not nodes_name:
        requirement = f"name the nodes of the {num_tasks} tasks"
        advice = "Start the tasks with srun."
        raise Refusal(NODE_LISTS[-1], requirement, environment.get(NODE_LISTS[-1]), advice)
    nodes = expand_nodes(environment[nodes_name], nodes_name)
    per_node = _tasks_per_node(environment, len(nodes), num_tasks)
    place = _integer(environment, "SLURM_PROCID", "", 0, num_tasks - 1)
    port = SLURM_PORT + _integer(environment, "SLURM_JOB_ID", "0", 0) % 1000
    workers = [
        f"{node}:{port + number}"
        for node, tasks in zip(nodes, per_node, strict=True)
        for number in range(tasks)
    ]
    return workers, place


def expand_nodes(text: str, name: str = NODE_LISTS[-1]) -> list[str]:
    """Return the names in a Slurm node list: "gpu[01-03,7],login" is gpu01, gpu02, gpu03, gpu7, login.

    Args:
        text: the list.
        name: its variable, for messages.

    Raises:
        ValueError: another form, such as two brackets in one name.
    """
    names: list[str] = []
    for part in re.split(r",(?![^\[]*\])", text):
        match = _NAME.fullmatch(part.strip())
        numbers = _numbers(match[2]) if match else None
        if match is None or numbers is None:
            raise Refusal(name, "be a list of nodes such as gpu[01-03,7],login", text)
        names += [match[1] + number + match[3] for number in numbers]
    return names


def _numbers(ranges: str | None) -> list[str] | None:
    """Return the numbers of "01-03,7" as written; [""] without brackets; None if malformed."""
    if ranges is None:
        return [""]
    numbers: list[str] = []
    for part in ranges.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if not 0 <= last - first < MAX_NODES:
            return None
        numbers += [str(number).zfill(len(match[1])) for number in range(first, last + 1)]
    return numbers


def _tasks_per_node(environment: Mapping[str, str], num_nodes: int, num_tasks: int) -> list[int]:
    """Return the counts of Slurm's short form: "2(x3),1" is 2, 2, 2, 1. Without the variable: 1 per node."""
    name = _first_set(environment, TASK_COUNTS) or TASK_COUNTS[-1]
    text = environment.get(name) or f"1(x{num_nodes})"
    counts: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,6})(?:\(x(\d{1,6})\))?", part.strip())
        if match is None:
            raise Refusal(name, "be counts such as 2(x3),1", text)
        counts += [int(match[1])] * int(match[2] or 1)
    if len(counts) != num_nodes or sum(counts) != num_tasks:
        requirement = f"name {num_tasks} tasks (SLURM_NTASKS) on {num_nodes} nodes"
        raise Refusal(name, requirement, text, "Start the tasks with srun.")
    return counts


def _first_set(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((name for name in names if environment.get(name, "").strip()), "")


def _integer(
    environment: Mapping[str, str], name: str, default: str, minimum: int, maximum: int = 10**9
) -> int:
    text = environment.get(name, default)
    if not re.fullmatch(r"[0-9]{1,10}", text.strip()) or not minimum <= int(text) <= maximum:
        raise Refusal(name, f"be an integer from {minimum} to {maximum}", text)
    return int(text)
