"""Balance: what each row weighs, in training and where the best epoch is chosen."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from videoqa.config import ModelConfig
from videoqa.input_pipeline import Examples, balance_in_words, balanced, training_batches
from videoqa.models.building import build_from_config
from videoqa.training.loop import validation_scores

IS_HE, COLOUR = [5, 6, 0], [7, 8, 9]


def examples_of(answers: list[int], questions: list[list[int]] | None = None) -> Examples:
    clips = np.random.default_rng(0).random((len(answers), 2, 104)).astype(np.float16)
    tokens = None if questions is None else np.array(questions, np.int32)
    return Examples(clips, np.arange(len(answers)), tokens, np.array(answers, np.int32), 2)


def test_each_label_weighs_the_same_in_all() -> None:
    weights = balanced(examples_of([0, 0, 0, 1, 2, 2]), known_only=True).row_weights
    assert weights is not None and weights.dtype == np.float32
    # 6 rows, 3 labels: 2 for each label, among its 3, 1 and 2 rows.
    np.testing.assert_array_equal(weights, np.array([2 / 3, 2 / 3, 2 / 3, 2, 1, 1], np.float32))
    assert weights.mean() == pytest.approx(1)


def test_answers_are_weighed_within_their_question() -> None:
    """A colour that was given once is no rarer than it is among colours, however often "yes" was given."""
    questions = [IS_HE] * 6 + [COLOUR] * 2 + [[7, 8, 4]]
    weights = balanced(examples_of([0, 0, 0, 0, 0, 1, 2, 3, 2], questions), known_only=True).row_weights
    expected = [0.6] * 5 + [3] + [1, 1] + [1]  # 6 rows of 2 answers; each colour once; asked once
    np.testing.assert_array_equal(weights, np.array(expected, np.float32))


def test_answers_outside_the_list_do_not_count_in_training_and_are_one_more_in_validation() -> None:
    examples = examples_of([0, -1, 0, 1, -1, 1, 1])
    training = balanced(examples, known_only=True)
    of_5 = np.array([5 / 4, 0, 5 / 4, 5 / 6, 0, 5 / 6, 5 / 6], np.float32)
    np.testing.assert_array_equal(training.row_weights, of_5)
    validation = balanced(examples, known_only=False)
    of_7 = np.array([7 / 6, 7 / 6, 7 / 6, 7 / 9, 7 / 6, 7 / 9, 7 / 9], np.float32)
    np.testing.assert_array_equal(validation.row_weights, of_7)


def test_what_balance_does_is_said() -> None:
    of_3_and_1 = balanced(examples_of([0, 0, 0, 1, -1]), known_only=True).row_weights
    assert balance_in_words(of_3_and_1) == "Balanced: a training row weighs from 0.67 to 2, on average 1."
    once_each = balanced(examples_of([0, 1, 2], [[3], [4], [5]]), known_only=True).row_weights
    assert balance_in_words(once_each).startswith("--balance changes nothing")


def test_batches_carry_the_weights_of_their_rows() -> None:
    examples = balanced(examples_of([0, 0, 0, -1, 1]), known_only=True)
    seen = {}
    for batch in training_batches(examples, seed=0, epoch=0, batch_size=2):
        for clip, weight in zip(batch["inputs"]["features"], batch["weights"], strict=True):
            seen[clip.tobytes()] = float(weight)
    assert examples.clips is not None and len(seen) == 5
    found = [seen[clip.astype(np.float32).tobytes()] for clip in examples.clips]
    np.testing.assert_allclose(found, [2 / 3, 2 / 3, 2 / 3, 0, 2], rtol=1e-6)
    chosen = examples.select(np.array([4, 0]))
    np.testing.assert_array_equal(chosen.row_weights, np.array([2, 2 / 3], np.float32))


@pytest.mark.numeric
def test_the_best_epoch_is_chosen_by_the_balanced_accuracy(rounding: Callable[..., float]) -> None:
    keras.utils.set_random_seed(0)
    sizes = {"num_answers": 3, "video_units": 4, "hidden_units": 4}
    config = ModelConfig(task="action", backbone="tiny", video_branch="mean", **sizes)
    model = build_from_config(config, 2, starts_from="features")
    layer = model.get_layer("answer")
    layer.set_weights([np.zeros((4, 3)), np.array([1.0, 0.0, 0.0])])  # always says the first answer
    examples = examples_of([0, 0, 0, 0, 1, 2, 2, -1])
    plain = validation_scores(model, examples, 4)
    fair = validation_scores(model, balanced(examples, known_only=False), 4)
    assert plain["val_accuracy"] == 4 / 8
    assert fair["val_accuracy"] == pytest.approx(1 / 4, rel=1e-6)  # of three answers and an unknown one
    first, other = (-np.log(np.exp([1, 0]) / (np.e + 2))).tolist()
    assert plain["val_loss"] == pytest.approx((4 * first + 3 * other) / 7, rel=rounding(4, 3))
    assert fair["val_loss"] == pytest.approx((first + 2 * other) / 3, rel=rounding(6, 7))
