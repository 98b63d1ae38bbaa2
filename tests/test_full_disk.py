"""A full disk: the file that could not be written is named, and nothing half-written stays."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from videoqa._files import files_of_folder, write_bytes
from videoqa.cli.main import main
from videoqa.saving import load_model_folder, save_model_folder
from videoqa.training.run_folder import check_new_folder


def fill(disk: Path, free_bytes: int) -> None:
    """Leave about so many bytes free."""
    (disk / "filler").unlink(missing_ok=True)
    space = os.statvfs(disk)
    (disk / "filler").write_bytes(bytes(max(space.f_bavail * space.f_frsize - free_bytes, 0)))


def files_in(disk: Path) -> list[str]:
    return sorted(path.name for path in disk.rglob("*") if path.is_file() and path.name != "filler")


def test_the_file_itself_is_named_and_keeps_its_content(small_disk: Path) -> None:
    path = small_disk / "table.csv"
    write_bytes(path, b"old")
    with pytest.raises(OSError, match=r"No space left on device: '.*/disk/table.csv'$"):
        write_bytes(path, bytes(1_000_000))
    assert path.read_bytes() == b"old" and files_in(small_disk) == ["table.csv"]


def test_files_that_belong_together_come_all_or_none(small_disk: Path) -> None:
    for name in ("a", "done"):
        (small_disk / name).write_text("old")
    with pytest.raises(OSError, match="/disk/b'$"), files_of_folder(small_disk, last="done") as parts:
        write_bytes(parts / "a", b"new")
        write_bytes(parts / "b", bytes(1_000_000))
    assert files_in(small_disk) == ["a", "done"] and (small_disk / "a").read_text() == "old"
    with files_of_folder(small_disk, last="done") as parts:
        write_bytes(parts / "a", b"new")
    assert os.listdir(small_disk) == ["a"]  # the old mark of being done went with the old files


def test_a_model_is_written_whole_or_not_at_all(question_run: Path, small_disk: Path) -> None:
    """Weights that HDF5 could not write ended the process at its exit."""
    loaded = load_model_folder(question_run)
    model, parts = loaded.build(), {"vocabulary": loaded.vocabulary, "answers": loaded.answers}
    size = (question_run / "model.weights.h5").stat().st_size
    out, outcomes = small_disk / "run", []
    for room in (8_000, size // 2, size + 4096, size + 12_000, size + 50_000):
        fill(small_disk, room)
        before = files_in(out)
        try:
            save_model_folder(out, model, loaded.config, **parts, metrics=loaded.metrics)
        except OSError as error:
            assert str(out) in str(error)
            assert files_in(out) == before and not list(out.glob(".*"))
            outcomes.append("none")
        else:
            assert load_model_folder(out).build().get_weights()
            outcomes.append("whole")
    assert outcomes[0] == "none" and outcomes[-1] == "whole"


def test_a_training_that_cannot_begin_leaves_no_folder(small_disk: Path) -> None:
    fill(small_disk, 0)
    message = "be a folder that can be written to.*Cause: No space left on device."
    with pytest.raises(PermissionError, match=message):
        check_new_folder(small_disk / "run")
    assert os.listdir(small_disk) == ["filler"]


WRITERS: dict[str, tuple[str, Callable[[Path], list[str]]]] = {
    "evaluate": ("predictions.csv", lambda run: ["evaluate", str(run), "--out", "OUT"]),
    "predict": ("p.csv", lambda run: ["predict", str(run), "--data", "questions.csv", "--out", "OUT/p.csv"]),
    "watch": (
        "w.csv",
        lambda run: ["watch", "CLIP", "is he waving", "--out", "OUT/w.csv", "--model", str(run)],
    ),
    "audit": ("findings.csv", lambda run: ["audit", "--data", "questions.csv", "--out", "OUT"]),
    "sheet": ("s.png", lambda run: ["sheet", "CLIP", "--out", "OUT/s.png"]),
    "encode": ("cache", lambda run: ["encode", "--data", "labels.csv", "--backbone", "tiny"]),
    "extract-frames": ("", lambda run: ["extract-frames", "--data", "labels.csv", "--out", "OUT"]),
}


@pytest.mark.parametrize("command", WRITERS)
def test_each_command_names_what_it_could_not_write(
    command: str,
    question_run: Path,
    small_set: Path,
    small_disk: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(small_set)
    name, words = WRITERS[command]
    out, clip = small_disk / "out", next(small_set.glob("loading-0/*.avi"))
    if command == "encode":
        monkeypatch.setenv("VIDEOQA_HOME", str(out))
    out.mkdir()
    fill(small_disk, 0)
    typed = [word.replace("OUT", str(out)).replace("CLIP", str(clip)) for word in words(question_run)]
    assert main(typed) == 2
    printed = capsys.readouterr().err
    assert str(out / name) in printed and "Traceback" not in printed
    assert files_in(small_disk) == [] and not list(out.glob(".*"))
