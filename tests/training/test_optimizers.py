"""Learning rates that follow a schedule, by step, however many updates a step makes; AdaGrad as published."""

import math

import keras
import numpy as np
import pytest

from videoqa.config import ModelConfig, TrainingConfig
from videoqa.models.building import build_from_config
from videoqa.training.optimizers import optimizer_pairs, rate_setter

CONV_LSTM = ModelConfig(task="action", architecture="conv_lstm", frame_size=(40, 40), num_answers=3)


def rates_at(number: int, num_updates: int, training: TrainingConfig) -> list[float]:
    """Return the rates of all optimizers at a step of 10, after so many updates."""
    pairs = optimizer_pairs(build_from_config(CONV_LSTM, None, starts_from="clip"), CONV_LSTM, training, 10)
    optimizers = [optimizer for optimizer, _ in pairs]
    for optimizer in optimizers:
        optimizer.iterations.assign(num_updates)
    rate_setter(optimizers, CONV_LSTM, training, 10)(number)
    return [float(keras.ops.convert_to_numpy(optimizer.learning_rate)) for optimizer in optimizers]


@pytest.mark.numeric
@pytest.mark.parametrize(
    ("schedule", "share"),
    [("constant", 1), ("cosine", 0.5), ("staircase", 0.25)],
)
def test_rates_of_conv_lstm_go_by_steps_not_by_segments(schedule: str, share: float) -> None:
    training = TrainingConfig(learning_rate_schedule=schedule, decay_steps=2, decay_rate=0.5)
    number = 4 if schedule == "staircase" else 5
    expected = [0.001 * share, 0.01 * share, 0.008 * share, 0.001 * share]
    assert rates_at(number, num_updates=40, training=training) == pytest.approx(expected, rel=1e-5)


@pytest.mark.numeric
def test_adagrad_begins_as_published() -> None:
    """Two updates by hand: sum = 1e-6 + g² + g², step = rate x g / (sqrt(sum) + 1e-6)."""
    model = build_from_config(CONV_LSTM, None, starts_from="clip")
    pairs = optimizer_pairs(model, CONV_LSTM, TrainingConfig(), 10)
    for (optimizer, variables), rate in zip(pairs[1:3], (0.01, 0.008), strict=True):
        gradients = [np.full(variable.shape, 2e-3, "float32") for variable in variables]
        before = [variable.numpy() for variable in variables]
        for total in (1e-6 + 4e-6, 1e-6 + 8e-6):
            optimizer.apply(gradients, variables)
            step = rate * 2e-3 / (total**0.5 + 1e-6)
            now = [variable.numpy() for variable in variables]
            for old, new in zip(before, now, strict=True):
                # 0.025 %: epsilon inside the root; and the rounding of weights of up to 2
                np.testing.assert_allclose(old - new, step, rtol=2.5e-4, atol=4 * np.finfo("float32").eps)
            before = now


@pytest.mark.numeric
@pytest.mark.parametrize("schedule", ["constant", "cosine", "staircase"])
def test_rates_of_the_other_architectures_go_by_updates(schedule: str) -> None:
    training = TrainingConfig(
        learning_rate=0.01, learning_rate_schedule=schedule, decay_steps=2, decay_rate=0.5
    )
    config = ModelConfig(task="action", backbone="tiny", num_answers=3, video_units=4, hidden_units=4)
    model = build_from_config(config, 4, starts_from="features")
    [(optimizer, variables)] = optimizer_pairs(model, config, training, 10)
    assert len(variables) == len(model.trainable_variables)
    rates = []
    for number in (0, 3, 10):
        optimizer.iterations.assign(number)
        rates.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))
    expected = {
        "constant": [0.01, 0.01, 0.01],
        "cosine": [0.01, 0.005 * (1 + math.cos(math.pi * 3 / 10)), 0],
        "staircase": [0.01, 0.005, 0.01 / 2**5],
    }
    assert rates == pytest.approx(expected[schedule], rel=1e-5, abs=1e-9)
