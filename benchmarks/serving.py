"""How fast `videoqa serve` answers, what it holds, and what bad uploads do to it: a table of each.

    python benchmarks/serving.py                      # all, some five minutes
    python benchmarks/serving.py --only ask memory    # parts: ask, uploads, memory, hostile, instances

Starts servers of its own on 127.0.0.1 and asks nobody else. The model is the one in the package, its clips
are drawn. The client runs on the same cores: what it takes, the server lacks.
"""

import argparse
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import quote

import numpy as np
from _hostile import hostile_uploads
from _load import Answered, request, send_all
from _served import Served, behind_nginx, served

import videoqa
from videoqa.answering.video_qa import VideoQA
from videoqa.evaluation.inference import inference_function
from videoqa.features.cache import FeatureCache
from videoqa.video.decoding import ClipRequest

IN_FLIGHT = 20
MANY, MANY_IN_FLIGHT = 16, 4
"""Questions in one request, and such requests at once: as many questions as may wait."""
BATCHES = (1, IN_FLIGHT, 32)
"""Sizes at which the bare function is timed; the server takes at most 32 questions into a batch."""
TURNS = 8
"""Bare function and server are timed in turn, so that other work on the machine meets both."""


class Questions:
    """New questions for ever: words of the model's vocabulary in new orders."""

    def __init__(self, qa: VideoQA, seed: int = 0) -> None:
        vocabulary = qa.folder.vocabulary
        assert vocabulary is not None
        self._words = [word for word in vocabulary.words[2:] if word.isalpha()]
        self._rng, self._given = np.random.default_rng(seed), set[str]()

    def new(self, number: int) -> list[str]:
        """Return so many questions that were not given before."""
        found: list[str] = []
        while len(found) < number:
            question = " ".join(self._rng.choice(self._words, 6))
            if question not in self._given:
                self._given.add(question)
                found.append(question)
        return found


class Clips:
    """New clips for ever: one drawn clip with other bytes behind its last frame."""

    def __init__(self, folder: Path) -> None:
        self._drawn = Path(videoqa.sample_clip("loading", seed=1, folder=folder)).read_bytes()
        self._number = 0

    def new(self, number: int) -> list[bytes]:
        """Return so many clips, each with a hash of its own."""
        self._number += number
        return [
            self._drawn + place.to_bytes(8, "big") for place in range(self._number - number, self._number)
        ]


def row(what: str, wanted: str, measured: str) -> None:
    """Print one row of the table."""
    print(f"| {what} | {wanted} | {measured} |", flush=True)


def upload(clip: bytes, name: str = "clip.avi", client: str = "") -> bytes:
    return request("POST", f"/api/clips?name={quote(name)}", clip, client=client)


def ask(clip: bytes, question: str | Sequence[str], client: str = "") -> bytes:
    key = "question" if isinstance(question, str) else "questions"
    said = {"clip": hashlib.sha256(clip).hexdigest(), key: question}
    return request("POST", "/api/ask", said, client=client)


def all_right(found: Sequence[Answered], *statuses: int) -> None:
    """End the benchmark if anything else came back."""
    counts = Counter(each.status for each in found)
    if set(counts) - set(statuses or (200,)):
        wrong = next(each for each in found if each.status not in (statuses or (200,)))
        raise SystemExit(f"{dict(counts)}, for example {wrong.status} {wrong.body[:500]!r}")


def milliseconds(found: Sequence[Answered], share: float) -> float:
    return float(np.percentile([each.seconds for each in found], share) * 1000)


class BareFunction:
    """The compiled answer function of the model, called on one drawn clip and prepared questions."""

    def __init__(self, qa: VideoQA, clip: Path, questions: Sequence[str]) -> None:
        examples = qa.examples([qa.sample_file(ClipRequest(str(clip))).grid], list(questions))
        rows = np.arange(len(questions))
        self._inputs = examples.model_inputs(rows, examples.center_starts(rows))
        self._call = inference_function(qa.model)
        for size in BATCHES:
            self.seconds(size, 3)

    def seconds(self, size: int, number: int) -> list[float]:
        """Return the seconds of so many calls with `size` questions each."""
        taken = []
        for call in range(number):
            begin = call * size % (len(next(iter(self._inputs.values()))) - size + 1)
            part = {name: values[begin : begin + size] for name, values in self._inputs.items()}
            start = perf_counter()
            self._call(part)
            taken.append(perf_counter() - start)
        return taken


