"""The page of tasks in a real browser, over a real server: what colleagues do, and what is shown."""

import json
import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from videoqa.labeling.page_results import read_answers
from videoqa.labeling.tasks import TaskFile, write_tasks

from ..labeling.conftest import ABOUT, question
from .browsing import CHROMIUM_FLAGS, PATIENCE_SECONDS, TOKEN, chromium, served, violations, write_clip
from .server_process import running_server

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = playwright.expect
MARKUP = "<img src=x onerror=\"document.title='broken'\">"
ANSWER, VERIFY, WRITE, FRAMES, LABEL, BROKEN, PAST = range(7)
"""Places of the kinds of tasks."""

pytestmark = [pytest.mark.slow]


def write_all_kinds(folder: Path) -> TaskFile:
    """Write a task of each kind, and the clips."""
    webm = write_clip(folder / "clips" / "secret-name.webm").name
    avi = write_clip(folder / "clips" / "drawn.avi", codec="FFV1").name
    (folder / "clips" / "broken.mp4").write_text("This is no video.\n" * 20)
    tasks = [
        replace(question(0, question=f"What is he doing? {MARKUP}"), video=webm),
        replace(question(1, kind="verify", answer="waving", choices=()), video=webm),
        replace(question(2, kind="write", question="", choices=(), num_questions=2), video=webm),
        replace(question(3), video=avi),
        replace(question(4, kind="label", question="", start_seconds=1.0, end_seconds=2.0), video=webm),
        replace(question(5), video="broken.mp4"),
        replace(question(6, start_seconds=500.0, end_seconds=501.0), video=webm),
    ]
    file = TaskFile(tuple(tasks), {**ABOUT, "num_assignments": 100})
    write_tasks(folder / "tasks.json", file)
    return file


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One server and one browser for all tests of this file."""
    executable = chromium()
    folder = tmp_path_factory.mktemp("labeling")
    (folder / "clips").mkdir()
    file = write_all_kinds(folder)
    (folder / "token").write_text(TOKEN)
    command = ["label", "serve", str(folder / "tasks.json"), "--data-dir", str(folder / "answers")]
    command += ["--videos", str(folder / "clips")]
    expect.set_options(timeout=1000 * PATIENCE_SECONDS)
    with served(folder, "--token-file", str(folder / "token"), command=command) as address:
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
            yield SimpleNamespace(address=address, browser=browser, folder=folder, file=file, command=command)
            browser.close()


@pytest.fixture
def tab(site: SimpleNamespace) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the page in a fresh browser, as somebody whose next task is at a place."""
    contexts, mistakes = [], []

    def opened(name: str = "", at: int = ANSWER, *, address: str = site.address, **options: Any) -> Any:
        context = site.browser.new_context(reduced_motion="reduce", **options)
        contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE_SECONDS)
        context.add_init_script(f"sessionStorage.setItem('videoqa-token', '{TOKEN}')")
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda said: "Content Security" in said.text and mistakes.append(said.text))
        for place in range(at):
            send(address, "next", name=name)
            send(address, "answers", name=name, task=site.file.tasks[place].id, how="skipped")
        page.goto(address)
        if name:
            page.get_by_label("Your name").fill(name)
            page.keyboard.press("Enter")
            expect(page.locator("legend")).to_be_focused()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert mistakes == []


