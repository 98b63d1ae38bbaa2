"""The page in a real browser, over a real server: what a user does, and each state that is shown."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .browsing import (
    CHROMIUM_FLAGS,
    MOST_CLIP_BYTES,
    PATIENCE_SECONDS,
    TOKEN,
    chromium,
    served,
    violations,
    write_clip,
)

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = playwright.expect
QUESTION = "what is he doing?"
ODD_NAME = "<img src=x onerror=alert(1)>.webm"

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One server and one browser for all tests of this file, and the files that are given to the page."""
    executable = chromium()
    folder = tmp_path_factory.mktemp("page")
    (folder / "token").write_text(TOKEN)
    corrections = folder / "corrections.csv"
    flags = ["--token-file", str(folder / "token"), "--corrections", str(corrections)]
    expect.set_options(timeout=1000 * PATIENCE_SECONDS)
    with served(folder, *flags, "--max-clip-bytes", str(MOST_CLIP_BYTES)) as address:
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
            yield SimpleNamespace(
                address=address,
                browser=browser,
                corrections=corrections,
                folder=folder,
                webm=write_clip(folder / ODD_NAME),
                avi=write_clip(folder / "drawn.avi", codec="FFV1"),
            )
            browser.close()


@pytest.fixture
def tab(site: SimpleNamespace) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the page in a fresh browser, or in that of the tab `beside`."""
    contexts, mistakes = [], []

    def opened(*, beside: Any = None, token: str | None = TOKEN, stored: str = "", **options: Any) -> Any:
        context = beside.context if beside else site.browser.new_context(reduced_motion="reduce", **options)
        if not beside:
            contexts.append(context)
            context.set_default_timeout(1000 * PATIENCE_SECONDS)
            if token:
                context.add_init_script(f"sessionStorage.setItem('videoqa-token', '{token}')")
            if stored:
                context.add_init_script(stored)
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda said: "Content Security" in said.text and mistakes.append(said.text))
        page.goto(site.address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert mistakes == []


def give(page: Any, file: Path) -> None:
    page.locator("#file").set_input_files(file)


def choose_sample(page: Any, name: str = "loading") -> None:
    page.get_by_role("button", name=name, exact=True).click()


def ask(page: Any, question: str = QUESTION) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def answered(page: Any, text: str) -> None:
    expect(page.locator("#answer-text")).to_contain_text(text)


def test_a_file_is_sent_played_and_asked_about(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    give(page, site.webm)
    ask(page)  # before the model has looked at the clip: the answer comes as soon as it has
    answered(page, "loading")
    expect(page.locator("#video")).to_have_js_property("videoWidth", 96)
    expect(page.locator("#clip-name")).to_have_text(ODD_NAME)  # a name is text, whatever it holds
    shares = page.locator(".bar-share").all_inner_texts()
    assert len(shares) == 5 and all(share.endswith("%") for share in shares)
    expect(page.get_by_role("status")).to_contain_text("loading")  # said to those who cannot see the page
    for landmark in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    widths = page.locator(".fill").evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    assert widths == sorted(widths, reverse=True)
    expect(page.get_by_role("list", name="Likely")).to_contain_text("loading")
    ask(page, "what colour is the box?")
    answered(page, "yellow")
    expect(page.locator(".history-row")).to_have_count(2)


def test_why_shows_words_moments_and_places(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    choose_sample(page)
    ask(page)
    page.get_by_role("button", name="Why this answer?").click()
    expect(page.locator(".word")).to_have_text(["what", "is", "he", "doing", "?"])
    line = page.get_by_role("slider", name="Moments of the clip")
    line.press("End")
    near_end = page.evaluate("document.getElementById('video').currentTime")
    line.locator(".moment").nth(2).click(force=True)
    after = page.evaluate("document.getElementById('video').currentTime")
    assert 0 < after < near_end
    page.get_by_role("button", name="Go to the frame at").first.click()
    expect(page.locator("#heat")).to_be_visible()
    assert page.locator("#heat").evaluate(
        "heat => heat.getContext('2d').getImageData(0, 0, heat.width, heat.height).data.some(value => value)"
    )
    page.get_by_label("Heat").uncheck()
    expect(page.locator("#heat")).to_be_hidden()


def test_what_the_browser_cannot_play_is_a_strip_of_frames(
    site: SimpleNamespace, tab: Callable[..., Any]
) -> None:
    page = tab()
    give(page, site.avi)
    expect(page.locator("#stage-note")).to_contain_text("cannot play")
    expect(page.locator("#strip img")).to_have_count(20)
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("Frame 1 of 20"))
    page.get_by_role("slider", name="Frames the model saw").press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("Frame 3 of 20"))
    expect(page.locator("#picture")).to_have_js_property("naturalWidth", 96)
    ask(page)
    answered(page, "loading")


def test_what_cannot_be_answered_says_so(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    choose_sample(page, "empty")
    ask(page)
    answered(page, "I don’t know")
    expect(page.locator(".reasons")).to_contain_text("This clip is unlike")
    ask(page, "?")
    expect(page.locator("#question-trouble")).to_contain_text("question")
    page.get_by_label("Your question").fill("")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#question-trouble")).to_have_text("Write a question first.")


def test_no_video_and_too_large(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    text, large = site.folder / "notes.mp4", site.folder / "large.avi"
    text.write_text("This is no video.\n" * 20)
    give(page, text)
    expect(page.locator("#trouble")).to_contain_text("no video")
    expect(page.locator("#drop")).to_be_visible()
    large.write_bytes(site.avi.read_bytes()[:1000] + bytes(2 * MOST_CLIP_BYTES))
    give(page, large)
    expect(page.locator("#trouble")).to_contain_text("the service takes up to 3.0 MB")


def test_too_large_while_it_is_sent(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    large = site.folder / "larger.avi"
    large.write_bytes(site.avi.read_bytes()[:1000] + bytes(4 * MOST_CLIP_BYTES))
    page = tab()

    def without_limit(route: Any) -> None:
        route.fulfill(json={**route.fetch().json(), "max_clip_bytes": None})

    page.route("**/api/model", without_limit, times=1)  # a page that is older than the limit
    page.reload()
    expect(page.locator("#model-name")).to_contain_text("package")
    give(page, large)
    expect(page.locator("#trouble")).to_contain_text(re.compile("more than 3,000,000 bytes|takes up to"))


def test_sending_is_cancelled(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    give(page, site.avi)
    expect(page.locator("#sending-text")).to_contain_text("Sending")
    with page.expect_event("requestfailed", lambda request: "api/clips" in request.url):  # no more is sent
        page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#drop")).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_busy_service_is_asked_again(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    choose_sample(page)
    busy = {"status": 429, "headers": {"Retry-After": "1"}, "body": "{}"}
    page.route("**/api/ask", lambda route: route.fulfill(**busy), times=1)
    ask(page)
    expect(page.locator("#waiting-text")).to_contain_text("busy")
    answered(page, "loading")


def test_two_tabs_keep_their_clips_and_share_the_history(
    site: SimpleNamespace, tab: Callable[..., Any]
) -> None:
    one = tab()
    two = tab(beside=one)
    choose_sample(one, "loading")
    choose_sample(two, "waving")
    ask(one)
    ask(two)
    answered(one, "loading")
    answered(two, "waving")
    for page in (one, two):
        expect(page.locator(".history-row")).to_have_count(2)
    ask(one, "what colour is his shirt?")
    expect(two.locator(".history-row")).to_have_count(3)
    expect(two.locator("#clip-name")).to_have_text("waving.webm")
    answered(two, "waving")


def test_a_reload_keeps_clip_and_questions(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    give(page, site.webm)
    ask(page)
    answered(page, "loading")
    page.reload()
    answered(page, "loading")
    expect(page.locator("#video")).to_have_js_property("videoWidth", 96)  # the browser kept the file
    ask(page, "what colour is the box?")
    answered(page, "yellow")
    page.get_by_role("button", name=re.compile("what is he doing")).click()
    answered(page, "loading")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#history")).to_be_hidden()


KEPT = """
localStorage.setItem("videoqa-history", JSON.stringify([{at: 1, clip: "f".repeat(64), clipName: "drawn.webm",
  question: "what is he doing?", model: "another",
  answer: {text: "waving", probability: 0.9, is_reliable: true, why_not: [],
    likely: [], familiarity: null, notes: [], alternatives: [{answer: "waving", probability: 0.9}]}}]));
