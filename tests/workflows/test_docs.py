"""The documentation against the code: links, flags and public names that it mentions exist."""

import argparse
import re
from pathlib import Path

import pytest

import videoqa
from videoqa.cli.main import build_parser

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = [
    CHECKOUT / "README.md",
    CHECKOUT / "benchmarks" / "README.md",
    *sorted((CHECKOUT / "docs").glob("*.md")),
]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def flags_of(parser: argparse.ArgumentParser) -> set[str]:
    flags = set()
    for action in parser._actions:
        flags |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                flags |= flags_of(command)
    return flags


@every_page
def test_flags_exist(page: Path) -> None:
    text = re.sub(r"(?m)^.*python benchmarks/.*$|^docker .*$", "", page.read_text(encoding="utf-8"))
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
    assert mentioned - flags_of(build_parser()) == set()


@every_page
def test_public_names_exist(page: Path) -> None:
    mentioned = set(re.findall(r"\bvideoqa\.([A-Za-z_]+)\(", page.read_text(encoding="utf-8")))
    assert mentioned - set(videoqa.__all__) == set()


@every_page
def test_no_figure_is_left_open(page: Path) -> None:
    assert not re.findall(r"<!--|@[A-Z]+@", page.read_text(encoding="utf-8"))
