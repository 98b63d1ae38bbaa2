"""Servers that refuse, stall, redirect, break off or do not see: what is asked again, and what is said."""

import json
import socket
import threading
import time

import pytest

from videoqa.chat.errors import CannotSee, ChatError, ServerStops

from .chat_server import COLOURS, frames_of, is_check, running, seen
from .conftest import colour_task


def once(refuse, then=seen):
    """Return a behaviour that refuses the first request about a task."""
    left = [refuse]

    def behave(handler, body):
        if is_check(body) or not left:
            return then(body)
        left.pop()(handler)
        return None

    return behave


def half(handler, header):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + header + b'{"choices": [')
    handler.close_connection = True


@pytest.mark.parametrize(
    "refuse",
    [
        lambda handler: handler.refuse(429, "slow down", Retry_After="0"),
        lambda handler: handler.refuse(429, "slow down", Retry_After="Mon, 30 Nov 2020 10:00:00 GMT"),
        lambda handler: handler.refuse(503, "Loading model", Retry_After="0"),
        lambda handler: handler.refuse(500, "out of memory"),
        lambda handler: handler.connection.close(),
        lambda handler: half(handler, b"Content-Length: 900\r\n\r\n"),
        lambda handler: half(handler, b"Transfer-Encoding: chunked\r\n\r\n384\r\n"),
    ],
    ids=["429", "429 until a date", "503", "500", "hangs up", "half a reply", "half a chunk"],
)
def test_a_busy_server_is_asked_again(ask, chat, refuse):
    chat.behave = once(refuse)
    done, (line,) = ask(colour_task("red"), retries=1)
    assert done["outcomes"] == {"answered": 1} and line["answer"] == "red" and len(chat.asked) == 2


def test_whatever_says_busy_is_asked_again(ask, chat):
    busy = [408, 425, 429, 500, 502, 503, 504, 529]
    chat.behave = lambda handler, body: (
        handler.refuse(busy.pop(), "later", Retry_After="0") if busy else "red"
    )
    done, _ = ask(colour_task("red"), retries=8, check_pictures=False)
    assert done["outcomes"] == {"answered": 1} and len(chat.asked) == 9


def test_retry_after_is_waited_for(ask, chat):
    times = []
    chat.behave = once(lambda handler: handler.refuse(429, "wait", Retry_After="1"))
    behave = chat.behave
    chat.behave = lambda handler, body: (times.append(time.monotonic()), behave(handler, body))[1]
    ask(colour_task("red"), retries=1)
    assert times[-1] - times[-2] >= 1


def test_a_server_that_asks_for_hours_is_left_alone(ask, chat):
    chat.behave = once(lambda handler: handler.refuse(429, "quota", Retry_After="7200"))
    with pytest.raises(
        ServerStops, match="left alone for 7,200 s.* 0 answers are kept: the same command goes"
    ):
        ask(colour_task("red"), retries=5)


def test_a_failing_server_fails_a_task_and_then_the_run(ask, chat, tmp_path):
    tasks = [colour_task(name, group=str(number)) for number in range(3) for name in COLOURS]

    def behave(handler, body):
        if is_check(body) or json.loads(seen(body))["answer"] == "red":
            return seen(body)
        handler.refuse(500, "KV cache is full")
        return None

    chat.behave = behave
    done, lines = ask(tasks[0], tasks[1], concurrency=1)
    assert done["outcomes"] == {"answered": 1, "without a reply": 1}
    assert "HTTP 500: KV cache is full" in done["places"]["without a reply"][0]
    (tmp_path / "tasks.json").unlink()
    chat.behave = lambda handler, body: seen(body) if is_check(body) else handler.refuse(500, "broken")
    with pytest.raises(ServerStops, match="5 tasks one after another are without a reply.*HTTP 500: broken"):
        ask(*tasks, name="second.jsonl")

    def now_and_then(handler, body):
        colour = json.loads(seen(body))["answer"]
        return (
            handler.refuse(500, "busy") if not is_check(body) and colour in ("blue", "yellow") else seen(body)
        )

    chat.behave = now_and_then
    done, _ = ask(name="third.jsonl", concurrency=1)
    assert done["outcomes"] == {"answered": 6, "without a reply": 6}  # three in a row, twice


