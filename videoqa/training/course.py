"""The course of a training on disk, `epochs.csv` and TensorBoard's events; a full disk ends no training."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import pandas as pd
import tensorflow as tf

from videoqa._manifest import write_text
from videoqa._progress import say


class CourseLog(keras.callbacks.TensorBoard):
    """Writes the figures of each epoch. What cannot be written is said once, and is tried again.

    Args:
        folder: of the logs, made if absent.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "tensorboard", write_graph=False)
        self._csv = folder / "epochs.csv"
        self._has_complained = False

    def write_history(self, history: Sequence[Mapping[str, float]]) -> None:
        """Write the figures of all epochs so far to `epochs.csv`."""
        with self._complaining():
            self._csv.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._csv, pd.DataFrame(history).rename_axis("epoch").to_csv())

    def on_train_begin(self, logs: Any = None) -> None:
        """Open the events."""
        with self._complaining():
            super().on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the events of an epoch."""
        with self._complaining():
            super().on_epoch_end(epoch, logs)

    def on_train_end(self, logs: Any = None) -> None:
        """Close the events."""
        with self._complaining():
            super().on_train_end(logs)

    @contextlib.contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except (OSError, tf.errors.OpError) as error:  # the second is TensorBoard's
            if not self._has_complained:
                cause = str(error).splitlines()[0]
                say(f"The logs of the training could not be written ({cause}); training goes on.")
            self._has_complained = True
