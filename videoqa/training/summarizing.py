"""What a model consists of and what memory its training needs, without training it."""

from typing import Any

from videoqa.config import RunConfig
from videoqa.models.summary import layer_table
from videoqa.training.memory import forecast_run


def summarize(config: RunConfig, num_frames: int | None = None) -> dict[str, Any]:
    """Return the layers of a run's model and the memory forecast of its training; reads no weights.

    Args:
        config: the run's configuration; its numbers of frames and batch size go into the forecast.
        num_frames: frames per clip in the layers' shapes; None: any number, or the architecture's own.

    Returns:
        "layers": the rows of `layer_table` before its sums; "parameters" and "trained_parameters": the sums;
        "batch_size"; "memory_bytes": of `forecast_run` without clips, with their sum as "total", and for a
        model whose clips are held in memory "each_clip".
    """
    table = layer_table(config.model, num_frames)
    total = table.iloc[-1]
    memory = {name: size for name, size in forecast_run(config, 0).items() if name != "clips"}
    memory["total"] = sum(memory.values())
    if each_clip := forecast_run(config, 1).get("clips"):
        memory["each_clip"] = each_clip
    return {
        "layers": table.iloc[:-1].to_dict("records"),
        "parameters": int(total["parameters"]),
        "trained_parameters": int(total["trained"]),
        "batch_size": config.training.batch_size,
        "memory_bytes": memory,
    }
