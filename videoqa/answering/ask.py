"""`load`: loads a trained model; `ask`: answers one question about one clip."""

import functools
import os
from importlib import resources
from pathlib import Path
from typing import Any

from videoqa._progress import say
from videoqa.answering.video_qa import Answer, VideoQA
from videoqa.saving import ModelFolder, load_model_folder
from videoqa.trust.trust import MIN_FAMILIARITY

MODEL_VARIABLE = "VIDEOQA_MODEL"
SHIPPED_MODEL = "shipped_model"


def load(model: str | os.PathLike[str] | None = None) -> VideoQA:
    """Return a trained model, ready to answer.

    Args:
        model: model folder; None: the folder in `$VIDEOQA_MODEL`, else the small model in the package.

    Raises:
        FileNotFoundError: no such folder, or a part of it is missing.
        ValueError: a changed file, or files that do not fit together.

    Example:
        >>> qa = videoqa.load("runs/mine")
        >>> answer = qa.ask("clip.avi", "what is he doing?", top_k=3)
        >>> len(answer.alternatives)
        3
    """
    chosen = _chosen(model)
    if chosen is not None:
        return VideoQA(load_model_folder(chosen))
    with resources.as_file(resources.files("videoqa") / SHIPPED_MODEL) as path:
        folder = load_model_folder(path)
    return VideoQA(folder, notes=(_note_on_shipped_model(folder),))


def ask(
    video: Any,
    question: str = "",
    *,
    model: str | os.PathLike[str] | VideoQA | None = None,
    top_k: int = 5,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    fps: float | None = None,
    min_familiarity: float = MIN_FAMILIARITY,
    min_probability: float | None = None,
) -> Answer:
    """Return the answer to a question about a clip; `print` shows it, or that the model does not know.

    Args:
        video: path of a video file, or uint8 RGB frames `(num_frames, height, width, 3)`.
        question: free text; an action model needs none and gives its label.
        model: model folder or what `load` returned; None: `$VIDEOQA_MODEL`, else the small model in the
            package, which knows only the drawn clips of the sample set.
        top_k, start_seconds, end_seconds, fps, min_familiarity, min_probability: see `VideoQA.ask_many`.

    Raises:
        ValueError, FileNotFoundError, DecodingError: see `load` and `VideoQA.ask`.

    Example:
        >>> answer = videoqa.ask(videoqa.sample_clip("loading"), "what is he doing?")
        >>> answer.text
        'loading'
        >>> answer.is_reliable
        True
    """
    loaded = loaded_model(model)
    answer = loaded.ask(
        video, question, top_k=top_k, start_seconds=start_seconds, end_seconds=end_seconds, fps=fps,
        min_familiarity=min_familiarity, min_probability=min_probability,
    )  # fmt: skip
    say_notes(loaded, answer.notes)
    return answer


def say_notes(loaded: VideoQA, notes: tuple[str, ...]) -> None:
    """Print the notes that this model has not said yet."""
    for note in notes:
        if note not in loaded.notes_said:
            say(f"note: {note}")
            loaded.notes_said.add(note)


def _chosen(model: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
    """Return the folder that the caller or `$VIDEOQA_MODEL` names; None: the model in the package."""
    return model if model is not None else os.environ.get(MODEL_VARIABLE) or None


def loaded_model(model: str | os.PathLike[str] | VideoQA | None) -> VideoQA:
    """Return the model, from memory unless its folder has changed since an earlier call; see `ask`."""
    if isinstance(model, VideoQA):
        return model
    chosen = _chosen(model)
    home = os.environ.get("VIDEOQA_HOME", "")
    if chosen is None:
        return _load_once(None, 0, home)
    manifest = Path(chosen) / "MANIFEST.json"
    return _load_once(os.path.abspath(chosen), manifest.stat().st_mtime_ns if manifest.exists() else 0, home)


@functools.lru_cache(maxsize=4)
def _load_once(model: str | None, changed: int, home: str) -> VideoQA:
    return load(model)


def _note_on_shipped_model(folder: ModelFolder) -> str:
    questions = " / ".join(folder.metrics["example_questions"])
    return (
        "This is the small model that comes with videoqa: it only knows drawn clips like "
        f"videoqa.sample_clip('loading'). It takes questions such as {questions} and can only answer "
        f"{', '.join(folder.answers.answers)}. For your own clips train a model: videoqa-train --help."
    )
