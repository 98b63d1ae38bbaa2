"""`WatchedWindow`: the answer about one window of a film; `join_windows`: equal neighbours as segments."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

OK, DAMAGED, FAILED = STATUSES = "ok", "damaged", "failed"
"""All pictures of a window can be read; some are damaged; too few can be read for an answer."""
DONT_KNOW = "I don't know"
SHORTEST_SECONDS = 1e-6
COLUMNS = (
    *("start_seconds", "end_seconds", "question", "answer", "probability", "familiarity", "is_reliable"),
    *("why_not", "likely", "status", "error"),
)
"""Of the CSV file."""


@dataclass(frozen=True)
class WatchedWindow:
    """The answer to one question about one window of a film; `print` shows time and answer.

    Attributes:
        start_seconds, end_seconds: the window `[start, end)`; `ask` about this segment gives the same answer
            but for the frames that windows share.
        question: as it was asked; "" for an action model.
        answer: the most probable answer; "" if the window failed.
        probability: of `answer`, in [0, 1]; None if the window failed.
        familiarity: how much the window is like the training clips, in [0, 1]; None: not known.
        is_reliable: whether to believe the answer; else `why_not` says why not.
        why_not: reasons, each a clause.
        alternatives: (answer, probability) pairs, the most probable first.
        likely: the prediction set.
        status: one of `STATUSES`.
        error: what is wrong with the pictures, in words; "" if nothing is.
    """

    start_seconds: float
    end_seconds: float
    question: str
    answer: str
    probability: float | None
    familiarity: float | None
    is_reliable: bool
    why_not: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()
    likely: tuple[str, ...] = ()
    status: str = OK
    error: str = ""

    def __str__(self) -> str:
        text = self.answer
        if not self.is_reliable:
            guess = f" (best guess: {self.answer}, {percent_text(self.probability)})" if self.answer else ""
            text = f"{DONT_KNOW}: {self.why_not[0]}{guess}."
        return f"{time_text(self.start_seconds)} to {time_text(self.end_seconds)}  {text}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as one JSON-ready object."""
        fields = asdict(self)
        fields["alternatives"] = [{"answer": answer, "probability": p} for answer, p in self.alternatives]
        return fields | {"why_not": list(self.why_not), "likely": list(self.likely)}

    def to_row(self) -> dict[str, Any]:
        """Return its row of the CSV file: `COLUMNS`."""
        row = {name: getattr(self, name) for name in COLUMNS}
        return row | {
            "why_not": "; ".join(self.why_not),
            "likely": " | ".join(self.likely),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "WatchedWindow":
        """Return the window that `to_dict` was called of."""
        ranked = tuple((each["answer"], each["probability"]) for each in fields["alternatives"])
        texts = {name: tuple(fields[name]) for name in ("why_not", "likely")}
        return cls(**{**fields, **texts, "alternatives": ranked})


@dataclass(frozen=True)
class WatchedSegment:
    """A stretch of a film with one answer to one question; `print` shows time and answer.

    Attributes:
        start_seconds, end_seconds: the stretch `[start, end)`.
        question: as it was asked; "" for an action model.
        answer: the answer; "" where it is not known.
        probability: mean over the stretch; None where the answer is not known.
        familiarity: mean over the stretch; None: not known.
        is_reliable: False: the answer is "I don't know".
        why_not: of the first window that gives no reliable answer: its reasons.
        status: one of `STATUSES`: "failed" where the windows that could not be read decided, "damaged" where
            pictures of another of its windows are.
    """

    start_seconds: float
    end_seconds: float
    question: str
    answer: str
    probability: float | None
    familiarity: float | None
    is_reliable: bool
    why_not: tuple[str, ...] = ()
    status: str = OK

    def __str__(self) -> str:
        text = f"{self.answer} ({percent_text(self.probability)})"
        if not self.is_reliable:
            text = f"{DONT_KNOW}: {self.why_not[0]}"
        return f"{time_text(self.start_seconds)} to {time_text(self.end_seconds)}  {text}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as one JSON-ready object."""
        return asdict(self) | {"why_not": list(self.why_not)}


def join_windows(windows: Iterable[WatchedWindow]) -> Iterator[WatchedSegment]:
    """Yield the stretches of a film with one answer, each as soon as it ends.

    Where windows overlap they vote, each with its seconds as weight: an answer needs at least half of them to
    be reliable, and is the most probable one of these; else it is not known.

    Args:
        windows: what `watch` yields, in its order; may be of several questions.

    Example:
        >>> windows = videoqa.watch("clip.avi", "what is he doing?", model="runs/mine")
        >>> segments = list(videoqa.join_windows(windows))
        >>> segments[0].start_seconds
        0.0
    """
    joiner = SegmentJoiner()
    for window in windows:
        yield from joiner.add(window)
    yield from joiner.end()


class SegmentJoiner:
    """`join_windows` for those who also want the windows."""

    def __init__(self) -> None:
        self._joiners: dict[str, _Joiner] = {}

    def add(self, window: WatchedWindow) -> Iterator[WatchedSegment]:
        """Take the next window, and yield the segments that end before it."""
        return self._joiners.setdefault(window.question, _Joiner()).add(window)

    def end(self) -> Iterator[WatchedSegment]:
        """Yield the last segment of each question."""
        for joiner in self._joiners.values():
            yield from joiner.end()


def percent_text(share: float | None) -> str:
    """Return a share as 38 %."""
    return f"{100 * (share or 0):.0f} %"


def time_text(seconds: float) -> str:
    """Return a time of a film, as 0:04.50 or 1:02:03.00."""
    hundredths = round(100 * seconds)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{start}:{rest / 100:05.2f}"


class _Joiner:
    """Joins the windows of one question."""

    def __init__(self) -> None:
        self._windows: deque[WatchedWindow] = deque()
        self._until = 0.0
        self._slices: list[WatchedSegment] = []

    def add(self, window: WatchedWindow) -> Iterator[WatchedSegment]:
        """Take the next window, and yield the segments that end before it."""
        yield from self._settle(window.start_seconds)
        self._windows.append(window)

    def end(self) -> Iterator[WatchedSegment]:
        """Yield the last segments."""
        yield from self._settle(max((each.end_seconds for each in self._windows), default=0.0))
        if self._slices:
            yield _joined(self._slices)

    def _settle(self, until: float) -> Iterator[WatchedSegment]:
        """Vote on all times before `until`, about which no later window says anything."""
        times = {time for each in self._windows for time in (each.start_seconds, each.end_seconds)}
        borders = sorted({time for time in (*times, self._until, until) if self._until <= time <= until})
        for start, end in zip(borders, borders[1:], strict=False):
            voters = [w for w in self._windows if w.start_seconds <= start and w.end_seconds >= end]
            if not voters or end - start < SHORTEST_SECONDS:
                continue
            found = _vote(voters, start, end)
            if self._slices and _differ(self._slices[-1], found):
                yield _joined(self._slices)
                self._slices = []
            self._slices.append(found)
        self._until = max(self._until, until)
        self._windows = deque(each for each in self._windows if each.end_seconds > until)


def _vote(windows: list[WatchedWindow], start: float, end: float) -> WatchedSegment:
    """Return what the windows that hold a stretch say of it."""
    weights = [each.end_seconds - each.start_seconds for each in windows]
    status = max((each.status for each in windows), key=STATUSES.index)
    of_kind = dict.fromkeys(("failed", "unknown", "known"), 0.0)
    scores: dict[str, float] = defaultdict(float)
    for each, weight in zip(windows, weights, strict=True):
        kind = "failed" if each.status == FAILED else "known" if each.is_reliable else "unknown"
        of_kind[kind] += weight
        for answer, probability in each.alternatives if kind == "known" else ():
            scores[answer] += weight * probability
    known = [
        (each.familiarity, weight)
        for each, weight in zip(windows, weights, strict=True)
        if each.familiarity is not None
    ]
    familiarity = sum(f * w for f, w in known) / sum(w for _, w in known) if known else None
    question = windows[0].question
    if of_kind["known"] >= of_kind["unknown"] + of_kind["failed"] and scores:
        answer = max(scores, key=lambda each: scores[each])
        probability = scores[answer] / of_kind["known"]
        status = DAMAGED if status == FAILED else status
        return WatchedSegment(start, end, question, answer, probability, familiarity, True, status=status)
    has_failed = of_kind["failed"] > of_kind["unknown"]
    why_not = next(w.why_not for w in windows if not w.is_reliable and (w.status == FAILED) == has_failed)
    status = FAILED if has_failed else DAMAGED if status == FAILED else status
    return WatchedSegment(start, end, question, "", None, familiarity, False, why_not, status)


def _differ(one: WatchedSegment, other: WatchedSegment) -> bool:
    """Return whether two neighbours are no single segment."""
    if other.start_seconds - one.end_seconds > SHORTEST_SECONDS:
        return True
    has_failed = (one.status == FAILED) != (other.status == FAILED)
    return one.answer != other.answer or (has_failed and not one.is_reliable)


def _joined(slices: list[WatchedSegment]) -> WatchedSegment:
    """Return neighbours with one answer as one segment."""
    first, last = slices[0], slices[-1]
    return WatchedSegment(
        first.start_seconds,
        last.end_seconds,
        first.question,
        first.answer,
        _mean(slices, "probability"),
        _mean(slices, "familiarity"),
        first.is_reliable,
        first.why_not,
        max((each.status for each in slices), key=STATUSES.index),
    )


def _mean(slices: list[WatchedSegment], name: str) -> float | None:
    """Return the mean of a field over the seconds that have it."""
    known = [(getattr(each, name), each.end_seconds - each.start_seconds) for each in slices]
    known = [(value, weight) for value, weight in known if value is not None]
    return sum(value * weight for value, weight in known) / sum(w for _, w in known) if known else None
