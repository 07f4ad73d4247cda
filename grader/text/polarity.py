"""Where two texts say the same words, and one of them denies it: negations, opposites and numbers.

A bag of words or an embedding hardly tells "the switch is open" from "the switch is not open", or from "the switch
is closed". Negation and antonym mismatch are old features of textual entailment (de Marneffe et al., 2006).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from grader.text.words import FUNCTION_WORDS, stem

SCOPE = 4
"""Words after a negation that it is taken to deny, unless a clause ends before."""
SAME_WORDS, LEAST_WORDS = 0.8, 2
"""How alike the words of two statements, in order, must be for one to be the other denied; and how many each has."""

_NEGATIONS = frozenset(
    """
    not no never none neither nor cannot without hardly nothing nobody nowhere isnt arent wasnt dont doesnt didnt cant
    wont shouldnt lacks lack lacking unable fails
    """.split()  # noqa: SIM905  # a list of strings would be no easier to read
)
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.;:!?,]")
_CLAUSE_ENDS = frozenset(".;:!?,") | {"but", "however", "although", "because", "while", "whereas"}
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)*)\s*(%|[A-Za-z]+)?")

_OPPOSITES = (
    "open closed|increase decrease|increases decreases|increased decreased|more less|more fewer|higher lower"
    "|high low|greater smaller|larger smaller|big small|fast slow|faster slower|same different|equal unequal"
    "|always never|all none|before after|inside outside|stateful stateless|public private|inbound outbound"
    "|ingress egress|allow deny|allows denies|allowed denied|synchronous asynchronous|push pull|mutable immutable"
    "|mandatory optional|required optional|automatic manual|automatically manually|encrypt decrypt|horizontal vertical"
    "|primary secondary|master replica|minimum maximum|first last|connected disconnected|connected separated"
    "|complete incomplete|hot cold|heavy light|heavier lighter|hard soft|harder softer|long short|longer shorter"
    "|thick thin|thicker thinner|rise fall|rises falls|up down|above below|gain lose|gains loses|add remove"
    "|adds removes|start stop|starts stops|create delete|creates deletes|cheap expensive|cheaper costlier"
    "|permanent temporary|persistent ephemeral|strong weak|stronger weaker|strongly eventually|single multiple"
    "|true false|right wrong|left right|positive negative|series parallel|internal external|upper lower"
    "|symmetric asymmetric|local global|regional global|regional zonal|read write|reads writes|client server"
    "|upload download|enable disable|enabled disabled|enables disables|include exclude|includes excludes"
    "|possible impossible|dependent independent|ordered unordered|managed unmanaged|success failure|pass fail"
    "|attach detach|attached detached|lossy lossless|reliable unreliable|static dynamic|active passive"
)


def _opposites() -> Mapping[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for pair in _OPPOSITES.split("|"):
        one, other = (stem(word) for word in pair.split())
        table.setdefault(one, set()).add(other)
        table.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in table.items()}


_OPPOSITE_OF = _opposites()


@dataclass(frozen=True, slots=True)
class Polarity:
    """What a text affirms, what it denies, and the numbers it gives."""

    affirmed: frozenset[str]
    """Stems of content words outside any negation."""
    denied: frozenset[str]
    """Stems of content words within the scope of a negation."""
    said: frozenset[str]
    """All stems, affirmed or denied."""
    told: tuple[str, ...]
    """The same in order."""
    negated: bool
    """Whether there is any negation."""
    numbers: frozenset[tuple[str, str]]
    """(number, unit or the word after it) pairs; the unit may be empty."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How far two texts contradict each other on their face; each 0..1."""

    negation: float
    """Share of the common stems that one text affirms and the other only denies."""
    opposite: float
    """Share of the first text's stems for which the second only says the opposite."""
    number: float
    """Share of the first text's numbers for which the second gives another one of the same unit."""


@lru_cache(maxsize=20_000)
def polarity(text: str) -> Polarity:
    """Return what a normalised text affirms and denies. A second negation in one clause undoes the first."""
    affirmed: set[str] = set()
    denied: set[str] = set()
    told: list[str] = []
    negated, left, negative = False, 0, False
    for word in _TOKEN.findall(text.lower()):
        if word in _CLAUSE_ENDS:
            left, negative = 0, False
        elif word in _NEGATIONS or word.endswith("n't"):
            negative = not negative if left else True
            negated, left = True, SCOPE
        elif word not in FUNCTION_WORDS:
            told.append(stem(word))
            (denied if left and negative else affirmed).add(told[-1])
            left = max(0, left - 1)
    numbers = {(m[1].replace(",", "").rstrip("."), stem((m[2] or "").lower())) for m in _NUMBER.finditer(text)}
    said = frozenset(affirmed | denied)
    return Polarity(frozenset(affirmed), frozenset(denied), said, tuple(told), negated, frozenset(numbers))


def denies_outright(one: Polarity, other: Polarity) -> bool:
    """Say whether one of two statements is the other one denied: the same words in order, one of them negated.

    Few real answers do that to a reference (48 of 11,617 in three sets), and of these four in five are marked as
    contradicting it. `mismatch` sees far more, and is far less sure.
    """
    if one.negated == other.negated or min(len(one.told), len(other.told)) < LEAST_WORDS:
        return False
    denial, plain = (one, other) if one.negated else (other, one)
    if not denial.denied & plain.said or not (denial.said <= plain.said or plain.said <= denial.said):
        return False
    return SequenceMatcher(None, one.told, other.told, autojunk=False).ratio() >= SAME_WORDS


def mismatch(reference: Polarity, answer: Polarity) -> Mismatch:
    """Return how far an answer contradicts a reference on its face."""
    ours, theirs = reference.said, answer.said
    common, new = ours & theirs, theirs - ours
    flipped = {
        word
        for word in common
        if (word not in reference.affirmed and word not in answer.denied)
        or (word not in reference.denied and word not in answer.affirmed)
    }
    turned = {word for word in ours - theirs if word in _OPPOSITE_OF and _OPPOSITE_OF[word] & new}
    return Mismatch(
        negation=len(flipped) / len(common) if common else 0.0,
        opposite=len(turned) / len(ours) if turned else 0.0,
        number=_numbers(reference.numbers, answer.numbers),
    )


def _numbers(ours: frozenset[tuple[str, str]], theirs: frozenset[tuple[str, str]]) -> float:
    values = {value for value, _ in theirs}
    units = {unit for _, unit in theirs if unit}
    wrong = [value for value, unit in ours if value not in values and unit in units]
    return len(wrong) / len(ours) if ours else 0.0
