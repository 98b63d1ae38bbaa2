"""A question model cut where its branches meet: what it makes of a clip serves many questions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from videoqa.evaluation.inference import LAST_LAYERS, compiled
from videoqa.evaluation.prediction import Predictions, windows_of
from videoqa.input_pipeline import Examples, trim_padding

if TYPE_CHECKING:
    import keras

JOIN = "join"
"""Name of the layer where the branches meet."""


class Halves:
    """The two halves of a question model; together they are the model, but for the rounding of sums.

    Args:
        model: one that `can_be_cut`.
    """

    def __init__(self, model: "keras.Model") -> None:
        import keras

        vector, _ = model.get_layer(JOIN).input
        (self._video_input,) = set(model.input) - {"question"}
        windows = {self._video_input: model.input[self._video_input]}
        joined = {"vector": vector, "question": model.input["question"]}
        last = next(layer for name in LAST_LAYERS for layer in model.layers if layer.name == name)
        outputs = {"answer": model.output, "hidden": last.input}
        # `keras.Model` would note a second use of the layers behind the vector, and their `input` would fail.
        self._read_windows = compiled(keras.Function(windows, vector), windows)
        self._answer = compiled(keras.Function(joined, outputs), joined)

    def vectors(self, examples: Examples, rows: np.ndarray, num_test_clips: int) -> list[np.ndarray]:
        """Return the vectors of the windows of some rows' clips, float32 `(num_windows, units)` for each."""
        window_rows, starts = windows_of(examples, rows, num_test_clips)
        inputs = examples.model_inputs(window_rows, starts)
        found = self._read_windows({self._video_input: inputs[self._video_input]}).numpy()
        return [found[window_rows == row] for row in rows]

    def predict(self, vectors: Sequence[np.ndarray], token_ids: np.ndarray) -> Predictions:
        """Return the predictions of rows, as `predict_examples` does.

        Args:
            vectors: for each row those of its clip's windows.
            token_ids: int32 `(num_rows, num_tokens)`.
        """
        counts = [len(each) for each in vectors]
        questions = np.repeat(trim_padding(token_ids), counts, axis=0)
        found = self._answer({"vector": np.concatenate(vectors), "question": questions})
        begins = np.cumsum([0, *counts[:-1]])
        answers, hidden = (
            np.add.reduceat(found[name].numpy(), begins, axis=0) / np.array(counts, np.float32)[:, None]
            for name in ("answer", "hidden")
        )
        return Predictions(answers, None, hidden)


def can_be_cut(model: "keras.Model") -> bool:
    """Return whether a model reads both a clip and a question, each by a branch of its own."""
    return len(model.input) == 2 and "question" in model.input
