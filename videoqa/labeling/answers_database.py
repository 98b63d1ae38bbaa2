"""The answers that a page collects, in SQLite: who was given which task, and what they said.

Each change is one transaction, on the disk before it is acknowledged, so that a process that is killed loses
nothing of what it acknowledged, and other processes can read at any time.
"""

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal
from videoqa._text_normalization import matching_form
from videoqa.labeling.page_answers import SKIPPED, PageAnswer
from videoqa.labeling.tasks import TaskFile

NAME = "answers.sqlite"
APPLICATION_ID, VERSION = 0x7671616C, 1
ABANDONED_SECONDS = 1800.0
"""A task that somebody was given so long ago, without an answer, may go to somebody else in the end."""
BUSY_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE people (number INTEGER PRIMARY KEY, compared_name TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE given (
    task TEXT NOT NULL, person INTEGER NOT NULL REFERENCES people, turn INTEGER NOT NULL UNIQUE,
    given_at REAL NOT NULL, state TEXT NOT NULL DEFAULT 'held', PRIMARY KEY (task, person)
) WITHOUT ROWID;
CREATE INDEX given_by_person ON given (person, task);
CREATE INDEX held_by_person ON given (person, turn) WHERE state = 'held';
CREATE TABLE answers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, person INTEGER NOT NULL, how TEXT NOT NULL,
    answer TEXT NOT NULL, written TEXT NOT NULL, answered_at TEXT NOT NULL, withdrawn_at TEXT,
    FOREIGN KEY (task, person) REFERENCES given
);
CREATE UNIQUE INDEX one_answer ON answers (task, person) WHERE withdrawn_at IS NULL;
CREATE INDEX answers_by_person ON answers (person, number);
"""
_TEMPORARY = """
CREATE TEMP TABLE tasks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, needs INTEGER NOT NULL, lacks INTEGER NOT NULL
);
CREATE INDEX temp.needed ON tasks (number) WHERE needs > 0;
CREATE TEMP VIEW standing AS SELECT * FROM answers WHERE withdrawn_at IS NULL;
CREATE TEMP VIEW held AS SELECT g.* FROM given g JOIN tasks t ON t.id = g.task WHERE g.state = 'held';
"""
"""Of one connection: the tasks that can be given out, with how many people each still needs and how many
answers it lacks (also of people who have it by now), the answers that were not taken back, and the tasks that
somebody was given and has not answered."""
_PEOPLE_OF_TASKS = f"""
SELECT g.task, count(*) FROM given g LEFT JOIN answers a
ON a.task = g.task AND a.person = g.person AND a.withdrawn_at IS NULL
WHERE g.state = 'held' OR a.how != '{SKIPPED}' GROUP BY g.task
"""
_OWN = "SELECT task FROM held WHERE person = ? ORDER BY turn DESC LIMIT 1"
_NEXT = """
SELECT id FROM tasks t WHERE needs > 0
AND NOT EXISTS (SELECT 1 FROM given g WHERE g.task = t.id AND g.person = ?) ORDER BY number LIMIT 1
"""
_ABANDONED = """
SELECT h.task, h.person FROM held h WHERE h.given_at < ? AND h.person != ?
AND NOT EXISTS (SELECT 1 FROM given mine WHERE mine.task = h.task AND mine.person = ?)
ORDER BY h.given_at LIMIT 1
"""
_BEFORE = (
    "SELECT how, answer, written FROM answers WHERE task = ? AND person = ? ORDER BY number DESC LIMIT 1"
)
_STANDING = "SELECT how, answer, written FROM standing WHERE task = ? AND person = ?"
_LAST = """
SELECT number FROM standing WHERE person = ? AND task IN (SELECT id FROM tasks) ORDER BY number DESC LIMIT 1
"""
_NUM_ANSWERS = f"SELECT count(*) FROM standing WHERE how != '{SKIPPED}'"
_ANSWERS_OF_TASKS = f"SELECT task, count(*) FROM standing WHERE how != '{SKIPPED}' GROUP BY task"
_NUM_LACKING = "SELECT coalesce(sum(max(lacks, 0)), 0) FROM tasks"
_NUM_PEOPLE = f"SELECT count(DISTINCT person) FROM standing WHERE how != '{SKIPPED}'"
_NUM_LEFT = """
SELECT (SELECT count(*) FROM tasks WHERE needs > 0)
- (SELECT count(*) FROM given g JOIN tasks t ON t.id = g.task WHERE t.needs > 0 AND g.person = ?)
+ (SELECT count(*) FROM held WHERE person = ?)
"""


class NotGiven(Exception):
    """The task was never given to who answers it."""


class AlreadyAnswered(Exception):
    """Who answers the task has answered it otherwise before."""


@dataclass(frozen=True)
class Turn:
    """What somebody does next.

    Attributes:
        task: id of the task; None: there is none for them now.
        before: what they answered before they took it back; None: nothing.
        last: number of their last answer, which they may take back; None: there is none.
        num_answered: tasks that they answered.
        num_left: tasks that they may be given, the present one included.
        num_answers: answers of all people, without those that were not asked for, such as a second one to a
            task for one person.
        num_wanted: answers that are asked for.
    """

    task: str | None
    before: PageAnswer | None
    last: int | None
    num_answered: int
    num_left: int
    num_answers: int
    num_wanted: int


class AnswersDatabase:
    """Gives tasks to people and keeps their answers; threads may use it at the same time.

    Args:
        folder: where the file is, or is made.
        file: the tasks.
        num_people: asked about each task.
        available: ids of the tasks that can be given out now.

    Raises:
        ValueError: the file is another one, or has answers to other tasks.
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path, file: TaskFile, *, num_people: int, available: Collection[str]) -> None:
        self.path = folder / NAME
        self._num_people, self._num_wanted = num_people, num_people * len(available)
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error
        try:
            self._open(file)
            self._list_tasks(file, available)
        except sqlite3.Error as error:
            self._connection.close()
            raise _unusable(self.path, error) from error
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Bring all answers into the one file, and close it."""
        with self._lock:
            self._connection.close()

    def next_turn(self, name: str) -> Turn:
        """Return what somebody does next: the task that they have, or else a new one, which is theirs then.

        Args:
            name: who, see `person_name`; names are equal if they differ only in case and spaces.

        Raises:
            sqlite3.Error: it cannot be written; nothing is changed.
        """
        with self._transaction():
            return self._turn(self._person(name))

    def answer(self, name: str, task: str, answer: PageAnswer) -> Turn:
        """Keep an answer, and return what somebody does next. The same answer sent twice counts once.

        Raises:
            NotGiven, AlreadyAnswered: nothing is changed.
            sqlite3.Error: it cannot be written; nothing is changed.
        """
        with self._transaction():
            person = self._person(name)
            given = self._one("SELECT state FROM given WHERE task = ? AND person = ?", task, person)
            if given is None:
                raise NotGiven(task)
            standing = self._standing(task, person)
            if standing is None:
                self._keep(task, person, answer, was_abandoned=given[0] == "abandoned")
            elif standing != answer:
                raise AlreadyAnswered(task)
            return self._turn(person)

    def undo(self, name: str, number: int) -> Turn:
        """Take an answer back, so that its task is the person's next one. Twice is as once.

        Args:
            name: who gave it.
            number: of the answer, as `Turn.last` told it.

        Raises:
            NotGiven: it is none of theirs.
            sqlite3.Error: it cannot be written; nothing is changed.
        """
        with self._transaction():
            person = self._person(name)
            found = self._one(
                "SELECT task, how, withdrawn_at FROM answers WHERE number = ? AND person = ?", number, person
            )
            if found is None:
                raise NotGiven(number)
            task, how, withdrawn_at = found
            if withdrawn_at is None:
                self._run("UPDATE answers SET withdrawn_at = ? WHERE number = ?", _now(), number)
                self._run(
                    "UPDATE given SET state = 'held', turn = ?, given_at = ? WHERE task = ? AND person = ?",
                    *(self._next_number(), time.time(), task, person),
                )
                if how == SKIPPED:
                    self._need(task, -1)
                else:
                    self._lack(task, 1)
            return self._turn(person)

    def counts(self) -> tuple[int, int]:
        """Return how many answers there are, and of how many people."""
        with self._lock:
            return self._one(_NUM_ANSWERS)[0], self._one(_NUM_PEOPLE)[0]

    def _open(self, file: TaskFile) -> None:
        """Make the tables, or see that they are those of these tasks."""
        is_new = not self._one("SELECT count(*) FROM sqlite_master")[0]
        if not is_new:
            check_kind(self._connection, self.path)  # another program's file is left as it is
        for option in ("temp_store = MEMORY", "foreign_keys = ON", "synchronous = FULL"):
            self._run(f"PRAGMA {option}")
        (mode,) = self._one("PRAGMA journal_mode = WAL")
        if mode != "wal":
            raise sqlite3.OperationalError("this disk does not take a write-ahead log")
        with self._transaction():
            if is_new:
                self._run_each(_SCHEMA)
                self._run("INSERT INTO about VALUES ('tasks_sha256', ?), ('made', ?)", file.sha256, _now())
                self._run(f"PRAGMA application_id = {APPLICATION_ID}")
                self._run(f"PRAGMA user_version = {VERSION}")
        (damage,) = self._one("PRAGMA quick_check(1)")
        if damage != "ok":
            raise sqlite3.DatabaseError(damage)
        if tasks_sha256(self._connection) != file.sha256:
            requirement = "be a new folder, or hold answers to these tasks"
            advice = (
                f"{self.path} has answers to other tasks: name the tasks.json that they were given to, or "
                "another folder."
            )
            raise Refusal("data_dir", requirement, str(self.path.parent), advice)

    def _list_tasks(self, file: TaskFile, available: Collection[str]) -> None:
        with self._transaction():
            self._run_each(_TEMPORARY)
            people = dict(self._connection.execute(_PEOPLE_OF_TASKS).fetchall())
            answers = dict(self._connection.execute(_ANSWERS_OF_TASKS).fetchall())
            rows = [
                (task.id, *(self._num_people - each.get(task.id, 0) for each in (people, answers)))
                for task in file.tasks
                if task.id in available
            ]
            self._connection.executemany("INSERT INTO tasks (id, needs, lacks) VALUES (?, ?, ?)", rows)

    def _turn(self, person: int) -> Turn:
        task, last = self._given(person), self._one(_LAST, person)
        return Turn(
            task=task,
            before=None if task is None else _page_answer(self._one(_BEFORE, task, person)),
            last=None if last is None else last[0],
            num_answered=self._one(f"{_NUM_ANSWERS} AND person = ?", person)[0],
            num_left=self._one(_NUM_LEFT, person, person)[0],
            num_answers=self._num_wanted - self._one(_NUM_LACKING)[0],
            num_wanted=self._num_wanted,
        )

    def _given(self, person: int) -> str | None:
        """Return the task that somebody has, or give them one; None: there is none."""
        found = self._one(_OWN, person)
        if found is not None:
            self._run(
                "UPDATE given SET given_at = ? WHERE task = ? AND person = ?", time.time(), found[0], person
            )
            return found[0]
        found = self._one(_NEXT, person)
        if found is None:
            abandoned = self._one(_ABANDONED, time.time() - ABANDONED_SECONDS, person, person)
            if abandoned is None:
                return None
            found = abandoned[:1]
            self._run("UPDATE given SET state = 'abandoned' WHERE task = ? AND person = ?", *abandoned)
            self._need(found[0], 1)
        self._run(
            "INSERT INTO given (task, person, turn, given_at) VALUES (?, ?, ?, ?)",
            *(found[0], person, self._next_number(), time.time()),
        )
        self._need(found[0], -1)
        return found[0]

    def _keep(self, task: str, person: int, answer: PageAnswer, *, was_abandoned: bool) -> None:
        written = json.dumps(answer.written) if answer.written else ""
        self._run(
            "INSERT INTO answers (task, person, how, answer, written, answered_at) VALUES (?, ?, ?, ?, ?, ?)",
            *(task, person, answer.how, answer.answer, written, _now()),
        )
        self._run("UPDATE given SET state = 'answered' WHERE task = ? AND person = ?", task, person)
        counts = answer.how != SKIPPED
        self._lack(task, -int(counts))
        self._need(task, int(not counts) - int(was_abandoned))

    def _standing(self, task: str, person: int) -> PageAnswer | None:
        """Return the answer of somebody to a task; None: there is none."""
        return _page_answer(self._one(_STANDING, task, person))

    def _person(self, name: str) -> int:
        """Return the number of somebody, who is new if nobody has the name."""
        compared = matching_form(name)
        self._run("INSERT OR IGNORE INTO people (compared_name, name) VALUES (?, ?)", compared, name)
        return self._one("SELECT number FROM people WHERE compared_name = ?", compared)[0]

    def _need(self, task: str, number: int) -> None:
        """Let a task need so many people more."""
        if number:
            self._run("UPDATE tasks SET needs = needs + ? WHERE id = ?", number, task)

    def _lack(self, task: str, number: int) -> None:
        """Let a task lack so many answers more."""
        self._run("UPDATE tasks SET lacks = lacks + ? WHERE id = ?", number, task)

    def _next_number(self) -> int:
        return self._one("SELECT coalesce(max(turn), 0) + 1 FROM given")[0]

    def _run_each(self, statements: str) -> None:
        """Run statements within a transaction, which `executescript` would end."""
        for statement in statements.split(";\n")[:-1]:
            self._run(statement)

    def _one(self, query: str, *values: object) -> Any:
        return self._connection.execute(query, values).fetchone()

    def _run(self, statement: str, *values: object) -> None:
        self._connection.execute(statement, values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Carry out the block as a whole, on the disk at its end, or not at all."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def check_kind(connection: sqlite3.Connection, path: str | os.PathLike[str]) -> None:
    """Refuse another database than one of answers.

    Raises:
        ValueError: another program's, or of another version.
        sqlite3.Error: no database.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID or version != VERSION:
        advice = "It must be the file that `videoqa label serve` made in its --data-dir."
        raise Refusal(f"{path} is no database of answers of version {VERSION}. {advice}")


def tasks_sha256(connection: sqlite3.Connection) -> str:
    """Return the sha256 of the tasks that the answers of a database are to.

    Raises:
        sqlite3.Error: it does not say.
    """
    found = connection.execute("SELECT value FROM about WHERE name = 'tasks_sha256'").fetchone()
    if found is None:
        raise sqlite3.DatabaseError("it does not say which tasks its answers are to")
    return found[0]


def _page_answer(row: tuple[str, str, str] | None) -> PageAnswer | None:
    if row is None:
        return None
    how, answer, written = row
    return PageAnswer(how, answer, tuple(map(tuple, json.loads(written))) if written else ())


def _unusable(path: Path, error: sqlite3.Error) -> Refusal:
    advice = "Name another folder, on a disk of this machine that can be written and has room."
    return Refusal("data_dir", f"be a folder for answers ({path.name}: {error})", str(path.parent), advice)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
