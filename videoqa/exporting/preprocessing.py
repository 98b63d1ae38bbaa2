"""`preprocessing.json`: all that a caller of an export must do before and after the network."""

from typing import Any

from videoqa._manifest import MANIFEST, file_sha256
from videoqa._version import __version__
from videoqa.config import MAX_QUESTION_CHARACTERS, MAX_QUESTION_TOKENS
from videoqa.exporting.serving_models import FRAMES, INPUT_OF, QUESTION
from videoqa.models.feature_columns import feature_columns
from videoqa.saving import ANSWERS, VOCABULARY, ModelFolder
from videoqa.text.vocabulary import PADDING_ID, UNKNOWN_ID

PREPROCESSING = "preprocessing.json"
FORMAT_VERSION = 1
LEFT_OUT = (
    "An export gives probabilities alone. Whether a clip or a question is unlike those of the training, the "
    "set of likely answers and the evidence of an answer are known to the library, not to the graph."
)
TOKEN_RULES = (
    "Unicode form NFKC and lower case; curly quotation marks, apostrophes and dashes become ASCII; invisible "
    "characters are dropped; white space becomes single spaces",
    "spaces are set around each character of a script that writes none, and around each sign outside ASCII",
    "nltk's NLTKWordTokenizer (the Treebank rules) splits the text into words",
)
FIRST_TOKEN_RULES = (
    "lower case, then Unicode form NFC; white space becomes single spaces",
    "nltk's NLTKWordTokenizer (the Treebank rules) splits the text into words",
)
SHORT_CLIPS = {
    "repeat": "a grid shorter than num_frames repeats its frames evenly, by the rule for regular frames",
    "skip": "a grid shorter than num_frames cannot be answered",
    "loop": "a window that reaches past its grid goes on with the grid's first frame",
    "mask": "a window that reaches past its grid ends with frames of zeros, whose mask is false",
}


def preprocessing(folder: ModelFolder, start: str) -> dict[str, Any]:
    """Return the content of `preprocessing.json`.

    Args:
        folder: the exported model.
        start: what the export starts from.
    """
    trust, model = folder.trust, folder.config.model
    return {
        "format_version": FORMAT_VERSION,
        "videoqa_version": __version__,
        "model": {
            "name": folder.path.resolve().name,
            "manifest_sha256": file_sha256(folder.path / MANIFEST),
            "task": model.task,
            "architecture": model.architecture,
        },
        "starts_from": start,
        "inputs": _inputs(folder, start),
        "outputs": _outputs(folder),
        "temperature": None if trust is None else trust.temperature,
        "frames": None if start == QUESTION else _frames(folder),
        "sampling": None if start == QUESTION else _sampling(folder),
        "features": _features(folder) if model.sees_video and model.has_backbone else None,
        "question": None if folder.vocabulary is None else _question(folder),
        "answers": {"file": ANSWERS, "rule": "probability k is that of the k-th text, from 0"},
        "left_out": LEFT_OUT,
    }


def _inputs(folder: ModelFolder, start: str) -> dict[str, Any]:
    model, num_frames = folder.config.model, folder.config.sampling.num_frames
    inputs: dict[str, Any] = {}
    if start != QUESTION:
        one = [*model.frame_size, 3] if start == FRAMES else [feature_columns(model).total]  # type: ignore[misc]
        dtype = "uint8" if start == FRAMES else "float32"
        inputs[INPUT_OF[start]] = {"dtype": dtype, "shape": [None, num_frames, *one]}
    if folder.vocabulary is not None:
        inputs["question"] = {"dtype": "int32", "shape": [None, MAX_QUESTION_TOKENS]}
    if model.facts.needs_mask:
        inputs["mask"] = {"dtype": "bool", "shape": [None, num_frames]}
    return inputs


