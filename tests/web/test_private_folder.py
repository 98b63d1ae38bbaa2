"""The private folder of a server: nobody else reads it, and nothing of a killed server stays."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from videoqa._child import python_command
from videoqa.web.private_folder import LOCK, PREFIX, YOUNG_SECONDS, private_folder, remove_left_over

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions and signals as POSIX has them")


def left_over(folder: Path, *, mode: int = 0o700, age_seconds: float = 2 * YOUNG_SECONDS) -> Path:
    """Make a folder such as a killed server leaves."""
    folder.mkdir()
    (folder / "clips").mkdir()
    (folder / LOCK).touch()
    (folder / "clips" / "0.jpg").write_bytes(b"a frame")
    folder.chmod(mode)
    then = folder.stat().st_mtime - age_seconds
    os.utime(folder, (then, then))
    return folder


def test_it_is_private_and_goes_with_the_block(tmp_path: Path) -> None:
    with pytest.raises(KeyError), private_folder(tmp_path) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and folder.parent == tmp_path
        (folder / "clip").write_bytes(b"bytes")
        raise KeyError
    assert os.listdir(tmp_path) == []


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    program = (
        "import pathlib, time; from videoqa.web.private_folder import private_folder\n"
        f"with private_folder(pathlib.Path({str(tmp_path)!r})) as folder:\n"
        "    print(folder, flush=True); time.sleep(120)"
    )
    with subprocess.Popen(python_command(program), stdout=subprocess.PIPE, text=True) as server:
        folder = Path(server.stdout.readline().strip())
        then = folder.stat().st_mtime - 2 * YOUNG_SECONDS
        os.utime(folder, (then, then))
        assert remove_left_over(tmp_path) == [] and folder.exists()  # it is alive
        server.send_signal(signal.SIGKILL)
    assert remove_left_over(tmp_path) == [folder] and os.listdir(tmp_path) == []


def test_only_what_is_surely_left_over_is_removed(tmp_path: Path) -> None:
    kept = [
        left_over(tmp_path / f"{PREFIX}young", age_seconds=0),
        left_over(tmp_path / f"{PREFIX}open", mode=0o755),
        left_over(tmp_path / "another"),
    ]
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(kept[-1])
    (tmp_path / f"{PREFIX}file").write_text("a file")
    gone = left_over(tmp_path / f"{PREFIX}gone")
    assert remove_left_over(tmp_path) == [gone]
    assert all((folder / "clips" / "0.jpg").exists() for folder in kept) and link.is_symlink()
