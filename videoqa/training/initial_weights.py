"""Starting from the weights of an earlier model; each word and each answer keeps its own."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from videoqa._checks import Refusal
from videoqa.saving import ModelFolder
from videoqa.text.vocabulary import AnswerList, Vocabulary


def load_initial_weights(
    model: keras.Model, initial: ModelFolder, *, vocabulary: Vocabulary | None, answers: AnswerList
) -> list[str]:
    """Copy an earlier model's weights into `model` and return the names of the layers that took some.

    Rows of the question embedding go by word, columns of the answer layer by answer; words and answers
    the earlier model does not have keep their fresh weights.

    Args:
        model: the new model, starting from features or from clips.
        initial: the earlier model's folder.
        vocabulary: the new model's words; None for actions.
        answers: the new model's answers.

    Raises:
        ValueError: a layer that both have differs in shape.
    """
    source = initial.build()
    old_words = initial.vocabulary.words if initial.vocabulary is not None else ()
    new_words = vocabulary.words if vocabulary is not None else ()
    word_rows = _matches(old_words, new_words)
    answer_columns = _matches(initial.answers.answers, answers.answers)
    copied = []
    for layer in model.layers:
        if not layer.weights or layer.name not in {other.name for other in source.layers}:
            continue
        old, new = source.get_layer(layer.name).get_weights(), layer.get_weights()
        axis, (old_places, new_places) = {
            "question_embedding": (0, word_rows),
            **dict.fromkeys(initial.config.model.facts.answer_layers, (-1, answer_columns)),
        }.get(layer.name, (None, ([], [])))
        layer.set_weights(
            [_merge(layer.name, a, b, axis, old_places, new_places) for a, b in zip(old, new, strict=True)]
        )
        copied.append(layer.name)
    return copied


def weights_before_the_answer(
    model: keras.Model, answer_layers: Sequence[str]
) -> dict[str, list[np.ndarray]]:
    """Return the weights of each layer that has some, by its name; those of `answer_layers` stay behind."""
    return {
        layer.name: layer.get_weights()
        for layer in model.layers
        if layer.weights and layer.name not in answer_layers
    }


def load_equal_layers(model: keras.Model, weights: Mapping[str, Sequence[np.ndarray]]) -> list[str]:
    """Give each layer of `model` the weights of its name, if their shapes are its own.

    Returns:
        The names of the layers that took some.
    """
    taken = []
    for layer in model.layers:
        given = weights.get(layer.name)
        if given and [each.shape for each in given] == [tuple(each.shape) for each in layer.weights]:
            layer.set_weights(given)
            taken.append(layer.name)
    return taken


def _matches(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the places in `old` and in `new` of the entries both have."""
    place = {entry: index for index, entry in enumerate(old)}
    shared = [(place[entry], index) for index, entry in enumerate(new) if entry in place]
    return [a for a, _ in shared], [b for _, b in shared]


def _merge(
    name: str,
    old: np.ndarray,
    new: np.ndarray,
    axis: int | None,
    old_places: list[int],
    new_places: list[int],
) -> np.ndarray:
    if axis is None:
        if old.shape != new.shape:
            raise Refusal(
                f"`initial_model` must have layers of the new model's shapes. Layer {name!r}: it has "
                f"{old.shape}, the new model {new.shape}. Give the options it was trained with."
            )
        return old
    merged, earlier = np.moveaxis(new.copy(), axis, 0), np.moveaxis(old, axis, 0)
    if earlier.shape[1:] != merged.shape[1:]:
        raise Refusal(
            f"`initial_model` must have layers of the new model's widths. Layer {name!r}: it has "
            f"{old.shape}, the new model {new.shape}. Give the options it was trained with."
        )
    merged[new_places] = earlier[old_places]
    return np.moveaxis(merged, 0, axis)
