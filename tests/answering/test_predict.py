"""`predict`: one row per clip or question, failures included."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import videoqa
from videoqa.answering.predict import find_videos
from videoqa.cli.main import main
from videoqa.saving import load_model_folder
from videoqa.training.run import TrainingRun


@pytest.fixture()
def clips(small_set: Path, tmp_path: Path) -> Path:
    """Return a folder of two good clips, one in a subfolder, a broken one, and a file that is none."""
    folder = tmp_path / "clips"
    (folder / "more").mkdir(parents=True)
    good = sorted(small_set.rglob("*.avi"))
    shutil.copy(good[0], folder / "b.avi")
    shutil.copy(good[1], folder / "more" / "a.AVI")
    (folder / "broken.mp4").write_text("no video")
    (folder / "notes.txt").write_text("not a clip")
    return folder


def test_an_action_model_labels_a_folder(action_run: Path, clips: Path, tmp_path: Path) -> None:
    table = videoqa.predict(action_run, clips, out=tmp_path / "labels.csv", progress=False)
    assert table["video"].tolist() == ["b.avi", "broken.mp4", "more/a.AVI"]
    assert table["status"].tolist() == ["ok", "failed", "ok"] and "broken.mp4" in table["error"][1]
    assert table["answer"].tolist()[1] == "" and pd.isna(table["probability"][1])
    assert set(table["answer"][[0, 2]]) <= {"loading", "unloading", "waving"}
    written = pd.read_csv(tmp_path / "labels.csv", keep_default_na=False)
    assert written["answer"].tolist() == table["answer"].tolist()
    assert not list(tmp_path.glob(".labels*"))
    assert written["damaged_frames"].tolist() == ["0", "", "0"]


@pytest.mark.numeric
def test_one_clip_is_labelled_like_ask(action_run: Path, clips: Path, rounding: Callable[..., float]) -> None:
    table = videoqa.predict(action_run, clips / "b.avi", progress=False)
    answer = videoqa.ask(clips / "b.avi", model=action_run)
    assert table["answer"].tolist() == [answer.text]
    # 8 steps of the LSTM and two dense layers, of sums of at most 104 + 16 terms
    assert table["probability"][0] == pytest.approx(answer.probability, abs=rounding(10, 120))


def test_a_question_model_answers_a_file(question_run: Path, clips: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.csv"
    questions.write_text(
        "video,question\nb.avi,what is he doing?\nb.avi,is he waving?\nbroken.mp4,is he waving?\n"
    )
    table = videoqa.predict(question_run, clips, data=questions, progress=False)
    assert table["question"].tolist()[:2] == ["what is he doing?", "is he waving?"]
    assert table["status"].tolist()[2] == "failed"
    assert table["answer"][1] == videoqa.ask(clips / "b.avi", "is he waving?", model=question_run).text


def test_words_never_seen_are_named_and_counted(
    question_run: Path, clips: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ["Is he juggling？", "is he waving？", "他在挥手吗", "is he juggler？"]
    questions = pd.DataFrame({"video": "b.avi", "question": asked})
    table = videoqa.predict(question_run, clips, data=questions, progress=False)
    assert table["unknown_words"].tolist() == ["juggling", "", "他 在 挥 手 吗", "juggler"]
    said = capfd.readouterr().err
    assert "3 of 4 questions have words never seen in training" in said
    assert "juggling, 他, 在, 挥, 手, 吗, juggler (column `unknown_words`)" in said
    known = videoqa.predict(question_run, clips, data=questions[1:2], progress=False)
    assert known["unknown_words"].tolist() == [""] and "never seen" not in capfd.readouterr().err


def test_what_is_missing_is_refused(
    question_run: Path, action_run: Path, clips: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="name a file of questions for a question model"):
        videoqa.predict(question_run, clips)
    with pytest.raises(ValueError, match="`videos` must be a folder of clips or one clip"):
        videoqa.predict(action_run)
    with pytest.raises(FileNotFoundError, match="`videos` must be an existing folder or file"):
        videoqa.predict(action_run, tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="hold files ending in"):
        videoqa.predict(action_run, tmp_path / "empty")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`out` must be a file to write"):
        videoqa.predict(action_run, clips, out=tmp_path / "file" / "labels.csv")
    with pytest.raises(ValueError, match="`out` must be a file to write"):
        videoqa.predict(action_run, clips, out=tmp_path)


def test_pictures_beside_videos_are_no_clip(tmp_path: Path) -> None:
    """Whatever their names look like; a folder of nothing but numbered frames is one."""
    clips = tmp_path / "clips"
    for name in (
        "a.avi",
        "20240101.jpg",
        "inside/0000.jpg",
        "inside/0001.jpg",
        "more/b.avi",
        "more/0000.jpg",
    ):
        (clips / name).parent.mkdir(parents=True, exist_ok=True)
        (clips / name).touch()
    found, root, _ = find_videos(clips)
    assert [path.relative_to(root).as_posix() for path in found] == ["a.avi", "inside", "more/b.avi"]
    assert find_videos(clips / "inside") == ([clips / "inside"], clips, [])


def test_linked_folders_are_followed_and_litter_is_passed_over(tmp_path: Path) -> None:
    for name in (
        "clips/a.avi",
        "else/b.avi",
        "else/deep/c.avi",
        "clips/.ipynb_checkpoints/a.avi",
        "clips/._a.avi",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "clips" / "linked").symlink_to(tmp_path / "else")
    (tmp_path / "else" / "deep" / "back").symlink_to(tmp_path / "clips")
    found, root, notes = find_videos(tmp_path / "clips")
    names = [path.relative_to(root).as_posix() for path in found]
    assert names == ["a.avi", "linked/b.avi", "linked/deep/c.avi"]
    assert len(notes) == 2 and "Passed over 2 entries left by systems and programs" in notes[0]


def test_what_is_no_clip_is_named(tmp_path: Path) -> None:
    for name in ("b.h264", "c.mp4.bak", "more/readme.txt", "walk/0000.jpg", "walk/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found, _, notes = find_videos(tmp_path)
    assert [path.name for path in found] == ["b.h264", "walk"]
    assert notes == [
        "Passed over 2 files that are no clips by name or place: 'c.mp4.bak', 'more/readme.txt'."
    ]


def test_nothing_that_is_there_is_overwritten_unasked(
    question_run: Path, clips: Path, tmp_path: Path
) -> None:
    questions, answers = tmp_path / "q.csv", tmp_path / "answers.csv"
    questions.write_text("video,question\nb.avi,is he waving?\n")
    before = questions.read_text()
    (tmp_path / "link.csv").symlink_to(questions)
    answers.write_text("mine")
    options = {"data": questions, "progress": False}
    with pytest.raises(FileExistsError, match=r"`out` must not exist yet.*answers.csv'\. .*--overwrite"):
        videoqa.predict(question_run, clips, out=answers, **options)
    of_the_model = question_run / "question_vocabulary.json"
    same = tmp_path / "clips" / ".." / "q.csv"
    for out in (questions, tmp_path / "link.csv", same, clips / "b.avi", of_the_model):
        with pytest.raises(ValueError, match="`out` must not be a file that is read"):
            videoqa.predict(question_run, clips, out=out, overwrite=True, **options)
    with pytest.raises(ValueError, match="this is a device"):
        videoqa.predict(question_run, clips, out="/dev/null", overwrite=True, **options)
    assert questions.read_text() == before and answers.read_text() == "mine"
    videoqa.predict(question_run, clips, out=answers, overwrite=True, **options)
    assert answers.read_text().startswith("video,")


def test_a_run_labels_several_clips(
    action_run: Path, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = load_model_folder(action_run)
    run = TrainingRun(action_run, folder.config, [], {})
    monkeypatch.chdir(tmp_path)
    paths = [Path("clips/more/a.AVI"), str(clips / "b.avi"), Path("clips/more")]
    for table in (videoqa.predict(run, paths), videoqa.load(run).predict(iter(paths)), run.predict(paths)):
        assert table["video"].tolist() == [str(Path("clips/more/a.AVI")), str(clips / "b.avi")]
        assert table["status"].tolist() == ["ok", "ok"]
    for wrong in (3, [], [clips, None]):
        with pytest.raises(
            ValueError, match="`videos` must be a folder of clips, one clip, or a list of such"
        ):
            videoqa.predict(run, wrong)


def test_unreadable_files_are_counted_and_named(
    action_run: Path, clips: Path, capsys: pytest.CaptureFixture
) -> None:
    for number in range(6):
        (clips / f"bad-{number}.mp4").write_text("no video")
    assert main(["predict", str(action_run), str(clips), "--no-progress"]) == 0
    printed = capsys.readouterr().err
    assert "7 of 9 rows have no answer, of 7 videos that could not be used:" in printed
    assert "bad-0.mp4" in printed and "the column `error` has all of them" in printed
    assert main(["predict", str(action_run), str(clips / "b.avi"), str(clips / "more" / "a.AVI")]) == 0
    assert capsys.readouterr().out.count("\n") == 3


@pytest.mark.real_data
def test_damaged_pictures_are_counted_and_noted(
    action_run: Path, real_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = real_data / "field" / "damaged_key_frame" / "flipped_bit.mp4"
    assert videoqa.predict(action_run, clip, progress=False)["damaged_frames"].tolist() == [100]
    answer = videoqa.ask(clip, model=action_run)
    assert "The clip seems damaged: 100 of 100 frames" in answer.notes[-1]
    assert "note: The clip seems damaged" in capsys.readouterr().err
