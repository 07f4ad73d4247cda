"""Can a bank be graded? Each finding says where and what."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise
from operator import itemgetter
from pathlib import Path

from grader.answers import Answer
from grader.bank import Bank, KeyPoint, Question, Section
from grader.bank.load import Places
from grader.bank.model import Location
from grader.errors import nearest
from grader.grade.model import Grade, Ungraded
from grader.pipeline.grader import Grader

WORDS = {
    "prompt": (5, 60),
    "reference": (60, 140),
    "alternatives": (60, 140),
    "text": (4, 30),
    "contrary": (4, 30),
    "note": (4, 80),
}
"""Fewest and most words of a text, by the field that holds it."""
KEY_POINTS = (3, 7)
CONTRARIES = (1, 2)
REFERENCE_LEAST = 0.9
FULL_CREDIT = 0.9
"""Two key points overlap when each, said alone, earns this much of the other; less is a shared subject."""
PROMPT_MOST = 0.15

GRADED = {"prompt", "reference", "alternatives", "key_points"}
"""The fields whose texts are graded as answers."""

Grades = Mapping[Location, Grade | Ungraded]
Told = tuple[Location, str]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that keeps a question from being graded well."""

    file: str
    line: int
    question: str
    """Its id; empty where the finding is about a whole section."""
    field: str
    message: str

    def __str__(self) -> str:
        """Return the finding as editors and compilers write it."""
        return f"{self.file}:{self.line}: " + ": ".join(filter(None, (self.question, self.field, self.message)))


def grade_own_texts(bank: Bank, grader: Grader) -> Iterator[tuple[Question, Grades]]:
    """Go through the questions, each with the grades that its own texts get as answers, by where they stand."""
    texts = [(q, location, text) for q in bank for location, text in q.texts() if location[0] in GRADED]
    graded = grader.grade(Answer(question, text) for question, _, text in texts)
    results = ((q, location, grade) for (q, location, _), (_, grade) in zip(texts, graded, strict=True))
    for question, group in groupby(results, key=itemgetter(0)):
        yield question, {location: grade for _, location, grade in group}


def lint_scores(bank: Bank, graded: Iterable[tuple[Question, Grades]]) -> list[Finding]:
    """Return what only grading finds.

    `graded` is what `grade_own_texts` returned, and judges: a reference must earn `REFERENCE_LEAST` and a prompt no
    more than `PROMPT_MOST`, no two key points may earn each other, and no contrary may meet its own.
    """
    places = Places(bank)
    findings = []
    for question, grades in graded:
        for location, message in (*_scores(question, grades), *_overlaps(question, grades)):
            findings.append(finding_at(places, question, location, message))
    return findings


def lint_form(bank: Bank) -> list[Finding]:
    """Return what can be found without grading: missing sections, unknown tags, too long, too short, too few."""
    places = Places(bank)
    findings = list(_missing_sections(bank.sections))
    for question in bank:
        findings += [
            finding_at(places, question, location, message) for location, message in _form(question, bank.tags)
        ]
    return findings


def finding_at(places: Places, question: Question, location: Location, message: str) -> Finding:
    """Return a finding about what stands at `location` in a question."""
    field = ".".join(str(step + 1) if isinstance(step, int) else step for step in location)
    return Finding(*places.find(question, location), question.id, field, message)


def _missing_sections(sections: Sequence[Section]) -> Iterator[Finding]:
    numbers = [0, *(int(Path(section.file).name[:2]) for section in sections)]
    for (before, number), section in zip(pairwise(numbers), sections, strict=True):
        for missing in range(before + 1, number):
            yield Finding(section.file, 1, "", "section", f"section {missing} is missing: no file {missing:02}-….yaml")


def _form(question: Question, tags: frozenset[str]) -> Iterator[Told]:
    for location, text in question.texts():
        field = next(step for step in reversed(location) if isinstance(step, str))
        if fault := _outside(WORDS[field], len(text.split()), "words"):
            yield location, fault
    if fault := _outside(KEY_POINTS, len(question.key_points), "key points"):
        yield ("key_points",), fault
    for index, point in enumerate(question.key_points):
        if fault := _outside(CONTRARIES, len(point.contrary), "contraries"):
            yield ("key_points", index, "contrary"), fault
    for index, tag in enumerate(question.tags):
        if tags and tag not in tags:
            yield ("tags", index), f"unknown tag {nearest(tag, tags)}"


def _outside(bounds: tuple[int, int], count: int, what: str) -> str:
    least, most = bounds
    return "" if least <= count <= most else f"{what}: {count}, expected {least}-{most}"


def _scores(question: Question, grades: Grades) -> Iterator[Told]:
    for location, grade in grades.items():
        if isinstance(grade, Ungraded):
            yield location, f"cannot be graded: {grade.reason}"
        elif location[0] == "prompt" and grade.score > PROMPT_MOST:
            yield location, f"the prompt alone scores {grade.score:.2f}; expected at most {PROMPT_MOST}"
        elif location[0] in {"reference", "alternatives"} and grade.score < REFERENCE_LEAST:
            weak = ", ".join(f"{v.key_point} {v.verdict}" for v in grade.verdicts if v.verdict != "met")
            yield location, f"scores {grade.score:.2f}; expected {REFERENCE_LEAST} ({weak or 'every key point met'})"
        elif "contrary" in location:
            point = _point(question, location)
            if any(v.key_point == point.id and v.verdict == "met" for v in grade.verdicts):
                yield location, f"the contrary scores as its key point {point.id}"


def _overlaps(question: Question, grades: Grades) -> Iterator[Told]:
    earned = {_point(question, where).id: (where, _earned(grade)) for where, grade in grades.items() if "text" in where}
    for (one, (_, by_one)), (other, (where, by_other)) in combinations(earned.items(), 2):
        if other in by_one and one in by_other:
            yield where, f"{other} overlaps {one}: an answer that says one of them meets both"


def _point(question: Question, location: Location) -> KeyPoint:
    return question.key_points[int(location[1])]


def _earned(grade: Grade | Ungraded) -> set[str]:
    """Return the key points that the answer earns in full."""
    return set() if isinstance(grade, Ungraded) else {v.key_point for v in grade.verdicts if v.credit >= FULL_CREDIT}
