"""What is refused before any work: options that do not fit together, the data, or an earlier model.

Needs no TensorFlow.
"""

from math import ceil

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa.config import VIDEO_BRANCHES, ModelConfig, RunConfig, TrainingConfig, architectures_with
from videoqa.config.run import check_crop
from videoqa.input_pipeline import num_batches
from videoqa.models.backbones import INCEPTION_V3_CHANNELS, backbone_identity
from videoqa.saving import ModelFolder

INITIAL_FIELDS = (
    "architecture",
    "width",
    "peepholes",
    "pooling",
    "motion",
    "standardize",
    "video_branch",
    "video_units",
    "embedding_dim",
    "question_units",
    "hidden_units",
)
"""What an earlier model must have in common with one that starts from its weights."""
_SAME_OPTIONS = "Repeat the options that it was trained with: `command` in its metrics.json has them."
ORDERLESS_BRANCHES = ("mean", "none")
"""Video branches without weights that could learn an order."""


def check_input(config: RunConfig, *, task_known: bool = True) -> None:
    """Raise `ValueError` when the model would see nothing, or not what it can learn from.

    Args:
        config: the run's configuration.
        task_known: whether its task is that of the data, which has not been read at first.
    """
    model = config.model
    if model.task == "action" and not model.sees_video:
        requirement = "be another branch for actions: without video and question nothing is left"
        raise Refusal("video_branch", requirement, model.video_branch)
    if not model.has_backbone and task_known and model.task != "action":
        reading = architectures_with("has_backbone")
        requirement = f"be {reading} for a table of questions: it names actions only"
        raise Refusal("architecture", requirement, model.architecture)
    if (
        model.has_backbone
        and model.backbone_weights is None
        and not model.train_backbone
        and model.sees_video
    ):
        advice = "Give weights, or train the backbone with `train_backbone=True`."
        raise Refusal("backbone_weights", "be given for a frozen backbone", None, advice)
    if config.training.pretrain is not None:
        check_pretraining(model, config.sampling.num_frames)
    if config.training.unfreeze_from is not None:
        check_unfreezing(model, config.training.unfreeze_from)
    if model.standardize and model.learns_from_frames:
        requirement = "be False for a model that learns from frames, whose features change"
        raise Refusal("standardize", requirement, True)
    for name, usual in {"pooling": "mean", "motion": "none", "standardize": False}.items():
        if (value := getattr(model, name)) != usual and not model.sees_video:
            raise Refusal(name, f"be {usual!r} for a model that sees no video", value)
    check_recipe(model, config.training)
    check_regularisation(model, config.training)
    if model.train_backbone and not model.sees_video:
        raise Refusal("train_backbone", "be False for a blind model", True)
    check_crop(config)
    if config.data.mirror_labels is not None and not config.sampling.flip:
        requirement = "be left out unless windows are mirrored"
        raise Refusal("mirror_labels", requirement, config.data.mirror_labels, "Add --flip (flip=True).")
    if config.sampling.short_clips == "mask" and not model.facts.needs_mask:
        masking = f"architecture={architectures_with('needs_mask')}"
        requirement = f"be 'repeat', 'skip' or 'loop': only {masking} can mask missing frames"
        raise Refusal("short_clips", requirement, "mask")


def check_pretraining(model: ModelConfig, num_frames: int) -> None:
    """Refuse to learn forwards or backwards with a model that could not, or answers for each frame."""
    if model.facts.segment_frames is not None:
        requirement = f"be left out with {model.architecture}: it names the action in each frame"
        advice = "Its first frames are answered before any order can be seen."
        raise Refusal("pretrain", requirement, "order", advice)
    if model.has_backbone and model.video_branch in ORDERLESS_BRANCHES:
        requirement = "be a branch that can learn the order of the frames with pretrain='order'"
        able = [repr(branch) for branch in VIDEO_BRANCHES if branch not in ORDERLESS_BRANCHES]
        raise Refusal("video_branch", requirement, model.video_branch, f"These can: {', '.join(able)}.")
    if num_frames < 2:
        requirement = "be at least 2 with pretrain='order': one frame has no order"
        raise Refusal("num_frames", requirement, num_frames)


def check_unfreezing(model: ModelConfig, layer: str) -> None:
    """Refuse a second stage that would train nothing, or everything again."""
    if model.backbone != "inception_v3" or model.train_backbone or not model.sees_video:
        requirement = "be left out unless a frozen inception_v3 comes first"
        raise Refusal("unfreeze_from", requirement, layer)
    if model.sees_flow:
        advice = "The second stage learns from frames; flow stands beside the features of a frozen backbone."
        raise Refusal("motion", "be 'none' or 'difference' with unfreeze_from", model.motion, advice)
    names = list(INCEPTION_V3_CHANNELS)
    last = names.index(model.backbone_layer or names[-1])
    if layer not in names[:last]:
        requirement = f"be a layer before the backbone's last: one of {', '.join(names[:last]) or 'none'}"
        raise Refusal("unfreeze_from", requirement, layer)


def check_initial(initial: ModelFolder | None, config: RunConfig) -> None:
    """Refuse an earlier model whose weights cannot serve the new one, before any work is done."""
    if initial is None:
        return
    if config.training.pretrain is not None:
        advice = "Both give the video branch the weights to start from: choose one."
        raise Refusal("pretrain", "be left out with initial_model", config.training.pretrain, advice)
    if initial.config.model.task != config.model.task:
        requirement = f"be a model for the task of the data, {config.model.task!r}"
        raise Refusal("initial_model", requirement, f"{initial.path} ({initial.config.model.task})")
    for name in INITIAL_FIELDS:
        ours, theirs = getattr(config.model, name), getattr(initial.config.model, name)
        if ours != theirs:
            requirement = f"have the new model's {name}={ours!r}"
            raise Refusal("initial_model", requirement, f"{initial.path} ({name}={theirs!r})", _SAME_OPTIONS)
    _check_initial_shapes(initial, config)
    _check_initial_backbone(initial, config.model)