def measure_asking(folder: Path, clips: Clips, qa: VideoQA, questions: Questions) -> None:
    """Ask about a known clip: one by one, twenty at once, many in one request, and again."""
    bare = BareFunction(qa, Path(videoqa.sample_clip("loading", seed=1, folder=folder)), questions.new(512))
    (clip,) = clips.new(1)
    with served(folder) as server:
        all_right(send_all(server.port, [upload(clip)], 1)[0], 201)
        _ask_new(server, clip, questions, 300, IN_FLIGHT)  # the server's first batches of each size
        ones, at_once, rates, rates_of_many = [], [], [], []
        calls: dict[int, list[float]] = {size: [] for size in BATCHES}
        for _ in range(TURNS):
            for size, taken in calls.items():
                taken += bare.seconds(size, 60 if size == 1 else 15)
            ones += _ask_new(server, clip, questions, 60, 1)[0]
            found, seconds = _ask_new(server, clip, questions, 400, IN_FLIGHT)
            at_once += found
            rates.append(len(found) / seconds)
            many = [ask(clip, questions.new(MANY)) for _ in range(60)]
            found, seconds = send_all(server.port, many, MANY_IN_FLIGHT)
            all_right(found)
            rates_of_many.append(MANY * len(found) / seconds)
        again = [ask(clip, questions.new(1)[0])] * 500
        repeated, _ = send_all(server.port, again, 1)
        all_right(repeated)
    one = float(np.median(calls[1]) * 1000)
    row(
        "a new question on a known clip, p50, against the bare compiled function at batch 1",
        "≤ 2.5 ×",
        f"{milliseconds(ones, 50) / one:.2f} × ({milliseconds(ones, 50):.2f} against {one:.2f} ms)",
    )
    row(
        f"the same with {IN_FLIGHT} in flight, p99",
        "≤ 300 ms",
        f"{milliseconds(at_once, 99):.0f} ms (p50 {milliseconds(at_once, 50):.0f} ms)",
    )
    # in all its time, as the answers of the server are counted: other work on the machine slows both
    batched = {size: size * len(calls[size]) / sum(calls[size]) for size in BATCHES}
    for what, rate, size in (
        (f"answers per second, one question a request, {IN_FLIGHT} in flight", rates, IN_FLIGHT),
        (f"answers per second, {MANY} questions a request, {MANY_IN_FLIGHT} in flight", rates_of_many, 32),
    ):
        median = float(np.median(rate))
        share = f"{100 * median / batched[size]:.0f} % ({median:.0f} against {batched[size]:.0f})"
        row(f"{what}, against the function at batch {size}", "≥ 70 %", share)
    row("a question already answered, p50", "≤ 5 ms", f"{milliseconds(repeated, 50):.2f} ms")


def _ask_new(
    server: Served, clip: bytes, questions: Questions, number: int, in_flight: int
) -> tuple[list[Answered], float]:
    found, seconds = send_all(server.port, [ask(clip, each) for each in questions.new(number)], in_flight)
    all_right(found)
    return found, seconds


def measure_uploads(folder: Path, clips: Clips, qa: VideoQA, questions: Questions) -> None:
    """Send 64 clips at once to a server that lets 16 wait, and those it had no room for again."""
    sent = clips.new(64)
    with served(folder, "--max-waiting", "16") as server:
        first, _ = send_all(server.port, [upload(clip) for clip in sent], 64)
        all_right(first, 201, 429)
        told = [each for each in first if each.status == 429]
        if any(float(each.headers["retry-after"]) <= 0 for each in told):
            raise SystemExit("A 429 without a time to wait.")
        left, turns = [clip for clip, each in zip(sent, first, strict=True) if each.status == 429], 0
        while left:
            turns += 1
            sleep(1)
            found, _ = send_all(server.port, [upload(clip) for clip in left], 8)
            all_right(found, 201, 429)
            left = [clip for clip, each in zip(left, found, strict=True) if each.status == 429]
        found, _ = send_all(server.port, [ask(clip, questions.new(1)[0]) for clip in sent], 8)
        all_right(found)
    row(
        "64 uploads at once, at most 16 waiting",
        "none lost, the surplus 429",
        f"{64 - len(told)} taken, {len(told)} told to come again (429 with Retry-After) and taken in "
        f"{turns} more turns; all 64 asked about: {len(found)} answers",
    )


