"""What attempts to earn marks without an answer score, beside the median real answer.

Takes the questions of each set's test-UQ split (of the eval set its test half), makes every attempt from the reference
or from a wrong answer of the set, and grades it with the default grader. Seeded.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median

from grader.answers import Answer, AnswerFile
from grader.bank import Question
from grader.bank.load import load_bank
from grader.consistency.wording import statements
from grader.consistency.worsening import deny
from grader.engines import make_grader
from grader.evaluation.evalset import Rated, read_eval_set
from grader.grade.model import Grade
from grader.settings import data_folder, load_settings

SPLITS = {"aws": "test"}
LONG_WORDS = 7
"""Letters from which a word counts as telling, for the words appended to a wrong answer."""
ADJECTIVES = ("very", "really", "quite", "clearly", "certainly")
PADDING = "Before I come to the point, let me say a few words about how I like to work with other people on a team. "
GIBBERISH = "Florb gnatz quiv blen dorp snick wubble frim tozz plank yurd, vesk mip glorn."
FOREIGN = (
    "Das kann ich leider nur auf Deutsch beantworten: Es kommt darauf an, was man damit erreichen will und wie die "
    "einzelnen Teile zusammenarbeiten."
)
FLAGS = {
    "negated reference": "contradiction",
    "shuffled reference": "keyword_list",
    "keyword list": "keyword_list",
    "question echo": "question_echo",
    "echo, then wrong": "",
    "reference pasted whole": "copied_reference",
    "half the reference, three times": "repetition",
    "reference with adverbs": "",
    "wrong, with telling words appended": "",
    "another question's reference": "off_topic",
    "gibberish": "off_topic",
    "empty": "empty",
    "I don't know": "off_topic",
    "reference, then its negation": "contradiction",
    "wrong, after 256 tokens of padding": "",
    "another language": "not_english",
}
"""Each attempt, and the flag that is meant to fire."""


def table(paths: Sequence[Path]) -> Iterator[str]:
    """Go through the lines of the table: a row an attempt, a column a set."""
    grader = make_grader(load_settings({}, {}, Path.cwd()))
    bank = load_bank(data_folder("bank") / "aws")
    columns: dict[str, Mapping[str, list[Grade]]] = {}
    medians: dict[str, float] = {}
    for path in paths:
        file = AnswerFile(path, lambda: bank)
        file.check()
        rows = read_eval_set(file, SPLITS.get(path.stem, "test-UQ"))
        attempts = list(made(rows))
        graded = grader.grade(Answer(question, text) for _, question, text in attempts)
        found: dict[str, list[Grade]] = {}
        for (name, _, _), (_, grade) in zip(attempts, graded, strict=True):
            if isinstance(grade, Grade):
                found.setdefault(name, []).append(grade)
        columns[path.stem] = found
        real = [grade.score for _, grade in grader.grade(row.answer for row in rows) if isinstance(grade, Grade)]
        medians[path.stem] = median(real)
    yield f"| attempt | {' | '.join(columns)} | flagged |"
    yield f"|---|{'---:|' * len(columns)}---|"
    yield f"| *median real answer* | {' | '.join(f'*{value:.2f}*' for value in medians.values())} | |"
    for name, flag in FLAGS.items():
        grades = [grade for column in columns.values() for grade in column.get(name, [])]
        cells = [
            f"{fmean(g.score for g in column[name]):.2f}" if name in column else "-" for column in columns.values()
        ]
        fired = f"{flag} {fmean(flag in grade.flags for grade in grades):.0%}" if flag and grades else ""
        yield f"| {name} | {' | '.join(cells)} | {fired} |"


def made(rows: Sequence[Rated]) -> Iterator[tuple[str, Question, str]]:
    """Go through (attempt, question, text)."""
    rng = random.Random(0)
    questions = {row.answer.question.id: row.answer.question for row in rows}
    wrong = {row.answer.question.id: row.answer.text for row in rows if row.human == 0 and row.words > 2}
    for question in questions.values():
        reference, tokens = question.reference, question.reference.split()
        others = [other.reference for other in questions.values() if other is not question]
        telling = [word for word in dict.fromkeys(re.findall(r"\w+", reference)) if len(word) >= LONG_WORDS]
        yield "negated reference", question, negated(reference)
        yield "shuffled reference", question, " ".join(rng.sample(tokens, len(tokens)))
        yield "keyword list", question, ", ".join(dict.fromkeys(w for w in re.findall(r"\w+", reference) if len(w) > 3))
        yield "reference pasted whole", question, reference
        yield "half the reference, three times", question, " ".join(3 * [" ".join(tokens[: len(tokens) // 2]) + "."])
        yield "reference with adverbs", question, " ".join(_adorned(tokens, rng))
        yield "reference, then its negation", question, f"{reference.rstrip('. ')}. {negated(reference)}"
        yield "gibberish", question, GIBBERISH
        yield "empty", question, ""
        yield "I don't know", question, "I don't know"
        yield "another language", question, FOREIGN
        if others:
            yield "another question's reference", question, rng.choice(others)
        if question.prompt:
            yield "question echo", question, question.prompt
        if bad := wrong.get(question.id):
            yield "wrong, with telling words appended", question, f"{bad} {' '.join(telling)}"
            yield "wrong, after 256 tokens of padding", question, PADDING * 13 + bad
            if question.prompt:
                yield "echo, then wrong", question, f"{question.prompt} {bad}"


def negated(text: str) -> str:
    """Return the text with every sentence denied."""
    return " ".join(map(deny, statements(text)))


def _adorned(tokens: Sequence[str], rng: random.Random) -> Iterator[str]:
    for index, token in enumerate(tokens):
        if index % 6 == 3:
            yield rng.choice(ADJECTIVES)
        yield token
