"""The form of Mechanical Turk in a real browser: filled in as the service does it, and what it submits."""

import re
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from videoqa.labeling.mturk_files import mturk_form, packed_task
from videoqa.labeling.tasks import LONGEST_ANSWER, Task

from ..web.browsing import PATIENCE_SECONDS, chromium, violations, write_clip
from .conftest import question

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = playwright.expect
SITE = "https://worker.test/"
SUBMIT = "https://www.mturk.com/mturk/externalSubmit"
MARKUP = "<img src=x onerror=\"document.title='broken'\"> ${task_data} '\" ~~~??? " + 200 * "w"

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    executable = chromium()
    clip = write_clip(tmp_path_factory.mktemp("form") / "clip.webm")
    expect.set_options(timeout=1000 * PATIENCE_SECONDS)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield SimpleNamespace(browser=browser, clip=clip)
        browser.close()


@pytest.fixture
def opened(browser):
    """Return a function that shows a task; what it submits is in `sent`, what went wrong in `mistakes`."""
    contexts, mistakes = [], []

    def opened(
        task: Task,
        *,
        assignment: str = "A1",
        around: str = "${form}",
        packed=None,
        site="evil.test",
        **options,
    ):
        context = browser.browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE_SECONDS)
        page, sent = context.new_page(), []
        columns = {"task_data": packed_task(task) if packed is None else packed}
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        html = around.replace("${form}", mturk_form())
        html = re.sub(r"\$\{(\w*)[^}]*\}", lambda name: columns.get(name[1], ""), html)

        def answer(route):
            url = route.request.url
            if url in (SUBMIT, SUBMIT.replace("www", "workersandbox")):
                given = parse_qs(route.request.post_data, keep_blank_values=True).items()
                sent.append({name: " and ".join(values) for name, values in given})
                route.fulfill(body="<title>sent</title>", content_type="text/html")
            elif url.endswith(".webm"):
                route.fulfill(path=browser.clip, content_type="video/webm")
            elif url.startswith(f"{SITE}hit"):
                route.fulfill(body=html, content_type="text/html")
            else:
                route.abort()

        page.route("**/*", answer)
        page.goto(f"{SITE}hit?assignmentId={assignment}&turkSubmitTo=https://{site}")
        return SimpleNamespace(page=page, sent=sent)

    yield opened
    for context in contexts:
        context.close()
    assert mistakes == []


def task(**fields) -> Task:
    return question(0, video_url=f"{SITE}clip.webm", **fields)


def test_a_choice_is_checked_then_submitted(opened):
    form = opened(task())
    form.page.wait_for_function("document.getElementById('clip').readyState >= 2")
    form.page.get_by_role("button", name="Submit").click()
    expect(form.page.get_by_role("alert").filter(has_text="Please choose an answer.")).to_be_visible()
    expect(form.page.locator("#choice-1")).to_be_focused()
    form.page.get_by_label("walking").check()
    form.page.get_by_role("button", name="Submit").click()
    expect(form.page).to_have_title("sent")
    assert form.sent == [{"assignmentId": "A1", "how": "choice", "answer": "walking"}]


def test_the_keyboard_alone_is_enough(opened):
    form = opened(task())
    form.page.keyboard.press("Alt+1")
    expect(form.page.locator("input:checked")).to_have_count(0)
    assert form.page.locator("#typed").get_attribute("maxlength") == str(LONGEST_ANSWER)
    form.page.keyboard.press("5")
    expect(form.page.locator("#typed")).to_be_focused()
    form.page.keyboard.press("Enter")
    expect(form.page.get_by_role("alert").filter(has_text="Please type your answer.")).to_be_visible()
    form.page.keyboard.type("2 people & <b>a dog</b>")
    form.page.keyboard.press("Enter")
    expect(form.page).to_have_title("sent")
    assert form.sent == [{"assignmentId": "A1", "how": "typed", "answer": "2 people & <b>a dog</b>"}]


def test_one_may_not_be_able_to_tell(opened):
    """The arrows pass by the other answer, which takes the keys only when it is clicked."""
    form = opened(task(), site="workersandbox.mturk.com")
    form.page.keyboard.press("4")
    form.page.keyboard.press("ArrowDown")
    expect(form.page.locator("#choice-5")).to_be_focused()
    form.page.get_by_text("another answer:").click()
    expect(form.page.locator("#typed")).to_be_focused()
    form.page.keyboard.press("Tab")
    form.page.keyboard.press("Shift+Tab")
    form.page.keyboard.press("Shift+Tab")
    form.page.keyboard.press("ArrowDown")
    form.page.keyboard.press("Enter")
    expect(form.page).to_have_title("sent")
    assert form.page.url == "https://workersandbox.mturk.com/mturk/externalSubmit"
    assert form.sent == [{"assignmentId": "A1", "how": "cannot_tell", "answer": ""}]


REQUESTER_SITE = """<!DOCTYPE html><html><head><style>.btn { display: inline-block; }</style></head><body>
<form name="mturk_form" method="post" id="mturk_form" action="https://www.mturk.com/mturk/externalSubmit">
<input type="hidden" value="A1" name="assignmentId" id="assignmentId">${form}
<p><input type="submit" id="submitButton" class="btn" value="Submit"></p></form></body></html>"""


