"""What Moodle's formats share: categories as paths, HTML texts, accepted answers with a share of the marks."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import cast, get_args

from grader.bank import Question
from grader.bank.model import Level

_SLASH = re.compile(r"(?<!/)/(?!/)")
_CONTEXT = re.compile(r"\$\w+\$$")
_SINGLE_SPACE = re.compile(r"^ (?! )")  # two or more are the indentation of code
_FULL = 100.0


def category_path(question: Question) -> str:
    """Return the category of a question: its section, and below it its subsection. A slash in a name is doubled."""
    names = [name.replace("/", "//") for name in (question.section, question.subsection) if name]
    padded = [" " * name.startswith("/") + name + " " * name.endswith("/") for name in names]
    return "/".join(["$course$", "top", *padded])


def categories(path: str) -> tuple[str, str] | None:
    """Return (section, subsection) of a category path; None where it names nothing below the top."""
    names = [name.replace("//", "/").strip() for name in _SLASH.split(path.strip())]
    if _CONTEXT.match(names[0]):
        names = names[2:] if names[1:2] == ["top"] else names[1:]
    names = [name for name in names if name]
    return (names[0], " / ".join(names[1:])) if names else None


def split_level(tags: Sequence[str]) -> tuple[Level | None, tuple[str, ...]]:
    """Return the level, which is the first tag that names one, and the other tags."""
    level = next((tag for tag in tags if tag in get_args(Level)), None)
    rest = list(tags)
    if level:
        rest.remove(level)
    return cast("Level | None", level), tuple(rest)


def short_answer(question: Question, accepted: Sequence[tuple[float, str]]) -> tuple[Question, str]:
    """Return the question with the answers that earn all marks: one the reference, the others alternatives.

    Args:
        question: without an answer yet.
        accepted: (percent of the marks, answer) in the order of the file.

    """
    full = [text for percent, text in accepted if percent >= _FULL and text.strip("* ")]
    if not full:
        return question, "a short-answer question without an answer that earns all marks"
    return replace(question, reference=full[0], alternatives=tuple(full[1:])), ""


def to_text(text: str, kind: str) -> str:
    """Return a Moodle text as plain text; `kind` is its format (`html`, `plain`, `markdown`, `moodle`, …)."""
    if kind != "html":
        return text.strip()
    reader = _HtmlText()
    reader.feed(text)
    reader.close()
    return reader.text()


class _HtmlText(HTMLParser):
    """Keeps the words of HTML: one line a paragraph, `- ` before a list item."""

    _BLOCKS = frozenset("p div br li ul ol pre tr table h1 h2 h3 h4 h5 h6 blockquote hr".split())  # noqa: SIM905
    _SILENT = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._verbatim = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # the base class's
        self._verbatim += tag == "pre"
        self._silent += tag in self._SILENT
        if tag in self._BLOCKS:
            self._parts.append("\n")
        if tag == "li":
            self._parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag == "pre" and self._verbatim > 0
        self._silent -= tag in self._SILENT and self._silent > 0
        if tag in self._BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data if self._verbatim else re.sub(r"\s+", " ", data))

    def text(self) -> str:
        """Return the lines that hold anything."""
        lines = "".join(self._parts).split("\n")
        return "\n".join(_SINGLE_SPACE.sub("", line.rstrip()) for line in lines if line.strip())