"""


def test_a_clip_that_the_service_lost_is_asked_for(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab(stored=KEPT)
    page.locator(".history-row").click()
    answered(page, "waving")
    expect(page.locator("#answer")).to_contain_text("Answered by another model: another.")
    expect(page.locator("#wrong")).to_have_count(0)  # the row would name the model that is served now
    expect(page.locator("#stage-note")).to_contain_text("no longer has this clip")
    ask(page)
    expect(page.locator("#question-trouble")).to_contain_text("Choose its file again")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose the file again").click()
    chooser.value.set_files(site.webm)
    ask(page)
    answered(page, "loading")


def test_a_clip_that_the_service_lost_is_sent_again(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    choose_sample(page)
    expect(page.locator("#strip img")).to_have_count(20)
    lost = {"error": {"code": "send_clip_again", "message": "Another server had it.", "what_to_do": ""}}
    page.route("**/api/ask", lambda route: route.fulfill(status=409, json=lost), times=1)
    with page.expect_request(lambda request: request.method == "POST" and "/api/clips" in request.url):
        ask(page)
    answered(page, "loading")


def test_a_correction_is_recorded(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    choose_sample(page)
    ask(page)
    page.get_by_role("button", name="That’s wrong").click()
    page.get_by_label("What is the right answer?").fill("unloading")
    page.keyboard.press("Enter")
    expect(page.locator(".thanks")).to_contain_text("Recorded")
    expect(page.locator(".history-corrected")).to_contain_text("unloading")
    with site.corrections.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1 and {"loading", "unloading", QUESTION} <= set(rows[0].values())


def test_the_keyboard_alone_is_enough(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab()
    expect(page.locator(".sample")).to_have_count(6)

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            words = page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''"
            )
            if words.strip() == name:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none"  # where the keyboard is can be seen
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    tab_to("loading")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.press("Enter")  # the question of the sample is there
    answered(page, "loading")
    tab_to("Why this answer?")
    page.keyboard.press("Enter")
    expect(page.locator("#evidence-title")).to_be_focused()
    tab_to("Moments of the clip")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.getElementById('video').currentTime") > 0


def test_a_token_is_asked_for(site: SimpleNamespace, tab: Callable[..., Any]) -> None:
    page = tab(token=None)
    field = page.get_by_label("Token", exact=True)
    field.fill("another-token-than-the-right-one")
    field.press("Enter")
    expect(page.locator("#token-why")).to_contain_text("refused")
    field.fill(TOKEN)
    field.press("Enter")
    choose_sample(page)
    expect(page.locator("#strip img").first).to_have_attribute("src", re.compile("^blob:"))
    page.reload()
    expect(page.locator("#model-name")).to_contain_text("package")  # kept while the tab is open


def no_scroll_to_the_side(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_each_state_is_accessible_and_fits(
    site: SimpleNamespace, tab: Callable[..., Any], scheme: str, width: int
) -> None:
    page = tab(color_scheme=scheme, viewport={"width": width, "height": 740})
    expect(page.locator(".sample")).to_have_count(6)
    found = {"empty": violations(page)}
    fits = {"empty": no_scroll_to_the_side(page)}

    def look(state: str) -> None:
        found[state], fits[state] = violations(page), no_scroll_to_the_side(page)

    page.locator("#about-button").click()
    look("about")
    page.keyboard.press("Escape")
    choose_sample(page, "empty")
    ask(page, "what is he doing " + "very" * 40 + " slowly?")
    answered(page, "I don’t know")
    look("unsure")
    page.get_by_role("button", name="Another clip").click()
    give(page, site.webm)
    ask(page)
    page.get_by_role("button", name="That’s wrong").click()
    page.get_by_role("button", name="Why this answer?").click()
    page.get_by_role("button", name="Go to the frame at").first.click()
    expect(page.locator("#heat")).to_be_visible()
    look("answer")
    page.route("**/api/ask", lambda route: route.abort())
    ask(page)
    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    look("gone")
    assert {state: each for state, each in found.items() if each} == {}
    assert all(fits.values()), fits
