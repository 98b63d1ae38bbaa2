"""`videoqa data`: what is shown of a set, and the command to type next."""

import json
import re
from pathlib import Path

import pytest

from videoqa.cli.main import main

OWN = """name = "inner"
title = "A set of mine"
tasks = ["action"]
format = "class_lists"
licence = "MIT"
homepage = ""
citation = ""
[counts]
train = 3
[files]
train = ["classes.txt", "train.txt"]
"""


def test_a_set_of_ones_own_is_called_by_its_path(tmp_path: Path, monkeypatch, capfd) -> None:
    (tmp_path / "my set.toml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    assert main(["data", "show", "my set.toml"]) == 0
    printed = capfd.readouterr().out
    assert "videoqa-train --data 'my set.toml' --annotations DIR --videos DIR" in printed
    assert "name: inner\n" in printed and "tasks: action\n" in printed
    assert "video_names" not in printed and "homepage" not in printed, "what is empty is not shown"


def test_a_known_set_is_called_by_its_name(capfd) -> None:
    assert main(["data", "show", "sample"]) == 0
    assert capfd.readouterr().out.endswith("Type next:\n  videoqa-train --data sample\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("samples", "`name` must be one of .*'sample'.*Did you mean 'sample'"),
        ("no.toml", "`name` must be an"),
    ],
)
def test_a_set_that_is_not_there_is_refused_as_the_argument_is_called(name: str, message: str, capfd) -> None:
    assert main(["data", "show", name]) == 2
    assert re.match(f"videoqa: {message}", capfd.readouterr().err)


def test_the_sets_are_listed_without_a_word(capfd) -> None:
    assert main(["data"]) == 0
    listed = capfd.readouterr().out
    assert main(["data", "list"]) == 0 and capfd.readouterr().out == listed
    assert listed.count("\n") > 4 and "sample" in listed
    for words in (["data", "--json"], ["data", "--json", "list"], ["data", "list", "--json"]):
        assert main(words) == 0
        assert "ucf101" in json.loads(capfd.readouterr().out)
    for words in (["data", "--json", "show", "ucf101"], ["data", "show", "ucf101", "--json"]):
        assert main(words) == 0
        assert json.loads(capfd.readouterr().out)["name"] == "ucf101"
