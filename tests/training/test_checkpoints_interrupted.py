"""Checkpoints of processes that are killed, and on disks that are full or not to be written to."""

import errno
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from videoqa.training.checkpoints import Checkpoint, newest_checkpoint, save_checkpoint

SAVE = """
import os, shutil, signal, sys, zipfile
from pathlib import Path
import numpy as np
from videoqa._manifest import check_manifest
from videoqa.training.checkpoints import newest_checkpoint, save_checkpoint
folder = Path(sys.argv[1])
def save(name, number, keep=2):
    arrays = [np.full((40, 50), number, np.float32), np.full(7, number)]
    return save_checkpoint(folder, name, {"step": number}, {"model": arrays, "best": arrays[1:]}, keep=keep)
"""


def start(code: str, folder: Path, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-c", SAVE + code, str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> str:
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return out


def number_of(checkpoint: Checkpoint | None) -> int:
    """Return the number that state and arrays all say."""
    assert checkpoint is not None
    values = {checkpoint.state["step"]}
    for group, sizes in (("model", [2000, 7]), ("best", [7])):
        arrays = checkpoint.arrays(group)
        assert [array.size for array in arrays] == sizes
        values |= {value for array in arrays for value in array.ravel().tolist()}
    (value,) = values
    return int(value)


KILLED_AT_EACH_CALL = """
CALLS = ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.listdir", "os.scandir")
def save_and_be_killed(call):
    count = 0
    def hook(event, _):
        nonlocal count
        count += event in CALLS
        if event in CALLS and count == call:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    save(sys.argv[2], 3)
for call in range(1, 1000):
    shutil.rmtree(folder, ignore_errors=True)
    save("a", 0); save("b", 1); save("c", 2)
    child = os.fork()
    if child == 0:
        save_and_be_killed(call)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for path in folder.iterdir():
        if not path.name.startswith("."):
            check_manifest(path, ("state.json", "model.npz", "best.npz"))
    found = newest_checkpoint(folder)
    numbers = {found.state["step"], *found.arrays("model")[0].ravel(), *found.arrays("best")[0].ravel()}
    assert numbers in ({2}, {3}), (call, numbers)
    save("e", 4)
    assert sorted(os.listdir(folder)) in (["c", "e"], ["d", "e"]), (call, os.listdir(folder))
    print(status)
    if status == 0:
        break
assert numbers == {3}
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["d", "c"], ids=["new", "replaced"])
def test_a_kill_at_any_call_leaves_whole_checkpoints(tmp_path: Path, name: str) -> None:
    statuses = finish(start(KILLED_AT_EACH_CALL, tmp_path / "checkpoints", name)).split()
    assert len(statuses) > 25 and set(statuses[:-1]) == {"-9"} and statuses[-1] == "0"


SAVE_FOR_EVER = """
number = int(sys.argv[2])
while True:
    number += 1
    # every other one replaces the one before
    save(f"step-{number // 2:06}", number)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing_that_was_saved(tmp_path: Path) -> None:
    moments = random.Random(4)
    saved = 0
    for _ in range(8):
        process = start(SAVE_FOR_EVER, tmp_path, str(saved))
        assert process.stdout is not None
        assert process.stdout.readline(), process.communicate()
        time.sleep(moments.uniform(0, 0.1))
        process.kill()
        rest, _ = process.communicate()
        announced = max([saved + 1, *map(int, rest.split())])
        newest = number_of(newest_checkpoint(tmp_path))
        assert announced <= newest <= announced + 1
        saved = newest
    assert len([path for path in tmp_path.iterdir() if not path.name.startswith(".")]) <= 3
    save_checkpoint(tmp_path, f"step-{saved:06}", {}, {}, keep=1)
    assert [path.name for path in tmp_path.iterdir()] == [f"step-{saved:06}"]


WRITE_UNDER_A_LIMIT = """
import resource
save("a", 1)
largest = max(path.stat().st_size for path in (folder / "a").iterdir())
# within the state, the members of the zip file, its table and the manifest
for limit in (0, 10, 100, 500, 1000, 8000, *range(largest - 600, largest, 50)):
    for name in ("a", "b"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            save(name, 2)
        except OSError as error:
            print(error.errno)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        assert os.listdir(folder) == ["a"], (limit, os.listdir(folder))
        assert newest_checkpoint(folder).state == {"step": 1}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_save_that_is_cut_off_leaves_the_older_one_alone(tmp_path: Path) -> None:
    lines = finish(start(WRITE_UNDER_A_LIMIT, tmp_path)).splitlines()
    assert set(lines) == {str(errno.EFBIG)} and len(lines) == 36


def test_a_full_disk_is_raised_and_keeps_the_older_ones(small_disk: Path) -> None:
    weights = np.arange(30_000, dtype=np.float32)
    saved = []
    with pytest.raises(OSError, match="No space left on device") as caught:
        for number in range(10):
            save_checkpoint(small_disk, f"{number}", {"step": number}, {"model": [weights]}, keep=10)
            saved.append(f"{number}")
    assert caught.value.errno == errno.ENOSPC
    assert 3 <= len(saved) and sorted(os.listdir(small_disk)) == saved
    newest = newest_checkpoint(small_disk)
    assert newest is not None and newest.state == {"step": int(saved[-1])}
    assert newest.arrays("model")[0].tobytes() == weights.tobytes()


def test_the_space_of_what_a_kill_left_is_free_for_the_next_save(small_disk: Path) -> None:
    for name, kind in (("a", "saving"), ("b", "removed")):
        left = small_disk / f".{name}.{kind}-0123abcd"
        left.mkdir()
        (left / "model.npz").write_bytes(bytes(200_000))
    save_checkpoint(small_disk, "c", {}, {"model": [np.zeros(30_000)]}, keep=1)
    assert os.listdir(small_disk) == ["c"]


AS_NOBODY = """
# relative, because nobody may not walk to the folder from the root
os.chdir(folder)
folder = Path(".")
if os.geteuid() == 0:
    os.setuid(65534)
"""
SAVE_WITHOUT_PERMISSION = """
try:
    save("b", 2)
except PermissionError as error:
    print(type(error).__name__, error.errno)
print(newest_checkpoint(folder).state["step"])
"""


def test_a_folder_that_may_not_be_written_to_is_raised(tmp_path: Path) -> None:
    finish(start("save('a', 1)", tmp_path))
    tmp_path.chmod(0o555)
    said = finish(start(AS_NOBODY + SAVE_WITHOUT_PERMISSION, tmp_path))
    tmp_path.chmod(0o755)
    assert said.splitlines() == [f"PermissionError {errno.EACCES}", "1"]
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_cannot_be_read_is_a_damage(tmp_path: Path) -> None:
    finish(start("save('a', 1); save('b', 2)", tmp_path))
    (tmp_path / "b" / "model.npz").chmod(0)
    tmp_path.chmod(0o755)
    process = start(AS_NOBODY + "print(newest_checkpoint(folder).state['step'])", tmp_path)
    found, errors = process.communicate(timeout=60)
    assert found == "1\n", errors
    assert "skipped for a: b ([Errno 13] Permission denied: 'b/model.npz')" in errors


def test_a_file_in_the_way_of_the_folder_is_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "checkpoints"):
        with pytest.raises(OSError, match="File exists|Not a directory"):
            save_checkpoint(folder, "a", {}, {}, keep=1)