def measure_memory(folder: Path, clips: Clips, qa: VideoQA, questions: Questions) -> None:
    """Watch the memory of the processes while 200 clips and 2,000 questions come, after a tenth as many."""
    with served(folder) as server:
        known = _send_and_ask(server, clips.new(20), questions, 200)
        before = server.kilobytes()
        seen = {name: [kilobytes] for name, kilobytes in before.items()}
        for _ in range(10):
            known = _send_and_ask(server, clips.new(20), questions, 200)
            for name, kilobytes in server.kilobytes().items():
                seen.setdefault(name, []).append(kilobytes)
        all_right(send_all(server.port, [ask(known[-1], questions.new(1)[0])], 1)[0])
    for name, values in seen.items():
        change = 100 * (np.array(values) / values[0] - 1)
        row(
            f"memory of the {name} over 200 clips and 2,000 questions, after 20 and 200",
            "± 5 %",
            f"{change.min():+.1f} to {change.max():+.1f} %, at the end {change[-1]:+.1f} % "
            f"({values[0] / 1024:.0f} to {values[-1] / 1024:.0f} MiB)",
        )


def _send_and_ask(server: Served, new: Sequence[bytes], questions: Questions, number: int) -> Sequence[bytes]:
    all_right(send_all(server.port, [upload(clip) for clip in new], 4)[0], 201)
    asked = [ask(new[place % len(new)], question) for place, question in enumerate(questions.new(number))]
    all_right(send_all(server.port, asked, 8)[0])
    return new


def measure_hostile(folder: Path, clips: Clips, qa: VideoQA, questions: Questions) -> None:
    """Send 300 files that are no videos, and then one that is."""
    good, next_good = clips.new(2)
    with served(folder) as server:
        uploads = [upload(data, name) for name, data in hostile_uploads(300, good)]
        found, seconds = send_all(server.port, uploads, 4)
        all_right(found, 201, 400, 422)
        codes = Counter(
            json.loads(each.body)["error"]["code"] if each.status > 299 else "taken" for each in found
        )
        begin = perf_counter()
        all_right(send_all(server.port, [upload(next_good)], 1)[0], 201)
        all_right(send_all(server.port, [ask(next_good, questions.new(1)[0])], 1)[0])
        after = (perf_counter() - begin) * 1000
    said = ", ".join(f"{number} {code}" for code, number in codes.most_common())
    row(
        "300 hostile uploads, then a good one",
        "the good one is answered",
        f"{said}, in {seconds:.0f} s; the good one sent and answered in {after:.0f} ms",
    )


def measure_instances(folder: Path, clips: Clips, qa: VideoQA, questions: Questions) -> None:
    """Ask one server and two behind nginx, each on a core of its own, from 20 clients."""
    names, (clip,) = [f"client-{number}" for number in range(IN_FLIGHT)], clips.new(1)
    cores = sorted(os.sched_getaffinity(0))[:2]
    rates: dict[int, float] = {}
    for number in range(1, 1 + len(cores)):
        own = folder / f"behind-{number}"
        own.mkdir()
        with behind_nginx(own, cores[:number], "--cache", str(own)) as nginx:
            all_right(send_all(nginx.port, [upload(clip, client=name) for name in names], 4)[0], 200, 201)
            for warm in (True, False):
                asked = [
                    ask(clip, question, names[place % len(names)])
                    for place, question in enumerate(questions.new(300 if warm else 3000))
                ]
                found, seconds = send_all(nginx.port, asked, IN_FLIGHT)
                all_right(found)
        rates[number] = len(found) / seconds
        row(
            f"answers per second, {number} instance{'s' * (number > 1)} behind nginx, each on one core",
            "reported",
            f"{rates[number]:.0f}, p50 {milliseconds(found, 50):.0f} ms, p99 {milliseconds(found, 99):.0f} ms"
            + (f"; {rates[number] / rates[1]:.2f} × one" if number > 1 else ""),
        )


PARTS: dict[str, Callable[[Path, Clips, VideoQA, Questions], None]] = {
    "ask": measure_asking,
    "uploads": measure_uploads,
    "memory": measure_memory,
    "hostile": measure_hostile,
    "instances": measure_instances,
}


def main() -> None:
    """Measure the chosen parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="parts to measure"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        qa = VideoQA(videoqa.load().folder, cache=FeatureCache(folder / "bare"))
        clips, questions = Clips(folder), Questions(qa)
        print(f"load of the last minute at the start: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
        print("| what | required | measured |\n|---|---|---|")
        for name in arguments.only:
            PARTS[name](folder, clips, qa, questions)


if __name__ == "__main__":
    main()
