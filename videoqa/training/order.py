"""The phase "order": the video branch learns whether a clip is played forwards or backwards."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._counted import counted
from videoqa._progress import say
from videoqa.evaluation.bootstrap import cluster_sums, resampled_sums
from videoqa.evaluation.exact_intervals import share_interval
from videoqa.evaluation.inference import windows_at_once
from videoqa.evaluation.prediction import predict_examples
from videoqa.input_pipeline import regularised
from videoqa.training.metrics import json_ready
from videoqa.training.order_clips import OrderClips
from videoqa.training.stages import Stage, TrainedModel, is_past, train_stage

if TYPE_CHECKING:
    import keras

    from videoqa.training.run import Run

GUESSING = 0.5
"""Accuracy of a guess: each clip counts both ways."""


def learn_order(run: "Run") -> "Callable[[keras.Model], None] | None":
    """Let a video branch learn forwards or backwards, and return what gives its weights to the model.

    None where that was not asked for, lies behind a run that was resumed, or where the best epoch tells no
    more validation clips from their reverse than a guess would. The layer of the two answers is thrown away.
    The figures are kept in the run's checkpoints.
    """
    from videoqa.training.distribution import from_chief
    from videoqa.training.initial_weights import weights_before_the_answer

    clips = run.data.order
    if clips is None or is_past(run, "order"):
        return None
    progress = run.request.job.progress and run.control.is_chief
    say(_plan(clips), progress=progress)
    trained = train_stage(run, _stage(run, clips))
    is_used = True
    if run.control.is_chief:
        run.checkpoints.order = _figures(run, clips, trained)
        is_used = run.checkpoints.order["is_used"]
        say(in_words(run.checkpoints.order), progress=progress)
    run.control.barrier("after order")
    if not from_chief(run.strategy, [np.array(float(is_used))])[0]:
        return None
    learned = weights_before_the_answer(trained.model, run.config.model.facts.answer_layers)
    return functools.partial(_give, learned, progress)


def in_words(figures: Mapping[str, Any]) -> str:
    """Return a sentence on how well forwards is told from backwards, and whether it is more than a guess."""
    if not figures["num_clips"]:
        return "How well it tells forwards from backwards stays open: there is no validation clip."
    low, high = figures["accuracy_interval"]
    clips = counted(figures["num_clips"], "validation clip")
    told = (
        f"Forwards or backwards: {figures['accuracy']:.1%} right on {clips} shown both ways (95 % interval "
        f"{low:.1%} to {high:.1%}; guessing gives 50 %), both ways right for {figures['both_right']:.1%}."
    )
    if not figures["is_used"]:
        return f"{told} That is no better than a guess: the model starts from fresh weights."
    return told if low > GUESSING else f"{told} That is no proof of more than a guess."


def _plan(clips: OrderClips) -> str:
    count = counted(len(clips.training) // 2, "training clip")
    still = f"; {clips.num_still} that look the same backwards left out" if clips.num_still else ""
    again = f"; {clips.num_round} shorter than a window, which go round, left out" if clips.num_round else ""
    told = f"to tell {count} from the same played backwards"
    return f"Before the model, its video branch learns {told}{still}{again}."


def _stage(run: "Run", clips: OrderClips) -> Stage:
    """Return the stage: the run's model of actions with two answers, trained as the run is."""
    config = run.config
    model = dataclasses.replace(config.model, task="action", num_answers=2)
    training = dataclasses.replace(config.training, epochs=config.training.pretrain_epochs)
    config = dataclasses.replace(config, model=model, training=training)
    rows = regularised(clips.training, training)
    return Stage("order", config, run.folder / "logs" / "order", rows, clips.validation)


def _figures(run: "Run", clips: OrderClips, trained: TrainedModel) -> dict[str, Any]:
    """Return what `metrics.json` holds of the phase; JSON-ready."""
    scores: dict[str, Any] = dict.fromkeys(("accuracy", "accuracy_interval", "both_right"))
    if len(clips.validation):
        batch_size = windows_at_once(
            trained.model, clips.validation.num_frames, trained_with=run.config.training.batch_size
        )
        probabilities = predict_examples(trained.model, clips.validation, batch_size=batch_size).probabilities
        scores = both_ways_scores(probabilities, clips.groups, run.config.training.seed)
    position = trained.position
    figures = {
        "num_training_clips": len(clips.training) // 2,
        "num_still_clips": clips.num_still,
        "num_round_clips": clips.num_round,
        "num_clips": len(clips.validation) // 2,
        **scores,
        "is_used": scores["accuracy"] is None or scores["accuracy"] > GUESSING,
        "best_epoch": position.best_epoch,
        "num_epochs": len(position.history),
        "history": json_ready(position.history),
    }
    return figures | ({"diverged": position.diverged} if position.diverged else {})


def both_ways_scores(
    probabilities: np.ndarray, groups: Sequence[str] | np.ndarray, seed: int
) -> dict[str, Any]:
    """Return how well clips played forwards are told from the same played backwards.

    Args:
        probabilities: `(2 * num_clips, 2)`, of "forwards" and "backwards": first of all clips forwards, then
            of the same backwards.
        groups: `(num_clips,)`, of clips that an interval draws together.
        seed: of the draws.

    Returns:
        "accuracy" over the clips both ways, of which a guess has 0.5; its "accuracy_interval" [low, high];
        "both_right", the share of clips that are right both ways.
    """
    num_clips = len(probabilities) // 2
    right = probabilities.argmax(-1) == np.repeat([0, 1], num_clips)
    ways = right.reshape(2, num_clips)
    sums = cluster_sums(np.column_stack([ways.sum(0), np.full(num_clips, 2.0)]), groups)
    drawn = resampled_sums(sums, seed=seed)
    return {
        "accuracy": float(right.mean()),
        "accuracy_interval": share_interval(sums[:, 0], sums[:, 1], drawn[:, 0] / drawn[:, 1]),
        "both_right": float(ways.all(0).mean()),
    }


def _give(learned: Mapping[str, list[np.ndarray]], progress: bool, model: "keras.Model") -> None:
    """Let the layers of a fresh model start from those of the same names and shapes."""
    from videoqa.training.initial_weights import load_equal_layers

    taken = load_equal_layers(model, learned)
    say(f"Layers that start from it: {', '.join(taken)}.", progress=progress)
