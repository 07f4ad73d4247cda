"""Guards: what makes an answer suspect, whatever it scores. Each is a flag; most ask for a person."""

import re
from dataclasses import dataclass

import numpy as np

from grader.similarity.passage import Passage

TOO_SHORT_WORDS = 3
TOO_LONG_CHARACTERS = 20_000
ECHO_SHARE = 0.9
COPY_SHARE = 0.95
KEYWORD_MIN_WORDS = 6
FUNCTION_WORD_SHARE = 0.12
ENGLISH_SHARE = 0.5

# The most frequent English words: connected English text is about half made of them.
_FUNCTION_WORDS = frozenset(
    """
    a an and are as at be because been but by can could do does for from has have how if in into is it its may
    more must no not of on one only or other should so than that the their them then there these they this to
    was we were what when where which while who will with would you your i my
    """.split()  # noqa: SIM905  # a list of eighty strings is not easier to read
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_INJECTION = re.compile(
    r"(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|prompt|rubric|above|previous)"
    r"|\b(?:system|assistant)\s*(?:prompt|:)|<\s*/?\s*(?:system|answer|instructions?)\b|<\|"
    r"|\byou are (?:now )?(?:a|an|the) (?:grader|ai|assistant|language model)"
    r"|\"?(?:verdict|score|grade)\"?\s*[:=]\s*\"?(?:met|1(?:\.0)?|100|full|a\+?)\b"
    r"|\b(?:give|award|grant|mark)\b.{0,30}\b(?:full|maximum|highest|top|perfect|100)\b.{0,12}\b(?:marks?|scores?|points?|grade|%)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """The flags of an answer, and whether it says anything that can be marked."""

    flags: tuple[str, ...]
    worthless: bool
    """Nothing in it answers the question: the score is 0."""


def guard(
    answer: Passage, prompt: Passage, references: tuple[Passage, ...], cosine: float, off_topic: float
) -> Guarded:
    """Return the flags that the text itself raises, before any key point is looked at."""
    text = answer.text.text
    flags = text_flags(text)
    if "empty" in flags:
        return Guarded(flags, worthless=True)
    echo = _is_echo(answer, prompt)
    words = _words(text)
    fired = {
        "question_echo": echo,
        "off_topic": cosine < off_topic,
        "copied_reference": any(_shared(words, reference) >= COPY_SHARE for reference in references),
    }
    flags = (*flags, *(name for name, is_so in fired.items() if is_so))
    return Guarded(flags, worthless=echo or not len(answer.ids))


def text_flags(text: str) -> tuple[str, ...]:
    """Return the flags that an answer's text raises by itself."""
    words = _words(text)
    if not words:
        return ("empty",)
    function_words = sum(word in _FUNCTION_WORDS for word in words) / len(words)
    few_function_words = len(words) >= KEYWORD_MIN_WORDS and function_words < FUNCTION_WORD_SHARE
    fired = {
        "too_short": len(words) < TOO_SHORT_WORDS,
        "too_long": len(text) > TOO_LONG_CHARACTERS,
        "keyword_list": few_function_words and _is_ascii(text),
        "not_english": few_function_words and not _is_ascii(text),
        "injection": _INJECTION.search(text) is not None,
    }
    return tuple(name for name, is_so in fired.items() if is_so)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _is_echo(answer: Passage, prompt: Passage) -> bool:
    """Say whether all that the answer tells is in the question."""
    total = float(answer.weights.sum())
    if not total or not len(prompt.ids):
        return False
    return float(answer.weights[np.isin(answer.ids, prompt.ids)].sum()) / total >= ECHO_SHARE


def _shared(words: list[str], reference: Passage) -> float:
    """Return the share of the reference's word triples that the answer holds."""
    theirs = _WORD.findall(reference.text.text.lower())
    triples = set(zip(theirs, theirs[1:], theirs[2:], strict=False))
    if len(theirs) < KEYWORD_MIN_WORDS or not triples:
        return 0.0
    return len(triples & set(zip(words, words[1:], words[2:], strict=False))) / len(triples)


def _is_ascii(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(char.isascii() for char in letters) >= ENGLISH_SHARE * len(letters)
