"""What an answer keeps of its clip and its question, so that it can say later why it was given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from videoqa._checks import Refusal, check_choice
from videoqa.evaluation.evidence import Evidence, find_evidence
from videoqa.trust.trust import Trust
from videoqa.video.decoding import ClipRequest

if TYPE_CHECKING:
    from videoqa.answering.video_qa import VideoQA


@dataclass(frozen=True, eq=False)
class SampledClip:
    """The frame grid of a clip that is asked about.

    Attributes:
        grid: as the model reads it: features, float16 `(grid, feature_dim)`, or uint8 frames.
        timestamps_seconds: of each place of the grid; () for an array.
        frame_numbers: of each place of the grid, its place in an array of frames; () for a file.
        frames: of an array: uint8 RGB `(grid, height, width, 3)`, at the size the model takes.
    """

    grid: np.ndarray
    timestamps_seconds: tuple[float, ...] = ()
    frame_numbers: tuple[int, ...] = ()
    frames: np.ndarray | None = None

    def familiarity(self, trust: Trust) -> float:
        """Return how familiar the clip is to its model, which compares features; computed once."""
        if "_familiarity" not in vars(self):
            found = trust.familiarity_of([self.grid])
            assert found is not None  # it compares clips
            vars(self)["_familiarity"] = float(found[0])
        return float(vars(self)["_familiarity"])

    @property
    def has_vectors(self) -> bool:
        """Whether what its model makes of it is known."""
        return "_vectors" in vars(self)

    @property
    def vectors(self) -> np.ndarray:
        """What its model makes of its windows, float32 `(num_windows, units)`."""
        found: np.ndarray = vars(self)["_vectors"]
        return found

    def keep_vectors(self, vectors: np.ndarray) -> None:
        """Keep what its model made of its windows, for the next question."""
        vars(self)["_vectors"] = vectors


@dataclass(frozen=True, eq=False)
class Asked:
    """One question about one clip, and who was asked.

    Attributes:
        qa: the loaded model.
        question: as it was asked; "" for an action model.
        request: the file or the segment of it; None for an array.
        kept: its frames; None for a file whose decoded frames the model reads: too many to keep.
    """

    qa: "VideoQA"
    question: str
    request: ClipRequest | None
    kept: SampledClip | None

    @property
    def clip(self) -> SampledClip:
        """The clip's frames, decoded again if they were not kept."""
        if self.kept is not None:
            return self.kept
        assert self.request is not None
        return self.qa.sample_file(self.request)

    def find_evidence(self, pair: tuple[str, str] | None = None) -> Evidence:
        """Return what the answer rests on.

        Args:
            pair: the answer to explain and the one to compare it with; None: the two most probable.

        Raises:
            ValueError: an answer that the model cannot give, or twice the same.
        """
        clip, folder, answers = self.clip, self.qa.folder, self.qa.answers
        vocabulary = folder.vocabulary
        questions = None if folder.trust is None else folder.trust.questions
        return find_evidence(
            self.qa.model,
            self.qa.examples([clip.grid], [self.question]),
            answers,
            words=() if vocabulary is None else vocabulary.tokenize(self.question),
            timestamps_seconds=clip.timestamps_seconds,
            frame_numbers=clip.frame_numbers,
            pair=None if pair is None else answer_ids(answers, *pair),
            rivals=() if questions is None else questions.answers_to(self.question),
            num_test_clips=folder.config.sampling.num_test_clips,
        )


def answer_ids(answers: tuple[str, ...], answer: str, against: str) -> tuple[int, int]:
    """Return the ids of two different answers; raise `ValueError` for others."""
    check_choice("answer", answer, answers)
    check_choice("against", against, answers)
    if answer == against:
        raise Refusal("against", "be another answer than the one that is explained", against)
    return answers.index(answer), answers.index(against)
