"""The doctor under the conditions it is there for, each made for real."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from videoqa.doctor.diagnose import LEVELS
from videoqa.doctor.machine import machine_checks
from videoqa.doctor.packages import package_checks
from videoqa.launching.environment import unused_gpus
from videoqa.models.weight_files import IMAGENET_FILE

NOT_ROOT = hasattr(os, "geteuid") and os.geteuid() != 0


IN_A_REMOVED_FOLDER = (
    "import os, runpy, sys, tempfile; folder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder); "
    "runpy.run_module('videoqa', run_name='__main__', alter_sys=True)"
)


def doctor(
    *in_front: Path, start: tuple[str, str] = ("-m", "videoqa"), **environment: str
) -> tuple[int, dict[str, dict]]:
    """Run the command with folders in front of the Python path; return the exit code and the checks."""
    path = os.pathsep.join([*map(str, in_front), str(Path(__file__).resolve().parents[2])])
    done = subprocess.run(
        [sys.executable, *start, "doctor", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, **environment, "PYTHONPATH": path},
        timeout=200,
    )
    assert "Traceback" not in done.stderr, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert {check["level"] for check in checks.values()} <= set(LEVELS)
    return done.returncode, checks


def write_package(folder: Path, name: str, code: str) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(code)
    return folder


def write_wheel(folder: Path, name: str, version: str) -> Path:
    """Leave what pip leaves of an installed wheel."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


@pytest.fixture
def no_tensorflow(tmp_path: Path) -> Path:
    """Return a folder whose `tensorflow` dies as on a processor without the instructions it needs."""
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n"
    return write_package(tmp_path / "broken", "tensorflow", code)


@pytest.mark.slow
def test_a_fit_machine_has_no_problem() -> None:
    code, checks = doctor()
    assert (code, [each for each in checks.values() if each["level"] == "problem"]) == (0, [])
    assert "CPU cores" in checks["devices"]["found"] and "a training uses" in checks["devices"]["found"]
    assert checks["decoders"]["found"].startswith("opencv 36 of 36 frames, pyav 36 of 36 frames")
    assert "avcodec" in checks["decoders"]["found"]
    assert checks["tensorflow"]["level"] == "ok"


@pytest.mark.slow
def test_a_tensorflow_that_kills_its_process_is_a_problem(no_tensorflow: Path) -> None:
    code, checks = doctor(no_tensorflow)
    assert code == 1
    assert checks["tensorflow loads"]["level"] == "problem"
    assert "signal 4" in checks["tensorflow loads"]["found"]
    assert checks["decoders"]["level"] == checks["default model"]["level"] == "ok"


@pytest.mark.slow
def test_packages_that_break_a_check_are_problems_and_hide_no_other_check(no_tensorflow: Path) -> None:
    write_package(no_tensorflow, "av", "raise ImportError('libfoo.so: no such file')")
    write_package(no_tensorflow, "packaging", "raise AttributeError('half of it')")
    code, checks = doctor(no_tensorflow)
    assert code == 1
    for name in ("decoders", "machine"):
        assert checks[name]["level"] == "problem"
        assert "libfoo.so" in checks[name]["found"]
    assert checks["packages"]["level"] == "problem"
    assert checks["packages"]["found"] == "package checks cannot be made: AttributeError: half of it"
    assert "tensorflow loads" in checks


@pytest.mark.slow
def test_a_removed_working_folder_is_a_problem(no_tensorflow: Path) -> None:
    code, checks = doctor(no_tensorflow, start=("-c", IN_A_REMOVED_FOLDER))
    assert (code, checks["machine"]["level"]) == (1, "problem")
    assert checks["machine"]["found"].startswith("machine checks cannot be made: FileNotFoundError")
    assert checks["machine"]["advice"].startswith("Run it in another folder")
    assert checks["python"]["level"] == "ok"


def test_what_the_doctor_itself_imports_is_required() -> None:
    assert "packaging" in {check.name for check in package_checks()}


def test_wheels_over_each_other_are_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(write_wheel(tmp_path, "opencv-python", "5.0.0.93")))
    [cv2] = [check for check in package_checks() if check.name == "cv2"]
    assert (cv2.level, cv2.advice) == (
        "problem",
        "pip uninstall -y opencv-python && pip install --force-reinstall --no-deps opencv-python-headless",
    )


def test_a_version_out_of_range_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(write_wheel(tmp_path, "keras", "3.99.0")))
    [keras] = [check for check in package_checks() if check.name == "keras"]
    assert keras.level == "warning"
    assert keras.found.startswith("3.99.0, outside ")
    assert keras.advice.startswith('pip install "keras')


@pytest.mark.parametrize("by", ["KERAS_BACKEND", "keras.json"])
def test_another_backend_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    if by == "keras.json":
        monkeypatch.delenv("KERAS_BACKEND")
        (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    [backend] = [check for check in package_checks() if check.name == "keras backend"]
    assert (backend.level, by in backend.found) == ("problem", True)
    assert "KERAS_BACKEND=tensorflow" in backend.advice


def levels(*names: str) -> list[str]:
    checks = {check.name: check for check in machine_checks()}
    return [checks[name].level for name in names]


def test_a_home_that_cannot_be_made_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "file" / "home"))
    assert levels("home folder", "runs folder") == ["problem", "ok"]


@pytest.mark.skipif(not NOT_ROOT, reason="root writes everywhere")
def test_a_folder_without_write_permission_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o500)
    monkeypatch.chdir(tmp_path)
    assert levels("runs folder") == ["problem"]


def test_looking_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "a" / "home"))
    monkeypatch.chdir(tmp_path)
    assert levels("home folder", "runs folder", "feature cache") == ["ok"] * 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"half of it"])
def test_imagenet_weights_that_are_not_there_or_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    if content is not None:
        (tmp_path / "models" / IMAGENET_FILE).write_bytes(content)
    assert levels("inception_v3 weights") == ["warning" if content is None else "problem"]


def test_a_default_model_that_is_none_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOQA_MODEL", str(tmp_path))
    assert levels("default model", "tiny weights") == ["problem", "ok"]


def test_of_two_gpus_it_says_what_a_training_says(tmp_path: Path) -> None:
    """TensorFlow with two GPUs, as far as the doctor looks at it."""
    code = (
        "class config:\n"
        "    def list_physical_devices(kind): return ['a', 'b']\n"
        "    class experimental:\n"
        "        def get_device_details(gpu): return {'device_name': 'Drawn ' + gpu}\n"
    )
    checks = doctor(write_package(tmp_path, "tensorflow", code))[1]
    assert checks["devices"]["level"] == "ok"
    assert checks["devices"]["found"].endswith(f"GPU 0 Drawn a, GPU 1 Drawn b; {unused_gpus(2, 1, 'single')}")


def test_what_a_server_needs_is_named() -> None:
    [serve] = [check for check in package_checks() if check.name == "videoqa serve"]
    assert serve.level == "ok" and "uvicorn" in serve.found
