"""The configuration of a run, made from flat options or from JSON."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from videoqa._checks import Refusal, check_choice
from videoqa.config.architectures import ARCHITECTURES
from videoqa.config.choices import CHINESE_SAMPLE_DEFAULTS, SAMPLE_DEFAULTS, SAMPLE_LANGUAGES
from videoqa.config.data import DataConfig
from videoqa.config.model import ModelConfig
from videoqa.config.sampling import SamplingConfig
from videoqa.config.training import TrainingConfig


@dataclass(frozen=True)
class RunConfig:
    """The configuration of a run, as in `config.json` of a model folder."""

    data: DataConfig = DataConfig()
    sampling: SamplingConfig = SamplingConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()


GRID_OPTIONS = ("frame_step", "frames_per_second")
"""Alternatives: if one is given, neither has a default."""
PARTS: dict[str, type] = {part.name: part.type for part in dataclasses.fields(RunConfig)}  # type: ignore[misc]


def run_config_from_options(options: Mapping[str, Any]) -> RunConfig:
    """Return the `RunConfig` of flat keyword options; each goes to the dataclass with a field of its name.

    Defaults come from the dataclasses, then `SAMPLE_DEFAULTS` if a built-in set is the only data, then the
    architecture. The architecture's `GRID_OPTIONS` apply only if neither of them is given.

    Raises:
        ValueError: an unknown option (the message lists the known ones), or a value out of range.
    """
    known = {name for part in PARTS.values() for name in field_names(part)}
    options = {**_own_defaults(options), **options}
    if options.get("task", "") is None:
        options = {name: value for name, value in options.items() if name != "task"}
    for name in options:
        check_choice("option", name, sorted(known))
    chosen = {
        key: part(**{name: options[name] for name in field_names(part) if name in options})
        for key, part in PARTS.items()
    }
    return RunConfig(**chosen)


def _own_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of the sample set and of the architecture."""
    architecture = options.get("architecture", ModelConfig.architecture)
    check_choice("architecture", architecture, ARCHITECTURES)
    facts = ARCHITECTURES[architecture]
    drawn = tuple(options.get("data", ())) in [(name,) for name in SAMPLE_LANGUAGES.values()]
    own = dict(SAMPLE_DEFAULTS) if drawn else {}
    if drawn and SAMPLE_LANGUAGES["zh"] in options["data"]:
        own |= CHINESE_SAMPLE_DEFAULTS
    if not facts.has_backbone:
        own.pop("backbone", None)
    if facts.segment_frames is not None and options.get("strategy") == "multiworker":
        own["averaging_frequency"] = 1
    own |= facts.defaults
    if any(name in options for name in GRID_OPTIONS):
        own = {name: value for name, value in own.items() if name not in GRID_OPTIONS}
    if all({**own, **options}.get(name) is None for name in GRID_OPTIONS):
        own.pop("short_clips", None)  # regular frames of a whole clip are never too few
    return own


def run_config_from_json(content: Mapping[str, Any]) -> RunConfig:
    """Return the `RunConfig` of JSON content written with `dataclasses.asdict`; missing fields get defaults.

    Raises:
        ValueError: unknown fields, or a value out of range.
    """
    if unknown := unknown_fields(content):
        raise Refusal(
            f"The configuration was written by another version: this one does not know {', '.join(unknown)}. "
            "Install the version that wrote it."
        )
    parts = {key: part(**_with_tuples(content.get(key, {}))) for key, part in PARTS.items()}
    return RunConfig(**parts)


def unknown_fields(content: Mapping[str, Any]) -> list[str]:
    """Return the unknown parts, and the unknown fields as `part.field`."""
    unknown = sorted(set(content) - set(PARTS))
    for key, part in PARTS.items():
        unknown += [f"{key}.{name}" for name in content.get(key, {}) if name not in field_names(part)]
    return unknown


def _with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with lists turned back into tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def field_names(part: Any) -> list[str]:
    """Return the names of a dataclass's fields, in order."""
    return [item.name for item in dataclasses.fields(part)]


def check_crop(config: RunConfig) -> None:
    """Refuse random crops for a model that learns from cached features."""
    if config.sampling.crop == "random" and not config.model.learns_from_frames:
        advice = "random crops need frames: train_backbone=True, or an architecture without a backbone."
        requirement = "be 'center' for a model that learns from cached features"
        raise Refusal("crop", requirement, "random", advice)
