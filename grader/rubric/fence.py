"""Fence an answer off, so that a language model cannot take it for anything but data.

The fence carries a name that the answer cannot hold. Inside, whatever looks like a fence, a role or a verdict has
one character exchanged for its full-width form: a person reads the same, a quote of it is still found (NFKC maps
it back), and no parser or model takes it for the real thing.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

MAX_CHARACTERS = 20_000
"""Of an answer, what a language model is shown; the rest is told in a flag, never cut silently."""

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})
_BREAKS = str.maketrans("\n\t", "  ")
_WIDE = str.maketrans({char: chr(ord(char) + 0xFEE0) for char in "<>[]{}`~#:="})
_ROLES = "system|assistant|user|developer|human|tool|grader|examiner|instructions?"
_LOOKS_REAL = re.compile(
    r"<(?=\s*[/!?|]|[a-z_])"  # a tag, a special token
    r"|```+|~~~+"
    r"|\[(?=\s*/?\s*(?:inst|sys)\b)"
    r"|^\s*#+(?=\s*(?:question|key points|misconceptions|answer|" + _ROLES + r"))"
    r"|(?<=\|)>"
    rf"|\b(?:{_ROLES})(?:\s+(?:message|prompt))?\"?\s*[:=]"
    r"|\"?\b(?:verdicts?|score|grade|marks?|key_points|misconceptions|feedback)\"?\s*[:=]"
    r"|[:=](?=\s*\"?(?:met|partial|missing|contradicted)\b)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Fenced:
    """An answer as a language model is shown it."""

    name: str
    """The name of the tags around it."""
    text: str


def fence(answer: str, seed: int) -> Fenced:
    """Return the answer made harmless, with a name for its fence that it does not hold.

    The name is drawn by hashing the answer with the seed: the same answer gets the same one, so that equal
    requests are equal, and nobody can write an answer that holds its own hash.
    """
    shown = neutralise(answer[:MAX_CHARACTERS])
    draw = 0
    while (name := _name(answer, seed, draw)) in answer:
        draw += 1
    return Fenced(name, shown)


def is_cut(answer: str) -> bool:
    """Say whether an answer is longer than is shown."""
    return len(answer) > MAX_CHARACTERS


def neutralise(text: str) -> str:
    """Return `text` without invisible characters and without anything that looks like a fence, a role or a verdict."""
    visible = text
    if not text.translate(_BREAKS).isprintable():
        visible = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in _INVISIBLE)
    return _LOOKS_REAL.sub(lambda found: found.group().translate(_WIDE), visible)


def _name(answer: str, seed: int, draw: int) -> str:
    digest = hashlib.sha256(f"{seed}:{draw}:".encode() + answer.encode("utf-8", "surrogatepass")).hexdigest()
    return f"answer-{digest[:16]}"
