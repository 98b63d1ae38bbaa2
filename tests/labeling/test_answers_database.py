"""Who is given which task, what is taken back, and what is refused; no server, no browser."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from videoqa.labeling.answers_database import NAME, AlreadyAnswered, AnswersDatabase, NotGiven, Turn
from videoqa.labeling.page_answers import LONGEST_NAME, SKIPPED, PageAnswer, page_answer, person_name
from videoqa.labeling.page_results import read_answers
from videoqa.labeling.tasks import TaskFile

from .conftest import question

WAVING, LOADING = PageAnswer("choice", "waving"), PageAnswer("choice", "loading")
SKIP = PageAnswer(SKIPPED)


@pytest.fixture
def opened(tmp_path: Path, tasks: TaskFile):
    """Return a function that opens a database anew, as a server that starts; all are closed at the end."""
    databases = []

    def open_(num_people: int = 2, available=None) -> AnswersDatabase:
        for each in databases:
            each.close()
        ids = {task.id for task in tasks.tasks} if available is None else available
        databases.append(AnswersDatabase(tmp_path, tasks, num_people=num_people, available=ids))
        return databases[-1]

    yield open_
    for each in databases:
        each.close()


def answer_all(database: AnswersDatabase, name: str, answer: PageAnswer = WAVING) -> list[str]:
    """Answer until nothing is left, and return the tasks in order."""
    turn, given = database.next_turn(name), []
    while turn.task is not None:
        given.append(turn.task)
        turn = database.answer(name, turn.task, answer)
    return given


def progress(turn: Turn) -> tuple[int, int, int, int]:
    return turn.num_answered, turn.num_left, turn.num_answers, turn.num_wanted


def test_each_task_goes_to_as_many_people_as_asked_and_to_nobody_twice(opened, tasks):
    ids = [task.id for task in tasks.tasks]
    database = opened(num_people=2)
    first = database.next_turn("Anna")
    assert first.task == ids[0] and progress(first) == (0, 4, 0, 8)
    assert database.next_turn("  aNNA ") == first  # the same person, the same task
    assert answer_all(database, "Bert") == ids
    assert answer_all(database, "Carla") == ids[1:]  # Anna has the first one
    assert answer_all(database, "Dora") == []
    assert answer_all(database, "Anna") == [ids[0]]
    assert progress(database.next_turn("Anna")) == (1, 0, 8, 8)
    assert database.counts() == (8, 3)


def test_a_restart_changes_nothing(opened, tasks):
    ids = [task.id for task in tasks.tasks]
    database = opened()
    database.answer("Anna", database.next_turn("Anna").task, WAVING)
    turn = database.next_turn("Bert")
    again = opened()
    assert again.next_turn("Bert") == turn and again.next_turn("Anna").task == ids[1]
    assert answer_all(again, "Bert") == ids
    more = opened(num_people=3)  # asked of more people than before
    assert answer_all(more, "Bert") == [] and answer_all(more, "Carla") == ids


def test_the_last_answer_is_taken_back_and_given_anew(opened, tasks):
    ids = [task.id for task in tasks.tasks]
    database = opened(num_people=1)
    database.next_turn("Anna")
    assert database.next_turn("Anna").last is None
    turn = database.answer("Anna", ids[0], WAVING)
    back = database.undo("Anna", turn.last)
    assert (back.task, back.before, back.last) == (ids[0], WAVING, None)
    assert progress(turn)[2:] == (1, 4) and progress(back)[2:] == (0, 4)
    assert database.undo("Anna", turn.last) == back  # sent twice
    assert opened(num_people=1).next_turn("Anna") == back
    database = opened(num_people=1)
    assert database.next_turn("Bert").task == ids[2]  # Anna has the first two
    turn = database.answer("Anna", ids[0], LOADING)
    assert turn.task == ids[1] and turn.num_answered == 1
    assert database.undo("Anna", turn.last).before == LOADING  # not what she said at first
    database.answer("Anna", ids[0], LOADING)
    with pytest.raises(NotGiven):
        database.undo("Bert", turn.last)


def test_a_skipped_task_goes_to_somebody_else(opened, tasks):
    ids = [task.id for task in tasks.tasks]
    database = opened(num_people=1)
    database.next_turn("Anna")
    turn = database.answer("Anna", ids[0], SKIP)
    assert turn.task == ids[1] and progress(turn) == (0, 3, 0, 4)
    back = database.undo("Anna", turn.last)
    assert back.task == ids[0] and progress(back) == (0, 4, 0, 4)
    assert database.next_turn("Bert").task == ids[2]  # while it was taken back it was Anna's
    database.answer("Anna", ids[0], SKIP)
    again = opened(num_people=1)
    assert answer_all(again, "Bert") == [ids[2], ids[0], ids[3]]
    assert answer_all(again, "Anna") == [ids[1]]


def test_what_somebody_leaves_goes_to_somebody_else_in_the_end(opened, tasks, tmp_path):
    ids = [task.id for task in tasks.tasks]
    database = opened(num_people=1)
    database.next_turn("Anna")
    assert answer_all(database, "Bert") == ids[1:]
    leave(tmp_path)
    assert answer_all(database, "Bert") == [ids[0]]
    assert database.next_turn("Anna").task is None
    turn = database.answer("Anna", ids[0], LOADING)  # her page was open all the time: nothing is lost
    assert database.counts() == (5, 2)
    assert progress(turn) == (1, 0, 4, 4)  # one more than was asked for is no more than all
    back = database.undo("Anna", turn.last)
    assert back.task == ids[0] and progress(back) == (0, 1, 4, 4)
    assert progress(opened(num_people=1).next_turn("Anna")) == (0, 1, 4, 4)
    assert progress(opened(num_people=2).next_turn("Anna"))[2:] == (4, 8)
    assert progress(opened(num_people=2, available={ids[2]}).next_turn("Anna"))[2:] == (1, 2)


def leave(folder: Path) -> None:
    """Let a day pass."""
    with closing(sqlite3.connect(folder / NAME)) as connection, connection:
        connection.execute("UPDATE given SET given_at = given_at - 86400")


def test_what_is_left_needs_one_more_until_somebody_has_it(opened, tasks, tmp_path):
    ids = [task.id for task in tasks.tasks]
    database = opened(num_people=1, available=ids[:1])
    database.next_turn("Anna")
    leave(tmp_path)
    database.next_turn("Anna")  # she is there again
    assert database.next_turn("Bert").task is None
    leave(tmp_path)
    assert database.next_turn("Bert").task == ids[0]
    database.answer("Bert", ids[0], SKIP)
    assert database.next_turn("Carla").task == ids[0]
    leave(tmp_path)
    assert database.next_turn("Bert").task is None  # who skipped it does not get it again
    assert database.next_turn("Dora").task == ids[0]
    database.answer("Carla", ids[0], WAVING)
    database.answer("Dora", ids[0], SKIP)
    assert database.next_turn("Emil").task is None  # Carla has answered after all


def test_a_change_that_fails_leaves_nothing(opened, tasks, tmp_path):
    database, task = opened(), tasks.tasks[0].id
    database.next_turn("Anna")
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON given BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(sqlite3.Error, match="disk full"):
        database.answer("Anna", task, WAVING)
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("DROP TRIGGER full")
    assert database.counts() == (0, 0)
    assert database.answer("Anna", task, WAVING).num_answered == 1


def test_an_answer_counts_once(opened, tasks):
    database, task = opened(), tasks.tasks[0].id
    with pytest.raises(NotGiven):
        database.answer("Anna", task, WAVING)
    database.next_turn("Anna")
    turn = database.answer("Anna", task, WAVING)
    assert database.answer("Anna", task, WAVING) == turn  # its acknowledgement was lost on the way
    with pytest.raises(AlreadyAnswered):
        database.answer("Anna", task, LOADING)
    assert database.counts() == (1, 1)


def test_tasks_without_a_clip_are_not_given_out(opened, tasks):
    ids = [task.id for task in tasks.tasks]
    assert answer_all(opened(available=set(ids[1:3])), "Anna") == ids[1:3]
    database = opened()
    assert answer_all(database, "Anna") == [ids[0], ids[3]]
    assert database.next_turn("Anna").last == 4 and database.next_turn("Bert").task == ids[0]
    turn = opened(available=set(ids[1:3])).next_turn("Anna")
    assert turn.last == 2  # what cannot be shown is not taken back
    assert opened(available={ids[3]}).next_turn("Bert").task == ids[3]  # nor given, whoever had it


def test_other_databases_are_refused(opened, tasks, tmp_path):
    opened(available=()).close()
    other = TaskFile((question(7),), {"num_assignments": 1})
    with pytest.raises(ValueError, match="has answers to other tasks: name the tasks.json that they were"):
        AnswersDatabase(tmp_path, other, num_people=1, available=())
    for place, content in (
        ("text", b"task_id,answer\n" * 300),
        ("cut", (tmp_path / NAME).read_bytes()[:5000]),
    ):
        (tmp_path / place).mkdir()
        (tmp_path / place / NAME).write_bytes(content)
        with pytest.raises(ValueError, match=r"`data_dir` must be a folder for answers \(answers.sqlite: "):
            AnswersDatabase(tmp_path / place, tasks, num_people=1, available=())
        assert (tmp_path / place / NAME).read_bytes() == content
    notes = tmp_path / "notes" / NAME
    notes.parent.mkdir()
    with closing(sqlite3.connect(notes)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    content = notes.read_bytes()
    with pytest.raises(ValueError, match="is no database of answers"):
        AnswersDatabase(notes.parent, tasks, num_people=1, available=())
    assert notes.read_bytes() == content and list(notes.parent.iterdir()) == [notes]


def test_damaged_databases_are_refused(opened, tasks, tmp_path):
    opened(available=()).close()
    path, refused = tmp_path / NAME, "`data_dir` must be a folder for answers"

    def reopened(message: str) -> None:
        with pytest.raises(ValueError, match=message):
            AnswersDatabase(tmp_path, tasks, num_people=1, available=())

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
        reopened("is no database of answers of version 1")
        connection.execute("PRAGMA user_version = 1")
        query = (
            "SELECT rootpage FROM sqlite_master WHERE name = 'answers_by_person'"  # not read when it opens
        )
        (page,) = connection.execute(query).fetchone()
    content = path.read_bytes()
    path.write_bytes(content[: (page - 1) * 4096] + b"\xff" * 4096 + content[page * 4096 :])
    reopened(refused)
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM about")
    reopened("it does not say which tasks its answers are to")
    with pytest.raises(ValueError, match="it does not say which tasks its answers are to"):
        list(read_answers(path))


def test_names():
    assert person_name("  Anna\t M.\n") == "Anna M."
    assert person_name("\u200f\u05d0\u05e0\u05d4 \u202eA\x00") == "\u05d0\u05e0\u05d4 A\ufffd"
    assert person_name("<b>Anna</b>") == "<b>Anna</b>"  # text wherever it is shown
    for text in ("", "  ", "...", "\u200b"):
        with pytest.raises(ValueError, match="`name` must have a letter or a digit"):
            person_name(text)
    assert person_name("a" * LONGEST_NAME)
    with pytest.raises(ValueError, match="`name` must have at most 60 characters"):
        person_name("a" * 100_000)


WRITE = question(0, kind="write", question="", choices=(), num_questions=2)
VERIFY = question(0, kind="verify", answer="waving", choices=())


@pytest.mark.parametrize(
    ("task", "content", "message"),
    [
        (question(0), {"how": "choice", "answer": "flying"}, "`answer` must be one of the choices"),
        (question(0), {"how": "choice", "answer": "Waving"}, "`answer` must be one of the choices"),
        (question(0), {"how": "choice"}, "`answer` must be a text"),
        (question(0), {"how": "typed", "answer": "?!"}, "`answer` must have a letter"),
        (question(0), {"how": "typed", "answer": "a" * 201}, "`answer` must have at most 200 characters"),
        (question(0), {"how": "written", "written": []}, "`how` must be one of 'choice', 'typed', 'cannot_"),
        (question(0), {"how": ["choice"]}, "`how` must be one of"),
        (VERIFY, {"how": "typed", "answer": "perhaps"}, "`how` must be one of 'choice', 'cannot_tell'"),
        (VERIFY, {"how": "choice", "answer": "waving"}, "`answer` must be one of the choices"),
        (WRITE, {"how": "cannot_tell"}, "`how` must be one of 'written', 'skipped'"),
        (WRITE, {"how": "written", "written": [["Who?", "Anna"]]}, "`written` must be a list of 2 questions"),
        (
            WRITE,
            {"how": "written", "written": [["Who?", "Anna"], ["Where?"]]},
            "`written` must be a list of 2",
        ),
        (
            WRITE,
            {"how": "written", "written": [["Who?", "A"], ["who? ", "B"]]},
            "`written` must be different",
        ),
        (
            WRITE,
            {"how": "written", "written": [["Who?", "A"], ["Where?", " "]]},
            "`answer` must have a letter",
        ),
        (WRITE, {"how": "written", "written": [["Who?", "A"], ["W" * 1001, "B"]]}, "`question` must have at"),
    ],
)
def test_answers_that_a_task_does_not_allow(task, content, message):
    with pytest.raises(ValueError, match=message):
        page_answer(task, content)


def test_answers_that_a_task_allows():
    typed = page_answer(question(0), {"how": "typed", "answer": " two  <b>\npeople "})
    assert typed.answer == "two <b> people"
    assert page_answer(VERIFY, {"how": "choice", "answer": "no"}) == PageAnswer("choice", "no")
    assert page_answer(question(0), {"how": "cannot_tell", "answer": "x"}) == PageAnswer("cannot_tell")
    pairs = [["Who?", "=1+1"], ["Where?", "here"]]
    written = page_answer(WRITE, {"how": "written", "written": pairs}).written
    assert written == (("Who?", "=1+1"), ("Where?", "here"))
