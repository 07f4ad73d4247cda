"""What belongs to the answer of a question as one text, for formats with one place for all of it.

    the reference

    Also right:

    an alternative

    Key points:

    - Security groups are stateful [2]
      - Not: Security groups are stateless

    Misconceptions:

    - A security group can hold deny rules

and in the same way `Note:` with what changed in the world. A text that does not keep to this is a reference as a
whole, so that nothing of it is lost.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.bank import KeyPoint, Misconception, Question

ALTERNATIVE, KEY_POINTS, MISCONCEPTIONS, NOTE = "Also right:", "Key points:", "Misconceptions:", "Note:"
TITLES = (ALTERNATIVE, KEY_POINTS, MISCONCEPTIONS, NOTE)
_TITLE = re.compile(rf"(?:\*\*)?({'|'.join(TITLES)})(?:\*\*)?$")
_POINT = re.compile(r"- (?P<text>.*?\S)(?: \[(?P<weight>\d+(?:\.\d+)?)\])?$")
_CONTRARY = re.compile(r"  - Not: (?P<text>.*\S)$")
_ENDS_LIKE_WEIGHT = re.compile(r" \[\d+(?:\.\d+)?\]$")


def write_answer(question: Question, *, bold: bool = False) -> str:
    """Return all that belongs to the answer as one text; `bold` marks its titles as Markdown does."""
    parts = [guard(question.reference, _TITLE)]
    for text in question.alternatives:
        parts += [ALTERNATIVE, guard(text, _TITLE)]
    if question.key_points:
        parts += [KEY_POINTS, "\n".join(line for point in question.key_points for line in _point_lines(point))]
    if question.misconceptions:
        parts += [MISCONCEPTIONS, "\n".join(_bullet(m.text, m.weight) for m in question.misconceptions)]
    if question.note:
        parts += [NOTE, guard(question.note, _TITLE)]
    return "\n\n".join(f"**{part}**" if bold and part in TITLES else part for part in parts)


def read_answer(question: Question, text: str) -> Question:
    """Return the question with the answer that `text` holds; the reverse of `write_answer`."""
    (_, reference), *blocks = _blocks(text)
    read = replace(question, reference=unguard(reference, _TITLE))
    for title, block in blocks:
        points = _points(block.split("\n")) if title in (KEY_POINTS, MISCONCEPTIONS) else ()
        if not block or not reference or points is None:
            return replace(question, reference=text)
        if title == ALTERNATIVE:
            read = replace(read, alternatives=(*read.alternatives, unguard(block, _TITLE)))
        elif title == KEY_POINTS:
            read = replace(read, key_points=(*read.key_points, *points))
        elif title == MISCONCEPTIONS:
            wrong = tuple(Misconception("", point.text, point.weight) for point in points)
            read = replace(read, misconceptions=(*read.misconceptions, *wrong))
        else:
            read = replace(read, note=unguard(block, _TITLE))
    return read


def guard(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text with a backslash before each line that `pattern` would take for something else."""
    lines = text.split("\n")
    return "\n".join("\\" + line if pattern.match(line.lstrip("\\")) else line for line in lines)


def unguard(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text that `guard` was given."""
    lines = text.split("\n")
    return "\n".join(line[1:] if line[:1] == "\\" and pattern.match(line.lstrip("\\")) else line for line in lines)


def _blocks(text: str) -> list[tuple[str, str]]:
    """Return (title, text) of each block; the first has no title."""
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in text.split("\n"):
        if title := _TITLE.match(line):
            blocks.append((title[1], []))
        else:
            blocks[-1][1].append(line)
    return [(title, "\n".join(lines).strip("\n")) for title, lines in blocks]


def _points(lines: Sequence[str]) -> tuple[KeyPoint, ...] | None:
    """Return the points of a block; None when it holds anything else."""
    points: list[KeyPoint] = []
    for line in lines:
        if point := _POINT.match(line):
            points.append(KeyPoint("", point["text"], float(point["weight"] or 1)))
        elif (contrary := _CONTRARY.match(line)) and points:
            points[-1] = replace(points[-1], contrary=(*points[-1].contrary, contrary["text"]))
        elif line.strip():
            return None
    return tuple(points)


def _point_lines(point: KeyPoint) -> Iterator[str]:
    yield _bullet(point.text, point.weight)
    for text in point.contrary:
        yield f"  - Not: {one_line(text)}"


def _bullet(text: str, weight: float) -> str:
    line = f"- {one_line(text)}"
    return f"{line} [{weight:g}]" if weight != 1 or _ENDS_LIKE_WEIGHT.search(line) else line


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())