def test_tasks_that_a_model_does_not_answer_do_not_end_the_run(ask, chat, tmp_path):
    hard = [colour_task("blue", group=str(number)) for number in range(21)]

    def behave(handler, body):
        words = seen(body)
        if not is_check(body) and "blue" in words:
            return handler.refuse(400, "content filter") if len(chat.asked) % 2 else "I'm sorry."
        return words

    chat.behave = behave
    with pytest.raises(ServerStops, match="20 tasks one after another are without a (reply|usable answer)"):
        ask(*hard, concurrency=1, name="none.jsonl")
    (tmp_path / "tasks.json").unlink()
    done, _ = ask(colour_task("red"), *hard, concurrency=1)
    kinds = {"without a reply", "without a usable answer"}
    assert done["outcomes"].pop("answered") == 1 and done["outcomes"].keys() == kinds
    assert sum(done["outcomes"].values()) == 21
    done, lines = ask()  # as after a kill: those without an answer come first
    assert done["num_before"] == len(lines) == 1 and done["outcomes"].keys() == kinds
    assert done["left_out"] == []  # a server that has answered knows the options


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ({"content": None}, "(empty)"),
        ({"content": None, "refusal": "I may\nnot."}, "I may not."),
        ({"content": [{"type": "text", "text": None}]}, "(empty)"),
        ({"content": '<think>Is it {"answer": "red"}? Or'}, "(empty)"),
        ({"content": '[THINK] "red"? [/THINK]<think>'}, "(empty)"),
    ],
)
def test_a_reply_without_an_answer_is_shown(ask, chat, message, shown):
    chat.behave = lambda handler, body: handler.reply(200, {"choices": [{"message": message}]})
    done, _ = ask(colour_task("red"), check_pictures=False)
    assert done["outcomes"] == {"without a usable answer": 1}
    assert shown in done["places"]["without a usable answer"][0]


NO_MMPROJ = "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
NO_IMAGES = "this model is missing data required for image input"


@pytest.mark.parametrize(
    ("refuse", "error", "message"),
    [
        (lambda h: h.refuse(404, "No such model."), ServerStops, "not know 'small'.*It has 'small', 'other'"),
        (lambda h: h.refuse(401, "Unauthorized"), ServerStops, "refuses access.*--api-key-variable"),
        (lambda h: h.refuse(403, "Forbidden"), ServerStops, "refuses access .HTTP 403.: Forbidden"),
        (lambda h: h.refuse(405, "Method"), ServerStops, "not know 'small' .HTTP 405"),
        (lambda h: h.refuse(413, "too large"), ChatError, "HTTP 413: too large. Show fewer frames"),
        (lambda h: h.refuse(400, "small is not a multimodal model"), CannotSee, "takes no pict.*--mmproj"),
        (lambda h: h.refuse(500, NO_MMPROJ), CannotSee, "takes no pictures"),
        (lambda h: h.refuse(500, NO_IMAGES), CannotSee, "takes no pictures"),
        (lambda h: h.refuse(400, "prompt too long"), ChatError, "HTTP 400: prompt too long"),
        (lambda h: h.refuse(400, "exceeds the context"), ChatError, "context. Show fewer frames .--num-fr"),
        (lambda h: h.refuse(200, "overloaded"), ChatError, "no chat completion: 'overloaded'"),
        (lambda h: h.reply(200, b'data: {"choices": []}'), ChatError, "the reply is a stream of pieces"),
        (lambda h: h.reply(200, b"<html>Hi</html>"), ChatError, "no chat completion: '<html>Hi</html>'"),
        (lambda h: h.reply(200, b'{"choices": []}'), ChatError, "the reply is no chat completion"),
        (lambda h: h.reply(200, {"choices": [{"message": {"content": 3}}]}), ChatError, "no chat completion"),
        (lambda h: h.reply(200, b"[" * 100_000), ChatError, "the reply is no chat completion"),
        (lambda h: h.reply(200, b" " * 8_100_000), ChatError, "more than 8,000,000 bytes"),
        (lambda h: h.reply(200, b""), ChatError, "the reply is empty"),
        (lambda h: h.reply(307, b"", Location="http://192.0.2.1/"), ServerStops, "redirects to 'http://192."),
        (lambda h: h.reply(302, b"", Location="/login"), ServerStops, "to '/login'. Redirects are not foll"),
        (lambda h: h.say('{"answer": "red"}'), CannotSee, "first of 20 plain pictures 'red', which is blue"),
        (lambda h: h.say("I see a lovely day."), ChatError, "its reply is no answer: 'I see a lovely day.'"),
        (lambda h: h.say("", finish_reason="length"), ChatError, "cut: raise --max-tokens"),
    ],
)
def test_a_server_of_no_use_is_named_before_any_task_is_sent(ask, chat, refuse, error, message):
    chat.behave = lambda handler, body: refuse(handler)
    with pytest.raises(error, match=message):
        ask(colour_task("red"))
    assert not chat.asked


