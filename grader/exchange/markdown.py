"""Markdown: question documents as people write them, and the bank as a book.

A document has sections under headings, sub-headings, and answers that begin with a bold number and the question.
The questions may be listed by number before the answers.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast, get_args

from grader.bank import Bank, Question
from grader.bank.model import Level
from grader.exchange.answer_text import guard, one_line, read_answer, unguard, write_answer
from grader.exchange.document import Document

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*$")
_NUMBERED = re.compile(r"(\d+)[.)]\s+(.+?)\s*$")
_ANSWER = re.compile(r"\*\*(\d+)[.)]\s+(.+?)\s*\*\*\s*()$")
_ANSWER_BEGUN = re.compile(r"\*\*(\d+)[.)]\s+(.+?)\s*\*\*\s*(.*)$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_LINK = re.compile(r"\[.*\]\(#.*\)$")
_ANSWERS_HEADING = re.compile(r"answers?\b", re.IGNORECASE)
_LABELS = re.compile(rf"\*(?P<id>[a-z0-9-]+) · (?P<level>{'|'.join(get_args(Level))})(?: · (?P<tags>[a-z0-9, -]+))?\*$")
_STRUCTURE = re.compile(rf"{_HEADING.pattern}|{_ANSWER_BEGUN.pattern}")
_ANY_STRUCTURE = re.compile(rf"{_STRUCTURE.pattern}|{_FENCE.pattern}")


@dataclass
class _Reader:
    """Goes through the lines once, and keeps what has been seen of the section and the answer at hand."""

    path: Path
    section_level: int
    section: str = ""
    subsection: str = ""
    listed: dict[str, Question] = field(default_factory=dict)
    """Questions of this section that have no answer yet, by number."""
    questions: list[Question] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    answer: Question | None = None
    body: list[str] = field(default_factory=list)
    in_code: bool = False
    has_list: bool = False

    def line(self, number: int, line: str) -> None:
        """Take one line."""
        source = f"{self.path}:{number}"
        if _FENCE.match(line):
            self.in_code = not self.in_code
        elif not self.in_code:
            if heading := _HEADING.match(line):
                if self._heading(len(heading[1]), heading[2]):
                    return
            elif begun := self._begun(line):
                self._close()
                self.answer = self._question(begun[1], begun[2], source)
                self.body = [begun[3]]
                return
            elif self.answer is None and (entry := _NUMBERED.match(line)) and not _LINK.match(entry[2]):
                self.listed[entry[1]] = self._question(entry[1], entry[2], source)
                self.has_list = True
                return
        if self.answer:
            self.body.append(line.rstrip() if self.in_code else unguard(line.rstrip(), _ANY_STRUCTURE))

    def end_section(self) -> None:
        """Take the end of a section, or of the file."""
        self._close()
        self.left_out += [f"{q.source}: question {q.number} has no answer" for q in self.listed.values()]
        self.listed, self.has_list, self.subsection = {}, False, ""

    def _begun(self, line: str) -> re.Match[str] | None:
        """Return what begins an answer. Where questions were listed, no other bold number does."""
        whole = _ANSWER.match(line)
        begun = whole or _ANSWER_BEGUN.match(line)
        if not begun or not self.has_list:
            return begun
        listed = self.listed.get(begun[1])
        return begun if listed and (whole or listed.prompt == begun[2]) else None

    def _heading(self, level: int, title: str) -> bool:
        """Say whether the heading parts questions; else it belongs to the answer at hand."""
        if level > self.section_level + 1 and self.answer:
            return False
        if level <= self.section_level:
            self.end_section()
            numbered = _NUMBERED.match(title)
            self.section = numbered[2] if numbered else title
        else:
            self._close()
            self.subsection = "" if _ANSWERS_HEADING.match(title) else title
        return True

    def _question(self, number: str, prompt: str, source: str) -> Question:
        return Question(
            "", prompt, "", section=self.section, subsection=self.subsection, number=int(number), source=source
        )

    def _close(self) -> None:
        """Keep the answer at hand."""
        if self.answer is None:
            return
        listed = self.listed.pop(str(self.answer.number), self.answer)
        question, text = _labelled(replace(self.answer, subsection=listed.subsection), "\n".join(self.body).strip("\n"))
        self.answer, self.body = None, []
        if text.strip():
            self.questions.append(read_answer(question, text))
        else:
            self.left_out.append(f"{question.source}: question {question.number} has no answer")


def read_markdown(text: str, path: Path) -> Document:
    """Return the questions of a Markdown document; `path` is what messages call it."""
    lines = text.split("\n")
    reader = _Reader(path, _section_level(lines), section=path.stem)
    for number, line in enumerate(lines, 1):
        reader.line(number, line)
    reader.end_section()
    return Document(tuple(reader.questions), tuple(reader.left_out))


def write_markdown(bank: Bank) -> str:
    """Return the bank as a book with a table of contents."""
    contents, chapters = [], []
    anchors: Counter[str] = Counter()
    for number, section in enumerate(bank.sections, 1):
        title = f"{number}. {one_line(section.title)}"
        contents.append(f"{number}. [{one_line(section.title)}](#{_anchor(title, anchors)})")
        chapters.append(f"## {title}")
        subsection = ""
        for question in section.questions:
            if question.subsection != subsection:
                subsection = question.subsection
                contents.append(f"    - [{one_line(subsection)}](#{_anchor(subsection, anchors)})")
                chapters.append(f"### {one_line(subsection)}")
            chapters.append(_entry(question))
    head = f"# {bank.name}\n\n{len(bank)} questions in {len(bank.sections)} sections.\n\n## Contents"
    return "\n\n".join([head, "\n".join(contents), *chapters]) + "\n"


def _section_level(lines: list[str]) -> int:
    """Return the level of the headings of sections: the highest, where it is not the one title of the document."""
    levels: Counter[int] = Counter()
    in_code = False
    for line in lines:
        in_code ^= bool(_FENCE.match(line))
        if not in_code and (heading := _HEADING.match(line)):
            levels[len(heading[1])] += 1
    ordered = sorted(levels) or [1]
    return ordered[1] if ordered[0] == 1 and levels[1] == 1 and len(ordered) > 1 else ordered[0]


def _labelled(question: Question, text: str) -> tuple[Question, str]:
    """Take id, level and tags from the first line of an answer that a book of ours holds."""
    first, _, rest = text.partition("\n")
    if not (labels := _LABELS.match(first)):
        return question, text
    tags = tuple(labels["tags"].split(", ")) if labels["tags"] else ()
    level = cast("Level | None", labels["level"])
    return replace(question, id=labels["id"], level=level, tags=tags), rest.strip("\n")


def _entry(question: Question) -> str:
    labels = " · ".join(filter(None, (question.id, question.level, ", ".join(question.tags))))
    answer = "\n".join(_outside_code(write_answer(question, bold=True)))
    return f"**{question.number}. {one_line(question.prompt)}**\n\n*{labels}*\n\n{answer}"


def _outside_code(text: str) -> Iterator[str]:
    """Go through the lines, those outside code guarded from being read as headings or questions."""
    lines = text.split("\n")
    unclosed = sum(bool(_FENCE.match(line)) for line in lines) % 2
    in_code = False
    for line in lines:
        in_code ^= bool(_FENCE.match(line)) and not unclosed
        yield line if in_code else guard(line, _ANY_STRUCTURE if unclosed else _STRUCTURE)


def _anchor(title: str, used: Counter[str]) -> str:
    """Return the anchor that GitHub gives a heading."""
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    used[anchor] += 1
    return anchor if used[anchor] == 1 else f"{anchor}-{used[anchor] - 1}"
