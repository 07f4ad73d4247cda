"""Mohler, Bunescu & Mihalcea, ACL 2011 (`ShortAnswerGrading_v2.0`): the folder, or a table with a row an answer."""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.errors import InputError
from grader.evaluation.public_sets.rows import Names, Row, clean, number, score_text, table_rows

SCALE = 5.0
TABLE: Names = {
    "question": ("question",),
    "reference": ("desired_answer", "instructor_answer", "reference_answer"),
    "answer": ("student_answer", "answer"),
    "rater1": ("score_me", "score_grader_1", "grader_1"),
    "rater2": ("score_other", "score_grader_2", "grader_2"),
}
_RATERS = ("me", "other", "ave")
_LINE = re.compile(r"(\d+\.\d+)\s+(.*)")


def read_mohler(path: Path) -> Iterator[Row]:
    """Go through the answers of the Mohler set with both raters' scores, 0..1. Raises InputError."""
    if path.is_file():
        yield from table_rows(path, TABLE, SCALE)
        return
    root = path / "data" if (path / "data").is_dir() else path
    texts = root / "raw" if (root / "raw").is_dir() else root / "sent"
    questions, references = (_by_id(texts / name) for name in ("questions", "answers"))
    for name in sorted(questions, key=lambda n: [int(part) for part in n.split(".")]):
        if (texts / name).is_file() and (root / "scores" / name).is_dir():
            shared = {"question_id": name, "question": questions[name], "reference": references.get(name, "")}
            yield from _question(texts / name, root / "scores" / name, shared)


def _question(answers: Path, scores: Path, shared: Row) -> Iterator[Row]:
    lines = [clean(match[2] if (match := _LINE.match(line)) else line) for line in _lines(answers)]
    me, other, average = ([number(line, scores / name) for line in _lines(scores / name)] for name in _RATERS)
    if not len(lines) == len(me) == len(other) == len(average):
        raise InputError(
            f"{answers}: {len(lines)} answers, but {len(me)}, {len(other)} and {len(average)} scores in {scores}"
        )
    # The raters' own scores of the two exams run to 10; only the average was brought to the scale of 5.
    twice = (sum(me) + sum(other)) / 2 > 1.5 * sum(average)
    scale = SCALE * 2 if twice else SCALE
    for text, one, two in zip(lines, me, other, strict=True):
        yield {**shared, "answer": text, "rater1": score_text(one / scale), "rater2": score_text(two / scale)}


def _by_id(file: Path) -> dict[str, str]:
    return {match[1]: clean(match[2]) for line in _lines(file) if (match := _LINE.match(line))}


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_bytes()
    except OSError as exc:
        raise InputError(f"{file}: cannot be read: {exc.strerror or exc}") from exc
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = text.decode("latin-1")  # what the set of 2011 is written in
    return [line.strip() for line in decoded.splitlines() if line.strip()]
