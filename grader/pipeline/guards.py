"""Guards: what makes an answer suspect, whatever it scores. Each is a flag; most ask for a person."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from grader.similarity.features import denied_outright
from grader.similarity.passage import Passage
from grader.similarity.target import Target
from grader.text.polarity import mismatch
from grader.text.words import function_word_share, repeats, word_triples

TOO_SHORT_WORDS = 3
TOO_LONG_CHARACTERS = 20_000
ECHO_SHARE = 0.9
COPY_SHARE = 0.95
KEYWORD_MIN_WORDS = 6
FUNCTION_WORD_SHARE = 0.12
ENGLISH_SHARE = 0.5
SHUFFLED_WORDS, SHUFFLED_TRIPLES = 0.9, 0.2
"""A text with so many of a reference's words, and so few of its word triples, is the reference shuffled."""
NEW_SHARE = 0.6
"""Share of its words that a text says for the first time, below which it repeats itself."""
DENIED_SHARE, DENIED_STEMS = 0.3, 3
"""Two statements contradict each other when they share so many stems, and one denies so many of them."""

TERM_WORDS, SINGLE_WORDS = 3, 1.5
"""Words between two separators, on average, up to which a list is one of terms, or of single words."""
_SEPARATOR = re.compile(r"[,;\n/|+]|\s[-\u2022]\s")

_FOREIGN_WORDS = frozenset(
    """
    der die das und ist nicht ein eine mit auf den von zu dem sich werden wird auch bei oder aus einer als wenn
    el los las una y es en que por con para del se como más pero sus este
    le les des est une et dans pour qui pas sur avec ce sont aux du par plus
    il che di non per sono della nel con anche alla gli
    het een en van niet dat op voor met zijn aan wordt
    o os uma não com da do em para mais são ao pelo
    """.split()  # noqa: SIM905  # a list of strings would be no easier to read
)
"""The most frequent words of languages that are written like English."""

_INJECTION = re.compile(
    r"(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|prompt|rubric|above|previous)"
    r"|<\s*/?\s*(?:system|answer|score|instructions?)\b|<\||\[/?inst"
    r"|(?:verdict|score|grade)\"?\s*[:=>]\s*\"?(?:met|1(?:\.0)?|\d+\s*(?:/|of|out of)\s*\d+|100|full|a\+?)\b"
    r"|\b(?:(?:system|assistant)\s*(?:prompt|message|:)"
    r"|you(?: a|')?re (?:now )?(?:a|an|the) (?:\w+ )?(?:grader|grading|ai|assistant|language model|teacher)\b"
    r"|(?:give|award|grant|mark|enter|return|allow|deserve)s?\b.{0,40}"
    r"\b(?:(?:full|maximum|highest|top|perfect|best|good|100|at least \d+)\b.{0,12}"
    r"(?:\b(?:marks?|scores?|points|grades?|credit|percent)\b|%)|10 (?:of|out of) 10|(?:the )?points\b|1\.0\b)"
    r"|(?:grader|graders|grading|evaluators?|examiners?|assessors?|rubric|answer key|hiring manager)\b"
    r"|(?:key ?points?|criteri\w+|question)\b.{0,60}\b(?:met|satisfied|fulfilled|not count)\b"
    r"|(?:full|highest|maximum|perfect) (?:marks?|scores?|points|credit)\b)",
    re.DOTALL,
)
"""Words to a grader rather than about the question, in lower case. A candidate has no reason to speak of marks."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """The flags of an answer, and whether it says anything that can be marked."""

    flags: tuple[str, ...]
    worthless: bool
    """Nothing in it answers the question: the score is 0."""


def guard(answer: Passage, target: Target, off_topic: float) -> Guarded:
    """Return the flags that the text itself raises, before any key point is looked at.

    `off_topic` is the whole-text cosine below which an answer is about something else.
    """
    flags = text_flags(answer.text.text, answer.words)
    if "empty" in flags:
        return Guarded(flags, worthless=True)
    echo = _is_echo(answer, target.prompt)
    denials = (denied_outright(reference.polarities, answer) for reference in target.references)
    shuffled = any(_is_shuffled(answer, reference) for reference in target.references)
    fired = {
        "keyword_list": shuffled and "keyword_list" not in flags,
        "question_echo": echo,
        "off_topic": target.cosine(answer) < off_topic,
        "copied_reference": any(_shared(answer, reference) >= COPY_SHARE for reference in target.references),
        "contradiction": _contradicts_itself(answer) or any(denied.any() for denied in denials),
    }
    flags = (*flags, *(name for name, is_so in fired.items() if is_so))
    # a reference may itself be a list of terms, and then so may a right answer
    bare = (
        "keyword_list" in flags
        and _is_list(answer.text.text, answer.words, TERM_WORDS)
        and not any(_is_list(reference.text.text, reference.words, TERM_WORDS) for reference in target.references)
    )
    nothing_said = (echo or shuffled or bare) and not any(
        repeats(answer.text.text, reference.text.text) for reference in target.references
    )
    return Guarded(flags, worthless=nothing_said or not len(answer.ids))


def text_flags(text: str, said: Sequence[str]) -> tuple[str, ...]:
    """Return the flags that an answer's text raises by itself, given its words."""
    if not said:
        return ("empty",)
    enough, english = len(said) >= KEYWORD_MIN_WORDS, function_word_share(said)
    foreign = _foreign_share(said) > max(FUNCTION_WORD_SHARE, english) or (
        english < FUNCTION_WORD_SHARE and not _is_ascii(text)
    )
    listed = english < FUNCTION_WORD_SHARE or _is_list(text, said, SINGLE_WORDS)
    fired = {
        "too_short": len(said) < TOO_SHORT_WORDS,
        "too_long": len(text) > TOO_LONG_CHARACTERS,
        "keyword_list": enough and listed and not foreign,
        "not_english": enough and foreign,
        "repetition": enough and _repeats(said),
        "injection": _INJECTION.search(text.lower()) is not None,
    }
    return tuple(name for name, is_so in fired.items() if is_so)


