"""Nobody who did not ask for them sees the lines that TensorFlow and its libraries print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRAIN_AND_ASK = """
import gc; gc.disable()  # it would walk over TensorFlow's objects several times while they are made
import videoqa
options = dict(backbone="tiny", num_frames=4, epochs=1, batch_size=8, blind=False, progress=False)
run = videoqa.train({data!r}, out={out!r}, **options)
videoqa.ask({clip!r}, "what is he doing?", model=run.out)
gc.freeze()  # and once more as the process ends
"""
SAYS = "what its libraries say"
ROADS = {
    "import": "import videoqa, tensorflow",
    "first looked for": "import videoqa, importlib.util as u; u.find_spec('tensorflow'); import tensorflow",
    "another stderr": "import io, sys; sys.stderr = io.StringIO(); import videoqa, tensorflow",
    "no stderr": "import sys; sys.stderr = None; import videoqa, tensorflow",
    "stderr closed": "import os; os.close(2); import videoqa, tensorflow",
}
NO_FOLDER = "import tempfile; tempfile.tempdir = '/nowhere'; import videoqa, tensorflow"


def stderr_of(*words: str, level: str | None = None, in_front: Path | None = None) -> str:
    """Return what a process of its own writes to stderr.

    Args:
        words: what Python is started with.
        level: TensorFlow's log level; None: not set.
        in_front: a folder whose modules hide others of their names.
    """
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    if level is not None:
        environment["TF_CPP_MIN_LOG_LEVEL"] = level
    path = [str(Path(__file__).resolve().parents[1]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(in_front or ""), *path]))
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def talkative(tmp_path: Path) -> Path:
    """Return a folder with a TensorFlow that prints as the real one does, to the file descriptor, and does
    nothing else: it loads at once."""
    (tmp_path / "tensorflow.py").write_text(f"import os; os.write(2, b'{SAYS}')")
    return tmp_path


@pytest.mark.slow
def test_questions_and_trainings_print_only_what_is_ours(small_set: Path, tmp_path: Path) -> None:
    clip, data = next(iter(small_set.glob("waving-*/*.avi"))), small_set / "questions.csv"
    program = TRAIN_AND_ASK.format(data=str(data), out=str(tmp_path / "run"), clip=str(clip))
    shown = stderr_of("-c", program).splitlines()
    assert [line for line in shown if not line.startswith("note: ")] == []


@pytest.mark.slow
def test_a_command_prints_only_what_is_ours_unless_a_level_is_set() -> None:
    words = ("-m", "videoqa", "summary", "--backbone", "tiny")
    assert stderr_of(*words) == ""
    shown = stderr_of(*words, level="0")
    assert "InitializeLog" in shown and "cpu_feature_guard" in shown


@pytest.mark.parametrize("road", ROADS)
def test_its_libraries_are_silent_on_every_road_to_it(talkative: Path, road: str) -> None:
    assert stderr_of("-c", ROADS[road], in_front=talkative) == ""


@pytest.mark.parametrize("level", ["0", "1", "2", "3"])
def test_whoever_sets_another_level_sees_what_it_says(talkative: Path, level: str) -> None:
    expected = "" if level == "3" else SAYS
    assert stderr_of("-c", ROADS["import"], level=level, in_front=talkative) == expected


def test_without_a_folder_to_write_to_it_loads_all_the_same(talkative: Path) -> None:
    assert stderr_of("-c", NO_FOLDER, in_front=talkative) == SAYS


def test_a_tensorflow_that_fails_to_load_shows_what_it_said(talkative: Path) -> None:
    (talkative / "tensorflow.py").write_text(f"import os; os.write(2, b'{SAYS}'); raise OSError(5)")
    program = "import videoqa\ntry:\n    import tensorflow\nexcept OSError:\n    pass"
    assert stderr_of("-c", program, in_front=talkative) == SAYS
