"""Simulated workers against what is known of them: right answers, who answers at random, and the time taken.

python benchmarks/crowd.py                     # accuracy over 10 seeds: less than a minute
python benchmarks/crowd.py --assignments 100000
"""

import argparse
import csv
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from videoqa.config import LabelImportConfig
from videoqa.labeling.aggregating import aggregate
from videoqa.labeling.collecting import Collected
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.result_rows import CHOICE, ResultRow
from videoqa.labeling.tasks import Task, TaskFile, stable_id, write_tasks

NUM_SEEDS = 10
NUM_TASKS, NUM_WORKERS, PER_TASK = 1000, 10, 5
LEAST, MOST = 0.60, 0.95
"""Accuracy of the workers but the last, who answers at random."""


def made_tasks(num_tasks: int, num_choices: int) -> TaskFile:
    """Return questions with the same choices."""
    choices = tuple(f"answer {number}" for number in range(num_choices))
    return TaskFile(
        tuple(
            Task(stable_id(number), "answer", f"{number}.mp4", "what is he doing?", "what", choices)
            for number in range(num_tasks)
        ),
        {"model": "", "model_sha256": ""},
    )


def answered(num_tasks: int, num_choices: int, num_workers: int, seed: int) -> tuple[np.ndarray, list[tuple]]:
    """Return the true answers, and (task, worker, answer) of each assignment."""
    random = np.random.default_rng(seed)
    accuracies = np.append(np.linspace(LEAST, MOST, num_workers - 1), 1 / num_choices)
    true = random.integers(num_choices, size=num_tasks)
    workers = np.stack([random.permutation(num_workers)[:PER_TASK] for _ in range(num_tasks)]).ravel()
    tasks = np.repeat(np.arange(num_tasks), PER_TASK)
    wrong = (true[tasks] + random.integers(1, num_choices, size=len(tasks))) % num_choices
    answers = np.where(random.random(len(tasks)) < accuracies[workers], true[tasks], wrong)
    return true, list(zip(tasks.tolist(), workers.tolist(), answers.tolist(), strict=True))


def recovered(num_choices: int, seed: int) -> tuple[float, ...]:
    """Return the shares right by majority, by Dawid-Skene, labelled, right among these; and who is named."""
    file = made_tasks(NUM_TASKS, num_choices)
    true, given = answered(NUM_TASKS, num_choices, NUM_WORKERS, seed)
    found = Collected(file)
    found.add(
        (ResultRow("", file.tasks[task].id, f"worker {worker}", CHOICE, f"answer {answer}")
         for task, worker, answer in given), 0,
    )  # fmt: skip
    done = aggregate(found, min_certainty=LabelImportConfig.min_certainty, min_assignments=1)
    counts = np.zeros((NUM_TASKS, num_choices))
    for task, _, answer in given:
        counts[task, answer] += 1
    first = counts == counts.max(axis=1, keepdims=True)  # of a tie each answer counts its share
    majority = (first[np.arange(NUM_TASKS), true] / first.sum(axis=1)).mean()
    right = done.tasks["answer"].to_numpy() == np.array([f"answer {answer}" for answer in true])
    labelled = done.tasks["state"].to_numpy() == "labelled"
    named = set(done.workers["worker"][done.workers["is_suspicious"]])
    random_worker = f"worker {NUM_WORKERS - 1}"
    return majority, right.mean(), labelled.mean(), right[labelled].mean(), random_worker in named, len(named)


def accuracy_table() -> None:
    print(f"{NUM_TASKS:,} tasks, {NUM_WORKERS} workers ({LEAST:.0%} to {MOST:.0%} and one at random), "
          f"{PER_TASK} assignments each, {NUM_SEEDS} seeds: mean (least)")  # fmt: skip
    for num_choices in (4, 2):
        seeds = np.array([recovered(num_choices, seed) for seed in range(NUM_SEEDS)], float)
        gain = 100 * (seeds[:, 1] - seeds[:, 0])
        shown = [f"{100 * column.mean():.1f} % ({100 * column.min():.1f})" for column in seeds[:, :4].T]
        print(f"{num_choices} choices: majority {shown[0]}, Dawid-Skene {shown[1]}, gain {gain.mean():.1f} "
              f"points ({gain.min():.1f}); labelled {shown[2]}, of these right {shown[3]}; the one at random "
              f"named in {seeds[:, 4].sum():.0f} of {NUM_SEEDS}, others in "
              f"{(seeds[:, 5] - seeds[:, 4]).sum():.0f}")  # fmt: skip


def time_import(num_assignments: int) -> None:
    """Print how long a results file of Mechanical Turk takes, and how much memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        num_tasks = num_assignments // PER_TASK
        file = made_tasks(num_tasks, 4)
        write_tasks(folder / "tasks.json", file)
        text = io.StringIO()
        writer = csv.writer(text)
        head = ("HITId", "AssignmentId", "WorkerId", "AssignmentStatus", "SubmitTime", "Input.task_id")
        writer.writerow((*head, "Input.tasks_sha256", "Input.task_data", "Answer.how", "Answer.answer"))
        padding = "e" * 300  # as long as the packed task
        _, given = answered(num_tasks, 4, max(NUM_WORKERS, num_tasks // 100), 0)
        for number, (task, worker, answer) in enumerate(given):
            ident = file.tasks[task].id
            writer.writerow((f"H{task}", f"A{number}", f"W{worker}", "Approved", "Mon Nov 30 2026", ident,
                             file.sha256, padding, CHOICE, f"answer {answer}"))  # fmt: skip
        (folder / "results.csv").write_text(text.getvalue())
        megabytes = (folder / "results.csv").stat().st_size / 1e6
        print(f"{num_assignments:,} assignments, {megabytes:.0f} MB: ", end="", flush=True)
        subprocess.run([sys.executable, __file__, "--measured", str(folder)], check=True)


def most_memory() -> int:
    """Return the most memory that this process had, in KiB, not counting that of the one it comes from."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def measure(folder: Path) -> None:
    """Import in this process, which has done nothing else, and print its time and memory."""
    before = most_memory()
    start, cpu = time.perf_counter(), time.process_time()
    done = import_answers(folder / "results.csv", tasks=folder / "tasks.json", out=folder / "out.csv")
    most = most_memory()
    print(
        f"{time.perf_counter() - start:.1f} s ({time.process_time() - cpu:.1f} s of processor), "
        f"{done['added']:,} rows added; memory {most / 1024:.0f} MB, of it {before / 1024:.0f} MB before"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignments", type=int, help="time the import of so many, and nothing else")
    parser.add_argument("--measured", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measured is not None:
        measure(arguments.measured)
    elif arguments.assignments is None:
        accuracy_table()
    else:
        time_import(arguments.assignments)


if __name__ == "__main__":
    main()
