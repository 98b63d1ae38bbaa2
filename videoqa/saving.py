"""Writes and reads model folders: JSON and weights with checksums, complete once the manifest is there."""

import dataclasses
import os
import shutil
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoqa._checks import Refusal, check_directory, check_number, refusal
from videoqa._files import files_of_folder, write_bytes
from videoqa._manifest import MANIFEST, check_manifest, read_json, write_json, write_manifest
from videoqa.config import FORMAT_VERSION, PARTS, RunConfig, run_config_from_json, unknown_fields
from videoqa.data.opposites import KINDS
from videoqa.models.backbones import backbone_identity
from videoqa.models.feature_columns import feature_columns
from videoqa.models.weight_files import layer_not_finite, num_numbers, weights_bytes
from videoqa.text.question_prior import QuestionPrior
from videoqa.text.vocabulary import AnswerList, Vocabulary
from videoqa.trust.calibration import HIGHEST, LOWEST
from videoqa.trust.trust import FAMILIARITY, FEATURES, TRUST, Trust, load_trust

if TYPE_CHECKING:
    import keras

CONFIG, VOCABULARY, ANSWERS = "config.json", "question_vocabulary.json", "answers.json"
WEIGHTS, BACKBONE_WEIGHTS = "model.weights.h5", "backbone.weights.h5"
METRICS, QUESTION_PRIOR, BLIND = "metrics.json", "question_prior.json", "blind"
UNFINISHED = "UNFINISHED.txt"
"""Marks the folder of a run that is not finished, whose other files are no model yet."""
METRICS_NEEDED = {"num_tables": int, "majority_answers": dict, "groups": dict, "history": list}
"""What every training writes into `metrics.json`, and scoring reads."""
PARTS_OF_A_FOLDER = (
    CONFIG, VOCABULARY, ANSWERS, WEIGHTS, BACKBONE_WEIGHTS, METRICS, QUESTION_PRIOR, TRUST, FAMILIARITY,
    f"{BLIND}/{MANIFEST}",
)  # fmt: skip


@dataclass(frozen=True)
class ModelFolder:
    """A checked model folder; `build` makes the network.

    Attributes:
        path: the folder.
        config: the run's configuration, with the model's actual sizes.
        backbone: `backbone_identity` of its backbone; empty for a blind model and for architectures without
            a backbone.
        vocabulary: words of the questions; None for an action model.
        answers: answer of each class.
        metrics: scores written when it was trained.
        question_prior: the prefix prior of the training questions; None for actions and in older folders.
        trust: what it knows of its limits; None in older folders and in those of blind models.
    """

    path: Path
    config: RunConfig
    backbone: dict[str, Any]
    vocabulary: Vocabulary | None
    answers: AnswerList
    metrics: dict[str, Any]
    question_prior: QuestionPrior | None = None
    trust: Trust | None = None

    @cached_property
    def encoder_config(self) -> Any:
        """The `ModelConfig` for encoding: a frozen backbone, with the folder's own weights if it has any."""
        own = self.path / BACKBONE_WEIGHTS
        weights = str(own) if own.exists() else self.config.model.backbone_weights
        return dataclasses.replace(self.config.model, backbone_weights=weights, train_backbone=False)

    def config_to_score(self, num_test_clips: int | None = None) -> RunConfig:
        """Return the configuration for making examples to score, with a frozen backbone.

        Args:
            num_test_clips: windows of each clip; None: the folder's own number.

        Raises:
            ValueError: several windows although one is the whole clip.
        """
        config = dataclasses.replace(self.config, model=self.encoder_config)
        if num_test_clips is None:
            return config
        sampling = dataclasses.replace(config.sampling, num_test_clips=num_test_clips)
        return dataclasses.replace(config, sampling=sampling)

    @property
    def blind(self) -> "ModelFolder | None":
        """The blind model trained with this one; None when there is none."""
        folder = self.path / BLIND
        return load_model_folder(folder) if folder.is_dir() else None

    @property
    def opposites(self) -> dict[str, dict[str, str]]:
        """Its training's "reversed" and "mirrored" answers, each answer -> opposite; perhaps empty."""
        known = self.metrics.get("opposites", {})
        return {kind: dict(known.get(kind, {})) for kind in KINDS.values()}

    def build(self) -> "keras.Model":
        """Return the model with the folder's weights; from features if it has a backbone, else from clips.

        Raises:
            ValueError: the weights do not fit the configuration, or are not finite.
        """
        from videoqa.models.building import build_from_config

        config, num_frames = self.config.model, self.config.sampling.num_frames
        starts_from = "features" if config.has_backbone else "clip"
        self._check_size(starts_from)
        model = build_from_config(config, num_frames, starts_from=starts_from)
        try:
            with warnings.catch_warnings():
                # Keras only warns of layers whose weights it cannot load.
                warnings.simplefilter("error", UserWarning)
                _weights_only(model).load_weights(self.path / WEIGHTS)
        except (OSError, ValueError, KeyError, UserWarning) as error:
            raise self._misfit(str(error)) from error
        if layer := layer_not_finite(model):
            raise Refusal(
                f"Weights of layer {layer!r} in {self.path / WEIGHTS} are not finite: its training diverged. "
                "Train it anew with a smaller learning rate."
            )
        return model

    def _check_size(self, starts_from: str) -> None:
        """Refuse a file with more or fewer weights than the configuration has, before memory is taken."""
        from videoqa.models.building import num_weights

        wanted = num_weights(self.config.model, self.config.sampling.num_frames, starts_from=starts_from)
        found = num_numbers(self.path / WEIGHTS)
        if found != wanted:
            raise self._misfit(f"the file holds {found:,} weights, a model of these sizes has {wanted:,}.")

    def _misfit(self, cause: str) -> Refusal:
        sizes = dataclasses.asdict(self.config.model)
        return Refusal(f"{self.path / WEIGHTS} does not fit {CONFIG} beside it ({sizes}): {cause}")


