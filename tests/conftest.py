"""What every test stands on: a home of its own, a quiet TensorFlow, and the real data where it is."""

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

CHECKOUT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "add a line to FILE for each test: the processor time that it and its processes took"
    parser.addoption("--processor-seconds", metavar="FILE", help=text)


def processor_seconds() -> float:
    """Return the processor time of this process and of those of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note what a test took, if that was asked for."""
    before = processor_seconds()
    try:
        return (yield)
    finally:
        if file := item.config.getoption("processor_seconds"):
            with open(file, "a", encoding="utf-8") as lines:
                lines.write(f"{processor_seconds() - before:.2f}\t{item.nodeid}\n")


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before any test module loads TensorFlow, for this process and its children."""
    config.videoqa_home = tempfile.mkdtemp(prefix="videoqa-home-")
    os.environ["VIDEOQA_HOME"] = config.videoqa_home
    os.environ.pop("VIDEOQA_MODEL", None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["RAY_worker_niceness"] = "0"  # by default its processes starve beside tests run in parallel
    beside = CHECKOUT.parent / "shared" / "data"
    if "VIDEOQA_REAL_DATA" not in os.environ and beside.is_dir():
        os.environ["VIDEOQA_REAL_DATA"] = str(beside)
    from videoqa._collector import leave_out_tensorflow

    leave_out_tensorflow()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes `-n auto` is: one more than cores, as tests also wait; each loads TensorFlow,
    so at most four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 1, 4)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the home of this run."""
    shutil.rmtree(config.videoqa_home, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: run side by side, they would else be waited for one by one at the end."""
    num_slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: ("workflows" not in item.path.parts, -num_slow[item.path], item.path))


@pytest.fixture(scope="session")
def has_half_precision() -> bool:
    """Whether oneDNN may compute in half precision: where it may not, TensorFlow, which asks only the
    processor, aborts."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA") not in ("SSE41", "AVX", "AVX2")


@pytest.fixture
def half_precision(has_half_precision: bool) -> None:
    """Skip where oneDNN is kept from half precision."""
    if not has_half_precision:
        pytest.skip("ONEDNN_MAX_CPU_ISA leaves oneDNN no half precision, and TensorFlow would abort")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the folder that holds setup.cfg."""
    return CHECKOUT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real videos and annotations, or skip."""
    folder = os.environ.get("VIDEOQA_REAL_DATA", "")
    if not Path(folder).is_dir() or not folder:
        pytest.skip("VIDEOQA_REAL_DATA names no folder of real videos")
    return Path(folder)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Return a function that makes a folder once for all processes that run tests side by side.

    It takes the folder's name and what fills it; the first process makes it while the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = base / name, base / f"{name}.done"
        with FileLock(base / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a process that failed in the middle
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def rounding() -> Callable[..., float]:
    """Return the function of how far apart two computations of one number may be, relative to its size.

    It takes the number of layers that the number passed, the most terms of a sum in them, and the dtype. A
    sum of n terms rounds n times, by at most half an epsilon up or down: some sqrt(n) halves, whatever the
    order in which a processor adds. Two computations are twice as far apart; the layers' errors add up.
    """

    def bound(num_layers: int, num_terms: int, dtype: str = "float32") -> float:
        return float(num_layers * num_terms**0.5 * np.finfo(dtype).eps)

    return bound


ACTIVITIES = ("loading", "unloading", "waving")


@pytest.fixture(scope="session")
def small_set(made_once: Callable[..., Path]) -> Path:
    """Return a folder with 18 drawn clips, `questions.csv` (36 rows) and `labels.csv` (18 rows); not to be
    changed."""
    return made_once("small-set", draw_small_set)


def draw_small_set(folder: Path) -> None:
    from videoqa import sample_clip

    questions, labels = ["video,question,answer,split"], ["video,label,split"]
    for seed in range(6):
        split = ("train", "train", "train", "train", "val", "test")[seed]
        for activity in ACTIVITIES:
            made = Path(sample_clip(activity, seed=seed, folder=folder / f"{activity}-{seed}"))
            video = made.relative_to(folder).as_posix()
            labels.append(f"{video},{activity},{split}")
            questions.append(f"{video},what is he doing?,{activity},{split}")
            questions.append(f"{video},is he waving?,{'yes' if activity == 'waving' else 'no'},{split}")
    (folder / "questions.csv").write_text("\n".join(questions) + "\n")
    (folder / "labels.csv").write_text("\n".join(labels) + "\n")


SMALL = {
    "backbone": "tiny",
    "num_frames": 8,
    "video_units": 16,
    "question_units": 8,
    "embedding_dim": 8,
    "hidden_units": 16,
    "epochs": 2,
    "batch_size": 8,
    "blind": False,
    "progress": False,
}
"""Options of a model that trains in a second; its blind one would take as long again."""


@pytest.fixture(scope="session")
def small_options() -> dict[str, object]:
    """Return the options of a model that trains in a second."""
    return dict(SMALL)


@pytest.fixture(scope="session")
def quick_options() -> dict[str, object]:
    """Return those of a model whose clips are averaged: without an LSTM its step is compiled sooner."""
    return SMALL | {"video_branch": "mean"}


@pytest.fixture(scope="session")
def question_run(
    small_set: Path, made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of a question model with its blind model; not to be changed."""
    from videoqa import train

    options = {**SMALL, "blind": True}
    made = made_once("questions", lambda out: train(small_set / "questions.csv", out=out, **options))
    return own_copy(made, tmp_path_factory)


@pytest.fixture(scope="session")
def action_run(
    small_set: Path, made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of an action model; not to be changed."""
    from videoqa import train

    made = made_once("actions", lambda out: train(small_set / "labels.csv", out=out, **SMALL))
    return own_copy(made, tmp_path_factory)


def own_copy(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of a run for this process alone: evaluations are written into it."""
    return Path(shutil.copytree(run, tmp_path_factory.mktemp("runs") / run.name))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 512 kB, or skip."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
