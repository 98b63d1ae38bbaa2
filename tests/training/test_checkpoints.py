"""Checkpoints: what was saved comes back bit for bit; what is damaged is skipped aloud for the one before."""

import ast
import json
import math
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from videoqa._manifest import MANIFEST, file_sha256
from videoqa.training.checkpoints import Checkpoint, newest_checkpoint, save_checkpoint

FILES = ("state.json", "model.npz", "optimizer.npz", MANIFEST)


def save(folder: Path, number: int, *, keep: int = 2, name: str = "") -> Path:
    """Save a checkpoint whose state and arrays all say `number`."""
    groups = {"model": [np.full((3, 2), number, np.float32)], "optimizer": [np.full(4, number, np.int64)]}
    return save_checkpoint(folder, name or f"step-{number:03}", {"step": number}, groups, keep=keep)


def number_of(checkpoint: Checkpoint | None) -> int:
    """Return the number that state and arrays all say."""
    assert checkpoint is not None
    values = {checkpoint.state["step"]}
    for group, shape in (("model", (3, 2)), ("optimizer", (4,))):
        (array,) = checkpoint.arrays(group)
        assert array.shape == shape
        values |= set(array.ravel().tolist())
    (value,) = values
    return int(value)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_dtype_comes_back_bit_for_bit(tmp_path: Path) -> None:
    bits = np.arange(2**16, dtype=np.uint16)
    arrays = [
        np.array([np.pi, np.nan, -0.0, np.inf]),
        np.array(2**62 + 1, np.int64),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(12, dtype=np.float16)[::3],
        bits.view(ml_dtypes.bfloat16),
        bits.view(ml_dtypes.bfloat16).reshape(256, 256).T,
        np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e5m2),
        np.array(1.5, ml_dtypes.bfloat16),
        np.zeros((0, 3), np.float32),
        np.array([True, False]),
    ]
    save_checkpoint(tmp_path, "a", {}, {"model": arrays, "best": []}, keep=1)
    checkpoint = newest_checkpoint(tmp_path)
    assert checkpoint is not None
    again = checkpoint.arrays("model")
    assert [(array.dtype, array.shape) for array in again] == [(array.dtype, array.shape) for array in arrays]
    assert [array.tobytes() for array in again] == [array.tobytes() for array in arrays]
    assert checkpoint.arrays("best") == checkpoint.arrays("never saved") == []


def test_the_state_comes_back(tmp_path: Path) -> None:
    state = {"phase": "blind", "scores": [0.1 + 0.2, -math.inf], "hashes": {"data": "é"}, "format_version": 7}
    path = save_checkpoint(tmp_path / "runs" / "x", "a", state, {}, keep=1)
    checkpoint = newest_checkpoint(tmp_path / "runs" / "x")
    assert checkpoint == Checkpoint(path, state)
    save_checkpoint(tmp_path, "nan", {"loss": math.nan}, {}, keep=1)
    diverged = newest_checkpoint(tmp_path)
    assert diverged is not None and math.isnan(diverged.state["loss"])


def test_the_last_ones_are_kept(tmp_path: Path) -> None:
    for number in (1, 2, 3, 10):
        save(tmp_path, number, keep=3)
    assert names(tmp_path) == ["step-002", "step-003", "step-010"]
    assert number_of(newest_checkpoint(tmp_path)) == 10
    save(tmp_path, 11, keep=1)
    assert names(tmp_path) == ["step-011"]


def test_the_one_just_saved_is_kept_beside_a_later_damaged_one(tmp_path: Path) -> None:
    for number in (1, 3):
        save(tmp_path, number)
    (tmp_path / "step-003" / MANIFEST).unlink()
    save(tmp_path, 2, keep=1)
    assert names(tmp_path) == ["step-002", "step-003"]
    assert number_of(newest_checkpoint(tmp_path)) == 2
    save(tmp_path, 3, keep=1)
    assert names(tmp_path) == ["step-003"]


