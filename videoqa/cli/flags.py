"""Makes flags from the dataclasses of `videoqa.config`, so that both always agree."""

import argparse
import dataclasses
import re
import types
import typing
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from videoqa._checks import check_choice
from videoqa._command import COMMA_SEPARATED, NONE
from videoqa.config import (
    ARCHITECTURES,
    BACKBONES,
    CROPS,
    LABEL_FORMATS,
    LABEL_KINDS,
    LABEL_SELECTIONS,
    LEARNING_RATE_SCHEDULES,
    MOTIONS,
    POOLINGS,
    PRECISIONS,
    PRETRAININGS,
    RUNNERS,
    SAMPLE_DEFAULTS,
    SHORT_CLIPS,
    STRATEGIES,
    TASKS,
    VIDEO_BRANCHES,
)

CHOICES: dict[str, Collection[str]] = {
    "task": TASKS,
    "architecture": ARCHITECTURES,
    "short_clips": SHORT_CLIPS,
    "crop": CROPS,
    "backbone": BACKBONES,
    "pooling": POOLINGS,
    "motion": MOTIONS,
    "pretrain": PRETRAININGS,
    "video_branch": VIDEO_BRANCHES,
    "learning_rate_schedule": LEARNING_RATE_SCHEDULES,
    "strategy": STRATEGIES,
    "precision": PRECISIONS,
    "runner": RUNNERS,
    "select": LABEL_SELECTIONS,
    "kind": LABEL_KINDS,
    "format": LABEL_FORMATS,
}
REPEATED = {"allow_host": "NAME"}
"""What a flag that may be typed several times takes, if not a folder."""


def add_option_flags(
    parser: argparse.ArgumentParser, parts: Iterable[type], *, only: Sequence[str] | None = None
) -> None:
    """Add one flag for each field of `parts` that has a help text.

    A flag that is not typed sets no attribute, so that the library's own defaults apply.

    Args:
        parser: gets the flags, in one group per dataclass.
        parts: option dataclasses of `videoqa.config`.
        only: names of the fields to add; None: all.
    """
    for part in parts:
        words = re.findall("[A-Z][a-z]*", part.__name__.removesuffix("Config"))
        title = " ".join(words).lower()
        group = parser.add_argument_group(f"{title} options")
        hints = typing.get_type_hints(part)
        for item in dataclasses.fields(part):
            if "help" in item.metadata and (only is None or item.name in only):
                _add_flag(group, item, hints[item.name])


def typed_options(arguments: argparse.Namespace, parts: Iterable[type]) -> dict[str, Any]:
    """Return the options of `parts` that the user typed, as keywords."""
    names = {item.name for part in parts for item in dataclasses.fields(part)}
    return {name: value for name, value in vars(arguments).items() if name in names}


def _add_flag(group: Any, item: dataclasses.Field, annotation: Any) -> None:
    allowed, optional = _split_optional(annotation)
    flag = "--" + item.name.replace("_", "-")
    text = item.metadata["help"]
    is_required = item.default is dataclasses.MISSING
    if "(default" not in text and not is_required:
        text = f"{text} (default: {_shown_default(item)})"
    common = {"default": argparse.SUPPRESS, "help": text.replace("%", "%%")}
    if is_required:
        common["required"] = True
    if allowed is bool:
        group.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
    elif typing.get_args(allowed) == (str, ...):
        _add_repeated_flag(group, flag, item.name, common)
    elif typing.get_origin(allowed) is tuple:
        group.add_argument(flag, action=_PairAction, nargs="+", metavar=("HEIGHT", "WIDTH"), **common)
    else:
        choices = CHOICES.get(item.name)
        convert = _converter(item.name, allowed, optional, choices)
        metavar = "{" + ",".join(choices) + "}" if choices else _metavar(allowed)
        action = group.add_argument(flag, type=convert, metavar=metavar, **common)
        if choices:
            action.completer = lambda **_: list(choices)  # read by argcomplete


def _add_repeated_flag(group: Any, flag: str, name: str, common: dict[str, Any]) -> None:
    """Add a flag that may be typed several times; one that takes A,B may also be typed once."""
    if name in COMMA_SEPARATED:
        group.add_argument(flag, action="extend", type=lambda text: text.split(","), metavar="A,B", **common)
    else:
        group.add_argument(flag, action="append", metavar=REPEATED.get(name, "DIR"), **common)


def _split_optional(annotation: Any) -> tuple[Any, bool]:
    """Return the type without `None`, and whether `None` is allowed."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    kinds = [kind for kind in typing.get_args(annotation) if kind is not types.NoneType]
    return kinds[0], True


def _converter(
    name: str, kind: type, optional: bool, choices: Collection[str] | None
) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if optional and text.lower() == NONE:
            return None
        if choices is not None:
            try:
                check_choice(name, text, choices)
            except ValueError as error:
                raise argparse.ArgumentTypeError(str(error)) from error
        return kind(text)

    convert.__name__ = {"int": "integer", "float": "number"}.get(kind.__name__, kind.__name__)
    return convert


def _metavar(kind: type) -> str:
    return {int: "N", float: "X"}.get(kind, "TEXT")


def _shown_default(item: dataclasses.Field) -> str:
    others = {"--data sample": SAMPLE_DEFAULTS}
    others |= {name: dict(facts.defaults) for name, facts in ARCHITECTURES.items()}
    shown = [
        f"with {whose} {_shown_value(own[item.name])}"
        for whose, own in others.items()
        if own.get(item.name, item.default) != item.default
    ]
    return "; ".join([_shown_value(item.default), *shown])


def _shown_value(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "the backbone's own" if value == "default" else str(value)


class _PairAction(argparse.Action):
    """Two integers, given as `96 96`, `96x96` or `96,96`; the word `none` alone means None."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: Any = None
    ) -> None:
        words = " ".join(values).replace("x", " ").replace(",", " ").split()
        if words == [NONE]:
            setattr(namespace, self.dest, None)
            return
        try:
            pair = tuple(int(word) for word in words)
        except ValueError:
            pair = ()
        if len(pair) != 2:
            raise argparse.ArgumentError(
                self, f"must be two integers, as in {option} 96 96. Received: {values}."
            )
        setattr(namespace, self.dest, pair)