def send(address: str, path: str, **content: Any) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(f"{address}/api/{path}", json.dumps(content).encode(), headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as reply:
        return json.load(reply)


def answers_of(site: SimpleNamespace, name: str) -> list[Any]:
    rows = read_answers(site.folder / "answers" / "answers.sqlite")
    return [(row.how, row.answer, *row.written) for row in rows if row.worker == name and not row.is_rejected]


def press(page: Any, **key: Any) -> bool:
    """Press a key in a way that this keyboard has not; return whether something is sent then."""
    event = {"bubbles": True, "cancelable": True, **key}
    act = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', event))"
    return page.evaluate(f"event => {{ {act}; return document.getElementById('skip').disabled; }}", event)


def legend(page: Any, text: str) -> None:
    expect(page.locator("legend")).to_have_text(text)


def until(page: Any, condition: str) -> None:
    """Wait for something in the page; `wait_for_function` polls by `eval`, which the policy forbids."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def time_of(page: Any) -> float:
    until(page, "!document.getElementById('video').seeking")
    return page.evaluate("document.getElementById('video').currentTime")


def test_a_name_is_asked_for_and_an_answer_is_checked(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#name-trouble")).to_have_text("Type your name first.")
    page.get_by_label("Your name").fill("\N{DEVANAGARI LETTER QA}" * 60)  # 120 characters once composed
    page.keyboard.press("Enter")
    expect(page.locator("#name-trouble")).to_contain_text("at most 60 characters")
    page.evaluate("sessionStorage.setItem('videoqa-token', 'another-token')")
    page.get_by_label("Your name").fill(f"{MARKUP[:40]} Anna")
    page.keyboard.press("Enter")
    expect(page.locator("#token-why")).to_contain_text("That token was refused.")
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.keyboard.press("Enter")
    legend(page, f"What is he doing? {MARKUP}")  # a text is a text, whatever it holds
    expect(page.locator("#person-name")).to_have_text(re.compile("^<img src=x .* Anna$"))
    expect(page.locator("#video")).to_have_js_property("videoWidth", 96)
    assert "secret-name" not in page.content() + page.evaluate("document.getElementById('video').currentSrc")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#form-trouble")).to_have_text("Choose an answer first.")
    expect(page.get_by_role("radio").first).to_be_focused()
    page.get_by_text("jumping").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".to-verify")).to_contain_text("waving")
    expect(page.locator("#progress-text")).to_contain_text("1 task answered by you, 6 left")
    assert page.title() == "videoqa: watch and answer"


def test_the_keyboard_alone_is_enough(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab("Keys")
    page.keyboard.press("5")
    expect(page.locator("#typed")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#form-trouble")).to_have_text("Type your answer first.")
    page.keyboard.type("us 1 <b>dog</b>")  # keys that do something elsewhere
    page.keyboard.press("Enter")
    expect(page.locator(".to-verify")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # chooses, as in any form
    expect(page.get_by_role("radio").first).to_be_checked()
    page.keyboard.press("3")  # cannot tell
    page.keyboard.press("ArrowUp")  # moves among the choices, as in any form
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#question-1")).to_be_visible()
    page.keyboard.press("Tab")
    for number, text in enumerate(("Who?", "Anna", "who? ", "Bert")):
        page.keyboard.type(text)
        if number < 3:
            page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#form-trouble")).to_have_text("Write different questions.")
    expect(page.locator("#question-2")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Where?")
    page.keyboard.press("Enter")
    legend(page, "What is he doing?")
    assert page.evaluate("Object.keys(sessionStorage).filter(key => key.includes('draft'))") == []
    page.keyboard.press("4")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # past the text field
    expect(page.get_by_label("I cannot tell")).to_be_checked()
    assert not press(page, key="s", code="KeyS", repeat=True)  # the key is held down
    assert press(page, key="\N{CYRILLIC SMALL LETTER YERU}", code="KeyS")
    legend(page, "What is done in the clip?")
    expect(page.locator("#saved")).to_have_text("Skipped.")
    typed, written = ("typed", "us 1 <b>dog</b>"), ("written", "", ("Who?", "Anna"), ("Where?", "Bert"))
    assert answers_of(site, "Keys") == [typed, ("cannot_tell", ""), written]


def test_arrows_step_and_space_plays(tab: Callable[..., Any]) -> None:
    page = tab("Steps")
    expect(page.locator("#strip img")).to_have_count(24)
    until(page, "document.getElementById('video').readyState >= 2")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert time_of(page) == pytest.approx(2 / 12, abs=0.01)  # the drawn clips have 12 frames a second
    page.keyboard.press("Shift+ArrowRight")
    assert time_of(page) > 0.2
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio").first).to_be_checked()  # the arrow has not moved the choice
    page.keyboard.press("Space")
    until(page, "!document.getElementById('video').paused")
    page.keyboard.press("Space")
    until(page, "document.getElementById('video').paused")


def test_a_part_is_shown_alone(tab: Callable[..., Any]) -> None:
    page = tab("Parts", LABEL)
    until(page, "document.getElementById('video').currentTime >= 1")
    page.keyboard.press("ArrowLeft")
    assert time_of(page) == pytest.approx(1, abs=0.01)
    page.evaluate("document.getElementById('video').currentTime = 2.5")
    until(page, "document.getElementById('video').currentTime < 2")


def test_what_the_browser_cannot_play_is_a_strip_of_frames(tab: Callable[..., Any]) -> None:
    page = tab("Frames", FRAMES)
    expect(page.locator("#stage-note")).to_contain_text("cannot play")
    expect(page.locator("#picture")).to_have_js_property("naturalWidth", 96)
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("Frame 1 of 24, 0.00 s"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("Frame 3 of 24"))
    page.locator("#strip img").nth(7).click()
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("Frame 8 of 24"))


def test_what_cannot_be_decoded_says_so_and_is_skipped(tab: Callable[..., Any]) -> None:
    page = tab("Broken", BROKEN)
    expect(page.locator("#screen-empty")).to_have_text("This clip cannot be shown.")
    expect(page.locator("#stage-note")).to_contain_text("no pictures to show")
    page.keyboard.press("s")
    expect(page.locator("#stage-note")).to_contain_text(re.compile("begins at 500.00 s|which lasts"))
    expect(page.locator("#screen-empty")).to_have_text("This clip cannot be shown.")
    expect(page.locator("#video")).to_be_hidden()  # rather than at its last frame
    page.keyboard.press("s")
    expect(page.locator("#done")).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator("#screen-empty")).to_have_text("This clip cannot be shown.")
    page.keyboard.press("u")
    expect(page.locator("#stage-note")).to_contain_text("no pictures to show")


def test_undo_goes_back_as_often_as_one_likes(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab("Undo")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    press(page, key="(", code="Digit5")  # where digits need Shift
    page.keyboard.type("sleeping")
    page.keyboard.press("Enter")
    expect(page.locator(".to-verify")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#question-1")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    expect(page.locator("#saved")).to_have_text("Taken back.")
    assert answers_of(site, "Undo") == [("typed", "sleeping")]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#typed")).to_have_value("sleeping")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator(".to-verify")).to_be_visible()
    page.keyboard.press("Enter")  # as it was
    expect(page.locator("#question-1")).to_be_visible()
    assert answers_of(site, "Undo") == [("choice", "waving"), ("choice", "no")]


def test_two_people_at_once_and_a_reload(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    one, two, twin = tab("One"), tab("Two", WRITE), tab("ONE")
    one.keyboard.press("1")
    one.keyboard.press("Enter")
    expect(one.locator(".to-verify")).to_be_visible()
    twin.keyboard.press("2")  # the same person in another window, who has not seen that
    twin.keyboard.press("Enter")
    expect(twin.locator("#trouble")).to_contain_text("otherwise before. Undo that answer first.")
    twin.get_by_role("button", name="Try again").click()
    expect(twin.locator(".to-verify")).to_be_visible()
    two.get_by_label("Question 1").fill("Who is it?")
    two.reload()
    expect(two.get_by_label("Question 1")).to_have_value("Who is it?")  # not submitted, and not lost
    for person in ("Three", "Two"):  # in the same tab
        for place in range(WRITE if person == "Three" else 0):
            send(site.address, "next", name=person)
            send(site.address, "answers", name=person, task=site.file.tasks[place].id, how="skipped")
        two.get_by_role("button", name="Somebody else").click()
        two.get_by_label("Your name").fill(person)
        two.keyboard.press("Enter")
        expect(two.get_by_label("Question 1")).to_have_value("" if person == "Three" else "Who is it?")
    two.keyboard.press("s")
    legend(two, "What is he doing?")
    two.keyboard.press("u")
    expect(two.get_by_label("Question 1")).to_have_value("Who is it?")
    one.reload()
    expect(one.locator(".to-verify")).to_be_visible()
    one.get_by_role("button", name="Somebody else").click()
    one.get_by_label("Your name").fill("tWO")
    one.keyboard.press("Enter")
    expect(one.locator("#person-name")).to_have_text("tWO")
    expect(one.get_by_label("Question 1")).to_have_value("")
    assert answers_of(site, "One") == [("choice", "loading")] and answers_of(site, "Two") == []


def test_a_restart_of_the_server_is_got_over(
    site: SimpleNamespace, tab: Callable[..., Any], tmp_path
) -> None:
    command = [*site.command[:4], str(tmp_path / "answers"), *site.command[5:]]
    with running_server(tmp_path / "first", command=command) as first:
        page = tab("Again", address=first.address)
        page.keyboard.press("2")
        first.stop(signal.SIGKILL)
        page.keyboard.press("Enter")
        expect(page.locator("#trouble")).to_contain_text("cannot be reached")
        expect(page.get_by_role("radio").nth(1)).to_be_checked()
        page.keyboard.press("1")  # thought better of it meanwhile
    with running_server(tmp_path / "second", "--port", str(first.port), command=command):
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".to-verify")).to_be_visible()
        expect(page.locator("#video")).to_have_js_property("videoWidth", 96)
    rows = list(read_answers(tmp_path / "answers" / "answers.sqlite"))
    assert [(row.worker, row.answer) for row in rows] == [("Again", "loading")]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_each_state_is_accessible_and_fits(tab: Callable[..., Any], scheme: str, width: int) -> None:
    page = tab(color_scheme=scheme, viewport={"width": width, "height": 740})
    found, fits = {}, {}

    def look(state: str) -> None:
        found[state] = violations(page)
        fits[state] = page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )

    page.get_by_role("button", name="Start").click()
    look("name")
    page.get_by_label("Your name").fill(f"{scheme} {'W' * 50}")
    page.keyboard.press("Enter")
    expect(page.locator("#strip img")).to_have_count(24)
    page.keyboard.press("Enter")
    look("invalid")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator(".to-verify")).to_be_visible()
    look("verify")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#question-1")).to_be_visible()
    look("write")
    page.keyboard.press("s")
    expect(page.locator("#picture")).to_be_visible()
    look("frames")
    for _ in range(PAST - FRAMES + 1):
        text = page.locator("#progress-text").inner_text()
        page.keyboard.press("s")
        expect(page.locator("#progress-text")).not_to_have_text(text)
    expect(page.locator("#done")).to_be_visible()
    look("done")
    page.route("**/api/next", lambda route: route.abort())
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    look("gone")
    assert {state: each for state, each in found.items() if each} == {}
    assert all(fits.values()), fits