def save_model_folder(
    out: Path,
    model: "keras.Model",
    config: RunConfig,
    *,
    vocabulary: Vocabulary | None,
    answers: AnswerList,
    metrics: dict[str, Any],
    backbone_weights: bytes | str | Path | None = None,
    question_prior: QuestionPrior | None = None,
    trust: Trust | None = None,
) -> ModelFolder:
    """Write `model` and all it needs to `out`, `MANIFEST.json` last, and return the folder as read back.

    Until all parts are written the folder keeps those that it had.

    Args:
        out: folder; made if absent. A `blind/` in it becomes part of the manifest.
        model: the form that starts from features, if there is one.
        config: its `model` part has the actual sizes.
        vocabulary: None for an action model.
        answers: answer of each class.
        metrics: JSON-ready scores.
        backbone_weights: weights to keep with the model, as a file or its content; needed if the backbone was
            trained or its weights have no name that is known elsewhere.
        question_prior: of the training questions; None for an action model.
        trust: what the model knows of its limits; None for a blind model.

    Raises:
        OSError: naming a file; what was written for it is removed again.
    """
    out.mkdir(parents=True, exist_ok=True)
    with files_of_folder(out, last=MANIFEST) as parts:
        write_bytes(parts / WEIGHTS, weights_bytes(_weights_only(model)))
        if isinstance(backbone_weights, bytes):
            write_bytes(parts / BACKBONE_WEIGHTS, backbone_weights)
        elif backbone_weights is not None and Path(backbone_weights) != out / BACKBONE_WEIGHTS:
            shutil.copyfile(backbone_weights, parts / BACKBONE_WEIGHTS)
        if vocabulary is not None:
            vocabulary.save(parts / VOCABULARY)
        answers.save(parts / ANSWERS)
        if question_prior is not None:
            question_prior.save(parts / QUESTION_PRIOR)
        if trust is not None:
            trust.save(parts)
        write_json(parts / METRICS, metrics)
        own = [folder / BACKBONE_WEIGHTS for folder in (parts, out) if (folder / BACKBONE_WEIGHTS).exists()]
        identity = _identity(own[0] if own else None, config)
        write_json(
            parts / CONFIG, _config_to_dict(config, identity, None if trust is None else trust.temperature)
        )
        write_manifest(parts, PARTS_OF_A_FOLDER, beside=out)
    remove(out / UNFINISHED)
    return load_model_folder(out)


def load_model_folder(path: str | os.PathLike[str]) -> ModelFolder:
    """Return the checked contents of a model folder.

    Raises:
        FileNotFoundError: no such folder, or a part is missing.
        ValueError: changed files, parts that disagree, or a configuration of another version.
    """
    folder = check_directory("model", path)
    if not (folder / MANIFEST).exists():
        requirement = f"be a complete model folder, with a {MANIFEST}"
        raise FileNotFoundError(refusal("model", requirement, str(folder), "Is its run finished?"))
    check_manifest(folder, PARTS_OF_A_FOLDER, ". Copy the folder again, or train again.")
    config, backbone, temperature = _config_from_dict(read_json(folder / CONFIG), folder / CONFIG)
    has_questions = config.model.task != "action"
    vocabulary = Vocabulary.load(folder / VOCABULARY) if has_questions else None
    answers = AnswerList.load(folder / ANSWERS)
    _check_sizes(folder, config, vocabulary, answers)
    prior = QuestionPrior.load(folder / QUESTION_PRIOR) if (folder / QUESTION_PRIOR).exists() else None
    metrics, trust = _read_metrics(folder / METRICS), load_trust(folder, temperature)
    loaded = ModelFolder(folder, config, backbone, vocabulary, answers, metrics, prior, trust)
    _check_backbone(loaded)
    _check_trust(loaded)
    return loaded


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _weights_only(model: "keras.Model") -> "keras.Model":
    """Return the same layers without the optimizer, whose state Keras would also write and read."""
    import keras

    return keras.Model(model.inputs, model.outputs)


