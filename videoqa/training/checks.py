"""What an architecture asks of the way it is trained; needs no TensorFlow."""

from videoqa._checks import refusal
from videoqa.config import ModelConfig, TrainingConfig
from videoqa.input_pipeline import num_batches


def drops_incomplete_batches(config: ModelConfig) -> bool:
    """Whether a model learns from full batches only: batch norm's statistics are those of a batch."""
    return config.architecture == "c3d"


def steps_per_epoch(num_examples: int, batch_size: int, config: ModelConfig) -> int:
    """Return the number of batches of an epoch, an uneven last one included where it is learned from."""
    return num_batches(num_examples, batch_size, drop_remainder=drops_incomplete_batches(config))


def check_num_rows(config: ModelConfig, num_rows: int, batch_size: int) -> str:
    """Return what is to be said of rows that no step of an epoch sees; "" where every row is seen.

    Raises:
        ValueError: a model that learns from full batches only, and fewer rows than one batch has.
    """
    if not drops_incomplete_batches(config) or num_rows % batch_size == 0:
        return ""
    if num_rows < batch_size:
        requirement = f"be at most the number of training rows, {num_rows}: batch norm needs full batches"
        raise ValueError(refusal("batch_size", requirement, batch_size))
    return (
        f"The last {num_rows % batch_size} of {num_rows} training rows are left out of each epoch, others in "
        "every epoch: batch norm needs full batches."
    )


def check_recipe(config: ModelConfig, training: TrainingConfig) -> None:
    """Refuse ways of training that an architecture cannot take, before any work is done.

    Raises:
        ValueError: naming the option.
    """
    if config.architecture != "conv_lstm":
        return
    if training.strategy == "mirrored":
        advice = "Its workers average their weights: give --strategy multiworker --averaging-frequency K."
        raise ValueError(
            refusal("strategy", "be 'single' or 'multiworker' with conv_lstm", "mirrored", advice)
        )
    if training.strategy == "multiworker" and training.averaging_frequency is None:
        advice = "Each worker carries the state of its own clips: their weights are averaged."
        raise ValueError(refusal("averaging_frequency", "be given with conv_lstm", None, advice))
    if training.precision == "mixed_float16":
        advice = "mixed_bfloat16 needs no scaling of the loss, which its four optimizers would not share."
        raise ValueError(refusal("precision", "be another one with conv_lstm", training.precision, advice))


def check_shares(config: ModelConfig, batch_size: int, num_replicas: int) -> None:
    """Refuse a batch that the replicas cannot share equally, where its statistics matter.

    Raises:
        ValueError: naming the two nearest sizes.
    """
    if not drops_incomplete_batches(config) or batch_size % num_replicas == 0:
        return
    smaller = max(batch_size // num_replicas, 1) * num_replicas
    larger = (batch_size // num_replicas + 1) * num_replicas
    nearest = f"{smaller} or {larger}" if smaller != larger else str(larger)
    requirement = f"be divisible by the {num_replicas} replicas that share its batch norm"
    raise ValueError(refusal("batch_size", requirement, batch_size, f"Nearest are {nearest}."))
