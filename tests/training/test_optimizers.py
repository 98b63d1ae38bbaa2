"""Learning rates that follow a schedule: by step, however many updates a step makes."""

import keras
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


@pytest.mark.parametrize(
    ("schedule", "share"),
    [("constant", 1), ("cosine", 0.5), ("staircase", 0.25)],
)
def test_rates_of_conv_lstm_go_by_steps_not_by_segments(schedule: str, share: float) -> None:
    training = TrainingConfig(learning_rate_schedule=schedule, decay_steps=2, decay_rate=0.5)
    number = 4 if schedule == "staircase" else 5
    expected = [0.001 * share, 0.01 * share, 0.008 * share, 0.001 * share]
    assert rates_at(number, num_updates=40, training=training) == pytest.approx(expected, rel=1e-5)
