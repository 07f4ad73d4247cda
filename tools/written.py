"""Written answers with a verdict for each key point, as they lie in `eval/training`; machine-written, all of them."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from grader.bank import Bank, KeyPoint, Question
from grader.bank.model import VerdictLabel


class Marked(NamedTuple):
    """An answer, and what it does with each key point of its question."""

    question: Question
    answer: str
    verdicts: Mapping[str, VerdictLabel]


def marked_answers(path: Path, bank: Bank) -> Iterator[Marked]:
    """Go through the answers of a CSV file to questions of the bank."""
    questions = {question.id: question for question in bank}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            verdicts = dict(cell.split("=") for cell in row["verdicts"].split(";"))
            yield Marked(questions[row["question_id"]], row["answer"], verdicts)


def marked_elsewhere(path: Path) -> Iterator[Marked]:
    """Go through the answers to questions of other fields, which stand in the file with their key points."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        row = json.loads(line)
        points = tuple(KeyPoint(name, text) for name, text in row["key_points"].items())
        question = Question(f"{row['field']} {number}", row["question"], row["reference"], points)
        for answer in row["answers"]:
            yield Marked(question, answer["answer"], answer["verdicts"])
