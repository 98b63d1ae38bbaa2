"""What `metrics.json` of a run holds."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from videoqa.config import RunConfig
from videoqa.data.opposites import always_opposite
from videoqa.evaluation.evaluated import EvaluatedModel, EvaluatedRows
from videoqa.evaluation.metrics import majority_answers
from videoqa.evaluation.order import opposites_of
from videoqa.evaluation.scoring import score_examples
from videoqa.saving import ModelFolder
from videoqa.training.held_out import TEST_VIDEOS
from videoqa.training.preparing import PreparedData
from videoqa.trust.trust import Trust

if TYPE_CHECKING:
    from videoqa.training.stages import TrainedModel


def metrics_of_run(
    prepared: PreparedData,
    trained: "TrainedModel",
    blind: ModelFolder | None,
    config: RunConfig,
    trust: Trust | None = None,
) -> dict[str, Any]:
    """Return what `metrics.json` holds: counts, the epochs and the scores on the validation rows."""
    training_rows, _ = prepared.split("train")
    majority = majority_answers(training_rows)
    metrics = {
        **_counts(prepared),
        "majority_answers": majority,
        "groups": prepared.groups,
        "videos": prepared.videos,
        TEST_VIDEOS: prepared.test_videos,
        "best_epoch": trained.position.best_epoch,
        "history": json_ready(trained.position.history),
    }
    if opposites := always_opposite(training_rows):
        number = len(prepared.backwards.rows) if config.model.sees_video else 0
        metrics |= {"opposites": opposites, "num_backwards_rows": number}
    if prepared.corrections is not None:
        metrics["corrections"] = prepared.corrections
    if trained.position.diverged:
        metrics["diverged"] = trained.position.diverged
    rows = _validation_rows(prepared, trained, config)
    if len(rows.table):
        model = EvaluatedModel(
            trained.model, prepared.answers, majority, blind=blind, question_prior=prepared.question_prior,
            vocabulary=prepared.vocabulary, trust=trust,
        )  # fmt: skip
        metrics["validation"] = score_examples(rows, model).scores
    return metrics


def _counts(prepared: PreparedData) -> dict[str, Any]:
    """Return how many rows there are, and where they come from."""
    split = prepared.table["split"]
    return {
        "num_train_rows": int((split == "train").sum()),
        "num_validation_rows": int((split == "validation").sum()),
        "num_dropped_rows": prepared.num_dropped,
        "failed_videos": prepared.failures,
        "num_tables": prepared.num_tables,
        "stratified": prepared.stratified,
        "fold": prepared.fold,
        "num_test_rows": prepared.num_test_rows,
        "answers_without_test_rows": prepared.untested,
    }


def _validation_rows(prepared: PreparedData, trained: "TrainedModel", config: RunConfig) -> EvaluatedRows:
    """Return the validation rows as the trained model sees them."""
    rows, examples = prepared.split("validation")
    if prepared.frame_examples is not None and "clip" in trained.model.input:
        # Of the second stage: features are of the backbone as it was.
        examples = prepared.rows_of("validation", prepared.frame_examples)
    return EvaluatedRows(
        rows,
        examples if config.model.sees_video else examples.without_clips(),
        opposites=opposites_of(rows),
        score_groups=prepared.table.attrs.get("score_groups"),
    )


def json_ready(history: Sequence[Mapping[str, float]]) -> list[dict[str, float | None]]:
    """Return the figures of each epoch with None for NaN and infinities, which JSON lacks."""
    return [
        {name: value if math.isfinite(value) else None for name, value in epoch.items()} for epoch in history
    ]
