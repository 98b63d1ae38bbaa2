"""What `ask` returns."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """The answer to one question about one clip; prints as its text.

    Attributes:
        text: the most probable answer.
        probability: of `text`, in [0, 1].
        alternatives: ranked (answer, probability) pairs, `text` first.
        unknown_words: words of the question that no training question had.
        notes: what to know before trusting it, one sentence each.
        timestamps_seconds: of the frames that the model saw, each once, in order; empty for an array and
            for a blind model.
    """

    text: str
    probability: float
    alternatives: tuple[tuple[str, float], ...]
    unknown_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    timestamps_seconds: tuple[float, ...] = ()

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as one JSON-ready object."""
        return {
            "text": self.text,
            "probability": self.probability,
            "alternatives": [{"answer": answer, "probability": value} for answer, value in self.alternatives],
            "unknown_words": list(self.unknown_words),
            "notes": list(self.notes),
            "timestamps_seconds": list(self.timestamps_seconds),
        }
