"""Options: where a served model listens, what it takes from its callers, and what it keeps of them."""

from dataclasses import dataclass

from videoqa._checks import Refusal, check_integer, check_number
from videoqa.config.choices import MAX_QUESTION_CHARACTERS
from videoqa.config.listening import ListenConfig
from videoqa.config.options import option


@dataclass(frozen=True)
class ServeConfig(ListenConfig):
    """How a model is served to browsers and programs; not stored in a model folder.

    Attributes:
        model: folder of the model; None: `$VIDEOQA_MODEL`, else the small model in the package.
        max_clip_bytes: size of the largest clip that is taken.
        max_waiting: questions, and clips, that may wait; the next one is told to come again later.
        max_question_characters: length of the longest question.
        clip_seconds: wall clock seconds that decoding and encoding one clip may take.
        keep_minutes: minutes without use after which a clip and its frames are deleted.
        cache: folder whose `cache` holds the features, which servers may share; None: a private folder that
            is deleted at the end.
        corrections: CSV file that collects what people say the answer should have been, made at the first;
            None: `page_corrections.csv` in the current folder, or none is taken where nothing can be written.
    """

    model: str | None = option(
        None, "folder of the model (default: $VIDEOQA_MODEL, else the small one in the package)"
    )
    max_clip_bytes: int = option(200_000_000, "bytes of the largest clip that is taken")
    max_waiting: int = option(64, "questions, and clips, that may wait for their turn")
    max_question_characters: int = option(MAX_QUESTION_CHARACTERS, "characters of the longest question")
    clip_seconds: float = option(60.0, "seconds that decoding and encoding one clip may take")
    keep_minutes: float = option(60.0, "minutes without use after which a clip is deleted")
    cache: str | None = option(
        None, "home folder of a feature cache that is kept and may be shared (default: a private one)"
    )
    corrections: str | None = option(
        None,
        "CSV file that collects the answers people call wrong (default: page_corrections.csv here)",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("model", "cache", "corrections"):
            if getattr(self, name) == "":
                raise Refusal(name, "not be empty", "")
        check_integer("max_clip_bytes", self.max_clip_bytes, minimum=1)
        check_integer("max_waiting", self.max_waiting, minimum=1, maximum=10_000)
        advice = f"The library takes at most {MAX_QUESTION_CHARACTERS:,}."
        most = MAX_QUESTION_CHARACTERS
        check_integer(
            "max_question_characters", self.max_question_characters, minimum=1, maximum=most, advice=advice
        )
        check_number("clip_seconds", self.clip_seconds, minimum=0.1, maximum=86_400)
        check_number("keep_minutes", self.keep_minutes, minimum=0.01, maximum=525_600)
