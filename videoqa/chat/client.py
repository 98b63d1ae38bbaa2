"""`ChatClient`: a question with pictures to a model's words, whatever the server cannot do.

Source: OpenAI's chat protocol as vLLM, llama.cpp's server and Ollama document it. They differ in what they
refuse (`response_format`, `logprobs`, `max_tokens`, `seed`), so that what a server refuses is left out from
then on; and in how they say that a model takes no pictures (vLLM 400, llama.cpp 500, Ollama 500 or 400).
"""

import email.utils
import json
import math
import random
import re
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from videoqa._text_normalization import without_controls
from videoqa.chat.endpoint import COMPLETIONS
from videoqa.chat.errors import Busy, CannotSee, ChatError, Rejected, ServerStops
from videoqa.chat.exchange import MOST_BYTES, Line, Reply

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
LONGEST_ASKED_WAIT = 600.0
"""Seconds that a server may ask to be left alone for; who asks for more is asked again by the next run."""
SHOWN = 300
"""Characters of a server's own words in a message."""
BUSY_STATUSES = (408, 425, 429, 500, 502, 503, 504, 529)
WRONG_STATUSES = (400, 413, 422)
NO_PICTURES = re.compile(
    r"image input is not supported|missing data required for image input|mmproj|not a multimodal"
    r"|(does|do|can) ?not (support|accept|take|process)[^.]{0,30}(image|vision|multi-?modal)"
    r"|image[^.]{0,30}(not|un)[- ]?supported|(unknown|invalid|unsupported)[^.]{0,30}image_url",
    re.IGNORECASE,
)
TOO_LONG = re.compile(r"context|too (long|large|many)|exceed|at most", re.IGNORECASE)
THOUGHT_BEGINS = re.compile(r"<think(?:ing)?>|\[think\]|◁think▷", re.IGNORECASE)
THOUGHT_ENDS = re.compile(r"</think(?:ing)?>|\[/think\]|◁/think▷", re.IGNORECASE)
SHORTEST_SECRET = 8
"""Characters of a key; a shorter one is none that is kept secret, such as "EMPTY", and may be an answer."""
OPTIONAL = {
    "response_format": re.compile(r"response_format|json_schema|schema|grammar|structured|guided", re.I),
    "logprobs": re.compile(r"logprob", re.I),
    "max_tokens": re.compile(r"max_completion_tokens", re.I),
    "seed": re.compile(r"\bseed\b", re.I),
    "temperature": re.compile(r"temperature", re.I),
}
"""What a server may refuse, and the words by which it does; those that it names first, else in this order."""


@dataclass(frozen=True)
class Words:
    """What a model said.

    Attributes:
        text: without what it thought before.
        tokens: the text in pieces, each with its natural logarithm of a probability; () where none are given.
        is_cut: the reply was as long as it may be, and may lack its end.
        refusal: what a server says instead of a text where the model will not answer.
    """

    text: str
    tokens: tuple[tuple[str, float], ...] = ()
    is_cut: bool = False
    refusal: str = ""


