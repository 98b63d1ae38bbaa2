"""What a training shows: a bar over all epochs on a terminal, a line for each epoch elsewhere."""

import re
from collections.abc import Iterator

import pytest

from videoqa import _progress
from videoqa.training.epoch_progress import EpochProgress
from videoqa.training.state import SUMS, Position

NUM_EPOCHS, NUM_STEPS = 3, 4


def train(phase: str, begin: Position | None = None, **options: bool) -> None:
    """Go through the steps of a training with a loss of 0.5 and a rising validation accuracy."""
    place = begin or Position()
    shown = EpochProgress(phase, place, NUM_EPOCHS, NUM_STEPS, **options)
    while place.epoch < NUM_EPOCHS:
        for batch in range(place.next_batch, NUM_STEPS):
            place.add(dict(zip(SUMS, (4.0, 6.0, 8.0, 0.0), strict=True)))
            place.next_batch = batch + 1
            shown.show_step(place)
        logs = place.means() | {"val_accuracy": (place.epoch + 1) / 4, "steps_per_second": 12.25}
        place.end_epoch(logs)
        shown.show_epoch(place, logs)
    shown.close()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take stderr for a terminal, and show bars at once."""
    monkeypatch.setattr(_progress, "DELAY_SECONDS", 0)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)
    monkeypatch.setattr(_progress, "_screen_shape", lambda file: (80, 24))
    _progress.bars_reach_a_terminal(True)
    yield
    monkeypatch.setattr(_progress, "_terminal", None)


def test_off_a_terminal_each_epoch_has_a_line(capsys: pytest.CaptureFixture) -> None:
    train("blind", progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == NUM_EPOCHS
    figures = r"loss 0\.5, accuracy 0\.75, val_accuracy 0\.5, steps_per_second 12\.25"
    assert re.fullmatch(rf"blind model epoch 2/3: {figures}, \d:\d\d:\d\d left", lines[1])


def test_on_a_terminal_one_bar_goes_over_all_epochs(terminal: None, capsys: pytest.CaptureFixture) -> None:
    train("model", Position(epoch=1, next_batch=1), progress=True)
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1  # the bar stays
    last = printed.splitlines()[-1].split("\r")[-1]
    assert len(last) <= 80
    assert re.search(r"training 3/3: .* 12/12 \[00:00 left, .*step/s, loss=0\.500, val_acc=0\.500", last)


def test_nothing_is_shown_where_nothing_is_wanted(terminal: None, capsys: pytest.CaptureFixture) -> None:
    train("model", progress=False)
    assert capsys.readouterr().err == ""
    train("model", progress=False, always_lines=True)
    assert capsys.readouterr().err.count("training epoch") == NUM_EPOCHS
