"""Descriptions of the data sets known by name: one TOML file each, shipped with the package."""

import importlib.resources
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from videoqa._checks import check_choice, check_integer, refusal
from videoqa.config import SPLITS

COUNTS = ("clips", *SPLITS)


@dataclass(frozen=True)
class Spec:
    """What is known about a data set.

    Attributes:
        name: what `--data` calls it.
        title: one line saying what it is.
        licence: SPDX name of its licence, or the terms in words.
        homepage: address to read more; empty when the package itself makes the set.
        counts: number of distinct clips and of rows per split, by the names in `COUNTS`.
    """

    name: str
    title: str
    licence: str
    homepage: str
    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        for name in ("name", "title", "licence", "homepage"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(refusal(name, "be a text", getattr(self, name)))
        if not isinstance(self.counts, Mapping) or set(self.counts) != set(COUNTS):
            raise ValueError(refusal("counts", f"have the fields {', '.join(COUNTS)}", self.counts))
        for name, count in self.counts.items():
            check_integer(f"counts.{name}", count, minimum=0)


def spec_names() -> tuple[str, ...]:
    """Return the names of the data sets known by name, in alphabetical order."""
    names = (item.name for item in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_spec(name: str) -> Spec:
    """Return the description of the data set called `name`.

    Raises:
        ValueError: no such name, or a file with a field unknown, missing or of another type.
    """
    check_choice("data", name, spec_names())
    content = tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    spec = spec_from_dict(content, f"data_specs/{name}.toml")
    if spec.name != name:
        raise ValueError(f"data_specs/{name}.toml must have the name of its file. Received: {spec.name!r}.")
    return spec


def spec_from_dict(content: dict[str, Any], source: str) -> Spec:
    """Return the `Spec` with exactly the fields of `content`.

    Raises:
        ValueError: a field is unknown, missing or of another type; `source` names the file.
    """
    known = [item.name for item in fields(Spec)]
    unknown = [name for name in content if name not in known]
    missing = [name for name in known if name not in content]
    if unknown or missing:
        raise ValueError(
            f"{source} must have exactly the fields {', '.join(known)}. "
            f"Unknown: {', '.join(unknown) or 'none'}. Missing: {', '.join(missing) or 'none'}."
        )
    try:
        return Spec(**content)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error


def _folder() -> Traversable:
    """The folder of the installed package, or that of the checkout the package is run from."""
    try:
        return importlib.resources.files("videoqa.data_specs")
    except ModuleNotFoundError:
        return Path(__file__).resolve().parents[2] / "data_specs"
