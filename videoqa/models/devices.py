"""GPUs: memory on demand, asked for before TensorFlow takes all of it."""

import tensorflow as tf


def let_gpu_memory_grow() -> bool:
    """Let every GPU's memory grow on demand and return whether that could still be set."""
    try:
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        return False
    return True