def _is_echo(answer: Passage, prompt: Passage) -> bool:
    """Say whether all that the answer tells is in the question."""
    total = float(answer.weights.sum())
    if not total or not len(prompt.ids):
        return False
    return float(answer.weights[answer.shared_with(prompt)].sum()) / total >= ECHO_SHARE


def _shared(answer: Passage, reference: Passage) -> float:
    """Return the share of the reference's word triples that the answer holds."""
    triples = reference.triples
    return len(triples & answer.triples) / len(triples) if len(reference.words) >= KEYWORD_MIN_WORDS else 0.0


def _is_shuffled(answer: Passage, reference: Passage) -> bool:
    """Say whether an answer is the words of a reference in another order."""
    said, theirs = answer.words, reference.words
    enough = SHUFFLED_WORDS * max(len(said), len(theirs))
    if len(theirs) < KEYWORD_MIN_WORDS or min(len(said), len(theirs)) < enough:
        return False
    common = (Counter(said) & Counter(theirs)).total()
    return common >= enough and _shared(answer, reference) <= SHUFFLED_TRIPLES


def _is_list(text: str, said: Sequence[str], most_words: float) -> bool:
    """Say whether a text of these words is terms with separators between them, of so many words on average."""
    pieces = sum(any(map(str.isalnum, piece)) for piece in _SEPARATOR.split(text))
    return len(said) <= most_words * pieces


def _repeats(said: Sequence[str]) -> bool:
    """Say whether a text says the same over and over."""
    triples = list(word_triples(said))
    return bool(triples) and len(set(triples)) < NEW_SHARE * len(triples)


def _contradicts_itself(answer: Passage) -> bool:
    """Say whether one statement of an answer denies what another says."""
    for one, other in combinations(answer.polarities, 2):
        common = len(one.said & other.said)
        if common >= DENIED_STEMS and 2 * common >= min(len(one.said), len(other.said)):
            face = mismatch(one, other)
            if face.negation >= DENIED_SHARE:
                return True
    return False


def _foreign_share(said: Sequence[str]) -> float:
    return sum(map(_FOREIGN_WORDS.__contains__, said)) / len(said)


def _is_ascii(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(char.isascii() for char in letters) >= ENGLISH_SHARE * len(letters)
