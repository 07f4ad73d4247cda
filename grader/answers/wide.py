"""Wide files, as form tools export them: one row a candidate, one column a question, headed by its id or text."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from grader.bank import Bank, Question
from grader.errors import InputError
from grader.text.normalise import normalise

# What form tools add by themselves; every other column must be a question, or an answer could go missing unseen.
BOOKKEEPING = frozenset(
    {
        "timestamp", "start time", "completion time", "last modified time", "start date", "end date", "submitted at",
        "submission date", "submission id", "date created", "date modified", "email", "email address", "username",
        "name", "first name", "last name", "full name", "id", "#", "respondent id", "response id", "response type",
        "collector id", "ip address", "network id", "tags", "token", "language", "score", "total points",
        "quiz feedback", "duration", "status",
    }
)  # fmt: skip
_NUMBERING = re.compile(r"^(?:q(?:uestion)?\s*)?\d{1,3}\s*[.):]\s+")
_WORD = re.compile(r"\w+")


def question_columns(columns: Iterable[str], bank: Bank, name: str) -> dict[str, Question]:
    """Return the question that each column asks. Form tools' own columns are left out.

    A header is a question's id, or its text: the same after case, white space, typographic variants, a number in
    front and a star behind (the mark of a required question) are evened out.

    Raises:
        InputError: a column is no question of the bank (with the nearest one), or two columns ask the same one.

    """
    by_text = {_even(question.prompt): question for question in bank}
    found: dict[str, Question] = {}
    faults = []
    for column in columns:
        question = bank.by_id.get(column) or by_text.get(_even(column))
        if question is not None:
            if question in found.values():
                faults.append(
                    f"{name}: row 1: two columns ask {question.id!r}; leave one out (--map ignore={column!r})"
                )
            found[column] = question
        elif column and _even(column) not in BOOKKEEPING:
            faults.append(_no_question(column, bank, by_text, name))
    if not found and not faults:
        faults.append(f"{name}: row 1: no column 'answer', and no column headed by a question's id or text")
    if faults:
        raise InputError("\n".join(faults[:10]))
    return found


def _no_question(column: str, bank: Bank, by_text: dict[str, Question], name: str) -> str:
    shown = column if len(column) <= 60 else column[:59] + "…"
    near = _nearest(column, bank, by_text)
    nearest = f"the nearest is {near.id} ({near.prompt!r}); " if near else ""
    return (
        f"{name}: row 1: column {shown!r} is no question of the bank {bank.name!r}; {nearest}"
        f"say which it is (--map {near.id if near else 'QUESTION_ID'}={shown!r}) "
        f"or leave it out (--map ignore={shown!r})"
    )


def _nearest(column: str, bank: Bank, by_text: dict[str, Question]) -> Question | None:
    """Return the question with the nearest id, or whose text shares most words with the header, long ones first."""
    if ids := get_close_matches(column, list(bank.by_id), 1):
        return bank.by_id[ids[0]]
    words = set(_WORD.findall(_even(column)))
    shared = {text: sum(map(len, words & set(_WORD.findall(text)))) for text in by_text}
    text = max(shared, key=lambda text: shared[text], default="")
    return by_text[text] if shared.get(text) else None


def _even(text: str) -> str:
    plain = " ".join(normalise(text).text.casefold().split())
    return _NUMBERING.sub("", plain.rstrip("* ")).strip()
