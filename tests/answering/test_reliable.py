"""What an answer says of itself: printed, as JSON, as columns; the limits; folders that cannot judge."""

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa._manifest import read_json, write_json, write_manifest
from videoqa.answering.video_qa import BLIND_CANNOT_JUDGE, CANNOT_JUDGE
from videoqa.cli.main import main
from videoqa.saving import PARTS_OF_A_FOLDER

CHECKOUT = Path(__file__).resolve().parents[2]
UNLIKE = "this clip is unlike the 1,568 clips this model was trained on"
QUESTION = "what is he doing?"


@pytest.fixture(scope="module")
def empty() -> str:
    """Return a clip that the model in the package should not know."""
    return videoqa.sample_clip("empty", seed=7)


@pytest.fixture(scope="module")
def known() -> str:
    return videoqa.sample_clip("loading", seed=7)


@pytest.fixture
def clip(small_set: Path) -> Path:
    return next(small_set.glob("loading-5/*.avi"))


@pytest.fixture(scope="module")
def old_run(question_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder as a version wrote it that knew nothing of trust."""
    folder = Path(shutil.copytree(question_run, tmp_path_factory.mktemp("old") / "run"))
    for path in folder.rglob("*"):
        if path.name in ("trust.json", "familiarity.npz"):
            path.unlink()
    for part in (folder / "blind", folder):
        config = read_json(part / "config.json")
        del config["temperature"]
        write_json(part / "config.json", config)
        write_manifest(part, PARTS_OF_A_FOLDER)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/trust.md"])
def test_the_first_example_prints_what_is_shown(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (CHECKOUT / page).read_text("utf-8")
    code, shown = re.findall(r"```python\n(import videoqa\n.*?)```\n\n```\n(.*?)```", text, re.S)[0]
    assert "I don't know: " in shown
    names: dict[str, object] = {}
    exec(code, names)
    assert capsys.readouterr().out == shown
    for name in re.findall(r"^answer\.(\w+)", text, re.M):
        assert hasattr(videoqa.Answer, name) or name in vars(names["answer"])


def test_an_answer_that_is_not_reliable_says_so_first(empty: str, known: str) -> None:
    qa = videoqa.load()
    answer, other = qa.ask(empty, QUESTION), qa.ask(known, QUESTION)
    assert not answer.is_reliable and answer.why_not == (UNLIKE,) and answer.familiarity == 0
    guess = f"(best guess: {answer.text}, {100 * answer.probability:.0f} %)"
    assert str(answer) == f"I don't know: {UNLIKE} {guess}."
    assert repr(answer).endswith(", is_reliable=False)") and "\n" not in repr(answer)
    assert other.is_reliable and other.why_not == () and str(other) == other.text == "loading"
    assert other.likely == ("loading",) and 0.01 <= other.familiarity <= 1


def test_an_unfamiliar_question_is_not_answered_reliably(known: str) -> None:
    qa = videoqa.load()
    strange, one_word = qa.ask_many(known, ["how many zebras eat grass?", "what is zorro doing?"])
    assert strange.why_not == ("no training question has its words zebras, eat, grass",)
    assert one_word.is_reliable and one_word.unknown_words == ("zorro",)
    other = qa.ask(known, "is he dancing?")
    assert other.why_not == ("no training question that begins with 'is he' had this answer",)


def test_every_field_is_ready_for_json(empty: str, question_run: Path, clip: Path, old_run: Path) -> None:
    answers = [videoqa.load().ask(empty, QUESTION)]
    answers += [videoqa.load(run).ask(clip, QUESTION) for run in (question_run, old_run)]
    for answer in answers:
        fields = answer.to_dict()
        assert json.loads(json.dumps(fields, allow_nan=False)) == fields
        assert fields["shown"] == str(answer)
        for name in ("text", "is_reliable", "familiarity", "probability"):
            assert fields[name] == getattr(answer, name)
        for name in ("why_not", "likely", "unknown_words", "notes"):
            assert fields[name] == list(getattr(answer, name))


def test_the_limits_are_the_callers(empty: str, known: str) -> None:
    qa = videoqa.load()
    assert qa.ask(empty, QUESTION, min_familiarity=0).is_reliable
    strict = qa.ask(known, QUESTION, min_familiarity=1, min_probability=0.9999)
    assert strict.why_not == (UNLIKE, "its best guess has a little less than 99.99 % probability")
    assert strict.text == "loading" and strict.likely == ("loading",)


@pytest.mark.parametrize("name", ["min_familiarity", "min_probability"])
@pytest.mark.parametrize("value", [2, -0.1, math.nan, "0.5", True])
def test_a_limit_out_of_range_is_refused_before_any_work(known: str, name: str, value: object) -> None:
    qa = videoqa.load()
    asked: list[Callable[..., object]] = [
        lambda **limit: qa.ask(known, QUESTION, **limit),
        lambda **limit: qa.ask_many("no such file", [QUESTION], **limit),
        lambda **limit: videoqa.ask("no such file", QUESTION, **limit),
        lambda **limit: videoqa.watch("no such file", QUESTION, **limit),
        lambda **limit: qa.predict("no such folder", **limit),
    ]
    for ask in asked:
        with pytest.raises(ValueError, match=f"`{name}` must be a number from 0 to 1. Received: {name}="):
            ask(**{name: value})


def test_the_command_prints_the_same_line_and_ends_well(empty: str, capfd: pytest.CaptureFixture) -> None:
    assert main(["ask", empty, QUESTION]) == 0
    first, *ranked = capfd.readouterr().out.splitlines()
    assert first.startswith(f"I don't know: {UNLIKE} (best guess: ") and len(ranked) == 5
    assert main(["ask", empty, QUESTION, "--json", "--min-familiarity", "0"]) == 0
    assert json.loads(capfd.readouterr().out)["is_reliable"] is True
    assert main(["ask", empty, QUESTION, "--min-familiarity", "2"]) == 2
    assert "`min_familiarity` must be a number from 0 to 1" in capfd.readouterr().err


def test_a_folder_of_an_earlier_version_answers_as_before_and_says_what_it_cannot(
    question_run: Path, old_run: Path, clip: Path, empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of 6 validation rows the newer folder has no temperature either, so that the probabilities are equal.
    new, old = (videoqa.ask(clip, QUESTION, model=run) for run in (question_run, old_run))
    assert old.alternatives == new.alternatives and str(old) == old.text
    assert (old.familiarity, old.likely, old.notes) == (None, (), (CANNOT_JUDGE,))
    assert capsys.readouterr().err.count(f"note: {CANNOT_JUDGE}") == 1
    assert new.familiarity is not None and new.likely and new.notes == ()
    assert videoqa.ask(empty, "how many zebras is he eating?", model=old_run).is_reliable
    assert not videoqa.ask(clip, QUESTION, model=old_run, min_probability=0.999).is_reliable


def test_the_columns_of_a_prediction(
    question_run: Path, old_run: Path, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.avi").write_text("no video")
    questions = pd.DataFrame({"video": [str(clip), str(tmp_path / "bad.avi")], "question": QUESTION})
    out = tmp_path / "answers.csv"
    table = videoqa.predict(question_run, data=questions, out=out, progress=False)
    answer = videoqa.ask(clip, QUESTION, model=question_run)
    assert table["is_reliable"].tolist() == [answer.is_reliable, False]
    assert table["why_not"].tolist() == ["; ".join(answer.why_not), "the video could not be read"]
    assert table["likely"].tolist() == [" | ".join(answer.likely), ""]
    (_, best), (second, next_best) = answer.alternatives[:2]
    assert table["second_answer"].tolist() == [second, ""]
    np.testing.assert_allclose(table["margin"], [best - next_best, np.nan], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(table["familiarity"], [answer.familiarity, np.nan])
    written = pd.read_csv(out, keep_default_na=False)
    assert written["familiarity"].tolist() == [str(answer.familiarity), ""]
    strict = videoqa.predict(question_run, data=questions, min_probability=1.0, progress=False)
    assert strict["is_reliable"].tolist() == [False, False]
    assert "1 of 2 rows has an answer that the model does not rely on" in capsys.readouterr().err
    old = videoqa.predict(old_run, data=questions, progress=False)
    assert old["is_reliable"].tolist() == [True, False] and old["likely"].tolist() == ["", ""]
    assert old["familiarity"].isna().all() and old["answer"].tolist() == table["answer"].tolist()
    assert f"note: {CANNOT_JUDGE}" in capsys.readouterr().err


def test_a_blind_model_does_not_say_that_an_earlier_version_wrote_it(
    question_run: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = question_run / "blind"
    assert videoqa.ask(clip, QUESTION, model=blind).notes == (BLIND_CANNOT_JUDGE,)
    rows = pd.DataFrame({"video": [str(clip)], "question": QUESTION})
    assert videoqa.predict(blind, data=rows, progress=False)["answer"].all()
    assert capsys.readouterr().err.count(f"note: {BLIND_CANNOT_JUDGE}") == 2