class ChatClient:
    """Asks one model of one server; threads may share it.

    Args:
        line: to the server.
        model: as the server names it.
        temperature: of the sampling.
        max_tokens: longest reply.
        retries: how often a request is repeated that was not answered.
        key: kept out of every message.
    """

    def __init__(
        self,
        line: Line,
        model: str,
        *,
        temperature: float,
        max_tokens: int,
        retries: int,
        key: str | None = None,
    ) -> None:
        self._line, self._model, self._retries, self._key = line, model, retries, key
        self._options = {"temperature": temperature, "max_tokens": max_tokens}
        self._left_out: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._has_answered = False
        self._stopped = threading.Event()

    @property
    def left_out(self) -> frozenset[str]:
        """What this server refused, and is not sent any more."""
        return self._left_out

    def close(self) -> None:
        """End all requests and all waiting."""
        self._stopped.set()
        self._line.close()

    def ask(self, content: list[dict[str, Any]], schema: dict[str, Any], seed: int) -> Words:
        """Return what the model says to texts and pictures.

        Args:
            content: parts of a message, as the protocol has them.
            schema: JSON schema of the reply, which the server may or may not keep to.
            seed: of the sampling.

        Raises:
            ServerStops: no request to this server would be answered.
            ChatError: this one was not.
        """
        left_out = self._left_out
        while True:
            body = self._body(content, schema, seed, left_out)
            try:
                words = self._words(self._patiently("POST", COMPLETIONS, body))
            except Rejected as error:
                more = _to_leave_out(str(error), left_out, is_new=not self._has_answered)
                if more is None:
                    raise
                left_out |= {more}
                continue
            with self._lock:
                self._left_out |= left_out
            return words

    def _body(self, content: Any, schema: Any, seed: int, left_out: frozenset[str]) -> bytes:
        form = {"name": "answer", "strict": True, "schema": schema}
        optional = {
            "response_format": {"type": "json_schema", "json_schema": form},
            "logprobs": True,
            "max_tokens": self._options["max_tokens"],
            "seed": seed,
            "temperature": self._options["temperature"],
        }
        sent = {name: value for name, value in optional.items() if name not in left_out}
        if "max_tokens" in left_out:
            sent["max_completion_tokens"] = self._options["max_tokens"]
        messages = [{"role": "user", "content": content}]
        return json.dumps({"model": self._model, "messages": messages, "stream": False, **sent}).encode()

    def _patiently(self, method: str, path: str, body: bytes | None) -> bytes:
        """Return the body of a good reply, asking again while the server is busy."""
        for attempt in range(self._retries + 1):
            self._wait()
            try:
                content = self._once(method, path, body)
            except Busy as error:
                if attempt == self._retries:
                    times = f" {attempt + 1} times" if attempt else ""
                    said = f"{self._line.endpoint.shown} was asked{times}: {error}"
                    raise ChatError(said if said.endswith("?") else f"{said}.") from error
                self._leave_alone(error.wait_seconds, attempt)
                continue
            self._has_answered = True
            return content
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, body: bytes | None) -> bytes:
        try:
            reply = self._line.exchange(method, path, body)
        except ServerStops as error:
            if self._has_answered and not self._stopped.is_set():  # it may be starting again
                raise Busy(str(error).rstrip(".")) from error
            raise
        if len(reply.body) > MOST_BYTES:
            raise ChatError(f"its reply has more than {MOST_BYTES:,} bytes, which no chat completion has")
        if reply.status != 200:
            self._refuse(reply)
        if not reply.body.strip():
            raise Busy("the reply is empty")
        return reply.body

    def _refuse(self, reply: Reply) -> None:
        """Raise what a status means."""
        status, said = reply.status, self._said(reply.body)
        where = self._line.endpoint.shown
        if status in (400, 415, 422, 500, 501) and NO_PICTURES.search(said):
            advice = "Serve a model that takes images (llama.cpp: with its --mmproj)."
            raise CannotSee(f"{self._model!r} at {where} takes no pictures: {said}. {advice}")
        if 300 <= status < 400:
            target = self._clean(reply.headers.get("location", ""))
            advice = "Redirects are not followed: name the right address."
            raise ServerStops(f"{where} redirects to {target!r}. {advice}")
        if status in (401, 403):
            advice = "Name the key by --api-key-variable or --api-key-file."
            raise ServerStops(f"{where} refuses access (HTTP {status}): {said}. {advice}")
        if status in (404, 405):
            raise ServerStops(
                f"{where} does not know {self._model!r} (HTTP {status}): {said}. {self._known()}"
            )
        if status in BUSY_STATUSES:
            raise Busy(f"HTTP {status}: {said}", _asked_wait(reply.headers))
        if status in WRONG_STATUSES:
            advice = ". Show fewer frames (--num-frames) or smaller ones (--long-side)"
            raise Rejected(f"HTTP {status}: {said}{advice if TOO_LONG.search(said) else ''}")
        raise ChatError(f"HTTP {status}: {said}")

    def _words(self, body: bytes) -> Words:
        """Return what a chat completion says, without the key should the server repeat it."""
        if body.lstrip().startswith(b"data:"):
            raise ChatError("the reply is a stream of pieces, though the whole was asked for")
        try:
            words = _words(body)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ChatError(f"the reply is no chat completion: {self._said(body)!r}") from error
        if self._key is None or len(self._key) < SHORTEST_SECRET or self._key not in words.text:
            return replace(words, refusal=self._clean(words.refusal))
        return Words(words.text.replace(self._key, "(key)"), is_cut=words.is_cut)

    def _known(self) -> str:
        """Return the models that the server has, or what may be wrong with the address."""
        try:
            reply = self._line.exchange("GET", "/models")
            names = [str(each["id"]) for each in json.loads(reply.body)["data"]]
        except (ChatError, ValueError, LookupError, TypeError, RecursionError):
            return "Is the address right? It often ends in /v1."
        shown = ", ".join(repr(self._clean(name)) for name in names[:10])
        return f"It has {shown or 'none'}."

    def _said(self, body: bytes) -> str:
        """Return a server's own words, on one line and cut."""
        text = body[: 10 * SHOWN].decode("utf-8", "replace")
        try:
            found = json.loads(body)
            found = found.get("error", found.get("detail", found)) if isinstance(found, dict) else found
            text = str(found.get("message", found) if isinstance(found, dict) else found)
        except (ValueError, RecursionError):
            pass
        return self._clean(text).rstrip(". ") or "no words"

    def _clean(self, text: str) -> str:
        text = " ".join(without_controls(text).split())
        if self._key is not None:
            text = text.replace(self._key, "(key)")
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."

    def _wait(self) -> None:
        """Wait until the server may be asked, with all threads."""
        while (left := self._quiet_until - time.monotonic()) > 0 and not self._stopped.wait(left):
            pass
        if self._stopped.is_set():
            raise ServerStops("Stopped.")

    def _leave_alone(self, asked: float | None, attempt: int) -> None:
        """Let no thread ask for as long as the server says, or longer each time."""
        if asked is not None and asked > LONGEST_ASKED_WAIT:
            message = f"asks to be left alone for {asked:,.0f} s: start the same command again then"
            raise ServerStops(f"{self._line.endpoint.shown} {message}.")
        seconds = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT) * random.uniform(0.5, 1.0)
        seconds = seconds if asked is None else asked
        with self._lock:
            self._quiet_until = max(self._quiet_until, time.monotonic() + seconds)


