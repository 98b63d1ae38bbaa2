"""What commands answer to a typo, to an address of the web, and what they propose to type next."""

import shlex

import numpy as np
import pytest

import videoqa
from videoqa._checks import check_choice
from videoqa.answering.video_qa import Answer
from videoqa.cli.main import main
from videoqa.cli.train import show
from videoqa.config import RunConfig
from videoqa.training.run import TrainingRun


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("trian --data a.csv", "videoqa: Did you mean train? "),
        (
            "train --data sample --epoch 3",
            "videoqa train: Did you mean --epochs? unrecognized arguments: --epoch 3",
        ),
        ("train --data sample --epoch=3", "videoqa train: Did you mean --epochs? "),
        ("evaluate runs/a --splt test", "videoqa evaluate: Did you mean --split? "),
        ("evaluate runs/a --split tset", "videoqa evaluate: Did you mean test? "),
        ("cache inof", "videoqa cache: Did you mean info? "),
        ("label exprot", "videoqa label: Did you mean export? "),
        ("label import a.csv --out b.csv --taks t", "videoqa label import: Did you mean --tasks? "),
        ("label export --out t --select wrogn", "videoqa label export: argument --select: `select` must"),
        ("train --nothing-like-it", "videoqa train: unrecognized arguments: --nothing-like-it"),
        ("predict runs/a --num-test-clips x", "videoqa predict: argument --num-test-clips: invalid int"),
    ],
)
def test_a_typo_is_answered_with_what_was_meant_first(typed: str, begins: str, capsys) -> None:
    assert main(typed.split()) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(begins) and printed.out == ""
    assert len(printed.err.splitlines()) == 2 and printed.err.splitlines()[1].startswith("More: videoqa")


def test_behind_many_choices_the_nearest_comes_first() -> None:
    with pytest.raises(ValueError, match="^Did you mean 'n7'\\? `name` must be one of 'n0'"):
        check_choice("name", "n7 ", [f"n{number}" for number in range(20)])
    with pytest.raises(ValueError, match="^Did you mean 'epochs'\\? `option` must be one of"):
        videoqa.train("sample", epoch=3)


@pytest.mark.parametrize(
    "words", [["ask", "URL", "q"], ["predict", "MODEL", "URL"], ["sheet", "URL", "--out", "a.png"]]
)
def test_an_address_is_to_be_downloaded_first(words: list[str], action_run, capsys) -> None:
    for address in ("http://example.org/a.mp4", "https://youtu.be/x"):
        places = {"URL": address, "MODEL": str(action_run)}
        assert main([places.get(word, word) for word in words]) == 2
        assert "Download the video first; URLs are not fetched." in capsys.readouterr().err


def test_what_to_type_next_can_be_pasted_into_a_shell(capsys) -> None:
    out = "/runs/it's $mine; no"
    show({"out": out, "num_train_rows": 1}, None)
    line = capsys.readouterr().out.splitlines()[-1]
    assert shlex.split(line) == ["videoqa", "evaluate", out, "--split", "test"]


def test_runs_and_answers_are_short_to_look_at(tmp_path) -> None:
    history = [{"loss": 1.0, "val_accuracy": 0.25}, {"loss": 0.5, "val_accuracy": 0.75}]
    run = TrainingRun(tmp_path, RunConfig(), history, {"much": list(range(1000))})
    assert repr(run) == f"TrainingRun({str(tmp_path)!r}, num_epochs=2, best_val_accuracy=0.7500)"
    answer = Answer("loading", 0.91234, (("loading", 0.91234),), timestamps_seconds=tuple(np.arange(9.0)))
    assert repr(answer) == "Answer('loading', probability=0.9123)"
