"""JUnit XML: a suite a candidate, a case a question; below the pass mark is a failure, ungraded an error."""

import re
from collections.abc import Iterable
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from grader.grade.entry import Entry
from grader.grade.model import Ungraded
from grader.report.numbers import exact

# What XML 1.0 does not allow, even escaped.
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(candidates: Iterable[tuple[str, list[Entry]]], pass_mark: float, stream: IO[str]) -> None:
    """Write the suites, one candidate at a time."""
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="grader">\n')
    for candidate, entries in candidates:
        results = [entry.result for entry in entries]
        ungraded = sum(isinstance(result, Ungraded) for result in results)
        failed = sum(not isinstance(result, Ungraded) and result.score < pass_mark for result in results)
        counts = f'tests="{len(results)}" failures="{failed}" errors="{ungraded}"'
        stream.write(f"<testsuite name={_attribute(candidate or 'all answers')} {counts}>\n")
        for entry in entries:
            stream.write(_case(entry, pass_mark))
        stream.write("</testsuite>\n")
    stream.write("</testsuites>\n")


def _case(entry: Entry, pass_mark: float) -> str:
    result = entry.result
    head = f"<testcase classname={_attribute(result.section or '-')} name={_attribute(result.question_id)}>"
    if isinstance(result, Ungraded):
        return f"{head}<error message={_attribute(result.reason)}/></testcase>\n"
    body = f"<system-out>score {exact(result.score)}; {_text(result.feedback)}</system-out>"
    if result.score < pass_mark:
        message = _attribute(f"score {exact(result.score)} is below the pass mark {pass_mark}")
        body = f"<failure message={message}>{_text(result.feedback)}</failure>" + body
    return f"{head}{body}</testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text), {"\n": "&#10;"})


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text))
