"""What is evaluated: a built model with its baselines, and the rows that it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from videoqa.evaluation.judging import Judged, predict_and_judge
from videoqa.evaluation.prediction import best_answers, predict_examples
from videoqa.input_pipeline import Examples
from videoqa.saving import ModelFolder
from videoqa.text.answers import AnswerList
from videoqa.text.question_prior import QuestionPrior
from videoqa.text.vocabulary import Vocabulary
from videoqa.trust.trust import Thresholds, Trust

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class EvaluatedRows:
    """The rows that a model is scored on.

    Attributes:
        table: annotation rows with `status` and `error` of their videos.
        examples: the same rows as arrays; without questions the task is "action".
        forwards: where `examples` show the clips in reverse, the same rows as they are.
        opposites: the right answer to each row's clip backwards, "" where it is not known; empty: nowhere.
        score_groups: see `metrics.score_table`.
    """

    table: pd.DataFrame
    examples: Examples
    forwards: Examples | None = None
    opposites: Sequence[str] = ()
    score_groups: Mapping[str, Sequence[str]] | None = None

    @property
    def task(self) -> str:
        """Either "action" or "open_ended"."""
        return "action" if self.examples.token_ids is None else "open_ended"

    @property
    def clips_as_they_are(self) -> Examples:
        """The rows with their clips forwards."""
        return self.examples if self.forwards is None else self.forwards


@dataclass(frozen=True)
class EvaluatedModel:
    """A built model, how its answers are judged, and the baselines that it is compared with.

    Attributes:
        network: takes the inputs of the examples.
        answers: answer of each class of the model and of the blind model.
        majority: `metrics.majority_answers` of the training rows.
        blind: the blind model's folder; None when there is none.
        question_prior: the prefix prior of the training questions; None when there is none.
        vocabulary: of the model; None for actions.
        trust: what the model knows of its limits; None: it cannot judge.
        thresholds: of reliable answers.
        num_test_clips: evenly spaced windows of each clip to average.
    """

    network: "keras.Model"
    answers: AnswerList
    majority: Mapping[str, Any]
    blind: ModelFolder | None = None
    question_prior: QuestionPrior | None = None
    vocabulary: Vocabulary | None = None
    trust: Trust | None = None
    thresholds: Thresholds = Thresholds()
    num_test_clips: int = 1

    @classmethod
    def of(cls, folder: ModelFolder, thresholds: Thresholds, num_test_clips: int) -> "EvaluatedModel":
        """Return the model of a folder with all that lies beside it."""
        return cls(
            folder.build(),
            folder.answers,
            folder.metrics["majority_answers"],
            blind=folder.blind,
            question_prior=folder.question_prior,
            vocabulary=folder.vocabulary,
            trust=folder.trust,
            thresholds=thresholds,
            num_test_clips=num_test_clips,
        )

    @property
    def judges(self) -> bool:
        """Whether reliability means anything: the model judges, or a probability was asked for."""
        return self.trust is not None or self.thresholds.min_probability is not None

    def judged(self, rows: EvaluatedRows, *, progress: bool = False) -> Judged:
        """Return the judged predictions of rows."""
        questions = () if self.vocabulary is None else rows.table["question"].tolist()
        return predict_and_judge(
            self.network, rows.examples, self.trust, questions=questions, vocabulary=self.vocabulary,
            thresholds=self.thresholds, num_test_clips=self.num_test_clips, progress=progress,
        )  # fmt: skip

    def answers_to(self, examples: Examples, *, progress: bool = False) -> list[str | None]:
        """Return the most probable answer to each example; None if its video failed."""
        found = predict_examples(
            self.network, examples, num_test_clips=self.num_test_clips, progress=progress
        )
        return best_answers(found.probabilities, self.answers)

    def blind_answers_to(self, examples: Examples) -> list[str | None] | None:
        """Return the blind model's answer to each example; None without one, and for actions."""
        if self.blind is None or examples.token_ids is None:
            return None
        unseen = predict_examples(self.blind.build(), examples.without_clips())
        return best_answers(unseen.probabilities, self.answers)
