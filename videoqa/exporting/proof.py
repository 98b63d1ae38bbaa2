"""The proof of an export: it answers about 32 clips, in its own runtime, as the model of the folder does."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa.config import MAX_QUESTION_TOKENS
from videoqa.evaluation.prediction import predict_examples
from videoqa.exporting.errors import NotExported
from videoqa.exporting.runtimes import answers_of
from videoqa.exporting.serving_models import FRAMES, INPUT_OF, QUESTION
from videoqa.features.frame_encoder import FrameEncoder, as_float16
from videoqa.features.motion import with_flow
from videoqa.input_pipeline import Examples
from videoqa.sample.sample_set import sample_clip
from videoqa.sample.scene import ACTIVITIES
from videoqa.saving import ModelFolder
from videoqa.trust.calibration import with_temperature
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.sampling import window_start_center

if TYPE_CHECKING:
    import keras

NUM_CLIPS = 32
LARGEST_DIFFERENCE = 1e-4
"""Of a probability, between an export and the model."""
FRAMES_PER_CALL = 80
CLIPS_PER_CALL = 16


@dataclass(frozen=True)
class Clips:
    """What exports and the model are asked about.

    Attributes:
        folder: of the model.
        examples: as the model reads them.
        frames: the window of each clip, uint8 RGB `(num_seen, height, width, 3)`, if exports start from them.
        answers: of the model, float32 `(NUM_CLIPS, num_answers)`, calibrated as the library does.
        kept_difference: how far a probability is from that which the library gives, because it keeps features
            in float16; 0 for a model without a backbone.
    """

    folder: ModelFolder
    examples: Examples
    frames: list[np.ndarray]
    answers: np.ndarray
    kept_difference: float

    def inputs(self, start: str) -> dict[str, np.ndarray]:
        """Return the inputs of exports that start from `start`, by name, each `(NUM_CLIPS, ...)`."""
        examples = self.examples
        if start == FRAMES:
            examples = replace(examples, clips=self.frames, clip_input=INPUT_OF[FRAMES], num_flow=0)
        rows = np.arange(len(examples))
        inputs = examples.model_inputs(rows, examples.center_starts(rows))
        if examples.token_ids is not None:
            inputs["question"] = examples.token_ids
        return inputs


def drawn_clips(folder: ModelFolder, starts: tuple[str, ...]) -> Clips:
    """Return drawn clips, with random questions in the model's words, and the model's answers.

    Args:
        folder: the trained model.
        starts: what exports will start from.
    """
    config = folder.config
    model, sampling = config.model, config.sampling
    frames = [] if starts == (QUESTION,) else list(_windows(folder))
    seen: list[np.ndarray] | None = frames or None
    if frames and model.has_backbone:
        encoder = FrameEncoder(folder.encoder_config)
        seen = [with_flow(encoder(each), encoder.flow_of(each)) for each in frames]
    examples = Examples(
        seen,
        np.arange(NUM_CLIPS),
        _questions(folder),
        np.zeros(NUM_CLIPS, np.int32),
        sampling.num_frames,
        clip_input="features" if model.has_backbone else "clip",
        short_clips=sampling.short_clips,
        num_flow=model.num_flow,
        with_mask=model.facts.needs_mask,
    )
    trained = folder.build()
    answers, kept_difference = _answers(folder, trained, examples), 0.0
    if seen is not None and model.has_backbone:
        kept = replace(examples, clips=[as_float16(each) for each in seen])
        kept_difference = largest_difference(_answers(folder, trained, kept), answers)
    return Clips(folder, examples, frames if FRAMES in starts else [], answers, kept_difference)


def _answers(folder: ModelFolder, trained: "keras.Model", examples: Examples) -> np.ndarray:
    """Return the probabilities that the library gives, float32 `(NUM_CLIPS, num_answers)`."""
    probabilities = predict_examples(trained, examples).probabilities
    temperature = None if folder.trust is None else folder.trust.temperature
    return probabilities if temperature is None else with_temperature(probabilities, temperature)


def prove(name: str, path: Path, clips: Clips, starts: tuple[str, ...]) -> dict[str, Any]:
    """Run an export in its own runtime, compare its answers with the model's, and return what was found.

    Args:
        name: a key of `FORMATS`.
        path: the file or folder that was written.
        clips: what it is asked about.
        starts: what it starts from; several for a format with several signatures.

    Returns:
        "num_clips", "largest_difference" (of a probability, for each start) and "cold_start_seconds" (from
        the start of a process to its first answer).

    Raises:
        NotExported: it does not run, or answers otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="videoqa-export-") as folder:
        sizes = {start: _write_inputs(clips.inputs(start), Path(folder) / start) for start in starts}
        outputs, seconds = answers_of(name, path, Path(folder), sizes)
    differences = {start: largest_difference(outputs[start].get("answer"), clips.answers) for start in starts}
    for start, difference in differences.items():
        if not difference <= LARGEST_DIFFERENCE:
            raise NotExported(
                f"The {name} export from {start} gives probabilities up to {difference:.2g} away from the "
                f"model's, more than {LARGEST_DIFFERENCE:g}."
            )
    return {"num_clips": NUM_CLIPS, "largest_difference": differences, "cold_start_seconds": seconds}


