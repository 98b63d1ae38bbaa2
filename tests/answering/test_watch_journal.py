"""The journal of a watch: what is no journal is refused and left as it is."""

from pathlib import Path

import pytest

from videoqa.answering.watch_journal import WatchJournal
from videoqa.answering.watched import WatchedWindow

SETTINGS = {"videoqa": "1", "questions": ["what is he doing?"], "end_seconds": 2.0}
WINDOW = WatchedWindow(0.0, 2.0, "what is he doing?", "waving", 0.75, 0.5, True, (), (("waving", 0.75),))


def begun(folder: Path) -> WatchJournal:
    journal = WatchJournal(folder / "film.csv", SETTINGS)
    journal.begin()
    journal.append([WINDOW])
    return journal


@pytest.mark.parametrize(
    "content",
    [
        b"my notes\nof a film, unfinished",
        b'{"videoqa": "2"}\n[]\nof another version',
        b"no line at all",
        b"[1]\nnothing of ours",
        b"\xff\xfe\x00\nno text",
        b"",
    ],
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    journal = WatchJournal(tmp_path / "film.csv", SETTINGS)
    journal.path.write_bytes(content)
    with pytest.raises(ValueError, match="to begin anew"):
        journal.read()
    assert journal.path.read_bytes() == content


@pytest.mark.parametrize(
    "line", [b"5", b"null", b"[5]", b'["text"]', b"{}", b"[{}]", b'[{"answer": "waving"}]', b"]"]
)
def test_a_line_that_holds_no_windows_is_refused(tmp_path: Path, line: bytes) -> None:
    journal = begun(tmp_path)
    content = journal.path.read_bytes() + line + b"\n[half a li"
    journal.path.write_bytes(content)
    with pytest.raises(ValueError, match=r"film.csv.unfinished is no journal of `watch`.* to begin anew"):
        journal.read()
    assert journal.path.read_bytes() == content


def test_a_line_that_was_not_finished_is_cut_off(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    content = journal.path.read_bytes()
    journal.path.write_bytes(content + b'[{"start')
    assert journal.read() == [[WINDOW]] and journal.path.read_bytes() == content