def test_one_of_the_same_name_is_replaced_whole(tmp_path: Path) -> None:
    save(tmp_path, 1, name="last")
    path = save_checkpoint(tmp_path, "last", {"step": 2}, {"model": [np.ones(1)]}, keep=2)
    assert names(tmp_path) == ["last"]
    assert names(path) == [MANIFEST, "model.npz", "state.json"]
    assert newest_checkpoint(tmp_path) == Checkpoint(path, {"step": 2})


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "absent") is None
    assert newest_checkpoint(tmp_path) is None
    (tmp_path / "note.txt").write_text("no checkpoint")
    assert newest_checkpoint(tmp_path) is None


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda path: (path / MANIFEST).unlink(), "MANIFEST.json is missing"),
    "broken manifest": (lambda path: (path / MANIFEST).write_text('{"sha256": {'), "is no JSON file"),
    "empty manifest": (
        lambda path: (path / MANIFEST).write_text("{}"),
        "was changed: it lists no sha256",
    ),
    "no state": (lambda path: (path / "state.json").unlink(), "state.json is missing"),
    "no arrays": (lambda path: (path / "model.npz").unlink(), "model.npz is missing"),
    "one file more": (lambda path: (path / "best.npz").write_bytes(b""), "best.npz is not listed"),
    "a folder for a file": (
        lambda path: ((path / "model.npz").unlink(), (path / "model.npz").mkdir()),
        "must be a regular file",
    ),
    "nothing left": (lambda path: [file.unlink() for file in path.iterdir()], "MANIFEST.json is missing"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_one_is_skipped_aloud(tmp_path: Path, capsys, damage, reason: str) -> None:
    save(tmp_path, 1)
    damage(save(tmp_path, 2))
    assert number_of(newest_checkpoint(tmp_path, progress=False)) == 1
    assert capsys.readouterr().err == ""
    assert number_of(newest_checkpoint(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "A damaged checkpoint is skipped for step-001: step-002 (" in said and reason in said


@pytest.mark.parametrize("name", FILES)
def test_truncation_anywhere_is_noticed(tmp_path: Path, name: str) -> None:
    save(tmp_path, 1)
    whole = (save(tmp_path, 2) / name).read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 2):
        (tmp_path / "step-002" / name).write_bytes(whole[:length])
        assert number_of(newest_checkpoint(tmp_path, progress=False)) == 1, length


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_noticed_or_changes_nothing(tmp_path: Path, name: str) -> None:
    save(tmp_path, 1)
    whole = (save(tmp_path, 2) / name).read_bytes()
    for place in range(0, len(whole), 1 if name == MANIFEST else 37):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        (tmp_path / "step-002" / name).write_bytes(changed)
        found = number_of(newest_checkpoint(tmp_path, progress=False))
        # a space between the manifest's words may become another one
        assert found == 1 or (name == MANIFEST and json.loads(changed) == json.loads(whole)), place


def test_all_damaged_is_refused_with_every_reason(tmp_path: Path) -> None:
    (save(tmp_path, 1) / "state.json").unlink()
    (save(tmp_path, 2) / "model.npz").write_bytes(b"")
    missing = r"step-001 \(\S*state.json is missing, but MANIFEST.json lists it\)"
    reasons = rf"step-002 \(\S*model.npz was changed: its.*{missing}"
    advice = r"\. Start a new run with another --out"
    with pytest.raises(
        ValueError, match=f"`checkpoints` must hold one that is not damaged.*{reasons}{advice}"
    ):
        newest_checkpoint(tmp_path)


def test_another_format_is_refused_even_with_a_known_one_before(tmp_path: Path) -> None:
    save(tmp_path, 1)
    path = save(tmp_path, 2)
    newer = json.loads((path / "state.json").read_text()) | {"format_version": 9, "videoqa_version": "8.0"}
    (path / "state.json").write_text(json.dumps(newer))
    listed = json.loads((path / MANIFEST).read_text())
    listed["sha256"]["state.json"] = file_sha256(path / "state.json")
    (path / MANIFEST).write_text(json.dumps(listed))
    with pytest.raises(ValueError, match=r"step-002 was written by videoqa 8.0 \(format_version 9\)"):
        newest_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["", ".a", "a/b", "..", "a b", "a.b"])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="`name` must be of letters, digits"):
        save_checkpoint(tmp_path, name, {}, {}, keep=1)
    with pytest.raises(ValueError, match="`name` must be of letters, digits"):
        save_checkpoint(tmp_path, "a", {}, {name: []}, keep=1)
    assert names(tmp_path) == []


def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    save(tmp_path, 1)
    with pytest.raises(ValueError, match="`keep` must be an integer of at least 1. Received: keep=0"):
        save(tmp_path, 2, keep=0)
    with pytest.raises(ValueError, match="`arrays` must hold numbers. Received: arrays='object'"):
        save_checkpoint(tmp_path, "b", {}, {"model": [np.array([None])]}, keep=1)
    with pytest.raises(TypeError, match="not JSON serializable"):
        save_checkpoint(tmp_path, "b", {"scores": np.zeros(2)}, {}, keep=1)
    assert names(tmp_path) == ["step-001"]


def test_a_parser_that_fails_among_threads_costs_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `np.load` raises before Python 3.11.8, now and then, while other threads parse."""
    checkpoint = save(tmp_path, 7)
    parse, failures = ast.literal_eval, [SystemError("AST constructor recursion depth mismatch")] * 2

    def fails_twice(text: object) -> object:
        if failures:
            raise failures.pop()
        return parse(text)  # type: ignore[arg-type]

    monkeypatch.setattr(ast, "literal_eval", fails_twice)
    found = newest_checkpoint(tmp_path)
    assert found is not None and found.path == checkpoint and number_of(found) == 7
    assert not failures
