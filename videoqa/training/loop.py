"""The loop over epochs: steps, validation, callbacks, early stopping, the best weights."""

import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from videoqa._progress import progress_bar
from videoqa.config import TrainingConfig
from videoqa.evaluation.prediction import predict_probabilities
from videoqa.input_pipeline import Examples, batch_dataset, batch_spec
from videoqa.training.step import make_train_step


def run_epochs(
    model: keras.Model,
    train_examples: Examples,
    validation_examples: Examples | None,
    training: TrainingConfig,
    *,
    strategy: tf.distribute.Strategy,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: bool = True,
    name: str = "training",
) -> list[dict[str, float]]:
    """Train `model`, leaving it with the weights of its best validation epoch (without one: the last).

    Args:
        model: compiled, built under `strategy.scope()`.
        train_examples: rows to learn from; those with `answer_id` −1 have weight 0.
        validation_examples: rows to choose the epoch by; None or empty: train all epochs.
        training: epochs, batch size, seed, patience.
        strategy: from `make_strategy`.
        callbacks: Keras callbacks; `model.stop_training` is obeyed.
        progress: show a bar on a terminal.
        name: shown before the bar.

    Returns:
        Per epoch a dict of floats: "loss", "accuracy", "learning_rate", "seconds", "steps_per_second"
        and, with validation, "val_loss", "val_accuracy".
    """
    optimizers = [(model.optimizer, model.trainable_variables)]
    with strategy.scope():
        model.optimizer.build(model.trainable_variables)
    spec = batch_spec(train_examples)
    step = make_train_step(
        model, optimizers, strategy, seed=training.seed, batch_spec=spec, batch_size=training.batch_size
    )
    steps = steps_per_epoch(len(train_examples), training.batch_size)
    parameters = {"epochs": training.epochs, "steps": steps, "verbose": 0}
    driver = keras.callbacks.CallbackList(list(callbacks), model=model, **parameters)
    best = BestWeights(training.patience) if validation_examples is not None else None
    history: list[dict[str, float]] = []
    model.stop_training = False
    driver.on_train_begin()
    try:
        for epoch in range(training.epochs):
            driver.on_epoch_begin(epoch)
            logs = _run_epoch(model, step, train_examples, training, epoch, driver, progress, name)
            if validation_examples is not None:
                logs |= validation_scores(model, validation_examples)
            history.append(logs)
            driver.on_epoch_end(epoch, dict(logs))
            if (best is not None and best.update(model, logs)) or model.stop_training:
                break
        if best is not None:
            best.restore(model)
    finally:
        driver.on_train_end()
    return history


def _run_epoch(
    model: keras.Model,
    step: Any,
    examples: Examples,
    training: TrainingConfig,
    epoch: int,
    driver: keras.callbacks.CallbackList,
    progress: bool,
    name: str,
) -> dict[str, float]:
    """Run one epoch and return its mean loss, accuracy and speed."""
    num_steps = steps_per_epoch(len(examples), training.batch_size)
    sums = {"loss_sum": 0.0, "num_correct": 0.0, "weight_sum": 0.0}
    dataset = batch_dataset(examples, seed=training.seed, epoch=epoch, batch_size=training.batch_size)
    description = f"{name} epoch {epoch + 1}/{training.epochs}"
    bar = progress_bar(
        dataset, progress=progress, total=num_steps, desc=description, unit="step", leave=False
    )
    begin = time.perf_counter()
    for index, batch in enumerate(bar):
        driver.on_train_batch_begin(index)
        for key, value in step(batch, epoch * num_steps + index).items():
            sums[key] += float(value)
        logs = _means(sums)
        bar.set_postfix(loss=f"{logs['loss']:.3f}", accuracy=f"{logs['accuracy']:.3f}", refresh=False)
        driver.on_train_batch_end(index, dict(logs))
    seconds = time.perf_counter() - begin
    rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    return _means(sums) | {"learning_rate": rate, "seconds": seconds, "steps_per_second": num_steps / seconds}


def _means(sums: dict[str, float]) -> dict[str, float]:
    weight = max(sums["weight_sum"], 1.0)
    return {"loss": sums["loss_sum"] / weight, "accuracy": sums["num_correct"] / weight}


def steps_per_epoch(num_examples: int, batch_size: int) -> int:
    """Return the number of batches of an epoch, an uneven last one included."""
    return -(-num_examples // batch_size)


def validation_scores(model: keras.Model, examples: Examples) -> dict[str, float]:
    """Return "val_accuracy" over all rows and "val_loss" over those whose answer is in the vocabulary."""
    probabilities = predict_probabilities(model, examples)
    ids = examples.answer_ids
    known = np.flatnonzero((ids >= 0) & (examples.clip_index >= 0))
    right = (probabilities[known].argmax(-1) == ids[known]).sum()
    chosen = probabilities[known, ids[known]]
    loss = -np.log(np.maximum(chosen, 1e-7)).mean() if len(known) else 0.0
    return {"val_loss": float(loss), "val_accuracy": float(right / len(ids))}


class BestWeights:
    """Keeps the weights of the epoch with the highest validation accuracy, of equal ones the lowest loss."""

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.score: tuple[float, float] = (-1.0, 0.0)
        self.weights: list[np.ndarray] = []
        self.epochs_without_gain = 0

    def update(self, model: keras.Model, logs: dict[str, float]) -> bool:
        """Take an epoch's scores and return whether it is time to stop."""
        score = (logs["val_accuracy"], -logs["val_loss"])
        if score > self.score:
            self.epochs_without_gain = 0 if score[0] > self.score[0] else self.epochs_without_gain + 1
            self.score, self.weights = score, model.get_weights()
        else:
            self.epochs_without_gain += 1
        return self.patience is not None and self.epochs_without_gain >= self.patience

    def restore(self, model: keras.Model) -> None:
        """Put the best epoch's weights back."""
        model.set_weights(self.weights)
