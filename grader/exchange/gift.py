"""Moodle GIFT: essay questions, with the answer as general feedback, and short-answer questions.

The format: https://docs.moodle.org/en/GIFT_format
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader.bank import Bank, Question
from grader.errors import InputError
from grader.exchange.answer_text import read_answer, write_answer
from grader.exchange.document import Document
from grader.exchange.moodle import categories, category_path, short_answer, split_level, to_text

_SPECIAL = re.compile(r"[\\~={}#:]")
_ESCAPE = re.compile(r"\\([\\~={}#:n])")
_TITLE = re.compile(r"::((?:\\.|[^\\])*?)::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]")
_BRACES = re.compile(r"(?P<before>(?:\\.|[^\\{])*)\{(?P<inside>(?:\\.|[^\\}])*)\}(?P<after>.*)", re.DOTALL)
_FEEDBACK = re.compile(r"(?<!\\)####")
_ANSWER = re.compile(r"([=~])((?:\\.|[^\\=~])*)", re.DOTALL)
_LABEL = re.compile(r"\[(id|tag):([^\]]+)\]")
_PERCENT = re.compile(r"\s*%(-?\d+(?:\.\d+)?)%")


@dataclass
class _Block:
    """The lines of one question."""

    line: int
    labels: list[tuple[str, str]]
    category: tuple[str, str]
    text: str = ""


def read_gift(text: str, path: Path) -> Document:
    """Return the essay and short-answer questions; `path` is what messages call the text.

    Raises:
        InputError: a question's braces do not close: with its line.

    """
    questions, left_out = [], []
    for block in _blocks(text, (path.stem, "")):
        where = f"{path}:{block.line}"
        question, reason = _question(block, where)
        if reason:
            left_out.append(f"{where}: {reason}")
        else:
            questions.append(question)
    return Document(tuple(questions), tuple(left_out))


def write_gift(bank: Bank) -> str:
    """Return the bank as essay questions, one category a section or subsection."""
    parts = []
    category = ""
    for question in bank:
        if (path := category_path(question)) != category:
            category = path
            parts.append(f"$CATEGORY: {category}")
        tags = "".join(f" [tag:{tag}]" for tag in (question.level, *question.tags) if tag)
        answer = _escaped(write_answer(question))
        parts.append(
            f"// [id:{question.id}]{tags}\n::{question.id}::[plain]{_escaped(question.prompt)} {{####{answer}}}"
        )
    return "\n\n".join(parts) + "\n"


def _blocks(text: str, category: tuple[str, str]) -> Iterator[_Block]:
    """Go through the questions; a blank line ends one, as in Moodle."""
    block = None
    labels: list[tuple[str, str]] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.lstrip().startswith("//"):
            labels += _LABEL.findall(line)
        elif line.startswith("$CATEGORY:"):
            category = categories(line.removeprefix("$CATEGORY:")) or category
        elif line.strip():
            block = block or _Block(number, labels, category)
            block.text += line + "\n"
        elif block:
            yield block
            block, labels = None, []


def _question(block: _Block, where: str) -> tuple[Question, str]:
    """Return the question, or why it is left out."""
    title = _TITLE.match(block.text.lstrip())
    body = block.text.lstrip()[title.end() :] if title else block.text
    markup = _FORMAT.match(body)
    body = body[markup.end() :] if markup else body
    kind = markup[1] if markup else "moodle"
    names = [value.strip() for label, value in block.labels if label == "id"]
    level, tags = split_level([value.strip() for label, value in block.labels if label == "tag"])
    section, subsection = block.category
    question = Question(
        names[0] if names else _plain(title[1]).strip() if title else "",
        "", "", section=section, subsection=subsection, level=level, tags=tags, source=where,
    )  # fmt: skip
    parts = _BRACES.match(body)
    if not parts:
        if re.search(r"(?<!\\)\{", body):
            raise InputError(f"{where}: a {{ without its }}; expected the whole question before the next blank line")
        return question, "a description, not a question"
    blank = " _____ " if parts["after"].strip() else ""
    prompt = to_text(_plain(f"{parts['before'].strip()}{blank}{parts['after'].strip()}"), kind)
    return _answered(replace(question, prompt=prompt), parts["inside"], kind)


def _answered(question: Question, inside: str, kind: str) -> tuple[Question, str]:
    answers, *feedback = _FEEDBACK.split(inside, maxsplit=1)
    answers = answers.strip()
    if not answers:
        text = to_text(_plain(feedback[0]), kind) if feedback else ""
        return read_answer(question, text), "" if text else "an essay without a reference (general feedback, ####)"
    choices = _ANSWER.findall(answers)
    if answers[0] != "=" or "->" in answers or any(mark == "~" for mark, _ in choices):
        return question, "neither an essay nor a short-answer question"
    accepted = []
    for _, answer in choices:
        percent = _PERCENT.match(answer)
        text = re.split(r"(?<!\\)#", answer[percent.end() :] if percent else answer, maxsplit=1)[0]
        accepted.append((float(percent[1]) if percent else 100.0, to_text(_plain(text), "plain")))
    return short_answer(question, accepted)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\n", r"\n")


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text)
