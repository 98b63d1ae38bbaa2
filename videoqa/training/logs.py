"""The logs of a training: `epochs.csv` and TensorBoard's events; a full disk ends no training."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import pandas as pd
import tensorflow as tf

from videoqa._files import write_text
from videoqa._progress import say
from videoqa._tables import csv_text
from videoqa.training.state import means_of

STEPS_BETWEEN = 20
"""Steps between two points of the curves by step, where weights are not averaged."""
STEP_TAGS = {"loss": "cross_entropy_loss"}


class TrainingLog(keras.callbacks.TensorBoard):
    """Writes the figures of each epoch, and scalars by step. What cannot be written is said once.

    Args:
        folder: of the logs, made if absent.
        first_step: number of steps that a resumed run, or a second stage, has behind it.
        first_epoch: number of epochs before the epochs that are counted from 0.
        every: steps between two points of the curves by step; 1: whenever figures come.
    """

    def __init__(
        self, folder: Path, first_step: int = 0, first_epoch: int = 0, every: int = STEPS_BETWEEN
    ) -> None:
        super().__init__(folder / "tensorboard", write_graph=False)
        self._folder = folder / "tensorboard"
        self._steps: Any = None
        self._sums: dict[str, float] = {}
        self._logged, self._first_epoch, self._every = first_step, first_epoch, every
        self._csv = folder / "epochs.csv"
        self._has_complained = False

    def write_history(self, history: Sequence[Mapping[str, float]]) -> None:
        """Write the figures of all epochs so far to `epochs.csv`."""
        with self._complaining():
            self._csv.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._csv, csv_text(pd.DataFrame(history).rename_axis("epoch"), index=True))

    def add_step(self, number: int, sums: Mapping[str, float], learning_rate: float) -> None:
        """Take the sums of a step, and write the means of the last ones when it is time."""
        for name, value in sums.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        if number // self._every == self._logged // self._every:
            return
        self._logged = number
        means = {"regularisation_loss": 0.0, **means_of(self._sums), "learning_rate": learning_rate}
        self._write_scalars(number, {"total_loss": means["loss"], **means})
        self._sums = {}

    def _write_scalars(self, number: int, scalars: Mapping[str, float]) -> None:
        with self._complaining():
            if self._steps is None:
                self._steps = tf.summary.create_file_writer(str(self._folder / "steps"))
            with self._steps.as_default():
                for name, value in scalars.items():
                    tf.summary.scalar(STEP_TAGS.get(name, name), value, step=number)

    def on_train_begin(self, logs: Any = None) -> None:
        """Open the events."""
        with self._complaining():
            super().on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the events of an epoch."""
        with self._complaining():
            super().on_epoch_end(self._first_epoch + epoch, logs)
            if self._steps is not None and "val_accuracy" in (logs or {}):
                self._write_scalars(self._logged, {"validation_accuracy": logs["val_accuracy"]})

    def on_train_end(self, logs: Any = None) -> None:
        """Close the events."""
        with self._complaining():
            super().on_train_end(logs)
            if self._steps is not None:
                self._steps.close()

    @contextlib.contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except (OSError, tf.errors.OpError) as error:  # the second is TensorBoard's
            if not self._has_complained:
                cause = str(error).splitlines()[0]
                say(f"The logs of the training could not be written ({cause}); training goes on.")
            self._has_complained = True
