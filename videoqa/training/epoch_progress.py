"""Shows how a training goes on: one bar over all epochs on a terminal, one line for each epoch elsewhere."""

import time
from collections.abc import Mapping
from datetime import timedelta

from videoqa._progress import progress_bar, say
from videoqa.training.state import PHASE_NAMES, Position

BAR = "{desc} {bar} {n_fmt}/{total_fmt} [{remaining} left, {rate_fmt}{postfix}]"
"""Of a terminal with 80 columns: what comes last is cut off there, the training accuracy."""
LOGGED = ("loss", "accuracy", "val_loss", "val_accuracy", "steps_per_second")


class EpochProgress:
    """Shows the training of one model.

    Args:
        phase: one of `state.PHASES`.
        position: where the training begins.
        num_epochs, num_steps: epochs in all, and steps of each.
        progress: show it; on a terminal as a bar.
        always_lines: print the lines in any case, as for the log of a worker.
    """

    def __init__(
        self,
        phase: str,
        position: Position,
        num_epochs: int,
        num_steps: int,
        *,
        progress: bool,
        always_lines: bool = False,
    ) -> None:
        self._name, self._num_epochs, self._num_steps = PHASE_NAMES[phase], num_epochs, num_steps
        self._first_epoch, self._begun = position.epoch, time.perf_counter()
        self._val_accuracy = position.history[-1].get("val_accuracy") if position.history else None
        self._bar = progress_bar(
            progress=progress,
            initial=self._num_done(position),
            total=num_epochs * num_steps,
            unit="step",
            bar_format=BAR,
        )
        self._prints_lines = always_lines or (progress and self._bar.disable)

    def show_step(self, position: Position) -> None:
        """Show that a step was taken, with the means of its epoch so far."""
        means = position.means()
        shown = {"loss": means.pop("loss")}
        if self._val_accuracy is not None:
            shown["val_acc"] = self._val_accuracy
        shown["acc"] = means.pop("accuracy")
        figures = {key: f"{value:.3f}" for key, value in (shown | means).items()}
        self._bar.set_description_str(f"{self._name} {position.epoch + 1}/{self._num_epochs}:", refresh=False)
        self._bar.set_postfix(figures, refresh=False)
        self._bar.update(self._num_done(position) - self._bar.n)

    def show_epoch(self, position: Position, logs: Mapping[str, float]) -> None:
        """Show the figures of an epoch that has ended."""
        self._val_accuracy = logs.get("val_accuracy")
        if not self._prints_lines:
            return
        shown = ", ".join(f"{key} {logs[key]:.4g}" for key in LOGGED if key in logs)
        epochs = f"{position.epoch}/{self._num_epochs}"
        say(f"{self._name} epoch {epochs}: {shown}, {self._time_left(position)} left")

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def _num_done(self, position: Position) -> int:
        return position.epoch * self._num_steps + position.next_batch

    def _time_left(self, position: Position) -> timedelta:
        """Return about how long the epochs that are left take, validation included."""
        each = (time.perf_counter() - self._begun) / max(position.epoch - self._first_epoch, 1)
        return timedelta(seconds=round(each * (self._num_epochs - position.epoch)))
