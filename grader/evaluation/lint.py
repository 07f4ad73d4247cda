"""Can a bank be graded? Each finding says where and what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.answers import Answer
from grader.bank import Bank, Question
from grader.grade.model import Grade
from grader.pipeline.similarity_grader import SimilarityGrader

REFERENCE_WORDS = (60, 140)
KEY_POINTS = (3, 7)
KEY_POINT_WORDS = (4, 30)
CONTRARIES = (1, 2)
COPIED_RUN = 8
REFERENCE_LEAST = 0.9
PROMPT_MOST = 0.15
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps a question from being graded well."""

    where: str
    message: str


def lint_bank(bank: Bank, grader: SimilarityGrader, source: str | None = None) -> list[Finding]:
    """Return all findings, in the order of the bank. `source` is a text that must not be copied."""
    copied = _runs(source) if source else frozenset()
    findings = [
        Finding(question.source, f"{question.id}: {message}")
        for question in bank
        for message in (*_form(question, bank.tags), *_copies(question, copied))
    ]
    questions = list(bank)
    references = [Answer(q, text) for q in questions for text in (q.reference, *q.alternatives)]
    prompts = [Answer(q, q.prompt) for q in questions]
    contraries = [(Answer(q, text), point.id) for q in questions for point in q.key_points for text in point.contrary]
    for answer, grade in grader.grade(references):
        if answer.text == answer.question.reference and isinstance(grade, Grade) and grade.score < REFERENCE_LEAST:
            weak = ", ".join(f"{v.key_point} {v.credit:.2f}" for v in grade.verdicts if v.verdict != "met")
            findings.append(
                Finding(answer.question.source, f"{grade.question_id}: the reference scores {grade.score:.2f} ({weak})")
            )
    for answer, grade in grader.grade(prompts):
        if isinstance(grade, Grade) and grade.score > PROMPT_MOST:
            findings.append(
                Finding(answer.question.source, f"{grade.question_id}: the prompt alone scores {grade.score:.2f}")
            )
    graded = grader.grade(answer for answer, _ in contraries)
    for (answer, point_id), (_, grade) in zip(contraries, graded, strict=True):
        if not isinstance(grade, Grade):
            continue
        verdict = next(v for v in grade.verdicts if v.key_point == point_id)
        if verdict.verdict == "met":
            findings.append(
                Finding(
                    answer.question.source, f"{grade.question_id}: {point_id}: a contrary meets it: {answer.text!r}"
                )
            )
    return sorted(findings, key=lambda f: (f.where.rpartition(":")[0], int(f.where.rpartition(":")[2] or 0)))


def _form(question: Question, tags: frozenset[str]) -> Iterator[str]:
    for text in (question.reference, *question.alternatives):
        if not REFERENCE_WORDS[0] <= len(text.split()) <= REFERENCE_WORDS[1]:
            yield f"a reference has {len(text.split())} words; expected {REFERENCE_WORDS[0]}-{REFERENCE_WORDS[1]}"
    if not KEY_POINTS[0] <= len(question.key_points) <= KEY_POINTS[1]:
        yield f"{len(question.key_points)} key points; expected {KEY_POINTS[0]}-{KEY_POINTS[1]}"
    for point in question.key_points:
        if not KEY_POINT_WORDS[0] <= len(point.text.split()) <= KEY_POINT_WORDS[1]:
            yield f"{point.id}: {len(point.text.split())} words; expected {KEY_POINT_WORDS[0]}-{KEY_POINT_WORDS[1]}"
        if not CONTRARIES[0] <= len(point.contrary) <= CONTRARIES[1]:
            yield f"{point.id}: {len(point.contrary)} contraries; expected {CONTRARIES[0]}-{CONTRARIES[1]}"
    if tags and (unknown := sorted(set(question.tags) - tags)):
        yield f"unknown tags: {', '.join(unknown)}"


def _copies(question: Question, copied: frozenset[tuple[str, ...]]) -> Iterator[str]:
    texts = [question.prompt, question.reference, question.note, *question.alternatives]
    for point in question.key_points:
        texts += [point.text, *point.contrary]
    for text in texts:
        for run in sorted(_runs(text) & copied)[:1]:
            yield f"copied from the source: {' '.join(run)!r}"


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return frozenset(tuple(words[i : i + COPIED_RUN]) for i in range(len(words) - COPIED_RUN + 1))