def test_a_server_whose_context_is_too_short_is_named(ask, chat):
    def behave(handler, body):
        del body["messages"][0]["content"][:-6]  # what a server does that leaves out what does not fit
        frames = frames_of(body)
        is_red = is_check(body) and frames[0].std() > 50
        return '{"answer": "red"}' if is_red else '{"answer": "cannot tell"}'

    chat.behave = behave
    with pytest.raises(CannotSee, match="plain pictures 'unclear', which is red.*a context too short"):
        ask(colour_task("red"))
    chat.behave = lambda handler, body: handler.refuse(
        400, "At most 4 image(s) may be provided in one prompt."
    )
    with pytest.raises(ChatError, match="At most 4 image"):
        ask(colour_task("red"))
    assert len(chat.requests) == 2  # a limit is no option to leave out


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("response_format", "response_format is not supported"),
        ("response_format", "Bad request"),
        ("logprobs", "logprobs: unknown field"),
        ("seed", "seed is not allowed"),
        ("max_tokens", "Use 'max_completion_tokens' instead."),
        ("temperature", "temperature: only the default is supported"),
    ],
)
def test_what_a_server_does_not_know_is_left_out(ask, chat, named, said):
    status = 422 if named == "seed" else 400
    chat.behave = lambda handler, body: handler.refuse(status, said) if named in body else seen(body)
    done, _ = ask(colour_task("red"))
    assert done["outcomes"] == {"answered": 1} and done["left_out"] == [named]
    assert all(named not in body for body in chat.asked) and len(chat.asked) == 1
    assert ("max_completion_tokens" in chat.asked[0]) == (named == "max_tokens")


def test_nobody_listens(ask, clips):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(
        ServerStops, match=f"http://127.0.0.1:{port}/v1 cannot be reached: nobody listens there"
    ):
        ask(colour_task("red"), endpoint=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "headers", "body", "endless headers"],
)
def test_a_server_that_drips_is_given_up(ask, chat, first, then):
    given_up = threading.Event()

    def behave(handler, body):
        handler.wfile.write(first)
        while not given_up.wait(0.05):
            handler.wfile.write(then)

    chat.behave = behave
    with pytest.raises(ChatError, match="no whole reply within 0.5 s"):
        ask(colour_task("red"), timeout_seconds=0.5)
    given_up.set()


def test_a_server_that_went_away_ends_the_run_and_keeps_the_answers(ask, chat):
    tasks = [colour_task(name) for name in COLOURS]
    with running() as second:

        def behave(handler, body):
            words = seen(body)
            if not is_check(body) and len(second.asked) == 2:
                second.socket.close()  # nobody listens from now on
            return words

        second.behave = behave
        with pytest.raises(ServerStops, match=r"5 tasks one after.*nobody listens.*right\? 2") as stopped:
            ask(
                *tasks,
                *(colour_task(name, group="g") for name in COLOURS),
                endpoint=second.endpoint,
                concurrency=1,
            )
    assert "2 answers are kept" in str(stopped.value)
    done, lines = ask(*tasks)
    assert done["num_before"] == 2 and done["outcomes"] == {"answered": 6} and len(lines) == 8


def test_an_endless_reply_is_read_no_further(ask, chat):
    def behave(handler, body):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:  # until nobody reads any more
            handler.wfile.write(b" " * 65_536)

    chat.behave = behave
    with pytest.raises(ChatError, match="more than 8,000,000 bytes"):
        ask(colour_task("red"), timeout_seconds=60)


def test_https_is_not_spoken_to_a_server_without_it(ask, chat):
    with pytest.raises(ServerStops, match="does not speak https as it must"):
        ask(colour_task("red"), endpoint=chat.endpoint.replace("http://", "https://"), timeout_seconds=30)
    assert not chat.requests
