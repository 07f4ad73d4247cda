"""`eval run`: grade an eval set and compare with its human scores."""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.answers import Answer, AnswerFile
from grader.errors import InputError
from grader.evaluation.agreement import agreement
from grader.grade.model import Grade
from grader.pipeline.similarity_grader import SimilarityGrader

DRAWS = 500


def read_eval_set(file: AnswerFile, split: str | None) -> list[tuple[Answer, tuple[float, ...]]]:
    """Return the answers of an eval set with their human scores (one, or one a rater).

    Raises:
        InputError: no score column, a score that is no number in 0..1, or a split that is not there.

    """
    columns = file.columns
    raters = sorted(name for name in columns if name.startswith("rater") and name[5:].isdigit())
    names = raters or [name for name in columns if name == "human_score"]
    if not names:
        raise InputError(f"{file.path}: row 1: no human scores: expected a column human_score, or rater1, rater2, …")
    if split is not None and "split" not in columns:
        raise InputError(f"{file.path}: row 1: --split {split} asked for, but there is no column split")
    rows, splits = [], set()
    for answer in file:
        splits.add(answer.extra.get("split", ""))
        if split is None or answer.extra["split"] == split:
            rows.append((answer, tuple(_score(file, answer, name) for name in names if answer.extra[name].strip())))
    if not rows:
        raise InputError(f"{file.path}: no rows in split {split!r}; found {', '.join(sorted(map(repr, splits)))}")
    if bare := [answer.row for answer, scores in rows if not scores]:
        raise InputError(f"{file.path}: row {bare[0]}: no human score")
    return rows


def evaluate(
    rows: Sequence[tuple[Answer, tuple[float, ...]]], grader: SimilarityGrader, *, seed: int
) -> dict[str, Any]:
    """Grade the rows and return the figures of `eval run`, ready for JSON."""
    start = time.perf_counter()
    results = [result for _, result in grader.grade(answer for answer, _ in rows)]
    seconds = time.perf_counter() - start
    kept = [
        (answer, scores, grade)
        for (answer, scores), grade in zip(rows, results, strict=True)
        if isinstance(grade, Grade)
    ]
    human = [float(np.mean(scores)) for _, scores, _ in kept]
    questions = [answer.question.id for answer, _, _ in kept]

    def agree(mine: Sequence[float], theirs: Sequence[float], whose: Sequence[str]) -> dict[str, Any] | None:
        if not mine:
            return None
        return agreement(theirs, mine, whose, pass_mark=grader.pass_mark, seed=seed, draws=DRAWS)

    by_section: dict[str, Any] = defaultdict(list)
    for index, (answer, _, _) in enumerate(kept):
        by_section[answer.question.section].append(index)
    pairs = [(scores[0], scores[1], answer.question.id) for answer, scores, _ in kept if len(scores) > 1]
    cosines = grader.cosine(answer for answer, _, _ in kept)
    scores = [grade.score for _, _, grade in kept]
    covered = [grade.low <= score <= grade.high for score, (_, _, grade) in zip(human, kept, strict=True)]
    return {
        "n": len(rows),
        "graded": len(kept),
        "ungraded": len(rows) - len(kept),
        "metrics": agree(scores, human, questions),
        "baseline_cosine": agree(cosines, human, questions),
        "human_ceiling": agree(*map(list, zip(*pairs, strict=True))) if pairs else None,
        "interval_coverage": round(float(np.mean(covered)), 4) if covered else None,
        "by_section": {
            name: {"n": len(rows_), **(agree(*([c[i] for i in rows_] for c in (scores, human, questions))) or {})}
            for name, rows_ in by_section.items()
        },
        "embedder": grader.embedder.name,
        "profile": grader.profile.name,
        "pass_mark": grader.pass_mark,
        "seconds": round(seconds, 3),
        "answers_per_second": round(len(rows) / seconds, 1),
    }


def _score(file: AnswerFile, answer: Answer, column: str) -> float:
    text = answer.extra[column]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise InputError(f"{file.path}: row {answer.row}: {column} is {text!r}; expected a number from 0 to 1")
    return value
