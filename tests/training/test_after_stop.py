"""A training that is stopped says what was kept, and the line that goes on, ends it or begins it again."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from videoqa.config.launch import LaunchConfig
from videoqa.launching.job import Job
from videoqa.training.after_stop import how_to_go_on
from videoqa.training.run_folder import CHECKPOINTS
from videoqa.training.train import train

NOTHING = "Nothing was kept yet: it was stopped before its first checkpoint. Begin again with:\n  "


def note(out: Path | None, job: Job, num_folds: int | None = None, saves: str = "") -> str:
    """Return what is said of a stop, after a checkpoint was saved if `saves` names one."""
    with pytest.raises(KeyboardInterrupt) as stopped, how_to_go_on(lambda: out, job, num_folds):
        if saves and out is not None:
            (out / CHECKPOINTS / saves).mkdir(parents=True)
        raise KeyboardInterrupt
    return "\n".join(getattr(stopped.value, "__notes__", []))


def job(*data: object, launch: LaunchConfig | None = None, **asked: object) -> Job:
    names = ("out", "initial_model", "resume", "finish")
    own = {name: asked.pop(name) for name in names if name in asked}
    return Job(data=data, options=asked, launch=launch or LaunchConfig(), **own)  # type: ignore[arg-type]


def test_before_the_first_checkpoint_the_line_begins_the_run_again(tmp_path: Path) -> None:
    out = tmp_path / "my run"
    asked = job("it's.csv", out="my run", frame_size=[75, 80], classes=["a", "b"], blind=False)
    line = "videoqa-train --data 'it'\"'\"'s.csv' --out '{}' --frame-size 75 80 --classes a,b --no-blind"
    assert note(out, asked) == NOTHING + line.format(out)
    assert note(None, asked) == NOTHING + line.format("my run")
    two = job("a.csv", launch=LaunchConfig(local_workers=2), strategy="multiworker")
    line = f"videoqa-train --data a.csv --out '{out}' --strategy multiworker --local-workers 2"
    assert note(out, two) == NOTHING + line
    (out / "folds" / "fold-1").mkdir(parents=True)
    folds = note(out, job("a.csv", initial_model="/m"), num_folds=3)
    assert shlex.split(folds.splitlines()[-1])[3:] == [
        *("--out", str(out), "--initial-model", "/m", "--cross-validate", "3")
    ]


def test_what_no_command_can_name_begins_and_goes_on_in_python(tmp_path: Path) -> None:
    table = pd.DataFrame({"video": ["a.avi"]})
    assert note(tmp_path, job(table)).endswith("Begin again with the same call of `videoqa.train`.")
    line = f"videoqa.train(data, out={str(tmp_path)!r}, resume=True"
    assert note(tmp_path, job(table), saves="1-model-3") == f"Go on in Python, with the same data:\n  {line})"
    again = note(tmp_path, job(table, out=str(tmp_path), resume=True, epochs=9), saves="1-model-4")
    assert again.endswith(f"{line}, epochs=9)")


def test_a_machine_that_may_not_see_the_folder_says_nothing_of_it() -> None:
    assert note(None, job("a.csv", launch=LaunchConfig(worker_index=1), strategy="multiworker")) == ""


def test_a_run_with_a_checkpoint_goes_on_or_is_finished_once_its_own_model_has_begun(tmp_path: Path) -> None:
    out = tmp_path / "my run"
    asked = job("a.csv", launch=LaunchConfig(local_workers=2), epochs=5)
    line = f"videoqa-train --out '{out}' --resume --local-workers 2"
    assert note(out, asked, saves="0-blind-3") == f"Go on with:\n  {line}"
    assert note(out, asked, saves="0-order-4") == f"Go on with:\n  {line}"
    both = f"Go on with:\n  {line}\nor make a model of what is there:\n  {line} --finish"
    assert note(out, asked, saves="1-model-2") == both


def test_a_run_that_was_resumed_is_given_again_what_it_was_given(tmp_path: Path) -> None:
    """The newest checkpoint may be that of the run before, which had fewer epochs and other paths."""
    (tmp_path / CHECKPOINTS / "1-model-3").mkdir(parents=True)
    asked = job("b.csv", out=str(tmp_path), resume=True, epochs=9, videos="new clips")
    line = f"videoqa-train --out {tmp_path} --resume --data b.csv --epochs 9 --videos 'new clips'"
    ends = f"Go on with:\n  {line}\nor make a model of what is there:\n  {line} --finish"
    assert note(None, asked) == f"Nothing new was kept yet. {ends}"
    assert note(tmp_path, asked, saves="1-model-4") == ends


@pytest.mark.parametrize("at", ["folds/fold-1", "folds/fold-2", "."])
def test_a_cross_validation_goes_on_with_all_of_it(tmp_path: Path, at: str) -> None:
    for folder in ("folds/fold-1", at):
        (tmp_path / folder / CHECKPOINTS / "1-model-3").mkdir(parents=True, exist_ok=True)
    said = note(tmp_path, job("a.csv"), num_folds=3)
    line = f"videoqa-train --out {tmp_path} --resume"
    ending = f"\nor make a model of what is there:\n  {line} --finish" if at == "." else ""
    assert said == f"Go on with:\n  {line}{ending}"


@pytest.fixture
def stopped_while_reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop each training while it reads its table."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("videoqa.training.rows.read_annotations", stop)
    monkeypatch.setattr("videoqa.training.cross_validation.read_annotations", stop)
    yield


@pytest.mark.parametrize("folds", [None, 2])
def test_train_says_how_it_begins_again(
    small_set: Path, tmp_path: Path, stopped_while_reading: None, folds: int | None
) -> None:
    labels, out = small_set / "labels.csv", tmp_path / "my run"
    with pytest.raises(KeyboardInterrupt) as stopped:
        train(labels, out=out, backbone="tiny", cross_validate=folds)
    (said,) = stopped.value.__notes__
    more = " --cross-validate 2" if folds else ""
    assert said == f"{NOTHING}videoqa-train --data {labels} --out '{out}'{more} --backbone tiny"
    assert not out.exists()
