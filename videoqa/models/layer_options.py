"""Options of single layers, from the configuration: width, kernel penalty, precision of the softmax."""

import keras

from videoqa.config import ModelConfig


def scaled_units(units: int, model: ModelConfig) -> int:
    """Return a published number of units or filters times `width`, rounded, at least 1."""
    return max(1, round(units * model.width))


def kernel_penalty(model: ModelConfig) -> keras.regularizers.Regularizer | None:
    """Return `l2` times the squared sum of a kernel; None where `l2` is 0."""
    return keras.regularizers.L2(model.l2) if model.l2 else None


def softmax_dtype() -> str | None:
    """Return "float32" in half precision, where a softmax would lose small probabilities; else None."""
    half = keras.config.dtype_policy().compute_dtype in ("float16", "bfloat16")
    return "float32" if half else None