def _to_leave_out(said: str, left_out: frozenset[str], *, is_new: bool) -> str | None:
    """Return what a server that refused a request may not know; None if nothing more can be left out.

    A server that has answered before, or that calls the request too long, is not guessed about.
    """
    rest = [name for name in OPTIONAL if name not in left_out]
    named = [name for name in rest if OPTIONAL[name].search(said)]
    if named:
        return named[0]
    guessed = [name for name in rest if name in ("response_format", "logprobs", "seed")]
    return guessed[0] if guessed and is_new and not TOO_LONG.search(said) else None


def _asked_wait(headers: dict[str, str]) -> float | None:
    """Return the seconds of `Retry-After`, which is a number or a date; None without it."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _words(body: bytes) -> Words:
    """Return what a chat completion says; raise one of Python's errors where it is none."""
    choice = json.loads(body)["choices"][0]
    message = choice["message"]
    text = message["content"]
    if isinstance(text, list):
        text = "".join(part.get("text") or "" for part in text)
    if text is None:
        text = ""
    if not isinstance(text, str):
        raise TypeError
    is_cut = choice.get("finish_reason") == "length"
    refusal = message.get("refusal")
    return Words(
        _without_thoughts(text), _tokens(choice), is_cut, refusal if isinstance(refusal, str) else ""
    )


def _without_thoughts(text: str) -> str:
    """Return a text without what a model thought, for servers that leave it there, also if it has no end."""
    return THOUGHT_BEGINS.split(THOUGHT_ENDS.split(text)[-1])[0].strip()


def _tokens(choice: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    try:
        items = choice["logprobs"]["content"]
        found = tuple((str(item["token"]), min(float(item["logprob"]), 0.0)) for item in items)
    except (LookupError, TypeError, ValueError, OverflowError):
        return ()
    return () if any(math.isnan(logarithm) for _, logarithm in found) else found
