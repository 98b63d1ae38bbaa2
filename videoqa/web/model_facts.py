"""What a page shows of a model: `GET /api/model`."""

from typing import Any

from videoqa._version import __version__
from videoqa.answering.ask import SHIPPED_MODEL
from videoqa.answering.video_qa import VideoQA, notes_on_judging
from videoqa.config import SAMPLE_LANGUAGES
from videoqa.config.serve import ServeConfig
from videoqa.sample.wordings import LANGUAGES

MOST_ANSWERS = 1000


def model_facts(qa: VideoQA, config: ServeConfig, *, takes_corrections: bool) -> dict[str, Any]:
    """Return what callers have to know of a model and of what the server takes, as one JSON-ready object."""
    folder = qa.folder
    trust = folder.trust
    clips = None if trust is None else trust.clips
    return {
        "name": model_name(qa),
        "task": qa.task,
        "answers": list(qa.answers[:MOST_ANSWERS]),
        "num_answers": len(qa.answers),
        "num_clips_trained": None if clips is None else clips.num_clips,
        "can_judge": trust is not None,
        "calibrated": trust is not None and trust.temperature is not None,
        "sees_video": folder.config.model.sees_video,
        "has_questions": folder.vocabulary is not None,
        "example_question": example_question(qa),
        "max_question_characters": config.max_question_characters,
        "max_clip_bytes": config.max_clip_bytes,
        "takes_corrections": takes_corrections,
        "notes": [*qa.notes, *notes_on_judging(folder)],
        "version": __version__,
    }


def model_name(qa: VideoQA) -> str:
    """Return the name of the folder of a model."""
    name = qa.folder.path.resolve().name
    return "the small model in the package" if name == SHIPPED_MODEL else name


def example_question(qa: VideoQA) -> str:
    """Return a question that a model was trained on; "" if none is known."""
    if qa.folder.vocabulary is None:
        return ""
    if examples := qa.folder.metrics.get("example_questions"):
        return str(examples[0])
    trained_on = set(map(str, qa.folder.config.data.data))
    names = (language for language, name in SAMPLE_LANGUAGES.items() if name in trained_on)
    language = next(names, None)
    return "" if language is None else LANGUAGES[language].example
