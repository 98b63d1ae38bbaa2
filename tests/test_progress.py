"""Bars on terminals of every size, also of those that say they have none."""

import os
import sys

import pytest

from videoqa import _progress

pty = pytest.importorskip("pty", reason="a system without pseudo-terminals")
fcntl, struct, termios = (pytest.importorskip(name) for name in ("fcntl", "struct", "termios"))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Show bars at once."""
    monkeypatch.setattr(_progress, "DELAY_SECONDS", 0)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)
    return monkeypatch


def shown(at_once: pytest.MonkeyPatch, columns: int, rows: int, *, then: int | None = None) -> list[str]:
    """Return what a bar of four steps shows, one after the other, on a terminal of this size.

    Args:
        at_once: the fixture.
        columns, rows: as the terminal reports them.
        then: its columns from the second step on.
    """
    seen, printed_on = pty.openpty()
    with os.fdopen(printed_on, "w", buffering=1) as stderr:
        at_once.setattr(sys, "stderr", stderr)
        resize(columns, rows)
        with _progress.progress_bar(total=4, mininterval=0, desc="encoding", unit="clip") as bar:
            for _ in range(4):
                bar.update()
                resize(columns if then is None else then, rows)
        at_once.undo()
    text = "".join(iter(lambda: read(seen), ""))
    os.close(seen)
    return [line.rstrip("\n") for line in text.replace("\r\n", "\n").split("\r")]


def read(seen: int) -> str:
    """Return the next part of what was printed on a terminal that is closed by now; "" at its end."""
    try:
        return os.read(seen, 1000).decode()
    except OSError:
        return ""


def resize(columns: int, rows: int) -> None:
    fcntl.ioctl(sys.stderr.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@pytest.mark.parametrize("size", [(0, 0), (0, 24), (80, 0), (80, 24)])
def test_a_terminal_that_says_it_has_no_columns_is_taken_for_a_usual_one(
    at_once: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    last = shown(at_once, *size)[-1]
    assert last.startswith("encoding: 100%|") and "4/4" in last and len(last) == 79


def test_a_narrow_terminal_is_not_overrun(at_once: pytest.MonkeyPatch) -> None:
    assert max(map(len, shown(at_once, 30, 10))) == 29


def test_a_bar_follows_the_size(at_once: pytest.MonkeyPatch) -> None:
    assert len(shown(at_once, 0, 0, then=100)[-1]) == 99
