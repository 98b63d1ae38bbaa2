"""Options: how a model is trained."""

import os
from dataclasses import dataclass

from videoqa._checks import Refusal, check_choice, check_flag, check_integer, check_number
from videoqa.config.choices import (
    LABEL_WEIGHTS,
    LEARNING_RATE_SCHEDULES,
    PRECISIONS,
    PRETRAININGS,
    STRATEGIES,
)
from videoqa.config.options import as_tuple, option


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained.

    Attributes:
        epochs: most passes over the training rows.
        batch_size: rows per step, over all replicas.
        learning_rate: learning rate of Adam; with a schedule, its first value.
        learning_rate_schedule: "constant", "cosine" (down to 0 at the last step) or "staircase" (times
            `decay_rate` after every `decay_steps` steps).
        decay_rate, decay_steps: of the staircase.
        seed: of weights, order, windows, dropout and automatic splits.
        patience: stop after this many epochs without a better validation accuracy; None: never stop early.
        validation_share: share of the training groups held out if the data has no validation rows. With 0
            there are none, and the last epoch is kept.
        blind: also train the blind model, whose score shows how much the questions alone reveal.
        strategy: one of `STRATEGIES`.
        averaging_frequency: each worker takes this many steps alone, then weights and optimizer slots are
            averaged ("multiworker" only); None: gradients are summed over the workers at every step.
        precision: one of `PRECISIONS`; "float64" is for proofs.
        balance: give the rows of each label, or of each answer to one question, the same weight in all, so
            that frequent answers do not drown the others. Validation rows are weighed alike: "val_accuracy",
            by which the best epoch is chosen, is then the balanced one. The blind model stays unbalanced.
        label_weight: "agreement": the loss of a training row is weighed by the column `agreement`, the share
            of the people asked who gave its answer; rows without one weigh 1. None: all rows weigh alike.
        feature_noise: standard deviation of the noise added to features in training, in units of each
            feature's own standard deviation over the training clips.
        frame_dropping: share of the frames of a training window that are lost; the frame shown before stands
            for each.
        mixup: how strongly training windows of one answer (to one question) are mixed; 0: not at all. The
            shares of two windows are drawn from a beta distribution with this parameter, and the larger one
            is the window's own. Noise and mixup are for features: they are refused for a model that learns
            from frames, and end with the first stage of `unfreeze_from`.
        pretrain: "order": the video branch first learns to tell the training clips played forwards from the
            same clips played backwards.
        pretrain_epochs: passes over these clips, both ways round.
        pretrain_videos: folders of further clips, or tables of them, which need no labels: only `pretrain`
            learns from them. Clips of validation and test rows are left out. Paths are made absolute.
        unfreeze_from: backbone layer, such as "mixed7". After training from features, a second stage trains
            the backbone from this layer on, with the rest of the model. None: the backbone stays frozen.
        unfreeze_epochs, unfreeze_learning_rate: of the second stage.
    """

    epochs: int = option(30, "passes over the training rows, at most")
    batch_size: int = option(32, "rows per step over all replicas")
    learning_rate: float = option(1e-3, "learning rate of Adam")
    learning_rate_schedule: str = option("constant", "how the learning rate goes on")
    decay_rate: float = option(0.7, "factor of the staircase")
    decay_steps: int = option(1000, "steps between two stairs")
    seed: int = option(0, "seed of weights, order, windows, dropout and automatic splits")
    patience: int | None = option(10, "epochs without a better validation accuracy before stopping")
    validation_share: float = option(
        0.15, "share of the training groups held out where the data has no validation rows; 0: none"
    )
    blind: bool = option(True, "also train the blind model, which never sees the video")
    strategy: str = option("single", "how training is spread over devices")
    averaging_frequency: int | None = option(
        None,
        "steps of each worker alone before weights are averaged (default: gradients are summed every step)",
    )
    precision: str = option("float32", "numbers that training computes with; float64 is for proofs")
    balance: bool = option(
        False,
        "give the rows of each label, or of each answer to one question, the same weight in all; the best "
        "epoch is chosen by the balanced accuracy",
    )
    label_weight: str | None = option(
        None,
        "'agreement': weigh training rows by the share of people who gave their answer (default: alike)",
    )
    feature_noise: float = option(
        0.0, "noise added to features in training, in units of their standard deviation"
    )
    frame_dropping: float = option(
        0.0, "share of a training window's frames that are lost, the frame before standing for each"
    )
    mixup: float = option(0.0, "how strongly training clips of one answer are mixed, as 0.2; 0: not at all")
    pretrain: str | None = option(
        None, "'order': let the video branch first learn forwards or backwards (default: nothing)"
    )
    pretrain_epochs: int = option(20, "passes of --pretrain")
    pretrain_videos: tuple[str, ...] = option(
        (), "folder of further clips, without labels, for --pretrain; may be repeated (default: none)"
    )
    unfreeze_from: str | None = option(
        None, "backbone layer from which a second stage trains, for example mixed7 (default: none)"
    )
    unfreeze_epochs: int = option(5, "passes of the second stage")
    unfreeze_learning_rate: float = option(1e-5, "learning rate of the second stage")

    def __post_init__(self) -> None:
        further = tuple(os.path.abspath(path) for path in as_tuple(self.pretrain_videos))
        object.__setattr__(self, "pretrain_videos", further)
        for name in ("epochs", "batch_size", "decay_steps", "pretrain_epochs", "unfreeze_epochs"):
            check_integer(name, getattr(self, name), minimum=1)
        for name in ("learning_rate", "unfreeze_learning_rate"):
            check_number(name, getattr(self, name), minimum=1e-12)
        check_number("decay_rate", self.decay_rate, minimum=1e-6, maximum=1)
        check_choice("learning_rate_schedule", self.learning_rate_schedule, LEARNING_RATE_SCHEDULES)
        check_integer("seed", self.seed, minimum=0, maximum=2**31 - 1)
        if self.patience is not None:
            check_integer("patience", self.patience, minimum=1)
        check_number("validation_share", self.validation_share, minimum=0, maximum=0.5)
        check_flag("blind", self.blind)
        check_flag("balance", self.balance)
        if self.label_weight is not None:
            check_choice("label_weight", self.label_weight, LABEL_WEIGHTS)
        check_number("feature_noise", self.feature_noise, minimum=0, maximum=10)
        check_number("frame_dropping", self.frame_dropping, minimum=0, maximum=0.9)
        check_number("mixup", self.mixup, minimum=0, maximum=10)
        if self.pretrain is not None:
            check_choice("pretrain", self.pretrain, PRETRAININGS)
        for name in ("pretrain_epochs", "pretrain_videos"):
            if self.pretrain is None and getattr(self, name) != getattr(type(self), name):
                requirement = f"be left out without pretrain={PRETRAININGS[0]!r}"
                raise Refusal(name, requirement, getattr(self, name))
        check_choice("strategy", self.strategy, STRATEGIES)
        self._check_averaging()
        check_choice("precision", self.precision, PRECISIONS)

    def _check_averaging(self) -> None:
        if self.averaging_frequency is None:
            return
        check_integer("averaging_frequency", self.averaging_frequency, minimum=1)
        if self.strategy != "multiworker":
            requirement = f"be left out with strategy={self.strategy!r}: it is for several workers"
            raise Refusal("averaging_frequency", requirement, self.averaging_frequency)
