"""GPU memory: set before TensorFlow's first use of a GPU, which otherwise takes all of it."""

import tensorflow as tf


def let_gpu_memory_grow() -> bool:
    """Let every GPU's memory grow on demand; return False if TensorFlow already uses the GPUs."""
    try:
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        return False
    return True


def set_gpu_memory(limit: int | None) -> bool:
    """Cap every GPU's memory at `limit` MiB (None: let it grow); return as `let_gpu_memory_grow`."""
    if limit is None:
        return let_gpu_memory_grow()
    try:
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.set_logical_device_configuration(
                gpu, [tf.config.LogicalDeviceConfiguration(memory_limit=limit)]
            )
    except RuntimeError:
        return False
    return True
