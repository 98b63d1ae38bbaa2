"""Every `Example:` of a docstring runs and gives what it says."""

import doctest
import importlib
import re
import shutil
from pathlib import Path

import pytest

import videoqa

PACKAGE = Path(videoqa.__file__).parent


def examples() -> list[doctest.DocTest]:
    """Return the examples of all modules, one for each docstring that has some."""
    finder, found = doctest.DocTestFinder(exclude_empty=True), []
    for file in sorted(PACKAGE.rglob("*.py")):
        if ">>>" in file.read_text("utf-8"):
            name = ".".join(("videoqa", *file.relative_to(PACKAGE).with_suffix("").parts))
            module = importlib.import_module(name)
            found += [test for test in finder.find(module, extraglobs={"videoqa": videoqa}) if test.examples]
    return found


EXAMPLES = examples()


@pytest.fixture
def working_folder(
    small_set: Path, question_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Go to a folder with what examples name: `my.csv`, `labels.csv`, `clips/`, `clip.avi` and two runs."""
    (tmp_path / "clips").symlink_to(small_set)
    shutil.copy(small_set / "questions.csv", tmp_path / "my.csv")
    shutil.copy(small_set / "labels.csv", tmp_path / "labels.csv")
    shutil.copy(next(small_set.glob("waving-0/*.avi")), tmp_path / "clip.avi")
    for name in ("mine", "mean"):
        shutil.copytree(question_run, tmp_path / "runs" / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "home"))


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_gives_what_it_says(example: doctest.DocTest, working_folder: None) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(example, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_every_example_is_found() -> None:
    written = sum(
        len(re.findall(r"^ +Example:", file.read_text("utf-8"), re.M)) for file in PACKAGE.rglob("*.py")
    )
    assert len(EXAMPLES) == written >= 12