def _check_initial_shapes(initial: ModelFolder, config: RunConfig) -> None:
    """Refuse weights whose shapes depend on the size of the frames, or on their number, and differ."""
    if _sizes(initial.config) == _sizes(config):
        return
    requirement = f"have learned from {_frames_text(config)} pixels, as the new model will"
    raise Refusal("initial_model", requirement, f"{initial.path} ({_frames_text(initial.config)})")


def _frames_text(config: RunConfig) -> str:
    """Return how many frames a model sees, and of what size."""
    height, width = config.model.frame_size  # type: ignore[misc]
    return f"{counted(config.sampling.num_frames, 'frame')} of {height}x{width}"


def _sizes(config: RunConfig) -> tuple[int, ...]:
    """Return what the shapes of weights depend on, beside `INITIAL_FIELDS`."""
    sizes = (config.sampling.num_frames, *config.model.frame_size)  # type: ignore[misc]
    strides = config.model.facts.flatten_strides
    return tuple(ceil(size / stride) for size, stride in zip(sizes, strides, strict=False) if stride)


def _check_initial_backbone(initial: ModelFolder, model: ModelConfig) -> None:
    if model.learns_from_frames or not model.sees_video:
        return
    ours, theirs = (f"{each.backbone!r}" for each in (model, initial.config.model))
    if ours != theirs:  # before the weights of a backbone that is not wanted are looked for
        requirement = f"have the new model's backbone={ours}"
        raise Refusal("initial_model", requirement, f"{initial.path} (backbone={theirs})", _SAME_OPTIONS)
    backbone = backbone_identity(model.backbone, model.backbone_weights, model.backbone_layer, model.pooling)
    if backbone != initial.backbone:
        requirement = f"have learned from the new model's backbone, {backbone}"
        advice = (
            f"Give it its own: backbone_weights={str(initial.path / 'backbone.weights.h5')!r}, if it has one."
        )
        raise Refusal("initial_model", requirement, f"{initial.path} ({initial.backbone})", advice)


def steps_per_epoch(num_examples: int, batch_size: int, config: ModelConfig) -> int:
    """Return the number of batches of an epoch, an uneven last one included where it is learned from."""
    return num_batches(num_examples, batch_size, drop_remainder=config.facts.full_batches_only)


def check_num_rows(config: ModelConfig, num_rows: int, batch_size: int) -> str:
    """Return what is to be said of rows that no step of an epoch sees; "" where every row is seen.

    Raises:
        ValueError: a model that learns from full batches only, and fewer rows than one batch has.
    """
    if not config.facts.full_batches_only or num_rows % batch_size == 0:
        return ""
    if num_rows < batch_size:
        requirement = f"be at most the number of training rows, {num_rows}: batch norm needs full batches"
        raise Refusal("batch_size", requirement, batch_size)
    last = num_rows % batch_size
    left = "One" if last == 1 else f"The last {last}"
    return (
        f"{left} of {num_rows} training rows {'is' if last == 1 else 'are'} left out of each epoch, "
        f"{'another' if last == 1 else 'others'} in every epoch: batch norm needs full batches."
    )


def check_recipe(config: ModelConfig, training: TrainingConfig) -> None:
    """Refuse ways of training that an architecture cannot take, before any work is done.

    Raises:
        ValueError: naming the option.
    """
    name, facts = config.architecture, config.facts
    if facts.segment_frames is not None:
        if training.strategy == "mirrored":
            advice = "Its workers average their weights: give --strategy multiworker --averaging-frequency K."
            requirement = f"be 'single' or 'multiworker' with {name}"
            raise Refusal("strategy", requirement, training.strategy, advice)
        if training.strategy == "multiworker" and training.averaging_frequency is None:
            advice = "Each worker carries the state of its own clips: their weights are averaged."
            raise Refusal("averaging_frequency", f"be given with {name}", None, advice)
    if training.precision in facts.refused_precisions:
        advice = facts.refused_precisions[training.precision]
        raise Refusal("precision", f"be another one with {name}", training.precision, advice)


def check_regularisation(model: ModelConfig, training: TrainingConfig) -> None:
    """Refuse changes of training windows that the model would not see, or that frames cannot take."""
    for name in ("feature_noise", "mixup", "frame_dropping"):
        value = getattr(training, name)
        if value and not model.sees_video:
            raise Refusal(name, "be 0 for a model that sees no video", value)
        if value and model.learns_from_frames and name != "frame_dropping":
            advice = "Frames can be lost with `frame_dropping`."
            raise Refusal(name, "be 0 for a model that learns from frames, not features", value, advice)


def check_shares(config: ModelConfig, batch_size: int, num_replicas: int) -> None:
    """Refuse a batch that the replicas cannot share equally, where its statistics matter.

    Raises:
        ValueError: naming the two nearest sizes.
    """
    if not config.facts.full_batches_only or batch_size % num_replicas == 0:
        return
    smaller = max(batch_size // num_replicas, 1) * num_replicas
    larger = (batch_size // num_replicas + 1) * num_replicas
    nearest = f"{smaller} or {larger}" if smaller != larger else str(larger)
    requirement = f"be divisible by the {num_replicas} replicas that share its batch norm"
    raise Refusal("batch_size", requirement, batch_size, f"Nearest are {nearest}.")
