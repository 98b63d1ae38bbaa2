"""Scores of a model on the validation rows, while it is trained."""

import keras
import numpy as np

from videoqa.evaluation.inference import windows_at_once
from videoqa.evaluation.prediction import predict_probabilities
from videoqa.input_pipeline import Examples


def validation_scores(model: keras.Model, examples: Examples, batch_size: int) -> dict[str, float]:
    """Return "val_accuracy" over all rows and "val_loss" over those whose answer is in the vocabulary.

    Args:
        model: takes the inputs of `examples`.
        examples: validation rows.
        batch_size: of the training, whose memory is to be enough.
    """
    windows = windows_at_once(model, examples.num_frames, trained_with=batch_size)
    probabilities = predict_probabilities(model, examples, batch_size=windows)
    ids = examples.answer_ids
    known = np.flatnonzero((ids >= 0) & (examples.clip_index >= 0))
    right = (probabilities[known].argmax(-1) == ids[known]).sum()
    chosen = probabilities[known, ids[known]]
    loss = -np.log(np.maximum(chosen, 1e-7)).mean() if len(known) else 0.0
    return {"val_loss": float(loss), "val_accuracy": float(right / len(ids))}
