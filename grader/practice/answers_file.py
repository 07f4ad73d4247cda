"""Answers written in one text, for a test without a terminal."""

import re

from grader.errors import InputError
from grader.practice.written import unwrapped

_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def split_answers(text: str, questions: int, where: str) -> list[str]:
    """Return the answers in a text, which blank lines separate: at most one a question, in the questions' order.

    Raises:
        InputError: there is no answer, or there are more answers than questions.

    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").strip()
    answers = [unwrapped(part) for part in _BLANK.split(plain)] if plain else []
    if not answers:
        raise InputError(f"{where}: holds no answer")
    if len(answers) > questions:
        raise InputError(
            f"{where}: {len(answers)} answers for {questions} questions; a blank line ends an answer, "
            "so an answer itself holds none"
        )
    return answers