def _outputs(folder: ModelFolder) -> dict[str, str]:
    config = folder.config
    calibrated = folder.trust is not None and folder.trust.temperature is not None
    outputs = {
        "answer": "float32 (batch, num_answers): probability of each answer for one window, "
        + ("calibrated: the temperature is part of the graph" if calibrated else "as the network gives it")
    }
    if calibrated and config.sampling.num_test_clips > 1:
        outputs["uncalibrated"] = (
            "float32 (batch, num_answers): as the network gives them. Average these over the windows of a "
            "clip, then calibrate: softmax(log(max(mean, 1e-12)) / temperature)"
        )
    if config.model.facts.needs_mask:
        outputs["frames"] = (
            "float32 (batch, num_frames, num_answers): probabilities for each frame, as the network gives "
            "them; those of frames that the mask leaves out mean nothing"
        )
    return outputs


def _frames(folder: ModelFolder) -> dict[str, Any]:
    height, width = folder.config.model.frame_size  # type: ignore[misc]
    return {
        "dtype": "uint8",
        "range": [0, 255],
        "colour_order": "RGB",
        "height": height,
        "width": width,
        "upright": "frames are turned as the file says before they are resized",
        "resize": {
            "scale": "min(height, width) / min(height and width of the frame); both sides are multiplied by "
            "it and rounded, halves to even",
            "shrinking": "cv2.INTER_AREA",
            "enlarging": "cv2.INTER_LINEAR",
        },
        "crop": "the middle height x width pixels; an odd pixel stays right and below",
        "padding": "a frame that is smaller then is set in the middle of black",
        "scaling": "none: it is part of the graph",
    }


def _sampling(folder: ModelFolder) -> dict[str, Any]:
    sampling = folder.config.sampling
    if sampling.frame_step is not None:
        grid = (
            "every frame_step-th frame, centred: start = (count - 1 - (kept - 1) * frame_step) // 2 with "
            "kept = min((count - 1) // frame_step + 1, max_grid_frames)"
        )
    elif sampling.frames_per_second is not None:
        grid = (
            "the frame on show at 0, 1 / frames_per_second, 2 / frames_per_second, ... seconds after the "
            "first; the middle max_grid_frames of a longer grid"
        )
    else:
        grid = (
            "num_frames regular frames of the clip: first half round(k * (count - 1) / (num_frames - 1)), "
            "halves to even; the second half mirrors it: count - 1 - first_half, reversed"
        )
    return {
        "num_frames": sampling.num_frames,
        "frame_step": sampling.frame_step,
        "frames_per_second": sampling.frames_per_second,
        "max_grid_frames": sampling.max_grid_frames,
        "short_clips": sampling.short_clips,
        "num_windows": sampling.num_test_clips,
        "grid": grid,
        "short": SHORT_CLIPS[sampling.short_clips],
        "windows": "num_windows windows of num_frames neighbours in the grid; one: its middle, "
        "start = max(len(grid) - num_frames, 0) // 2; several: distinct values of round(linspace(0, "
        "max(len(grid) - num_frames, 0), num_windows))",
        "average": "the probabilities of a clip are the mean over its windows",
    }


def _features(folder: ModelFolder) -> dict[str, Any]:
    columns = feature_columns(folder.config.model)
    return {
        "backbone": folder.backbone,
        "rounding": "none; the library keeps them in float16, which changes probabilities a little: see "
        "kept_difference in comparison.json",
        "columns": {
            "backbone": columns.backbone,
            "flow_from_before": columns.flow,
            "flow_after": columns.flow,
        },
        "made_by": 'videoqa.load(MODEL).sample_file(ClipRequest("clip.mp4")).grid, with '
        "videoqa.video.decoding.ClipRequest",
    }


def _question(folder: ModelFolder) -> dict[str, Any]:
    assert folder.vocabulary is not None
    tokenizer = folder.vocabulary.tokenizer
    return {
        "vocabulary": VOCABULARY,
        "tokenizer": tokenizer,
        "rules": list(FIRST_TOKEN_RULES if tokenizer == "nltk" else TOKEN_RULES),
        "max_characters": MAX_QUESTION_CHARACTERS,
        "max_tokens": MAX_QUESTION_TOKENS,
        "padding_id": PADDING_ID,
        "unknown_id": UNKNOWN_ID,
        "rule": "ids are places in the vocabulary, cut to max_tokens and padded on the right",
    }