def _check_trust(folder: ModelFolder) -> None:
    """Refuse a familiarity that was fitted to the features of another model."""
    trust = folder.trust
    if trust is None or trust.clips is None or trust.compares != FEATURES:
        return
    if not folder.config.model.has_backbone:
        return  # its weights do not fit then: `build` says so
    found, usual = len(trust.clips.space.center), feature_columns(folder.config.model).usual
    if found != usual:
        raise Refusal(
            f"{FAMILIARITY} compares vectors of {found} numbers; this model gives {usual}. Use the folder as "
            "it was written, or train again."
        )


def _check_sizes(folder: Path, config: RunConfig, vocabulary: Vocabulary | None, answers: AnswerList) -> None:
    sides = [("num_answers", config.model.num_answers, ANSWERS, len(answers.answers))]
    if vocabulary is not None:
        sides.append(("vocabulary_size", config.model.vocabulary_size, VOCABULARY, vocabulary.size))
    for name, configured, part, found in sides:
        if configured != found:
            raise Refusal(
                f"The parts of {folder} disagree: {CONFIG} says {name}={configured}, {part} holds {found}. "
                "Use the folder as it was written, or train again."
            )


def _read_metrics(source: Path) -> dict[str, Any]:
    """Return what `metrics.json` holds; refuse it without `METRICS_NEEDED`."""
    metrics = read_json(source)
    names = {int: "a number", dict: "an object", list: "a list"}
    for field, kind in METRICS_NEEDED.items():
        value = metrics.get(field)
        if not isinstance(value, kind) or isinstance(value, bool):
            received = repr(value)[:60] if field in metrics else "nothing"
            raise Refusal(
                f"{source}: {field} must be {names[kind]}. Received: {received}. "
                "Copy the folder again, or train again."
            )
    return metrics


def _check_backbone(folder: ModelFolder) -> None:
    """Refuse a folder if its backbone here differs from the one it was trained with."""
    if not folder.backbone:
        return
    model = folder.encoder_config
    if not model.has_backbone:
        raise Refusal(
            f"The parts of {folder.path} disagree: {CONFIG} says architecture={model.architecture!r}, which "
            f"has no backbone, and names the backbone {folder.backbone}. Use the folder as it was written."
        )
    present = backbone_identity(model.backbone, model.backbone_weights, model.backbone_layer, model.pooling)
    if present != folder.backbone:
        raise Refusal(
            f"{folder.path} was trained with the backbone {folder.backbone}; the one found here is "
            f"{present}. "
            "Bring the weights it was trained with, or train again."
        )


def _identity(own: Path | None, config: RunConfig) -> dict[str, Any]:
    """Return `backbone_identity`, with the weights in the file `own` if there is one."""
    if not (config.model.sees_video and config.model.has_backbone):
        return {}
    weights = config.model.backbone_weights if own is None else str(own)
    model = config.model
    return backbone_identity(model.backbone, weights, model.backbone_layer, model.pooling)


def _config_to_dict(config: RunConfig, backbone: dict[str, Any], temperature: float | None) -> dict[str, Any]:
    from videoqa._version import __version__

    head = {"format_version": FORMAT_VERSION, "videoqa_version": __version__}
    return head | dataclasses.asdict(config) | {"backbone": backbone, "temperature": temperature}


def _config_from_dict(
    content: dict[str, Any], source: Path
) -> tuple[RunConfig, dict[str, Any], float | None]:
    """Return the configuration, the identity of the backbone and the temperature of a folder."""
    version = content.get("format_version")
    known_keys = {"format_version", "videoqa_version", "backbone", "temperature", *PARTS}
    parts = {key: content.get(key, {}) for key in PARTS}
    for key in (*PARTS, "backbone"):
        if not isinstance(content.get(key, {}), dict):
            raise Refusal(f"{source}: {key} must be a JSON object. Received: {content[key]!r}.")
    unknown = sorted(set(content) - known_keys) + unknown_fields(parts)
    written = f"videoqa {content.get('videoqa_version')} (format_version {version})"
    if version == 1 and parts["model"].get("architecture") == "c3d":
        raise Refusal(
            f"{source} was written by {written}, whose c3d had a ReLU before its softmax. This version's has "
            "none: the weights would answer differently. Train again, or install the version that wrote it."
        )
    if unknown or version not in (1, FORMAT_VERSION) or "backbone" not in content:
        raise Refusal(
            f"{source} was written by {written}; this version reads format_version {FORMAT_VERSION}. "
            f"Unknown fields: {', '.join(unknown) or 'none'}. Install the version that wrote it."
        )
    temperature = content.get("temperature")
    try:
        if temperature is not None:
            check_number("temperature", temperature, minimum=LOWEST, maximum=HIGHEST)
        return run_config_from_json(parts), content["backbone"], temperature
    except (TypeError, ValueError) as error:
        raise Refusal(f"{source}: {error}") from error
