"""What `train` says before it starts, without decoding anything."""

import subprocess

import pandas as pd
import pytest

import videoqa
from videoqa.auditing.table_audit import say_table_findings
from videoqa.auditing.table_findings import pair_findings
from videoqa.config import run_config_from_options
from videoqa.data.annotations import read_annotations
from videoqa.data.archives import archive_kind, archives_in, how_to_unpack


@pytest.fixture
def said(clips, capfd):
    """Return a function that gives the lines said of rows."""

    def said(rows: pd.DataFrame, **options) -> list[str]:
        config = run_config_from_options({"videos": str(clips), **options})
        table = read_annotations(config.data, tables=[rows])
        capfd.readouterr()
        say_table_findings(table, config)
        return capfd.readouterr().err.splitlines()

    return said


def test_nothing_is_said_where_nothing_is_wrong(said, table):
    assert said(table) == []


def test_each_kind_is_said_in_one_line(said, table, clips):
    (clips / "copy.mp4").write_bytes((clips / "c0.mp4").read_bytes())
    (clips / "all.zip").write_bytes(b"PK\x03\x04" + bytes(50))
    more = [("copy.mp4", "left", "test"), ("gone.mp4", "left", "train"), ("c5.mp4", "new", "test")]
    lines = said(pd.concat([table, pd.DataFrame(more, columns=table.columns)]))
    assert lines == [
        f"1 video is not there, but an archive is: all.zip is still packed; unpack it: "
        f"unzip {clips}/all.zip -d {clips}",
        "The same video, by its content, is in two splits: 1 video, rows: train 1, test 1. "
        "Scores on them are flattered.",
        "2 rows have a clip that has another label in another row.",
        "Answers that the model cannot give, counted as wrong: test 1 of 3 rows.",
        "`videoqa audit` lists these rows.",
    ]


def test_a_pair_in_two_splits_is_said_and_listed(said, table):
    assert said(table.assign(pair=table["split"])) == []
    lines = said(table.assign(pair="1"))
    assert lines[0].startswith(f"{len(table)} rows have clips of a `pair` that is in two splits")
    three = pd.DataFrame(
        {"pair": ["1", "1", "", "2", ""], "split": ["train", "test", "test", "test", "train"]}
    )
    assert list(pair_findings(three)) == [
        (0, "pair_in_two_splits", "pair '1' is also in test"),
        (1, "pair_in_two_splits", "pair '1' is also in train"),
    ]


def test_a_blind_model_opens_no_video(said, table, clips):
    questions = table.rename(columns={"label": "answer"}).assign(question="which way")
    for path in clips.iterdir():
        path.unlink()
    assert said(questions, video_branch="none") == []


@pytest.mark.slow
def test_train_says_it(table, clips, tmp_path, capfd, quick_options):
    (clips / "copy.mp4").write_bytes((clips / "c0.mp4").read_bytes())
    more = pd.DataFrame([("copy.mp4", "left", "test")], columns=table.columns)
    options = {**quick_options, "progress": True, "epochs": 1}
    videoqa.train(pd.concat([table, more]), videos=str(clips), out=tmp_path / "run", **options)
    assert capfd.readouterr().err.count("is in two splits: 1 video") == 1


@pytest.mark.parametrize(
    ("name", "content", "unpack"),
    [
        ("a.zip", b"PK\x03\x04", "unzip a.zip -d ."),
        ("a.tar.gz", b"\x1f\x8b", "tar -xf a.tar.gz -C ."),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "7z x a.7z -o."),
        ("a.bin", bytes(257) + b"ustar", "tar -xf a.bin -C ."),
        ("a b.rar", b"Rar!\x1a\x07", "unrar x 'a b.rar' ./"),
    ],
)
def test_an_archive_is_told_by_name_or_first_bytes(name, content, unpack, tmp_path, monkeypatch):

    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content + bytes(20))
    assert how_to_unpack(name, archive_kind(name)).endswith(unpack)


@pytest.mark.parametrize("name", ["a.mp4", "a.docx", "a.csv", "a.part2.rar", "a.zip.002", "a"])
def test_what_is_no_archive(name, tmp_path):

    (tmp_path / name).write_bytes(b"some other content")
    assert archive_kind(str(tmp_path / name)) is None


def test_the_line_for_tar_works(tmp_path):

    (tmp_path / "videos").mkdir()
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    packed = tmp_path / "videos" / "my videos.tar"
    subprocess.run(["tar", "-cf", packed, "-C", tmp_path, "clip.mp4"], check=True)
    [(path, advice)] = archives_in([str(tmp_path / "videos")])
    subprocess.run(advice.partition("unpack it: ")[2], shell=True, check=True)
    assert (path, (tmp_path / "videos" / "clip.mp4").read_bytes()) == (str(packed), b"clip")
