"""The folder of a run: chosen once, refused where a run lies or nothing can be written, resumed."""

import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.saving import UNFINISHED
from videoqa.training.checkpoints import save_checkpoint
from videoqa.training.run_folder import RunFolder, check_new_folder, check_resumable


def job(out: Path | str | None, *, resume: bool = False) -> Job:
    folder = None if out is None else str(out)
    return Job((), {}, LaunchConfig(), out=folder, resume=resume, progress=False)


def leave_a_checkpoint(run: Path) -> None:
    save_checkpoint(run / "checkpoints", "1-model-000000002", {}, {}, keep=2)


def killed_while_saving(run: Path) -> None:
    """Leave what a kill in the middle of the first checkpoint leaves."""
    (run / "checkpoints" / ".1-model-000000002.saving-0123abcd").mkdir(parents=True)


def test_a_new_folder_is_made_and_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert RunFolder()(job("deep/run")) == {"out": str(tmp_path / "deep" / "run"), "resume": False}
    assert [path.name for path in (tmp_path / "deep" / "run").iterdir()] == [UNFINISHED]


def test_the_default_folder_is_named_by_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = datetime.now().replace(microsecond=0)
    out = Path(RunFolder()(job(None))["out"])
    assert out.parent == tmp_path / "runs" and (out / UNFINISHED).exists()
    assert before <= datetime.strptime(out.name, "%Y-%m-%d-%H%M%S") <= datetime.now()


def test_a_folder_with_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        RunFolder()(job(tmp_path))


def test_a_stopped_run_is_resumed_and_never_begun_anew(tmp_path: Path) -> None:
    RunFolder()(job(tmp_path))
    leave_a_checkpoint(tmp_path)
    with pytest.raises(FileExistsError, match="`out` must not hold a run that was stopped.*Add --resume"):
        RunFolder()(job(tmp_path))
    assert RunFolder()(job(tmp_path, resume=True)) == {"out": str(tmp_path), "resume": True}


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        (lambda run: None, "no such folder"),
        (lambda run: run.mkdir(), "no checkpoint in it"),
        (lambda run: (run / "checkpoints").mkdir(parents=True), "no checkpoint in it"),
        (lambda run: RunFolder()(job(run)), "it was stopped before its first checkpoint"),
        (
            lambda run: (RunFolder()(job(run)), killed_while_saving(run)),
            "it was stopped before its first checkpoint",
        ),
    ],
    ids=["nothing", "a folder", "no checkpoint", "stopped early", "killed while saving"],
)
def test_nothing_to_resume_is_refused(tmp_path: Path, prepare, found: str) -> None:
    run = tmp_path / "run"
    prepare(run)
    message = rf"`out` must hold a run to resume \({found}\)\. Received: out='{re.escape(str(run))}'"
    for refused in (lambda: check_resumable(run), lambda: RunFolder()(job(run, resume=True))):
        with pytest.raises(ValueError, match=message):
            refused()


def test_checkpoints_that_could_not_be_saved_are_refused_before(small_disk: Path) -> None:
    RunFolder()(job(small_disk))
    leave_a_checkpoint(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    message = "`out` must have a folder of checkpoints that can be written to.*Cause: Read-only file system"
    with pytest.raises(PermissionError, match=message):
        RunFolder()(job(small_disk, resume=True))


def test_what_was_killed_while_saving_first_is_begun_anew(tmp_path: Path) -> None:
    RunFolder()(job(tmp_path))
    killed_while_saving(tmp_path)
    assert RunFolder()(job(tmp_path)) == {"out": str(tmp_path), "resume": False}
    assert [path.name for path in tmp_path.iterdir()] == [UNFINISHED]


def test_a_checkpoint_killed_while_being_replaced_is_one(tmp_path: Path) -> None:
    RunFolder()(job(tmp_path))
    (tmp_path / "checkpoints" / ".1-model-000000002.replaced-0123abcd").mkdir(parents=True)
    assert RunFolder()(job(tmp_path, resume=True))["resume"]


def test_after_a_restart_the_same_folder_goes_on_with_what_there_is(tmp_path: Path) -> None:
    """The launcher asks again, with `resume`, whether or not the lost workers had saved anything."""
    choose = RunFolder()
    out = choose(job(tmp_path))["out"]
    assert choose(job(tmp_path, resume=True)) == {"out": out, "resume": False}
    killed_while_saving(tmp_path)
    assert choose(job(tmp_path, resume=True)) == {"out": out, "resume": False}
    leave_a_checkpoint(tmp_path)
    assert choose(job(tmp_path, resume=True)) == {"out": out, "resume": True}


def test_after_a_restart_the_default_folder_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    choose = RunFolder()
    first = choose(job(None))
    assert choose(job(first["out"], resume=True)) == first
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_folder_with_a_run_is_not_written_over(question_run: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        check_new_folder(question_run)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="be a folder; this is a file"):
        check_new_folder(tmp_path / "file")


def test_an_unwritable_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PermissionError, match="be a folder that can be written to"):
        check_new_folder(tmp_path / "file" / "run")


def test_what_a_stopped_run_left_is_no_part_of_the_next(question_run: Path, tmp_path: Path) -> None:
    shutil.copytree(question_run / "blind", tmp_path / "blind")
    (tmp_path / "backbone.weights.h5").write_text("left over")
    (tmp_path / "notes.txt").write_text("the user's own")
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        check_new_folder(tmp_path)
    (tmp_path / UNFINISHED).write_text("")
    check_new_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["notes.txt", UNFINISHED])
