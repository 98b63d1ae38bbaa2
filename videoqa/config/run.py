"""All parts of a run's configuration, from flat options."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from videoqa._checks import check_choice
from videoqa.config.choices import SAMPLE, SAMPLE_DEFAULTS
from videoqa.config.data import DataConfig
from videoqa.config.model import ModelConfig
from videoqa.config.sampling import SamplingConfig
from videoqa.config.training import TrainingConfig


@dataclass(frozen=True)
class RunConfig:
    """All four parts of a run's configuration: what `config.json` of a model folder holds."""

    data: DataConfig = DataConfig()
    sampling: SamplingConfig = SamplingConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()


PARTS: dict[str, type] = {part.name: part.type for part in dataclasses.fields(RunConfig)}  # type: ignore[misc]


def run_config_from_options(options: Mapping[str, Any]) -> RunConfig:
    """Return the `RunConfig` of flat keyword options, each going to the dataclass that has the field.

    For the built-in sample set alone the defaults are `SAMPLE_DEFAULTS`.

    Raises:
        ValueError: an option that no dataclass has, naming those there are, or a value out of range.
    """
    known = {name for part in PARTS.values() for name in field_names(part)}
    if tuple(options.get("data", ())) == (SAMPLE,):
        options = {**SAMPLE_DEFAULTS, **options}
    if options.get("task", "") is None:
        options = {name: value for name, value in options.items() if name != "task"}
    for name in options:
        check_choice("option", name, sorted(known))
    chosen = {
        key: part(**{name: options[name] for name in field_names(part) if name in options})
        for key, part in PARTS.items()
    }
    return RunConfig(**chosen)


def field_names(part: Any) -> list[str]:
    """Return the names of a dataclass's fields, in order."""
    return [item.name for item in dataclasses.fields(part)]
