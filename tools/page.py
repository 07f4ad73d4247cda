"""Open the scorecards page in Chromium: `python tools/page.py RUN PICTURE` prints how fast it opens.

RUN is a folder of `grader grade`. Its page is pictured in PICTURE (the cohort) and beside it (a candidate, dark). Then
its answers, under 500 names and 40 question ids, make a page of 20,000 answers, which is opened and timed.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from grader.engines import RunReport, read_record
from grader.grade.entry import Entry
from grader.report.html import write_html
from grader.scorecard import cohort_of

CANDIDATES, QUESTIONS = 500, 40
SIZE = {"width": 1200, "height": 1000}


def renamed(entry: Entry, candidate: str, question: str) -> Entry:
    """Return the entry under another candidate's name and for another question."""
    asked = replace(entry.answer.question, id=question)
    return replace(
        entry,
        answer=replace(entry.answer, candidate=candidate, question=asked),
        machine=replace(entry.machine, candidate=candidate, question_id=question),
    )


def many(entries: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Go through 500 candidates, each with 40 of the entries in turn."""
    source = cycle(entries)
    for number in range(CANDIDATES):
        name = f"candidate {number + 1}"
        yield name, [renamed(entry, name, f"q{i}") for i, entry in enumerate(islice(source, QUESTIONS))]


def picture(browser: Browser, page_file: Path, target: Path) -> None:
    """Picture the cohort, and the first candidate in the dark."""
    page = browser.new_page(viewport=SIZE)
    page.goto(page_file.as_uri())
    page.screenshot(path=target)
    page.emulate_media(color_scheme="dark")
    page.locator("#standings a").first.click()
    page.screenshot(path=target.with_stem(target.stem + "-candidate"))
    page.close()


def seconds_to_open(browser: Browser, page_file: Path) -> tuple[float, float]:
    """Return how long the page takes until it is painted, and then a candidate until all answers are there."""
    page = browser.new_page(viewport=SIZE)
    started = time.perf_counter()
    page.goto(page_file.as_uri())
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    opened = time.perf_counter()
    page.locator("#standings a").nth(CANDIDATES // 2).click()
    page.locator(".answer").nth(QUESTIONS - 1).wait_for()
    candidate = time.perf_counter()
    page.close()
    return opened - started, candidate - opened


def main(folder: Path, target: Path) -> None:
    """Picture the run's page, then time a large one."""
    record, run = read_record(folder)
    report = RunReport(record, run)
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        (page_file,) = report.write(Path(name), ["html"])
        picture(browser, page_file, target)
        entries = list(report.entries())
        large = Path(name) / "large.html"
        cohort = cohort_of(entry.result for _, own in many(entries) for entry in own)
        with large.open("w", encoding="utf-8") as stream:
            write_html(cohort, many(entries), run.manifest, stream)
        opened, candidate = seconds_to_open(browser, large)
        browser.close()
    record.close()
    print(
        f"{CANDIDATES} candidates x {QUESTIONS} answers: open in {opened:.2f} s, then a candidate in {candidate:.2f} s"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