def _write_inputs(inputs: dict[str, np.ndarray], folder: Path) -> int:
    """Write each input to a file and return how many clips go into one call."""
    folder.mkdir()
    for key, values in inputs.items():
        np.save(folder / f"{key}.npy", values)
    return clips_per_call(inputs)


def clips_per_call(inputs: dict[str, np.ndarray]) -> int:
    """Return how many clips go into one call, so that frames do not fill the memory."""
    if "clip" not in inputs:
        return CLIPS_PER_CALL
    return min(max(FRAMES_PER_CALL // inputs["clip"].shape[1], 2), CLIPS_PER_CALL)


def largest_difference(found: np.ndarray | None, wanted: np.ndarray) -> float:
    """Return the largest difference of two probabilities; NaN if there is none to compare."""
    if found is None or found.shape != wanted.shape:
        return float("nan")
    return float(np.abs(found.astype(np.float64) - wanted).max())


def _windows(folder: ModelFolder) -> Iterator[np.ndarray]:
    """Yield the window that the model sees of each drawn clip, uint8 RGB `(num_seen, height, width, 3)`."""
    sampling, size = folder.config.sampling, folder.config.model.frame_size
    with tempfile.TemporaryDirectory(prefix="videoqa-export-") as clips:
        for number in range(NUM_CLIPS):
            activity = ACTIVITIES[number % len(ACTIVITIES)]
            path = sample_clip(activity, seed=number, folder=clips)
            grid = decode(ClipRequest(path), sampling, frame_size=size).frames
            if sampling.short_clips == "skip" and len(grid) < sampling.num_frames:
                grid = grid[np.arange(sampling.num_frames) % len(grid)]
            start = window_start_center(len(grid), sampling.num_frames)
            yield grid[start : start + sampling.num_frames]


def _questions(folder: ModelFolder) -> np.ndarray | None:
    """Return token ids int32 `(NUM_CLIPS, MAX_QUESTION_TOKENS)`, from one word to as many as there may be."""
    if folder.vocabulary is None:
        return None
    rng = np.random.default_rng(0)
    lengths = 1 + np.arange(NUM_CLIPS) * (MAX_QUESTION_TOKENS - 1) // (NUM_CLIPS - 1)
    ids = rng.integers(1, folder.vocabulary.size, (NUM_CLIPS, MAX_QUESTION_TOKENS), dtype=np.int32)
    return np.where(np.arange(MAX_QUESTION_TOKENS) < lengths[:, None], ids, 0).astype(np.int32)
