"""The page of scorecards in a real browser. It follows keys and clicks a moment later, so the tests wait for it."""

import re

import pytest
from playwright.sync_api import expect, sync_playwright

from grader.engines import RunReport, read_record
from tests.browser import find_browser
from tests.runs import NOTE, make_run


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        # In a container Chromium has no sandbox of its own; the pages are ours.
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """An open page with everything that it said and asked for."""

    def __init__(self, page, path):
        self.page, self.said, self.asked = page, [], []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(path.as_uri())
        self.path = path


@pytest.fixture
def visit(browser, tmp_path, word_grader):
    make_run(tmp_path, word_grader)
    record, run = read_record(tmp_path)
    (path,) = RunReport(record, run).write(tmp_path, ["html"])
    record.close()
    page = browser.new_page()
    yield Visit(page, path)
    page.close()


def test_the_cohort_then_each_candidate(visit):
    page = visit.page
    assert page.locator("#standings tbody tr").count() == 3
    assert page.locator("#standings tbody tr").nth(1).locator("th").inner_text() == "=bob"
    assert page.locator("#points tbody tr").count() > 0
    assert page.locator(".heat tbody td").count() == 6
    page.locator("#standings a").first.click()
    expect(page).to_have_title(re.compile("^ann"))
    expect(page.locator("#cohort")).to_be_hidden()
    answers = page.locator(".answer")
    expect(answers).to_have_count(2)
    # the emoji before it is two units of a JavaScript string, and one character of a span
    assert NOTE in answers.nth(0).locator("mark").last.inner_text()
    assert "</script><b>Turn off</b>" in answers.nth(1).locator("blockquote").inner_text()
    assert page.locator("blockquote b").count() == 0
    assert visit.said == []
    assert visit.asked == [visit.path.as_uri()]


def test_the_keyboard_alone_is_enough(visit):
    page = visit.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#standings a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#candidate h2").first).to_have_text("ann")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#candidate h2").first).to_have_text("=bob")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#candidate h2").first).to_have_text("ann")
    page.keyboard.press("Escape")
    expect(page.locator("#cohort")).to_be_visible()
    page.locator("#find").fill("BOB")
    expect(page.locator("#standings tbody tr:visible")).to_have_count(1)
    assert visit.said == []


def test_the_page_is_dark_where_the_reader_is_and_prints(visit):
    page = visit.page
    background = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) != light
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert page.locator("#standings").is_visible()


def test_charts_have_text(visit):
    page = visit.page
    for chart in page.locator(".bar, .column").all():
        assert chart.get_attribute("aria-hidden") == "true"
        assert any(char.isdigit() for char in chart.locator("..").inner_text())