def test_the_requester_site_puts_the_form_into_its_own(opened):
    """A form within a form is none: what is asked is checked, and sent with one `assignmentId`, there too."""
    form = opened(task(), around=REQUESTER_SITE)
    expect(form.page.get_by_role("button")).to_have_count(1)
    form.page.get_by_role("button", name="Submit").click()
    expect(form.page.get_by_role("alert").filter(has_text="Please choose an answer.")).to_be_visible()
    form.page.keyboard.press("1")
    form.page.keyboard.press("Enter")
    expect(form.page).to_have_title("sent")
    assert form.sent == [{"assignmentId": "A1", "how": "choice", "answer": "loading"}]


def test_texts_are_shown_as_texts(opened):
    """Markup, placeholders, and a word that is wider than the page."""
    asked = task(question=MARKUP, choices=(MARKUP, "waving" * 50))
    assert {"-", "_"} <= set(packed_task(asked)), "letters of base64 that differ between its alphabets"
    form = opened(asked)
    assert form.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(form.page.locator("legend")).to_have_text(re.sub(r"\s+", " ", MARKUP))
    expect(form.page.locator("img")).to_have_count(0)
    form.page.keyboard.press("1")
    form.page.keyboard.press("Enter")
    expect(form.page).to_have_title("sent")
    assert form.sent[0]["answer"] == MARKUP


def test_an_answer_is_verified(opened):
    form = opened(task(kind="verify", answer="waving", choices=()))
    expect(form.page.locator("legend")).to_have_text("What is he doing? Is \u201cwaving\u201d right?")
    assert form.page.get_by_role("radio").count() == 3
    form.page.get_by_label("no", exact=True).check()
    form.page.get_by_role("button", name="Submit").click()
    expect(form.page).to_have_title("sent")
    assert form.sent[0]["how"] == "choice" and form.sent[0]["answer"] == "no"


def test_questions_are_written(opened):
    form = opened(task(kind="write", question="", choices=(), num_questions=2))
    form.page.get_by_label("Question 1").fill("Who?")
    form.page.get_by_label("Answer 1").fill("Anna")
    form.page.get_by_label("Question 2").fill("who? ")
    form.page.get_by_role("button", name="Submit").click()
    expect(form.page.get_by_label("Answer 2")).to_be_focused()
    form.page.get_by_label("Answer 2").fill("Bert")
    form.page.get_by_role("button", name="Submit").click()
    expect(form.page.get_by_role("alert").filter(has_text="different questions")).to_be_visible()
    form.page.get_by_label("Question 2").fill("Where?")
    form.page.keyboard.press("Enter")
    expect(form.page).to_have_title("sent")
    written = {"question_1": "Who?", "answer_1": "Anna", "question_2": "Where?", "answer_2": "Bert"}
    assert form.sent[0].items() >= {"how": "written", **written}.items()


ARABIC = "ماذا يفعل؟"


def test_each_text_is_written_in_its_own_direction(opened):
    """Arabic from right to left, also within an English sentence; what is typed as well."""
    form = opened(task(kind="verify", question=ARABIC, answer="يلوح", choices=()))
    expect(form.page.locator("legend")).to_have_text(f"{ARABIC} Is \u201cيلوح\u201d right?")
    assert [direction(each) for each in form.page.locator("legend bdi").all()] == ["rtl", "rtl"]
    form = opened(task(question=ARABIC, choices=("يلوح", "waving")))
    assert [direction(each) for each in form.page.locator("legend, .choice label").all()[:3]] == [
        "rtl",
        "rtl",
        "ltr",
    ]
    form = opened(task(kind="write", question="", choices=(), num_questions=1))
    form.page.get_by_label("Question 1").fill(ARABIC)
    assert direction(form.page.get_by_label("Question 1")) == "rtl"


def direction(element):
    return element.evaluate("element => getComputedStyle(element).direction")


def test_an_emoji_is_an_answer(opened):
    form = opened(task(kind="write", question="", choices=(), num_questions=1))
    form.page.get_by_label("Question 1").fill("What is shown?")
    form.page.get_by_label("Answer 1").fill("...")
    form.page.keyboard.press("Enter")
    expect(form.page.get_by_label("Answer 1")).to_be_focused()
    form.page.get_by_label("Answer 1").fill("🐶")
    form.page.keyboard.press("Enter")
    expect(form.page).to_have_title("sent")
    assert form.sent[0]["answer_1"] == "🐶"


def test_a_preview_and_what_is_damaged_say_so(opened):
    form = opened(task(), packed="${task_data}")  # as the requester site previews a project
    expect(form.page.get_by_role("alert").filter(has_text="A task of the batch will be")).to_be_visible()
    form = opened(task(), packed="no base64")
    expect(form.page.get_by_role("alert").filter(has_text="This task is damaged.")).to_be_visible()
    expect(form.page.get_by_role("button", name="Submit")).to_be_disabled()
    form = opened(question(0, video_url=f"{SITE}gone.mp4"), assignment="ASSIGNMENT_ID_NOT_AVAILABLE")
    expect(form.page.get_by_text("This is a preview.")).to_be_visible()
    expect(form.page.get_by_role("button", name="Submit")).to_be_disabled()
    expect(form.page.get_by_role("alert").filter(has_text="cannot be played")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["answer", "write"])
def test_axe_finds_nothing(opened, scheme, kind):
    fields = {"choices": (), "question": "", "num_questions": 2} if kind == "write" else {}
    form = opened(task(kind=kind, **fields), color_scheme=scheme)
    form.page.get_by_role("button", name="Submit").click()
    assert violations(form.page, impacts=("minor", "moderate", "serious", "critical")) == []
