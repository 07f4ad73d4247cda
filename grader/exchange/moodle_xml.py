"""Moodle XML: essay questions, with the answer as information for graders, and short-answer questions.

The format: https://docs.moodle.org/en/Moodle_XML_format
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import (  # what is read goes through defusedxml
    Element,
    ParseError,
    SubElement,
    TreeBuilder,
    indent,
    tostring,
)

from grader.bank import Bank, Question
from grader.errors import InputError
from grader.exchange.answer_text import read_answer, write_answer
from grader.exchange.document import Document
from grader.exchange.moodle import categories, category_path, short_answer, split_level, to_text

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINES = 15
"""Height of the box for the answer, which Moodle wants to know."""


class _Builder(TreeBuilder):
    """Builds the tree, and keeps the line on which each question begins."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []
        self.parser: Any = None

    def start(self, tag: Any, attrs: Any, /) -> Element:
        if tag == "question":
            self.lines.append(self.parser.parser.CurrentLineNumber)
        return super().start(tag, attrs)


def read_moodle_xml(path: Path) -> Document:
    """Return the essay and short-answer questions.

    Raises:
        InputError: the file cannot be read, is not well-formed, declares entities, or is no Moodle quiz.

    """
    root, lines = _parse(path)
    section, subsection = path.stem, ""
    questions, left_out = [], []
    for element, line in zip(root.iter("question"), lines, strict=True):
        where = f"{path}:{line}"
        if element.get("type") == "category":
            section, subsection = categories(_text(element, "category")) or (section, subsection)
            continue
        question, reason = _question(
            element, Question("", "", "", section=section, subsection=subsection, source=where)
        )
        if reason:
            left_out.append(f"{where}: {reason}")
        else:
            questions.append(question)
    return Document(tuple(questions), tuple(left_out))


def write_moodle_xml(bank: Bank) -> str:
    """Return the bank as essay questions, one category a section or subsection."""
    quiz = Element("quiz")
    category = ""
    for question in bank:
        if (path := category_path(question)) != category:
            category = path
            _add(SubElement(quiz, "question", type="category"), "category", category)
        _add_essay(quiz, question)
    indent(quiz)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(quiz, encoding="unicode") + "\n"


def _parse(path: Path) -> tuple[Element, list[int]]:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    builder = _Builder()
    builder.parser = parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        parser.feed(path.read_bytes())
        root = parser.close()
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    except DefusedXmlException as exc:
        raise InputError(f"{path}: declares document types or entities; expected a Moodle XML export") from exc
    except ParseError as exc:
        raise InputError(f"{path}:{exc.position[0]}: not well-formed XML: {exc}") from exc
    if root.tag != "quiz":
        raise InputError(f"{path}:1: the root element is <{root.tag}>; expected <quiz>, as Moodle exports it")
    return root, builder.lines


def _question(element: Element, question: Question) -> tuple[Question, str]:
    """Return the question, or why it is left out."""
    level, tags = split_level([_text(tag) for tag in element.iterfind("tags/tag")])
    name = _text(element, "idnumber", direct=True) or _text(element, "name")
    question = replace(question, id=name, prompt=_text(element, "questiontext"), level=level, tags=tags)
    kind = element.get("type", "")
    if not question.prompt:
        return question, "questiontext is empty"
    if kind == "essay":
        answer = _text(element, "graderinfo") or _text(element, "generalfeedback")
        return read_answer(question, answer), "" if answer else "an essay without a reference (graderinfo)"
    if kind == "shortanswer":
        return short_answer(question, list(_accepted(element)))
    return question, f"its type is {kind!r}, neither essay nor shortanswer"


def _accepted(element: Element) -> Iterator[tuple[float, str]]:
    for answer in element.iterfind("answer"):
        fraction = answer.get("fraction", "100")
        yield (float(fraction) if re.fullmatch(r"-?\d+(?:\.\d+)?", fraction) else 0.0), _text(answer)


def _text(element: Element, name: str | None = None, *, direct: bool = False) -> str:
    """Return the text of a child in its own format; Moodle puts most texts into a <text> of their own."""
    holder = element if name is None else element.find(name)
    if holder is None:
        return ""
    text = holder if direct else holder.find("text")
    content = "".join(text.itertext()) if text is not None else ""
    return to_text(content, holder.get("format", "plain"))


def _add_essay(quiz: Element, question: Question) -> None:
    essay = SubElement(quiz, "question", type="essay")
    _add(essay, "name", question.id)
    _add(essay, "questiontext", question.prompt, format="plain_text")
    _add(essay, "graderinfo", write_answer(question), format="plain_text")
    for name, value in (("defaultgrade", 1), ("idnumber", question.id), ("responseformat", "editor")):
        SubElement(essay, name).text = str(value)
    SubElement(essay, "responsefieldlines").text = str(_LINES)
    tags = SubElement(essay, "tags")
    for tag in filter(None, (question.level, *question.tags)):
        _add(tags, "tag", tag)


def _add(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(SubElement(parent, name, attributes), "text").text = _NOT_XML.sub("", text)
