"""The documentation against the code: links, flags and public names that it mentions exist."""

import argparse
import ast
import inspect
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
    others = r"(?m)^.*python benchmarks/.*$|^(?:docker|vllm|llama-server) (?:.*\\\n)*.*$"
    text = re.sub(others, "", page.read_text(encoding="utf-8"))
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
    assert mentioned - flags_of(build_parser()) == set()


@every_page
def test_public_names_exist(page: Path) -> None:
    mentioned = set(re.findall(r"\bvideoqa\.([A-Za-z_]+)\(", page.read_text(encoding="utf-8")))
    assert mentioned - set(videoqa.__all__) == set()


@every_page
def test_no_figure_is_left_open(page: Path) -> None:
    assert not re.findall(r"<!--|@[A-Z]+@", page.read_text(encoding="utf-8"))


def test_the_arrays_beside_fit_have_the_shapes_that_are_said(small_set: Path) -> None:
    (code,) = re.findall(
        r"```python\n(import numpy.*?)\nmodel = ", (CHECKOUT / "README.md").read_text("utf-8"), re.S
    )
    names = {
        "questions": ["what is he doing?", "is he waving?"],
        "answer_texts": ["waving", "yes"],
        "videos": [str(path) for path in sorted(small_set.glob("waving-[01]/*.avi"))],
    }
    exec(code, names)
    shapes = {name: (names[name].shape, names[name].dtype) for name in ("token_ids", "answer_ids", "clips")}
    assert shapes == {
        "token_ids": ((2, 32), "int32"),
        "answer_ids": ((2,), "int32"),
        "clips": ((2, 20, 150, 150, 3), "uint8"),
    }
    assert names["vocabulary"].size == 8 and names["answer_ids"].tolist() == [0, 1]


def test_the_gallery_shows_every_picture() -> None:
    shown = set(re.findall(r"\]\(images/([^)]+)\)", (CHECKOUT / "docs" / "gallery.md").read_text("utf-8")))
    pictures = {path.name for path in (CHECKOUT / "docs" / "images").iterdir()}
    assert pictures - shown == set(), "add a sentence and the picture to docs/gallery.md"


def test_the_start_page_names_every_page_and_public_name() -> None:
    text = (CHECKOUT / "docs" / "index.md").read_text("utf-8")
    pages = {path.relative_to(CHECKOUT / "docs").as_posix() for path in (CHECKOUT / "docs").rglob("*.md")}
    assert pages - set(re.findall(r"(?m)^\| \[[^]]+\]\(([^)]+)\)", text)) == {"index.md"}
    table = text.partition("## The public names")[2].partition("\n## ")[0]
    names = set(videoqa.__all__) - {"__version__"}
    assert {name for name in names if not re.search(rf"`(videoqa\.)?{name}\b", table)} == set()


def test_the_reference_has_every_public_name() -> None:
    text = "".join(path.read_text("utf-8") for path in (CHECKOUT / "docs" / "reference").glob("*.md"))
    written = set(re.findall(r"(?m)^\.\. auto\w+:: videoqa\.(\w+)(?=\(|$)", text))
    assert written == set(videoqa.__all__) - {"__version__"}, "write its entry in a page of docs/reference"


def commands_of(page: Path) -> list[list[str]]:
    """Return the `videoqa` commands in the code of a page, each as its words behind `videoqa`."""
    code = "\n".join(re.findall(r"(?ms)^```\w*\n(.*?)^```", page.read_text(encoding="utf-8")))
    lines = code.replace("\\\n", " ").splitlines()
    found = (re.search(r"^\s*(?:\w+=\S+ +)*videoqa([ -].*)$", re.sub(r" #.*", "", line)) for line in lines)
    return [line[1].removeprefix("-").split() for line in found if line is not None]


@every_page
def test_commands_have_the_flags_that_are_given_to_them(page: Path) -> None:
    for words in commands_of(page):
        parser = build_parser()
        for word in words:
            subcommands = next(
                (a for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None
            )
            if subcommands is None:
                break
            assert word in subcommands.choices or word.startswith("--"), f"videoqa {' '.join(words)}"
            parser = subcommands.choices.get(word, parser)
        flags = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert flags <= flags_of(parser), f"videoqa {' '.join(words)}"


def test_commands_are_found() -> None:
    assert commands_of(CHECKOUT / "docs" / "cache.md")[:2] == [
        ["encode", "--data", "my.csv", "--videos", "clips/"],
        ["cache", "info"],
    ]


def python_of(page: Path) -> list[ast.Module]:
    """Return the Python code of a page: its blocks, and the calls of public names in its sentences."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", text)
    calls = re.findall(r"`(videoqa\.\w+\([^`]*\))`", re.sub(r"(?ms)^```.*?^```", "", text))
    return [ast.parse(code) for code in [*blocks, *calls]]


@every_page
def test_calls_have_the_keywords_that_are_given_to_them(page: Path) -> None:
    for call in (node for code in python_of(page) for node in ast.walk(code) if isinstance(node, ast.Call)):
        public = re.fullmatch(r"videoqa\.(\w+)", ast.unparse(call.func))
        if public is not None and not public[1].startswith("build_"):  # whose module imports TensorFlow
            known = inspect.signature(getattr(videoqa, public[1])).parameters
            assert {keyword.arg for keyword in call.keywords} <= set(known), ast.unparse(call)
