"""Nobody who did not ask for them sees the lines that TensorFlow and its libraries print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = "from videoqa.models.building import build_model; build_model(5, 9, video_branch='none')"
TRAIN = """
import videoqa
options = dict(backbone="tiny", num_frames=4, epochs=1, batch_size=8, blind=False, progress=False)
videoqa.train({data!r}, out={out!r}, **options)
"""
WITHOUT_STDERR = "import io, sys; sys.stderr = io.StringIO(); import videoqa; videoqa.build_model"
PROBED = "import videoqa, importlib.util; importlib.util.find_spec('tensorflow'); import tensorflow"
NO_FOLDER = "import tempfile; tempfile.tempdir = '/nowhere'; import videoqa; videoqa.build_model"
CLOSED_STDERR = "import os; os.close(2); import videoqa; videoqa.build_model"


def stderr_of(*words: str, level: str | None) -> str:
    """Return what a process of its own writes to stderr at a log level of TensorFlow; None: not set."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    if level is not None:
        environment["TF_CPP_MIN_LOG_LEVEL"] = level
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("level", [None, "3"])
def test_questions_and_trainings_print_only_what_is_ours(small_set: Path, tmp_path: Path, level: str) -> None:
    clip = next(iter(small_set.glob("waving-*/*.avi")))
    asked = f"import videoqa; videoqa.ask({str(clip)!r}, 'what is he doing?')"  # with a note of ours
    trained = TRAIN.format(data=str(small_set / "questions.csv"), out=str(tmp_path / "run"))
    others = () if level else (asked, BUILD, WITHOUT_STDERR, CLOSED_STDERR, PROBED)
    for program in (trained, *others):
        shown = stderr_of("-c", program, level=level).splitlines()
        assert [line for line in shown if not line.startswith("note: ")] == [], program


@pytest.mark.slow
def test_without_a_folder_to_write_to_tensorflow_loads_all_the_same() -> None:
    assert "InitializeLog" in stderr_of("-c", NO_FOLDER, level=None)


@pytest.mark.slow
def test_commands_print_only_what_is_ours(small_set: Path, tmp_path: Path) -> None:
    words = ["--data", str(small_set / "labels.csv"), "--out", str(tmp_path / "run"), "--num-frames", "4"]
    words += ["--backbone", "tiny", "--epochs", "1"]
    workers = ["--strategy", "multiworker", "--local-workers", "2"]
    shown = stderr_of("-m", "videoqa", "train", *words, *workers, level=None)
    assert "The model is in" in shown
    assert not [line for line in shown.splitlines() if "0000 00:00" in line or "absl" in line], shown
    assert stderr_of("-m", "videoqa", "summary", "--backbone", "tiny", level=None) == ""


@pytest.mark.slow
@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_whoever_sets_another_level_sees_what_it_says(level: str) -> None:
    shown = stderr_of("-m", "videoqa", "summary", "--backbone", "tiny", level=level)
    assert "InitializeLog" in shown
    assert ("cpu_feature_guard" in shown) == (level == "0")


def test_a_tensorflow_that_fails_to_load_shows_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("import os; os.write(2, b'what went wrong'); raise OSError(5)")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import videoqa\n"
    program += "try:\n    import tensorflow\nexcept OSError:\n    pass"
    assert stderr_of("-c", program, level=None) == "what went wrong"
