"""Exports beside each other: size, cold start, latency at 1 and at 32 clips, largest difference.

python benchmarks/exports.py [MODEL ...]

InceptionV3 needs the real-data folder, for its weights: VIDEOQA_REAL_DATA=path.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _real_data import real_backbone

import videoqa
from videoqa.config import EXPORT_FORMATS, run_config_from_options
from videoqa.exporting.formats import FORMATS
from videoqa.exporting.proof import drawn_clips
from videoqa.exporting.runtimes import LOADERS
from videoqa.saving import load_model_folder, save_model_folder
from videoqa.text.vocabulary import AnswerList, build_vocabulary
from videoqa.trust.trust import FEATURES, Trust

REPEATS = {1: 15, 32: 5}
"""Clips per call -> calls that are timed."""
SHIPPED = Path(videoqa.__file__).parent / "shipped_model"
MODELS: dict[str, dict[str, Any]] = {
    "package": {},
    "features": {"backbone_weights": None, "num_frames": 20},
    "c3d": {"task": "action", "architecture": "c3d", "width": 0.25},
    "conv_lstm": {"task": "action", "architecture": "conv_lstm", "num_frames": 20},
    "inception": {"num_frames": 20},
}
"""Name -> options of a model with initial weights, but for the backbone of "inception"; none: that in the
package."""
ABOUT = {
    "package": "cnn_lstm of the package, questions, from 20 frames of 96 x 96",
    "features": "cnn_lstm, questions, from 20 x 2,048 features",
    "c3d": "c3d of width 0.25, actions, from 10 frames of 112 x 112",
    "conv_lstm": "conv_lstm, actions, from 20 frames of 240 x 320",
    "inception": "cnn_lstm, questions, from 20 frames of 150 x 150 through InceptionV3 up to mixed8",
}
ANSWERS = [f"answer {number}" for number in range(100)]
METRICS = {"num_tables": 1, "majority_answers": {}, "groups": {}, "history": []}


def model_folder(name: str, out: Path) -> Path:
    """Return the folder of a model to export."""
    if not MODELS[name]:
        return SHIPPED
    import keras

    from videoqa.models.building import build_from_config

    config = run_config_from_options(MODELS[name] | (real_backbone() if name == "inception" else {}))
    vocabulary = None if config.model.task == "action" else build_vocabulary(["what is he doing?", *ANSWERS])
    model = replace(config.model, num_answers=len(ANSWERS))
    if vocabulary is not None:
        model = replace(model, vocabulary_size=vocabulary.size)
    config = replace(config, model=model)
    keras.utils.set_random_seed(0)
    start = "features" if model.has_backbone else "clip"
    network = build_from_config(model, config.sampling.num_frames, starts_from=start)
    trust = Trust(None, FEATURES, None, None, 0.3)
    save_model_folder(
        out, network, config, vocabulary=vocabulary, answers=AnswerList(tuple(ANSWERS)), metrics=METRICS,
        trust=trust,
    )  # fmt: skip
    return out


def milliseconds(calls: dict[str, Callable], inputs: dict[str, np.ndarray], repeats: int) -> dict[str, float]:
    """Return the median milliseconds of each call; the calls take turns."""
    for call in calls.values():
        call(inputs)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            begin = time.perf_counter()
            call(inputs)
            times[name].append(1000 * (time.perf_counter() - begin))
    return {name: statistics.median(values) for name, values in times.items()}


def measure(name: str, folder: Path) -> None:
    """Export one model in every format and print its rows."""
    model, out = model_folder(name, folder / "model"), folder / "exported"
    formats = [
        each for each in EXPORT_FORMATS if (name, each) != ("c3d", "litert")
    ]  # which lacks its pooling
    found = videoqa.export(model, formats, out, starts_from="features" if name == "features" else None)
    start = found["starts_from"]
    inputs = drawn_clips(load_model_folder(model), (start,)).inputs(start)
    calls = {each: LOADERS[each](out / FORMATS[each].file)(start) for each in formats}
    slowness = {
        clips: milliseconds(calls, {key: values[:clips] for key, values in inputs.items()}, repeats)
        for clips, repeats in REPEATS.items()
    }
    print(f"\n{ABOUT[name]}")
    print("| format | MB | cold start, s | 1 clip, ms | of Keras | 32 clips, ms | of Keras | difference |")
    print("|---|---|---|---|---|---|---|---|")
    for each, about in found["formats"].items():
        cells = [f"`{each}`", f"{about['num_bytes'] / 1e6:.1f}", f"{about['cold_start_seconds']:.1f}"]
        for by_format in slowness.values():
            cells += [f"{by_format[each]:.1f}", f"{by_format[each] / by_format['keras']:.2f}"]
        cells.append(f"{max(about['largest_difference'].values()):.1e}")
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Measure the models that were named, or all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", choices=[*MODELS, []], help="which models (default: all)")
    for name in parser.parse_args().models or MODELS:
        with tempfile.TemporaryDirectory(prefix="videoqa-exports-") as folder:
            measure(name, Path(folder))


if __name__ == "__main__":
    main()
