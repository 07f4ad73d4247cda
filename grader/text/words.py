"""Words of English text: their stems, and those that only hold a sentence together."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import Stemmer

FUNCTION_WORDS = frozenset(
    """
    a about after all also an and any are as at be because been before being both but by can could did do does doing
    down during each few for from further had has have having he her here hers him his how i if in into is it its
    itself just may me might more most must my no nor not of off on once one only or other our ours out over own same
    she should so some such than that the their theirs them then there these they this those through to too under
    until up us very was we were what when where which while who whom why will with would you your yours
    """.split()  # noqa: SIM905  # a list of strings would be no easier to read
)
"""Words without a subject matter. Connected English text is about half made of them, a list of keywords of none."""

_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")
_PUNCTUATION = str.maketrans(dict.fromkeys(".,;:!?\"'", " "))
_BULLETS = "-*\u2022># "
_MOST_PUNCTUATION = 12
_STEMMER = Stemmer.Stemmer("english")


def words(text: str) -> list[str]:
    """Return the words of a normalised text in lower case, `don't` and `1.5` as one word each."""
    return _WORD.findall(text.lower())


def repeats(one: str, other: str) -> bool:
    """Say whether two normalised texts are the same but for case, punctuation, line breaks and a bullet."""
    return abs(len(one) - len(other)) <= _MOST_PUNCTUATION and _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join(text.lstrip(_BULLETS).translate(_PUNCTUATION).casefold().split())


def word_triples(said: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Go through the runs of three words."""
    return zip(said, said[1:], said[2:], strict=False)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the stem of a word in lower case (Porter's algorithm for English, second version: Porter, 2001)."""
    return str(_STEMMER.stemWord(word))


def content_stems(said: Sequence[str]) -> list[str]:
    """Return the stems of the words that tell something, in order."""
    return [stem(word) for word in said if word not in FUNCTION_WORDS]


def function_word_share(tokens: Sequence[str]) -> float:
    """Return the share, 0..1, of words that only hold sentences together; 0 without words."""
    return sum(map(FUNCTION_WORDS.__contains__, tokens)) / len(tokens) if tokens else 0.0
