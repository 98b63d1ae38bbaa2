"""Writes the command line that gives a run's configuration."""

import dataclasses
import os
import shlex
from collections.abc import Container
from typing import Any

from videoqa.config import PARTS, RunConfig, field_names, run_config_from_options

PROGRAM = "videoqa-train"
NONE = "none"
"""The word for None on the command line."""
COMMA_SEPARATED = ("classes", "workers")
"""Options with several values in one word, `A,B`; for all others the flag is repeated."""


def training_command(
    config: RunConfig,
    *,
    named: Container[str] = (),
    out: str | os.PathLike[str] | None = None,
    initial_model: str | os.PathLike[str] | None = None,
) -> str:
    """Return the shortest `videoqa-train` command that gives `config`.

    Parsing the command gives an equal configuration: a flag is left out only if the configuration is the same
    without it. An inferred task and callbacks are not part of the command.

    Args:
        config: as `run_config_from_options` returned it.
        named: options to write even if they change nothing, because the data has defaults of its own.
        out: folder of the model, made absolute.
        initial_model: folder the weights came from, made absolute.

    Returns:
        One line, quoted for a POSIX shell; "" if no command can give it: the data is a DataFrame, or a class
        has a comma in its name.
    """
    if not config.data.data or any("," in label for label in config.data.classes):
        return ""
    words = [PROGRAM]
    for name, value in shortest_options(config, named).items():
        words += words_of(name, value)
    for name, path in (("out", out), ("initial_model", initial_model)):
        if path is not None:
            words += words_of(name, os.path.abspath(path))
    return shlex.join(words)


def typed_command(**typed: Any) -> str:
    """Return the `videoqa-train` command that gives options as they were given, quoted for a POSIX shell.

    Args:
        **typed: keywords of `train`; an empty tuple is left out.
    """
    words = [PROGRAM]
    for name, value in typed.items():
        value = tuple(value) if isinstance(value, list) else value
        words += [] if value == () else words_of(name, value)
    return shlex.join(words)


def shortest_options(config: RunConfig, named: Container[str] = ()) -> dict[str, Any]:
    """Return the fewest flat options that give `config`, and the `named` ones.

    The task is the one the user asked for, not one inferred from the data.
    """
    task = config.data.task or type(config.model).task
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, task=task))
    parts = {key: getattr(config, key) for key in PARTS}
    options = {name: getattr(part, name) for part in parts.values() for name in field_names(part)}
    options["task"] = config.data.task
    for name in list(options):
        fewer = {other: value for other, value in options.items() if other != name}
        if name not in named and _gives(fewer, config):
            options = fewer
    return options


def _gives(options: dict[str, Any], config: RunConfig) -> bool:
    """Return whether the options are valid and give `config`."""
    try:
        return run_config_from_options(options) == config
    except ValueError:
        return False


def words_of(name: str, value: Any) -> list[str]:
    """Return the command-line words that set one option."""
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
        return [flag, *map(str, value)]
    if name in COMMA_SEPARATED:
        value = ",".join(value)
    texts = map(str, value) if isinstance(value, tuple) else [NONE if value is None else str(value)]
    return [word for text in texts for word in _flag_and_text(flag, text)]


def _flag_and_text(flag: str, text: str) -> list[str]:
    """Return flag and value; as one word if the value looks like a flag."""
    return [f"{flag}={text}"] if text.startswith("-") else [flag, text]
