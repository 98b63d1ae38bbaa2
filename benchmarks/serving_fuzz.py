"""Generated requests to `videoqa serve`, right and wrong ones by its OpenAPI text: how each is answered.

    python benchmarks/serving_fuzz.py                  # 5,000 requests; --requests 300 --seed 1 for others
    python benchmarks/serving_fuzz.py --address http://127.0.0.1:8000

Half of the requests have a clip that the server knows. Wrong is an answer that is 5xx, or whose status, type
or content the text does not announce; the command exits 1 if there is one.
"""

import argparse
import collections
import contextlib
import copy
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.errors
import requests
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import videoqa

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EACH = 100
"""Requests of one kind before those of the next kind."""
QUESTIONS = [
    "what is he doing?",
    "is he loading the car?",
    "what colour is the box?",
    "how often does he jump?",
]
MOST_SHOWN = 5
SECONDS = 60


class Answers:
    """What came back: how often which status, and what is wrong."""

    def __init__(self) -> None:
        self.statuses: collections.Counter[tuple[str, str, int]] = collections.Counter()
        self.wrong: list[str] = []

    def add(self, case: Case, mode: GenerationMode, response: Any) -> None:
        self.statuses[case.operation.label, mode.value, response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as failure:
            self.wrong.append(f"{case.operation.label}: {failure}")

    def show(self) -> None:
        for (label, mode, status), number in sorted(self.statuses.items()):
            print(f"{label:<48} {mode:<9} {status} {number:>6,}")
        for text in self.wrong[:MOST_SHOWN]:
            print(text[:3000])
        print(f"{sum(self.statuses.values()):,} requests, {len(self.wrong):,} wrong answers")


def fuzz(address: str, num_requests: int, seed: int) -> Answers:
    """Send requests to each operation, half of them right, until there are enough, and return the answers."""
    answers = Answers()
    clip = Path(videoqa.sample_clip("loading", seed=1)).read_bytes()
    known = requests.post(f"{address}/api/clips", clip, timeout=SECONDS).json()["id"]
    text = requests.get(f"{address}/openapi.json", timeout=SECONDS).json()
    operations = [
        found.ok()
        for each in (text, about_clip(text, known))
        for found in schemathesis.openapi.from_dict(each).get_all_operations()
    ]
    turns = [
        (operation, mode)
        for operation in operations
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode.is_positive or operation.body or operation.query or operation.path_parameters
    ]
    with requests.Session() as session:
        while sum(answers.statuses.values()) < num_requests:
            for turn in turns:
                send(*turn, address, session, min(EACH, num_requests // len(turns) + 1), seed, answers)
            seed += 1
    return answers


def about_clip(text: dict[str, Any], known: str) -> dict[str, Any]:
    """Return the text with the id of a known clip for any id in what is sent, and with questions about it."""
    text = copy.deepcopy(text)
    question = {"enum": QUESTIONS}
    for name in ("Asking", "Correction"):
        fields = text["components"]["schemas"][name]["properties"]
        fields.update(clip={"const": known}, question=question)
        if "questions" in fields:
            fields["questions"]["items"] = question
    for path in text["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "clip_id":
                    parameter["schema"] = {"const": known}
    return text


def send(
    operation: Any,
    mode: GenerationMode,
    address: str,
    session: requests.Session,
    num_requests: int,
    seed: int,
    answers: Answers,
) -> None:
    """Send that many generated requests of one operation."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=num_requests,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(mode))
    def send_each(case: Case) -> None:
        answers.add(case, mode, case.call(base_url=address, session=session, timeout=SECONDS))

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # a text in a path cannot be wrong
        send_each()


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Run a server of the model in the package and yield its address."""
    with tempfile.TemporaryDirectory() as folder:
        corrections = str(Path(folder) / "corrections.csv")
        command = [sys.executable, "-m", "videoqa", "serve", "--port", "0", "--corrections", corrections]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            found = re.search(r"http://\S+:\d+", process.stdout.readline())
            if found is None:
                raise SystemExit("The server did not start.")
            yield found[0]
        finally:
            process.terminate()
            process.wait(SECONDS)


def main() -> int:
    """Send the requests, print how they were answered, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=5000, help="in all, about")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--address", help="of a running server (default: one is started)")
    options = parser.parse_args()
    server = contextlib.nullcontext(options.address) if options.address else running_server()
    with server as address:
        answers = fuzz(address, options.requests, options.seed)
        alive = requests.get(f"{address}/healthz", timeout=SECONDS).ok
    answers.show()
    print(f"afterwards the server is {'up' if alive else 'not up'}")
    return int(bool(answers.wrong) or not alive)


if __name__ == "__main__":
    sys.exit(main())
